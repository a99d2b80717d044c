//! A certificate authority of the sandbox's own, and a certificate for its listeners.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

/// What a TLS listener needs, and what its clients have to trust.
pub(crate) struct Tls {
    pub(crate) acceptors: Acceptors,
    pub(crate) ca_pem: String,
}

/// Both ends of a handshake that succeeds and of one that a client must refuse.
#[derive(Clone)]
pub(crate) struct Acceptors {
    pub(crate) trusted: TlsAcceptor,
    /// Its certificate is signed by an authority that nobody is told of.
    pub(crate) distrusted: TlsAcceptor,
}

impl Tls {
    /// Makes a new authority and a certificate for the loopback names and these host names.
    pub(crate) fn generate(host_names: &[String], http2: bool) -> io::Result<Self> {
        let (trusted, ca_pem) = authority().map_err(io::Error::other)?;
        let (unheard_of, _) = authority().map_err(io::Error::other)?;
        let acceptors = Acceptors {
            trusted: acceptor(&trusted, host_names, http2)?,
            distrusted: acceptor(&unheard_of, host_names, http2)?,
        };
        Ok(Self { acceptors, ca_pem })
    }
}

fn acceptor(
    authority: &Issuer<'static, KeyPair>,
    host_names: &[String],
    http2: bool,
) -> io::Result<TlsAcceptor> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let names = ["localhost", "127.0.0.1", "::1"].into_iter().map(str::to_owned);
    let names: Vec<String> = names.chain(host_names.iter().cloned()).collect();
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
