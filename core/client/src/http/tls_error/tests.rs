//! Every variant of every error of the TLS library gives one plain sentence.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{
    ContentType, EncryptedClientHelloError, Error as Failed, ExtendedKeyPurpose, HandshakeType,
    InconsistentKeys, OtherError, PeerMisbehaved,
};

use self::errors::*;
use super::*;

mod errors;

fn sentence_of(error: impl Into<Failed>) -> String {
    sentence(&error.into(), &Url::parse("https://pool.contoso.com/").unwrap(), Tls::Current)
}

fn why(error: impl Into<Failed>) -> String {
    let sentence = sentence_of(error);
    sentence
        .strip_prefix("No secure connection to pool.contoso.com: ")
        .expect(&sentence)
        .trim_end_matches('.')
        .to_owned()
}

/// The variants of a public enum, from the source of the build. The compiler cannot check that a list of them is complete, as
/// the library may add to them.
fn variants(source: &str, of: &str) -> BTreeSet<String> {
    let (_, body) = source.split_once(&format!("pub enum {of} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap().to_owned())
        .collect()
}

/// A source file of a dependency in Cargo's registry. `cargo metadata` would need the packages of every platform.
fn source(package: &str, file: &str) -> String {
    let lock = include_str!("../../../../../Cargo.lock");
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \"")).unwrap();
    let (version, _) = rest.split_once('"').unwrap();
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.unwrap_or_else(|| std::env::home_dir().unwrap().join(".cargo"));
    let registries = std::fs::read_dir(home.join("registry/src")).unwrap();
    let mut found =
        registries.map(|registry| registry.unwrap().path().join(format!("{package}-{version}")).join(file));
    let found = found.find(|path| path.exists()).expect("the source the build was made from");
    std::fs::read_to_string(found).unwrap()
}

/// Each error of the list gives one plain sentence, and the list is complete.
fn check_all<E: fmt::Debug + Clone>(source: &str, of: &str, list: &[E], wrap: impl Fn(E) -> Failed) {
    let variant = |error: &E| {
        format!("{error:?}").split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap().to_owned()
    };
    assert_eq!(list.iter().map(variant).collect::<BTreeSet<_>>(), variants(source, of), "{of}");
    for error in list {
        assert_plain(&sentence_of(wrap(error.clone())), error);
        let finding = finding(&wrap(error.clone()), Tls::Current);
        assert!(!finding.contains("; ") && !finding.contains("pool.contoso.com"), "{error:?}: {finding}");
    }
}

fn assert_plain(sentence: &str, error: &dyn fmt::Debug) {
    let is_name = |word: &str| {
        let camel = word.chars().zip(word.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase());
        camel && !word.starts_with("ChaCha20")
    };
    assert!(sentence.ends_with('.') && !sentence.ends_with(".."), "{error:?}: {sentence}");
    assert!(
        !sentence.contains(['{', '}', '[', ']', '"', '\n']) && !sentence.contains("()"),
        "{error:?}: {sentence}"
    );
    assert!(!sentence.split_whitespace().any(is_name), "{error:?}: {sentence}");
    assert!(!sentence.contains("s3cret"), "{error:?}: {sentence}");
}

#[test]
fn every_error_is_one_plain_sentence() {
    let library = source("rustls", "src/error.rs");
    check_all(&library, "Error", &all_others(), |error| error);
    check_all(&library, "CertificateError", &certificate_errors(), Failed::from);
    check_all(&library, "CertRevocationListError", &revocation_list_errors(), Failed::from);
    check_all(&library, "InvalidMessage", &invalid_messages(), Failed::from);
    check_all(&library, "PeerIncompatible", &incompatible_peers(), Failed::from);
    check_all(&library, "PeerMisbehaved", &misbehaving_peers(), Failed::from);
    check_all(&library, "EncryptedClientHelloError", &hello_errors(), Failed::from);
    check_all(
        &library,
        "InconsistentKeys",
        &[InconsistentKeys::KeyMismatch, InconsistentKeys::Unknown],
        Failed::from,
    );
    for number in 0..=u8::MAX {
        let alert = AlertDescription::from(number);
        assert_plain(&sentence_of(Failed::AlertReceived(alert)), &alert);
    }
}

/// The library passes on some errors of the certificate verifier as the name of their variant.
#[test]
fn every_error_of_the_verifier_is_one_plain_sentence() {
    let verifier = variants(&source("rustls-webpki", "src/error.rs"), "Error");
    assert!(verifier.len() > 40, "{verifier:?}");
    for name in verifier {
        for said in [name.clone(), format!("{name}(Context {{ s3cret }})")] {
            let error = CertificateError::Other(OtherError(Arc::new(io::Error::other(said.clone()))));
            assert_plain(&sentence_of(error), &said);
        }
    }
}

#[test]
fn a_sentence_says_what_to_change() {
    let text = |said: &str| CertificateError::Other(OtherError(Arc::new(io::Error::other(said.to_owned()))));
    let signed = |id: &[u8]| CertificateError::UnsupportedSignatureAlgorithmContext {
        signature_algorithm_id: id.to_vec(),
        supported_algorithms: Vec::new(),
    };
    for alert in [AlertDescription::HandshakeFailure, AlertDescription::InsufficientSecurity] {
        assert_eq!(why(Failed::AlertReceived(alert)), NO_CURRENT_SUITE);
        let url = Url::parse("https://pool.contoso.com/").unwrap();
        let text = sentence(&Failed::AlertReceived(alert), &url, Tls::Compatible);
        assert_eq!(text, format!("No secure connection to pool.contoso.com: {NO_SUITE}."));
        assert_plain(&text, &alert);
    }
    for (error, expected) in [
        (Failed::AlertReceived(AlertDescription::ProtocolVersion), NO_CURRENT_VERSION),
        (PeerIncompatible::ServerDoesNotSupportTls12Or13.into(), NO_CURRENT_VERSION),
        (
            Failed::AlertReceived(AlertDescription::InternalError),
            "it broke off the handshake with the alert internal error; its administrator finds the reason in its log",
        ),
        (
            Failed::AlertReceived(AlertDescription::Unknown(200)),
            "it broke off the handshake with the alert number 200; its administrator finds the reason in its log",
        ),
        (Failed::AlertReceived(AlertDescription::CertificateRequired), WANTS_CERTIFICATE),
        (
            InvalidMessage::MissingData("Random").into(),
            "what it sends is not TLS as the standard has it (missing data); something in between may break it",
        ),
        (
            CertificateError::NotValidYet.into(),
            "its certificate is not valid yet; check this machine's clock",
        ),
        (
            not_valid_for_name(&["DnsName(\"pool.contoso.com\")", "IpAddress(192.0.2.1)", "DirectoryName"])
                .into(),
            "its certificate is for another name; use a name the certificate holds as server: pool.contoso.com, 192.0.2.1",
        ),
        (
            not_valid_for_name(&["DirectoryName"]).into(),
            "its certificate holds no host name as subject alternative name, and the common name alone does not count; its administrator must issue it anew with the server's names",
        ),
        (
            signed(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00").into(),
            "its certificate is signed with SHA-1, which can be forged; its administrator must replace it by one signed with SHA-256",
        ),
        (
            text("CaUsedAsEndEntity").into(),
            "its certificate is that of an authority, or signed by itself; its administrator must install one that an authority issued for this server",
        ),
        (
            text("PathLenConstraintViolated").into(),
            "its certificate is not usable (path len constraint violated); its administrator must replace it",
        ),
    ] {
        assert_eq!(why(error), expected);
    }
    for code in UNTRUSTED_ON_WINDOWS {
        let said = format!("A certificate chain could not be built. (os error {})", code as i32);
        assert_eq!(why(text(&said)), format!("its certificate {UNKNOWN_ISSUER}"));
    }
}
