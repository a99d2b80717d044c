//! One plain sentence for each error of the TLS library.

use std::fmt;

use rustls::{AlertDescription, CertRevocationListError, CertificateError, InvalidMessage, PeerIncompatible};
use url::Url;

use crate::steps::{host_of, with_port};
use crate::tls::Tls;

/// The DER of the identifiers sha1WithRSAEncryption and ecdsa-with-SHA1, without what follows them.
const SHA1_SIGNATURES: [&[u8]; 2] = [
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
    &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
];

/// Windows error codes for a chain that ends at no trusted authority: CERT_E_CHAINING, CERT_E_UNTRUSTEDROOT, CERT_E_UNTRUSTEDCA.
const UNTRUSTED_ON_WINDOWS: [u32; 3] = [0x800B_010A, 0x800B_0109, 0x800B_0112];

/// How many names of a certificate an error lists.
const MAX_NAMES: usize = 5;

const NO_CURRENT_VERSION: &str =
    "it speaks no TLS of version 1.2 or later; its administrator must allow that";
const NO_CURRENT_SUITE: &str = "it takes none of the cipher suites of current TLS, those with ECDHE and AES-GCM or ChaCha20-Poly1305, as Windows Server 2012 R2 has none with an RSA certificate; its administrator can allow one on a newer system or on a proxy before it, and tls = compatible (SEND_IM_TLS) here reaches a server that has ECDHE with AES-CBC";
const NO_SUITE: &str = "it takes no cipher suite with ECDHE, neither with AES-GCM nor with AES-CBC; its administrator must allow one, for example TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";
const WANTS_CERTIFICATE: &str =
    "it wants a certificate of this client, which has none; its administrator must not ask for one";
const UNKNOWN_ISSUER: &str = "is signed by an authority this machine does not know; name that authority's certificate file as ca_file (SEND_IM_CA_FILE), or have its administrator install the intermediate certificates where the server does not send them";

/// What went wrong, and after a semicolon what to do.
pub(super) fn sentence(error: &rustls::Error, url: &Url, offered: Tls) -> String {
    match is_other_protocol(error) {
        true => format!(
            "{} does not speak TLS on this port; it may be a plain http port: check the port.",
            with_port(url)
        ),
        false => format!("No secure connection to {}: {}.", host_of(url), why(error, offered)),
    }
}

/// What went wrong alone, for whoever names the server and has advice of their own.
pub(super) fn finding(error: &rustls::Error, offered: Tls) -> String {
    let why = why(error, offered);
    why.split_once("; ").map_or(why.as_str(), |(finding, _)| finding).to_owned()
}

/// True where the port speaks something else than TLS.
pub(super) fn is_other_protocol(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType
                | InvalidMessage::InvalidEmptyPayload
                | InvalidMessage::MessageTooLarge
                | InvalidMessage::UnknownProtocolVersion,
        )
    )
}

/// True where the certificate leads to no authority that is trusted here, as the library or Windows says it.
pub(super) fn is_unknown_issuer(bad: &CertificateError) -> bool {
    match bad {
        CertificateError::UnknownIssuer => true,
        CertificateError::Other(other) => is_untrusted_on_windows(&other.to_string()),
        _ => false,
    }
}

fn why(error: &rustls::Error, offered: Tls) -> String {
    use rustls::Error as Failed;
    match error {
        Failed::InvalidCertificate(bad) => format!("its certificate {}", certificate(bad)),
        Failed::AlertReceived(alert) => alert_received(*alert, offered),
        Failed::PeerIncompatible(why) => incompatible(why, offered),
        Failed::InvalidMessage(why) => violation(&words(why)),
        Failed::PeerMisbehaved(why) => violation(&words(why)),
        Failed::NoCertificatesPresented => {
            "it sends no certificate; its administrator must install one".to_owned()
        }
        Failed::NoApplicationProtocol => {
            "it speaks no HTTP on this port; check the server's name and port".to_owned()
        }
        Failed::DecryptError | Failed::PeerSentOversizedRecord => violation(&words(error)),
        Failed::InappropriateMessage { .. } | Failed::InappropriateHandshakeMessage { .. } => {
            violation(&words(error))
        }
        Failed::InvalidCertRevocationList(why) => revocation_list(why),
        Failed::FailedToGetCurrentTime => "this machine does not tell the time; check its clock".to_owned(),
        Failed::FailedToGetRandomBytes => "this machine gives no random numbers".to_owned(),
        Failed::Other(why) => local_failure(&plain_words(&why.to_string())),
        Failed::General(why) => local_failure(&plain_words(why)),
        Failed::InvalidEncryptedClientHello(why) => local_failure(&words(why)),
        Failed::InconsistentKeys(why) => local_failure(&format!("inconsistent keys, {}", words(why))),
        // The rest concerns this side alone, for example a name it cannot check.
        other => local_failure(&words(other)),
    }
}

/// The server, or something in front of it, violates the protocol.
fn violation(what: &str) -> String {
    format!("what it sends is not TLS as the standard has it ({what}); something in between may break it")
}

/// A failure on this side, which the server's administrator cannot change.
fn local_failure(what: &str) -> String {
    format!("the TLS library of this program cannot go on ({what})")
}

fn alert_received(alert: AlertDescription, offered: Tls) -> String {
    use AlertDescription as Alert;
    let why = match alert {
        Alert::ProtocolVersion => NO_CURRENT_VERSION,
        Alert::HandshakeFailure | Alert::InsufficientSecurity => no_suite(offered),
        Alert::UnrecognisedName => "it does not know this name; check the server's URL",
        Alert::CertificateRequired
        | Alert::NoCertificate
        | Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateUnknown
        | Alert::UnknownCA => WANTS_CERTIFICATE,
        Alert::AccessDenied => {
            "it does not let this client in; its administrator finds the reason in its log"
        }
        Alert::NoApplicationProtocol => "it speaks no HTTP on this port; check the server's name and port",
        other => {
            let name = match other {
                Alert::Unknown(number) => format!("number {number}"),
                other => words(&other),
            };
            return format!(
                "it broke off the handshake with the alert {name}; its administrator finds the reason in its log"
            );
        }
    };
    why.to_owned()
}

fn incompatible(why: &PeerIncompatible, offered: Tls) -> String {
    use PeerIncompatible as Lacks;
    match why {
        Lacks::ServerDoesNotSupportTls12Or13 | Lacks::ServerTlsVersionIsDisabledByOurConfig => {
            NO_CURRENT_VERSION.to_owned()
        }
        Lacks::NoCipherSuitesInCommon => no_suite(offered).to_owned(),
        Lacks::NoCertificateRequestSignatureSchemesInCommon => WANTS_CERTIFICATE.to_owned(),
        other => format!(
            "it and this client have no TLS in common ({}); its administrator must allow more of TLS 1.2",
            words(other)
        ),
    }
}

fn no_suite(offered: Tls) -> &'static str {
    match offered {
        Tls::Current => NO_CURRENT_SUITE,
        Tls::Compatible => NO_SUITE,
    }
}

/// Completes "its certificate …".
fn certificate(bad: &CertificateError) -> String {
    use CertificateError as Bad;
    let why = match bad {
        Bad::UnknownIssuer => UNKNOWN_ISSUER,
        Bad::NotValidForNameContext { presented, .. } => {
            if let Some(names) = names(presented) {
                return format!("is for another name; use a name the certificate holds as server: {names}");
            }
            "holds no host name as subject alternative name, and the common name alone does not count; its administrator must issue it anew with the server's names"
        }
        Bad::NotValidForName => "is for another name; use a name the certificate holds as server",
        Bad::Expired | Bad::ExpiredContext { .. } => "has expired; its administrator must renew it",
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => "is not valid yet; check this machine's clock",
        Bad::Revoked => "was revoked; its administrator must replace it",
        Bad::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. }
            if SHA1_SIGNATURES.iter().any(|sha1| signature_algorithm_id.starts_with(sha1)) =>
        {
            "is signed with SHA-1, which can be forged; its administrator must replace it by one signed with SHA-256"
        }
        Bad::UnsupportedSignatureAlgorithmContext { .. }
        | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "is signed in a way this client does not know; its administrator must replace it by one signed with RSA or ECDSA and SHA-256"
        }
        Bad::BadSignature => {
            "has a signature that does not fit the authority of that name, or an RSA key of less than 2048 bits; if a ca_file is given, it may hold an earlier authority: get it anew, otherwise its administrator must replace the certificate"
        }
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => {
            "is not issued for servers; its administrator must replace it by one whose extended key usage has server authentication"
        }
        Bad::BadEncoding => "cannot be read; its administrator must replace it",
        Bad::UnhandledCriticalExtension => {
            "has a critical extension this client does not know; its administrator must replace it"
        }
        Bad::UnknownRevocationStatus => {
            "may have been revoked, which could not be found out; let this machine reach its authority's revocation lists"
        }
        Bad::ExpiredRevocationList | Bad::ExpiredRevocationListContext { .. } => {
            "may have been revoked, as its authority's revocation list is out of date; its administrator must publish a new one"
        }
        Bad::InvalidOcspResponse => {
            "comes with an OCSP answer that cannot be used; its administrator must look at OCSP stapling"
        }
        Bad::ApplicationVerificationFailure => "was refused by this machine's own check",
        Bad::Other(other) => return other_certificate_error(&other.to_string()),
        other => return other_certificate_error(&words(other)),
    };
    why.to_owned()
}

/// An error of the certificate verifier, or of the operating system, that is not on the library's own list.
fn other_certificate_error(text: &str) -> String {
    if is_untrusted_on_windows(text) {
        return UNKNOWN_ISSUER.to_owned();
    }
    match text {
        "CaUsedAsEndEntity" => "is that of an authority, or signed by itself; its administrator must install one that an authority issued for this server".to_owned(),
        "EndEntityUsedAsCa" => "is signed by a certificate that is no authority's; its administrator must install the right intermediate certificates".to_owned(),
        "certificate had invalid extensions" => certificate(&CertificateError::InvalidPurpose),
        _ => format!("is not usable ({}); its administrator must replace it", plain_words(text)),
    }
}

fn is_untrusted_on_windows(text: &str) -> bool {
    let code =
        text.rsplit_once("(os error ").and_then(|(_, code)| code.trim_end_matches(')').parse::<i32>().ok());
    code.is_some_and(|code| UNTRUSTED_ON_WINDOWS.contains(&(code as u32)))
}

fn revocation_list(why: &CertRevocationListError) -> String {
    format!(
        "the list of revoked certificates cannot be used ({}); its authority must publish a good one",
        words(why)
    )
}

/// The names and addresses of a certificate, from the library's `DnsName("pool.contoso.com")` and `IpAddress(…)`.
fn names(presented: &[String]) -> Option<String> {
    let name = |one: &String| {
        let (of, name) = one.split_once('(')?;
        matches!(of, "DnsName" | "IpAddress").then(|| name.trim_matches([')', '"']).to_owned())
    };
    let names: Vec<_> = presented.iter().filter_map(name).take(MAX_NAMES + 1).collect();
    match names.as_slice() {
        [] => None,
        [first @ .., _] if first.len() == MAX_NAMES => Some(format!("{} and others", first.join(", "))),
        names => Some(names.join(", ")),
    }
}

/// The name of a variant as words, without its fields: `SelectedUnofferedPsk` is "selected unoffered psk". This also covers
/// variants that the library adds.
fn words(error: &dyn fmt::Debug) -> String {
    plain_words(&format!("{error:?}"))
}

/// A text of the library, up to the first sign of debug output, with the names of variants as words.
fn plain_words(text: &str) -> String {
    let end = text.find(['{', '[', '(', '"']).unwrap_or(text.len());
    let mut words = String::new();
    for word in text.get(..end).unwrap_or_default().split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        let is_name =
            word.chars().zip(word.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase());
        if !is_name {
            words.push_str(word);
            continue;
        }
        for (at, c) in word.char_indices() {
            if at > 0 && c.is_uppercase() {
                words.push(' ');
            }
            words.extend(c.to_lowercase());
        }
    }
    match words.trim_end_matches('.') {
        "" => "it gives no reason".to_owned(),
        words => words.to_owned(),
    }
}

#[cfg(test)]
mod tests;
