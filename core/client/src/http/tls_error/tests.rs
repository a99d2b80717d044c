//! A walk over every variant of every error of the TLS library.

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

use super::*;

fn told(error: impl Into<Failed>) -> String {
    sentence(&error.into(), &Url::parse("https://pool.contoso.com/").unwrap(), Tls::Current)
}

fn why(error: impl Into<Failed>) -> String {
    let told = told(error);
    told.strip_prefix("No secure connection to pool.contoso.com: ")
        .expect(&told)
        .trim_end_matches('.')
        .to_owned()
}

/// The variants of a public enum, by the source that the build was made from. The compiler cannot tell that a list of them is
/// whole: the library may add to them.
fn variants(source: &str, of: &str) -> BTreeSet<String> {
    let (_, body) = source.split_once(&format!("pub enum {of} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap().to_owned())
        .collect()
}

/// The text of a source file of a dependency, where Cargo keeps what it has built from. Its `metadata` would ask for the packages
/// of every platform.
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

/// Each of the list gives one plain sentence, and the list is whole.
fn walk<E: fmt::Debug + Clone>(source: &str, of: &str, list: &[E], wrap: impl Fn(E) -> Failed) {
    let variant = |error: &E| {
        format!("{error:?}").split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap().to_owned()
    };
    assert_eq!(list.iter().map(variant).collect::<BTreeSet<_>>(), variants(source, of), "{of}");
    for error in list {
        assert_plain(&told(wrap(error.clone())), error);
    }
}

fn assert_plain(told: &str, error: &dyn fmt::Debug) {
    let is_name = |word: &str| {
        let camel = word.chars().zip(word.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase());
        camel && !word.starts_with("ChaCha20")
    };
    assert!(told.ends_with('.') && !told.ends_with(".."), "{error:?}: {told}");
    assert!(!told.contains(['{', '}', '[', ']', '"', '\n']) && !told.contains("()"), "{error:?}: {told}");
    assert!(!told.split_whitespace().any(is_name), "{error:?}: {told}");
    assert!(!told.contains("s3cret"), "{error:?}: {told}");
}

fn other() -> OtherError {
    OtherError(Arc::new(io::Error::other("Broken(Context { s3cret })")))
}

fn certificate_errors() -> Vec<CertificateError> {
    use CertificateError::*;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(1));
    let bytes = vec![1, 2, 3];
    vec![
        BadEncoding,
        Expired,
        ExpiredContext { time, not_after: time },
        NotValidYet,
        NotValidYetContext { time, not_before: time },
        Revoked,
        UnhandledCriticalExtension,
        UnknownIssuer,
        UnknownRevocationStatus,
        ExpiredRevocationList,
        ExpiredRevocationListContext { time, next_update: time },
        BadSignature,
        #[allow(deprecated)]
        UnsupportedSignatureAlgorithm,
        UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: bytes.clone(),
            supported_algorithms: Vec::new(),
        },
        UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: bytes.clone(),
            public_key_algorithm_id: bytes,
        },
        NotValidForName,
        not_valid_for_name(&[]),
        InvalidPurpose,
        InvalidPurposeContext {
            required: ExtendedKeyPurpose::ServerAuth,
            presented: vec![ExtendedKeyPurpose::Other(vec![1, 2])],
        },
        InvalidOcspResponse,
        ApplicationVerificationFailure,
        Other(other()),
    ]
}

fn not_valid_for_name(presented: &[&str]) -> CertificateError {
    CertificateError::NotValidForNameContext {
        expected: ServerName::try_from("pool.contoso.com").unwrap(),
        presented: presented.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn revocation_list_errors() -> Vec<CertRevocationListError> {
    use CertRevocationListError::*;
    vec![
        BadSignature,
        #[allow(deprecated)]
        UnsupportedSignatureAlgorithm,
        UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: vec![1],
            supported_algorithms: Vec::new(),
        },
        UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: vec![1],
            public_key_algorithm_id: vec![1],
        },
        InvalidCrlNumber,
        InvalidRevokedCertSerialNumber,
        IssuerInvalidForCrl,
        Other(other()),
        ParseError,
        UnsupportedCrlVersion,
        UnsupportedCriticalExtension,
        UnsupportedDeltaCrl,
        UnsupportedIndirectCrl,
        UnsupportedRevocationReason,
    ]
}

fn invalid_messages() -> Vec<InvalidMessage> {
    use InvalidMessage::*;
    vec![
        CertificatePayloadTooLarge,
        HandshakePayloadTooLarge,
        InvalidCcs,
        InvalidContentType,
        InvalidCertificateStatusType,
        InvalidCertRequest,
        InvalidDhParams,
        InvalidEmptyPayload,
        InvalidKeyUpdate,
        InvalidServerName,
        MessageTooLarge,
        MessageTooShort,
        MissingData("Random"),
        MissingKeyExchange,
        NoSignatureSchemes,
        TrailingData("Random"),
        UnexpectedMessage("Random"),
        UnknownProtocolVersion,
        UnsupportedCompression,
        UnsupportedCurveType,
        UnsupportedKeyExchangeAlgorithm(rustls::crypto::KeyExchangeAlgorithm::DHE),
        EmptyTicketValue,
        IllegalEmptyList("Random"),
        IllegalEmptyValue,
        DuplicateExtension(1),
        PreSharedKeyIsNotFinalExtension,
        UnknownHelloRetryRequestExtension,
        UnknownCertificateExtension,
    ]
}

fn incompatible_peers() -> Vec<PeerIncompatible> {
    use PeerIncompatible::*;
    vec![
        EcPointsExtensionRequired,
        ExtendedMasterSecretExtensionRequired,
        IncorrectCertificateTypeExtension,
        KeyShareExtensionRequired,
        NamedGroupsExtensionRequired,
        NoCertificateRequestSignatureSchemesInCommon,
        NoCipherSuitesInCommon,
        NoEcPointFormatsInCommon,
        NoKxGroupsInCommon,
        NoSignatureSchemesInCommon,
        NullCompressionRequired,
        ServerDoesNotSupportTls12Or13,
        ServerSentHelloRetryRequestWithUnknownExtension,
        ServerTlsVersionIsDisabledByOurConfig,
        SignatureAlgorithmsExtensionRequired,
        SupportedVersionsExtensionRequired,
        Tls12NotOffered,
        Tls12NotOfferedOrEnabled,
        Tls13RequiredForQuic,
        UncompressedEcPointsRequired,
        UnsolicitedCertificateTypeExtension,
        ServerRejectedEncryptedClientHello(None),
    ]
}

fn misbehaving_peers() -> Vec<PeerMisbehaved> {
    use PeerMisbehaved::*;
    vec![
        AttemptedDowngradeToTls12WhenTls13IsSupported,
        BadCertChainExtensions,
        CipherSuiteDifferedOnRetry,
        DisallowedEncryptedExtension,
        DuplicateClientHelloExtensions,
        DuplicateEncryptedExtensions,
        DuplicateHelloRetryRequestExtensions,
        DuplicateNewSessionTicketExtensions,
        DuplicateServerHelloExtensions,
        DuplicateServerNameTypes,
        EarlyDataAttemptedInSecondClientHello,
        EarlyDataExtensionWithoutResumption,
        EarlyDataOfferedWithVariedCipherSuite,
        EchAcceptanceVariedAfterRetry,
        HandshakeHashVariedAfterRetry,
        IllegalHelloRetryRequestWithEmptyCookie,
        IllegalHelloRetryRequestWithNoChanges,
        IllegalHelloRetryRequestWithOfferedGroup,
        IllegalHelloRetryRequestWithUnofferedCipherSuite,
        IllegalHelloRetryRequestWithUnofferedNamedGroup,
        IllegalHelloRetryRequestWithUnsupportedVersion,
        IllegalHelloRetryRequestWithWrongSessionId,
        IllegalHelloRetryRequestWithInvalidEch,
        IllegalMiddleboxChangeCipherSpec,
        IllegalTlsInnerPlaintext,
        IncorrectBinder,
        InvalidCertCompression,
        InvalidMaxEarlyDataSize,
        InvalidKeyShare,
        KeyEpochWithPendingFragment,
        KeyUpdateReceivedInQuicConnection,
        MessageInterleavedWithHandshakeMessage,
        MissingBinderInPskExtension,
        MissingKeyShare,
        MissingPskExtensionInSecondClientHello,
        MissingPskModesExtension,
        MissingQuicTransportParameters,
        OfferedDuplicateCertificateCompressions,
        OfferedDuplicateKeyShares,
        OfferedEarlyDataWithOldProtocolVersion,
        OfferedEmptyApplicationProtocol,
        OfferedIncorrectCompressions,
        PskExtensionMustBeLast,
        PskExtensionWithMismatchedIdsAndBinders,
        RefusedToFollowHelloRetryRequest,
        RejectedEarlyDataInterleavedWithHandshakeMessage,
        ResumptionAttemptedWithVariedEms,
        ResumptionOfferedWithVariedCipherSuite,
        ResumptionOfferedWithVariedEms,
        ResumptionOfferedWithIncompatibleCipherSuite,
        SelectedDifferentCipherSuiteAfterRetry,
        SelectedInvalidPsk,
        SelectedTls12UsingTls13VersionExtension,
        SelectedUnofferedApplicationProtocol,
        SelectedUnofferedCertCompression,
        SelectedUnofferedCipherSuite,
        SelectedUnofferedCompression,
        SelectedUnofferedKxGroup,
        SelectedUnofferedPsk,
        SelectedUnusableCipherSuiteForVersion,
        ServerEchoedCompatibilitySessionId,
        ServerHelloMustOfferUncompressedEcPoints,
        ServerNameDifferedOnRetry,
        ServerNameMustContainOneHostName,
        SignedKxWithWrongAlgorithm,
        SignedHandshakeWithUnadvertisedSigScheme,
        TooManyEmptyFragments,
        TooManyKeyUpdateRequests,
        TooManyRenegotiationRequests,
        TooManyWarningAlertsReceived,
        TooMuchEarlyDataReceived,
        UnexpectedCleartextExtension,
        UnsolicitedCertExtension,
        UnsolicitedEncryptedExtension,
        UnsolicitedSctList,
        UnsolicitedServerHelloExtension,
        WrongGroupForKeyShare,
        UnsolicitedEchExtension,
    ]
}

fn hello_errors() -> Vec<EncryptedClientHelloError> {
    use EncryptedClientHelloError::*;
    vec![InvalidConfigList, NoCompatibleConfig, SniRequired]
}

fn all_others() -> Vec<Failed> {
    vec![
        Failed::InappropriateMessage { expect_types: vec![ContentType::Alert], got_type: ContentType::Alert },
        Failed::InappropriateHandshakeMessage {
            expect_types: vec![HandshakeType::ClientHello],
            got_type: HandshakeType::Finished,
        },
        Failed::InvalidEncryptedClientHello(EncryptedClientHelloError::SniRequired),
        Failed::InvalidMessage(InvalidMessage::InvalidCcs),
        Failed::NoCertificatesPresented,
        Failed::UnsupportedNameType,
        Failed::DecryptError,
        Failed::EncryptError,
        Failed::PeerIncompatible(PeerIncompatible::NoKxGroupsInCommon),
        Failed::PeerMisbehaved(PeerMisbehaved::MissingKeyShare),
        Failed::AlertReceived(AlertDescription::InternalError),
        Failed::InvalidCertificate(CertificateError::Expired),
        Failed::InvalidCertRevocationList(CertRevocationListError::ParseError),
        Failed::General("failed: Context { s3cret }".to_owned()),
        Failed::FailedToGetCurrentTime,
        Failed::FailedToGetRandomBytes,
        Failed::HandshakeNotComplete,
        Failed::PeerSentOversizedRecord,
        Failed::NoApplicationProtocol,
        Failed::BadMaxFragmentSize,
        Failed::InconsistentKeys(InconsistentKeys::KeyMismatch),
        Failed::Other(other()),
    ]
}

#[test]
fn every_error_is_one_plain_sentence() {
    let library = source("rustls", "src/error.rs");
    walk(&library, "Error", &all_others(), |error| error);
    walk(&library, "CertificateError", &certificate_errors(), Failed::from);
    walk(&library, "CertRevocationListError", &revocation_list_errors(), Failed::from);
    walk(&library, "InvalidMessage", &invalid_messages(), Failed::from);
    walk(&library, "PeerIncompatible", &incompatible_peers(), Failed::from);
    walk(&library, "PeerMisbehaved", &misbehaving_peers(), Failed::from);
    walk(&library, "EncryptedClientHelloError", &hello_errors(), Failed::from);
    walk(
        &library,
        "InconsistentKeys",
        &[InconsistentKeys::KeyMismatch, InconsistentKeys::Unknown],
        Failed::from,
    );
    for number in 0..=u8::MAX {
        let alert = AlertDescription::from(number);
        assert_plain(&told(Failed::AlertReceived(alert)), &alert);
    }
}

/// What the library hands on from the verifier of certificates, as the name of a variant of the verifier's own error.
#[test]
fn every_error_of_the_verifier_is_one_plain_sentence() {
    let verifier = variants(&source("rustls-webpki", "src/error.rs"), "Error");
    assert!(verifier.len() > 40, "{verifier:?}");
    for name in verifier {
        for said in [name.clone(), format!("{name}(Context {{ s3cret }})")] {
            let error = CertificateError::Other(OtherError(Arc::new(io::Error::other(said.clone()))));
            assert_plain(&told(error), &said);
        }
    }
}

#[test]
fn what_a_person_can_change_is_told() {
    let text = |said: &str| CertificateError::Other(OtherError(Arc::new(io::Error::other(said.to_owned()))));
    let signed = |id: &[u8]| CertificateError::UnsupportedSignatureAlgorithmContext {
        signature_algorithm_id: id.to_vec(),
        supported_algorithms: Vec::new(),
    };
    for alert in [AlertDescription::HandshakeFailure, AlertDescription::InsufficientSecurity] {
        assert_eq!(why(Failed::AlertReceived(alert)), NO_CURRENT_SUITE);
        let url = Url::parse("https://pool.contoso.com/").unwrap();
        let told = sentence(&Failed::AlertReceived(alert), &url, Tls::Compatible);
        assert_eq!(told, format!("No secure connection to pool.contoso.com: {NO_SUITE}."));
        assert_plain(&told, &alert);
    }
    for (error, told) in [
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
        assert_eq!(why(error), told);
    }
    for code in UNTRUSTED_ON_WINDOWS {
        let said = format!("A certificate chain could not be built. (os error {})", code as i32);
        assert_eq!(why(text(&said)), format!("its certificate {UNKNOWN_ISSUER}"));
    }
}
