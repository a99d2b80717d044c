//! TLS: what is offered to a server, and how its certificate is verified.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::ca_file;
use crate::account::Account;
use crate::error::Result;
use crate::tls::Tls;

mod cbc;

/// The certificates that a server showed, its own first.
pub(super) type ShownChain = Arc<Mutex<Vec<CertificateDer<'static>>>>;

pub(super) fn config(account: &Account) -> Result<rustls::ClientConfig> {
    Ok(account
        .shared
        .tls_configs
        .get(account.tls, private_authorities(account)?, |tls, extra| build(tls, extra, None)))
}

/// As [`config`], for one connection: the certificates are put into `shown` before they are verified.
pub(super) fn config_that_shows(account: &Account, shown: &ShownChain) -> Result<rustls::ClientConfig> {
    Ok(build(account.tls, private_authorities(account)?, Some(shown)))
}

/// The authorities of the account's CA file.
pub(super) fn private_authorities(account: &Account) -> Result<Vec<CertificateDer<'static>>> {
    account.ca_file.as_deref().map_or(Ok(Vec::new()), ca_file::certificates)
}

fn build(tls: Tls, extra: Vec<CertificateDer<'static>>, shown: Option<&ShownChain>) -> rustls::ClientConfig {
    let mut provider = rustls::crypto::ring::default_provider();
    let mut protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if tls == Tls::Compatible {
        provider.cipher_suites.extend(cbc::SUITES);
        // HTTP/2 forbids these suites, and a server may refuse the connection (RFC 9113, 9.2.2).
        protocols = vec![b"http/1.1".to_vec()];
    }
    let provider = Arc::new(provider);
    let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .unwrap_or_else(|_| unreachable!("ring serves every version"));
    let verifier = match extra.is_empty() {
        true => Verifier::new(provider.clone()),
        false => Verifier::new_with_extra_roots(extra.clone(), provider.clone()),
    };
    let verifier: Option<Arc<dyn ServerCertVerifier>> = match verifier {
        Ok(verifier) => Some(Arc::new(verifier)),
        // A bare container has no authorities of its own: it trusts those of the CA file alone.
        Err(_) => authorities_alone(extra, provider).map(|verifier| verifier as _),
    };
    let builder = match (verifier, shown) {
        (None, _) => builder.with_root_certificates(RootCertStore::empty()),
        (Some(verifier), None) => builder.dangerous().with_custom_certificate_verifier(verifier),
        (Some(verifier), Some(shown)) => {
            let shows = ShowsChain { verifier, shown: shown.clone() };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(shows))
        }
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = protocols;
    config
}

/// A verifier that trusts these authorities and no others; `None` where there is none among them.
pub(super) fn authorities_alone(
    authorities: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Option<Arc<WebPkiServerVerifier>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities);
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()
}

/// Shows the certificates of a server, and leaves the verdict to the verifier that every connection has.
#[derive(Debug)]
struct ShowsChain {
    verifier: Arc<dyn ServerCertVerifier>,
    shown: ShownChain,
}

impl ServerCertVerifier for ShowsChain {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) =
            chain.map(|certificate| certificate.clone().into_owned()).collect();
        self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
