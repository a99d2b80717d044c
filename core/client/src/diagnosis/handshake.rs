//! What a TLS handshake showed, in words, and why one failed.

use rustls::{AlertDescription, CertificateError, Error as TlsError, PeerIncompatible};

use super::advice::Reason;
use crate::http::{Certificate, Handshake, HandshakeError};
use crate::tls::Tls;

/// The handshake in a line: what was agreed on or went wrong, and the certificate.
pub(super) fn describe(host: &str, handshake: &Handshake, offered: Tls) -> String {
    let outcome = match &handshake.outcome {
        Ok(agreed) => {
            let authority = if agreed.by_ca_file { "the CA file" } else { "the operating system" };
            format!("{}, {}, vouched for by an authority of {authority}", agreed.version, agreed.suite)
        }
        Err(error) => error.finding(offered),
    };
    match handshake.chain.as_slice() {
        [] => format!("{host}: {outcome}"),
        [own, others @ ..] => format!("{host}: {outcome}; {}{}", certificate(own), issuers(own, others)),
    }
}

fn certificate(own: &Certificate) -> String {
    let names = if own.names.is_empty() { "no names".to_owned() } else { own.names.join(", ") };
    let life = match own.days_left {
        // Whole days: those that are left are rounded down, to -1 in the first day after the end.
        left @ ..0 => format!("ended on {} ({} ago)", own.last_day, days(-1 - left)),
        left => {
            let from = own.begins.as_ref().map_or_else(String::new, |begins| format!("from {begins} "));
            format!("valid {from}until {} ({})", own.last_day, days(left))
        }
    };
    format!("certificate {} for {names}, {life}", own.subject)
}

fn days(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

fn issuers(own: &Certificate, others: &[Certificate]) -> String {
    let chain = std::iter::once(own).chain(others).map(|one| format!(", issued by {}", one.issuer));
    chain.collect()
}

/// Why a handshake failed.
pub(super) fn reason_of(error: &HandshakeError) -> Reason {
    use AlertDescription as Alert;
    match error {
        HandshakeError::NotTls => Reason::NoTls,
        HandshakeError::UnknownIssuer(_) => Reason::UnknownAuthority,
        HandshakeError::Closed => Reason::ClosedInHandshake,
        HandshakeError::TimedOut => Reason::TooLate,
        HandshakeError::NoHostName => Reason::Other,
        HandshakeError::Tls(error) => match error {
            TlsError::InvalidCertificate(bad) => reason_of_certificate(bad),
            TlsError::AlertReceived(Alert::ProtocolVersion)
            | TlsError::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => Reason::NoCurrentVersion,
            TlsError::AlertReceived(
                Alert::CertificateRequired
                | Alert::NoCertificate
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateUnknown
                | Alert::UnknownCA,
            )
            | TlsError::PeerIncompatible(PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon) => {
                Reason::WantsCertificate
            }
            TlsError::AlertReceived(Alert::HandshakeFailure | Alert::InsufficientSecurity)
            | TlsError::PeerIncompatible(_) => Reason::NothingInCommon,
            TlsError::InvalidMessage(_)
            | TlsError::PeerMisbehaved(_)
            | TlsError::DecryptError
            | TlsError::PeerSentOversizedRecord
            | TlsError::InappropriateMessage { .. }
            | TlsError::InappropriateHandshakeMessage { .. } => Reason::BrokenTls,
            _ => Reason::Other,
        },
    }
}

fn reason_of_certificate(bad: &CertificateError) -> Reason {
    use CertificateError as Bad;
    match bad {
        Bad::Expired | Bad::ExpiredContext { .. } => Reason::CertificateExpired,
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => Reason::CertificateNotYetValid,
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Reason::CertificateForOtherName,
        Bad::BadSignature => Reason::BadSignature,
        Bad::UnknownRevocationStatus
        | Bad::ExpiredRevocationList
        | Bad::ExpiredRevocationListContext { .. } => Reason::RevocationUnknown,
        _ => Reason::OtherCertificate,
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use rustls::{InvalidMessage, OtherError, PeerMisbehaved};

    use super::*;

    /// As Windows refuses a chain that ends at no authority it trusts (CERT_E_UNTRUSTEDROOT).
    #[derive(Debug)]
    struct OfWindows;

    impl std::fmt::Display for OfWindows {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("A certificate chain could not be built. (os error -2146762487)")
        }
    }

    impl std::error::Error for OfWindows {}

    #[test]
    fn days_since_the_end_are_whole_ones() {
        for (days_left, told) in
            [(-11, "10 days ago"), (-2, "1 day ago"), (-1, "0 days ago"), (0, "0 days"), (1, "1 day")]
        {
            let own = Certificate {
                subject: "CN=x".to_owned(),
                issuer: "CN=y".to_owned(),
                names: Vec::new(),
                begins: None,
                last_day: "2026-01-31".to_owned(),
                days_left,
            };
            assert!(certificate(&own).ends_with(&format!("2026-01-31 ({told})")), "{}", certificate(&own));
        }
    }

    #[test]
    fn a_failed_handshake_has_its_own_cause() {
        use CertificateError as Bad;
        let certificate = TlsError::InvalidCertificate;
        for (error, reason) in [
            (TlsError::InvalidMessage(InvalidMessage::InvalidContentType), Reason::NoTls),
            (TlsError::InvalidMessage(InvalidMessage::UnexpectedMessage("x")), Reason::BrokenTls),
            (TlsError::PeerMisbehaved(PeerMisbehaved::BadCertChainExtensions), Reason::BrokenTls),
            (TlsError::AlertReceived(AlertDescription::ProtocolVersion), Reason::NoCurrentVersion),
            (TlsError::AlertReceived(AlertDescription::HandshakeFailure), Reason::NothingInCommon),
            (TlsError::AlertReceived(AlertDescription::CertificateRequired), Reason::WantsCertificate),
            (TlsError::AlertReceived(AlertDescription::InternalError), Reason::Other),
            (certificate(Bad::UnknownIssuer), Reason::UnknownAuthority),
            (certificate(Bad::Other(OtherError(Arc::new(OfWindows)))), Reason::UnknownAuthority),
            (certificate(Bad::Expired), Reason::CertificateExpired),
            (certificate(Bad::UnknownRevocationStatus), Reason::RevocationUnknown),
            (certificate(Bad::BadSignature), Reason::BadSignature),
        ] {
            let failed = HandshakeError::from(io::Error::new(io::ErrorKind::InvalidData, error.clone()));
            assert_eq!(reason_of(&failed), reason, "{error:?}");
        }
        for (kind, reason) in [
            (io::ErrorKind::TimedOut, Reason::TooLate),
            (io::ErrorKind::UnexpectedEof, Reason::ClosedInHandshake),
            (io::ErrorKind::ConnectionReset, Reason::ClosedInHandshake),
        ] {
            assert_eq!(reason_of(&HandshakeError::from(io::Error::from(kind))), reason, "{kind}");
        }
    }
}
