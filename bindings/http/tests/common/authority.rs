//! A certificate authority, and certificates for the two ends of a connection.

use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, date_time_ymd,
};
use tempfile::TempDir;

/// The serial numbers of the certificates.
const SERVER: u64 = 1;
const CLIENT: u64 = 2;

pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub folder: TempDir,
    pub pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key).unwrap().pem();
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("ca.pem"), &pem).unwrap();
        Self { issuer: Issuer::new(params, key), folder, pem }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The files of a certificate for 127.0.0.1 and of its key.
    pub fn server(&self) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.issue(ExtendedKeyUsagePurpose::ServerAuth, SERVER);
        let (chain, private) = (self.folder.path().join("server.pem"), self.folder.path().join("server.key"));
        std::fs::write(&chain, certificate).unwrap();
        std::fs::write(&private, key).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        (chain, private)
    }

    /// A certificate of a client and its key, as PEM.
    pub fn client(&self) -> (String, String) {
        self.issue(ExtendedKeyUsagePurpose::ClientAuth, CLIENT)
    }

    /// The file of a revocation list on which the clients' certificates stand, or none.
    pub fn revocation_list(&self, clients_too: bool) -> PathBuf {
        let revoked = RevokedCertParams {
            serial_number: CLIENT.into(),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 2),
            next_update: date_time_ymd(2100, 1, 1),
            crl_number: 1.into(),
            issuing_distribution_point: None,
            revoked_certs: clients_too.then_some(revoked).into_iter().collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let file = self.folder.path().join("revoked.pem");
        std::fs::write(&file, list.signed_by(&self.issuer).unwrap().pem().unwrap()).unwrap();
        file
    }

    fn issue(&self, usage: ExtendedKeyUsagePurpose, number: u64) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        leaf.use_authority_key_identifier_extension = true;
        leaf.serial_number = Some(number.into());
        leaf.extended_key_usages = vec![usage];
        (leaf.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}
