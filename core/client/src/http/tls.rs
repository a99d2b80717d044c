//! TLS: what is offered to a server, and how its certificate is verified.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;

use super::ca_file;
use crate::account::Account;
use crate::error::Result;
use crate::tls::Tls;

mod cbc;

pub(super) fn config(account: &Account) -> Result<rustls::ClientConfig> {
    let extra = match &account.ca_file {
        None => Vec::new(),
        Some(path) => ca_file::certificates(path)?,
    };
    Ok(account.shared.tls_configs.get(account.tls, extra, build))
}

fn build(tls: Tls, extra: Vec<CertificateDer<'static>>) -> rustls::ClientConfig {
    use rustls::client::danger::ServerCertVerifier;
    use rustls_platform_verifier::Verifier;

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
        true => Verifier::new(provider),
        false => Verifier::new_with_extra_roots(extra.clone(), provider),
    };
    let builder = match verifier {
        Ok(verifier) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier) as Arc<dyn ServerCertVerifier>),
        // A bare container has no authorities of its own: it trusts those of the CA file alone.
        Err(_) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add_parsable_certificates(extra);
            builder.with_root_certificates(roots)
        }
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = protocols;
    config
}
