//! The sandbox's own certificate authority, and the certificates of its listeners.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::sync::Mutex;

/// TLS for the listeners, and the authority their clients have to trust.
pub(crate) struct Tls {
    pub(crate) acceptors: Arc<Acceptors>,
    pub(crate) ca_pem: String,
}

/// Makes the acceptor for each address, and caches it.
pub(crate) struct Acceptors {
    trusted: Issuer<'static, KeyPair>,
    /// An authority that is never published: clients must refuse its certificates.
    untrusted: Issuer<'static, KeyPair>,
    host_names: Vec<String>,
    http2: bool,
    /// From which day to which its certificates are valid, counted from now; `None`: for long.
    days: Option<(i64, i64)>,
    /// By the local address of the connection, and whether its certificate is trusted. A listener may have many addresses.
    cached: Mutex<HashMap<(IpAddr, bool), TlsAcceptor>>,
}

impl Tls {
    /// Generates an authority. Its certificates carry the loopback names, these host names and the local address.
    ///
    /// # Errors
    /// A host name that no certificate can carry.
    pub(crate) fn generate(host_names: &[String], http2: bool, days: Option<(i64, i64)>) -> io::Result<Self> {
        let (trusted, ca_pem) = authority().map_err(io::Error::other)?;
        let (untrusted, _) = authority().map_err(io::Error::other)?;
        let host_names = host_names.to_vec();
        let acceptors = Acceptors { trusted, untrusted, host_names, http2, days, cached: Mutex::default() };
        // So that an invalid host name fails the start.
        acceptors.of(Ipv4Addr::LOCALHOST.into(), true)?;
        Ok(Self { acceptors: Arc::new(acceptors), ca_pem })
    }
}

impl Acceptors {
    /// The acceptor for a connection to this address of the sandbox.
    pub(crate) fn of(&self, address: IpAddr, trusted: bool) -> io::Result<TlsAcceptor> {
        let address = address.to_canonical();
        let mut cached = self.cached.lock();
        if let Some(acceptor) = cached.get(&(address, trusted)) {
            return Ok(acceptor.clone());
        }
        let authority = if trusted { &self.trusted } else { &self.untrusted };
        let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        for name in [address.to_string()].iter().chain(&self.host_names) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name.clone());
            }
        }
        let acceptor = acceptor(authority, names, self.http2, self.days)?;
        cached.insert((address, trusted), acceptor.clone());
        Ok(acceptor)
    }
}

fn acceptor(
    authority: &Issuer<'static, KeyPair>,
    names: Vec<String>,
    http2: bool,
    days: Option<(i64, i64)>,
) -> io::Result<TlsAcceptor> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let mut leaf = CertificateParams::new(names).map_err(io::Error::other)?;
    leaf.distinguished_name.push(DnType::CommonName, "send-im sandbox");
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    match days {
        None => valid_for_long(&mut leaf),
        Some((from, to)) => {
            leaf.not_before = days_from_now(from).into();
            leaf.not_after = days_from_now(to).into();
        }
    }
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

fn days_from_now(days: i64) -> SystemTime {
    let time = Duration::from_secs(days.unsigned_abs() * 24 * 60 * 60);
    if days < 0 { SystemTime::now() - time } else { SystemTime::now() + time }
}

/// A wide range, so that a machine with a wrong clock can use the sandbox.
fn valid_for_long(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2100, 1, 1);
}
