//! TLS: what is offered to a server, and who says whether its certificate is good.

use std::sync::{Arc, Mutex};

use once_cell::race::OnceBox;
use rustls::pki_types::CertificateDer;

use super::ca_file;
use crate::account::{Account, Tls};
use crate::error::Result;

mod cbc;

/// How many configurations for private authorities are cached per process.
const MAX_PRIVATE: usize = 8;

pub(super) fn config(account: &Account) -> Result<rustls::ClientConfig> {
    // Not a lock: a fork while another thread fills it would leave the child waiting for ever.
    static SYSTEM: [OnceBox<rustls::ClientConfig>; 2] = [OnceBox::new(), OnceBox::new()];
    let tls = account.tls;
    let [current, compatible] = &SYSTEM;
    let system = match tls {
        Tls::Current => current,
        Tls::Compatible => compatible,
    };
    match &account.ca_file {
        // Reading the operating system's authorities takes milliseconds; once a process is enough.
        None => Ok(system.get_or_init(|| Box::new(build(tls, Vec::new()))).clone()),
        Some(path) => Ok(private(tls, ca_file::certificates(path)?)),
    }
}

/// One configuration for all accounts whose files hold the same certificates: it has every authority of the operating
/// system in it too, some hundred KiB.
fn private(tls: Tls, certificates: Vec<CertificateDer<'static>>) -> rustls::ClientConfig {
    type Made = Vec<((Tls, Vec<CertificateDer<'static>>), rustls::ClientConfig)>;
    /// Only ever tried, never waited for, as a fork may leave it locked in the child; to miss it costs milliseconds.
    static MADE: Mutex<Made> = Mutex::new(Vec::new());
    let of = (tls, certificates);
    let known = |made: &Made| made.iter().find(|(known, _)| *known == of).map(|(_, config)| config.clone());
    if let Some(config) = MADE.try_lock().ok().and_then(|made| known(&made)) {
        return config;
    }
    let config = build(tls, of.1.clone());
    if let Ok(mut made) = MADE.try_lock() {
        made.truncate(MAX_PRIVATE - 1);
        made.insert(0, (of, config.clone()));
    }
    config
}

fn build(tls: Tls, extra: Vec<CertificateDer<'static>>) -> rustls::ClientConfig {
    use rustls::client::danger::ServerCertVerifier;
    use rustls_platform_verifier::Verifier;

    let mut provider = rustls::crypto::ring::default_provider();
    let mut protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if tls == Tls::Compatible {
        provider.cipher_suites.extend(cbc::SUITES);
        // A server with HTTP/2 may refuse a connection that has one of these suites (RFC 9113, 9.2.2).
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
        // A machine without any authority of its own (a bare container) still trusts those of the CA file.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_with_the_same_authority_share_what_was_made_of_it() {
        let certificate = |byte: u8| vec![CertificateDer::from(vec![byte; 8])];
        let provider = |of| private(Tls::Current, certificate(of)).crypto_provider().clone();
        // An authority that is none is left out; the system's remain.
        assert!(Arc::ptr_eq(&provider(1), &provider(1)));
        assert!(!Arc::ptr_eq(&provider(1), &provider(2)));
        assert!(!Arc::ptr_eq(&provider(1), private(Tls::Compatible, certificate(1)).crypto_provider()));
        for other in 3..3 + MAX_PRIVATE as u8 {
            provider(other);
        }
        let made = provider(1);
        assert!(Arc::ptr_eq(&made, &provider(1)), "made anew and kept");
    }
}
