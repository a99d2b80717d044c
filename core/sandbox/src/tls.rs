//! A certificate authority of the sandbox's own, and a certificate for its listeners.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::sync::Guarded;

/// What a TLS listener needs, and what its clients have to trust.
pub(crate) struct Tls {
    pub(crate) acceptors: Arc<Acceptors>,
    pub(crate) ca_pem: String,
}

/// The sandbox's ends of a handshake.
pub(crate) struct Acceptors {
    trusted: Issuer<'static, KeyPair>,
    /// An authority that nobody is told of: a client must refuse its certificates.
    unheard_of: Issuer<'static, KeyPair>,
    host_names: Vec<String>,
    http2: bool,
    /// By the address that was connected to, and whether a client is to trust it. A listener may have many addresses.
    made: Guarded<HashMap<(IpAddr, bool), TlsAcceptor>>,
}

impl Tls {
    /// Makes a new authority, for certificates with the loopback names, these host names, and the address connected to.
    pub(crate) fn generate(host_names: &[String], http2: bool) -> io::Result<Self> {
        let (trusted, ca_pem) = authority().map_err(io::Error::other)?;
        let (unheard_of, _) = authority().map_err(io::Error::other)?;
        let host_names = host_names.to_vec();
        let acceptors = Acceptors { trusted, unheard_of, host_names, http2, made: Guarded::default() };
        // A name that no certificate can carry is told at the start.
        acceptors.of(Ipv4Addr::LOCALHOST.into(), true)?;
        Ok(Self { acceptors: Arc::new(acceptors), ca_pem })
    }
}

impl Acceptors {
    /// The acceptor for a connection to this address of the sandbox.
    pub(crate) fn of(&self, address: IpAddr, trusted: bool) -> io::Result<TlsAcceptor> {
        let address = address.to_canonical();
        let mut made = self.made.lock();
        if let Some(acceptor) = made.get(&(address, trusted)) {
            return Ok(acceptor.clone());
        }
        let authority = if trusted { &self.trusted } else { &self.unheard_of };
        let names = ["localhost", "127.0.0.1", "::1"].into_iter().map(str::to_owned);
        let names = names.chain([address.to_string()]).chain(self.host_names.iter().cloned()).collect();
        let acceptor = acceptor(authority, names, self.http2)?;
        made.insert((address, trusted), acceptor.clone());
        Ok(acceptor)
    }
}

fn acceptor(
    authority: &Issuer<'static, KeyPair>,
    names: Vec<String>,
    http2: bool,
) -> io::Result<TlsAcceptor> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let mut leaf = CertificateParams::new(names).map_err(io::Error::other)?;
    leaf.distinguished_name.push(DnType::CommonName, "send-im sandbox");
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    valid_for_long(&mut leaf);
    let certificate = leaf.signed_by(&key, authority).map_err(io::Error::other)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if http2 {
        config.alpn_protocols.insert(0, b"h2".to_vec());
    }
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn authority() -> Result<(Issuer<'static, KeyPair>, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "send-im sandbox CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_for_long(&mut params);
    let pem = params.self_signed(&key)?.pem();
    Ok((Issuer::new(params, key), pem))
}

/// Far in both directions: a machine with a wrong clock can still use the sandbox.
fn valid_for_long(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2100, 1, 1);
}
