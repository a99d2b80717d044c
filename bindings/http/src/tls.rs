//! TLS of the service: its certificate, and the authority of its clients' certificates.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{CertificateError, RootCertStore, ServerConfig};
use send_im::bindings::{read, read_secret};
use send_im::{Error, Result};
use tokio_rustls::TlsAcceptor;

use crate::options::Options;
use crate::token::REFUSED_RIGHTS;

/// What a TLS connection needs; `None` for plain http.
///
/// # Errors
/// `invalid_input` for files that cannot be read or do not belong together.
pub(crate) fn acceptor(options: &Options) -> Result<Option<TlsAcceptor>> {
    let Some((chain, key)) = &options.certificate else { return Ok(None) };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::invalid_input(format!("TLS cannot be set up: {e}.")))?;
    let builder = match &options.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for authority in all::<CertificateDer<'_>>(path, "certificate")? {
                roots.add(authority).map_err(|e| unusable(path, e))?;
            }
            let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
            if let Some(path) = &options.client_crl {
                verifier =
                    verifier.with_crls(all::<CertificateRevocationListDer<'_>>(path, "revocation list")?);
            }
            // Who shows a token needs no certificate.
            let verifier =
                if options.tokens.is_empty() { verifier } else { verifier.allow_unauthenticated() };
            builder.with_client_cert_verifier(verifier.build().map_err(|e| unusable(path, e))?)
        }
    };
    let private = read_secret(key, "private key", REFUSED_RIGHTS)?;
    let private = PrivateKeyDer::from_pem_slice(&private).map_err(|e| unusable(key, e))?;
    let certificates = all(chain, "certificate")?;
    if let Some(why) = refusal(&certificates, provider) {
        tracing::warn!(file = %chain.display(), why, "clients that verify the certificate refuse it");
    }
    let mut config = builder
        .with_single_cert(certificates, private)
        .map_err(|e| unusable(chain, format!("{e} (with the key {})", key.display())))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// Why clients that verify this certificate, as `send-im health` does, refuse it whichever authority they trust; `None` where
/// nothing of that kind is wrong with it.
fn refusal(chain: &[CertificateDer<'static>], provider: Arc<CryptoProvider>) -> Option<String> {
    use CertificateError as Bad;
    let (server, others) = chain.split_first()?;
    let mut roots = RootCertStore::empty();
    // Clients may know an authority that is not in the file: the last certificate takes its place.
    roots.add(chain.last()?.clone()).ok()?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
    // Nor is it known here by which name they ask.
    let name = ServerName::try_from("name.invalid").ok()?;
    let verified = verifier.verify_server_cert(server, others, &name, &[], UnixTime::now());
    let Err(rustls::Error::InvalidCertificate(bad)) = verified else { return None };
    let why = match bad {
        Bad::UnknownIssuer => return None,
        Bad::NotValidForNameContext { presented, .. } if !presented.is_empty() => return None,
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => "it holds no name (subjectAltName)",
        Bad::Expired | Bad::ExpiredContext { .. } => "it has expired",
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => "it is not valid yet",
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => "it is not for servers (extendedKeyUsage)",
        Bad::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
            "it is that of an authority (basicConstraints has CA:TRUE)"
        }
        other => return Some(other.to_string()),
    };
    Some(why.to_owned())
}

/// Everything of one kind in a PEM file, which holds at least one.
fn all<T: PemObject>(path: &Path, kind: &str) -> Result<Vec<T>> {
    let text = read(path, "PEM file")?;
    let found: Vec<_> = T::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(|e| unusable(path, e))?;
    if found.is_empty() {
        return Err(unusable(path, format!("it holds no {kind}")));
    }
    Ok(found)
}

fn unusable(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::invalid_input(format!("The PEM file {} is not usable: {why}.", path.display()))
}
