//! Why a request has no answer: the connection, the handshake, or something else that listens on the port.

use std::error::Error as Cause;
use std::{fmt, io};

use rustls::{AlertDescription, CertificateError, InvalidMessage, PeerIncompatible};
use url::Url;

use super::CONNECT_TIMEOUT;
use crate::error::{Error, ErrorKind};
use crate::plain::{plain, plain_name};
use crate::steps::{Step, host_of};

/// What hyper says where a server answers in another protocol, or speaks first.
const OTHER_PROTOCOL: [&str; 2] = ["HTTP version", "unexpected message from connection"];

pub(super) fn network_error(error: &reqwest::Error, step: Step, url: &Url) -> Error {
    let host = host_of(url);
    let cause = innermost(error);
    if let Some(tls) = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return Error::new(ErrorKind::Tls, told_of_tls(tls, url)).at(step);
    }
    let io = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).last().map(io::Error::kind);
    let detail = match io {
        _ if error.is_timeout() => format!("No connection to {host} within {} s.", CONNECT_TIMEOUT.as_secs()),
        Some(io::ErrorKind::ConnectionRefused) => {
            format!("{host} refuses the connection; check the server's name and port.")
        }
        Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
            if error.is_connect() && url.scheme() == "https" =>
        {
            format!(
                "{} closed the connection during the TLS handshake; it may not speak TLS on this port: check the port.",
                with_port(url)
            )
        }
        _ if error.is_connect() && cause.contains("lookup") => {
            format!("The name {host} cannot be resolved ({cause}).")
        }
        _ if error.is_connect() => format!("No connection to {host} ({cause})."),
        // What a port speaks is seen from its first answer; later ones were damaged on the way.
        _ if step != Step::Discover => format!("The connection to {host} broke ({cause})."),
        _ => {
            let https =
                if url.scheme() == "http" { "; it may be an https port: check the server's URL" } else { "" };
            match OTHER_PROTOCOL.iter().any(|words| cause.contains(words)) {
                true => format!("{} does not speak HTTP on this port{https}.", with_port(url)),
                false => format!("The connection to {host} broke ({cause}){https}."),
            }
        }
    };
    // Whether another attempt can change anything: see `Retry`.
    let unknown_name =
        error.is_connect() && cause.contains("lookup") && !cause.to_lowercase().contains("temporary");
    let kind = if unknown_name { io::ErrorKind::NotFound } else { io.unwrap_or(io::ErrorKind::Other) };
    Error::new(ErrorKind::Network, detail).at(step).with_source(io::Error::new(kind, cause))
}

pub(super) fn told_of_tls(error: &rustls::Error, url: &Url) -> String {
    use rustls::Error as Tls;
    let why = match error {
        Tls::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::InvalidEmptyPayload
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::UnknownProtocolVersion,
        ) => {
            return format!(
                "{} does not speak TLS on this port; it may be a plain http port: check the port.",
                with_port(url)
            );
        }
        Tls::InvalidCertificate(bad) => told_of_certificate(bad),
        Tls::AlertReceived(AlertDescription::ProtocolVersion)
        | Tls::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "it speaks no TLS of version 1.2 or later; its administrator must allow that".to_owned(),
        Tls::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity) => {
            "it and this client have no cipher in common; ask its administrator".to_owned()
        }
        Tls::AlertReceived(AlertDescription::UnrecognisedName) => {
            "it does not know this name; check the server's URL".to_owned()
        }
        Tls::AlertReceived(alert) => format!("it broke off the handshake with the alert {}", name(alert)),
        Tls::PeerIncompatible(why) => format!("it and this client have no TLS in common ({})", name(why)),
        other => format!("the handshake went wrong ({}); something in between may break it", name(other)),
    };
    format!("No secure connection to {}: {why}.", host_of(url))
}

fn told_of_certificate(bad: &CertificateError) -> String {
    use CertificateError as Bad;
    let why = match bad {
        Bad::UnknownIssuer => {
            "is signed by an authority this machine does not know; name that authority's certificate file as ca_file (SEND_IM_CA_FILE)"
        }
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            "is for another name; use a name the certificate holds as server"
        }
        Bad::Expired | Bad::ExpiredContext { .. } => "has expired; its administrator must renew it",
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => "is not valid yet; check this machine's clock",
        Bad::Revoked => "was revoked; its administrator must replace it",
        other => {
            return format!(
                "its certificate is not usable ({}); its administrator must replace it",
                name(other)
            );
        }
    };
    format!("its certificate {why}")
}

/// The name of the innermost variant, without what else a debug output says.
fn name(error: &dyn fmt::Debug) -> String {
    let debug = format!("{error:?}");
    let head = debug.split([' ', '{', '[', '"']).next().unwrap_or_default();
    head.trim_end_matches([')', '(']).rsplit('(').next().unwrap_or_default().to_owned()
}

/// Host and port, also where it is the scheme's own.
pub(super) fn with_port(url: &Url) -> String {
    let host = plain_name(url.host_str().unwrap_or_default());
    format!("{host}:{}", url.port_or_known_default().unwrap_or_default())
}

/// What caused an error, from the outermost. An `io::Error` hides what it wraps from the chain of sources.
pub(super) fn causes(error: &dyn Cause) -> impl Iterator<Item = &(dyn Cause + 'static)> {
    std::iter::successors(error.source(), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Cause + 'static)),
            None => error.source(),
        }
    })
}

pub(super) fn innermost(error: &(dyn Cause + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    plain(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;

    #[test]
    fn what_tls_says_is_told_in_plain_words() {
        use rustls::Error as Tls;
        let url = Url::parse("https://pool.contoso.com/").unwrap();
        let other = OtherError(Arc::new(io::Error::other("{ secret }")));
        for (error, why) in [
            (
                Tls::AlertReceived(AlertDescription::ProtocolVersion),
                "it speaks no TLS of version 1.2 or later; its administrator must allow that",
            ),
            (
                PeerIncompatible::ServerDoesNotSupportTls12Or13.into(),
                "it speaks no TLS of version 1.2 or later; its administrator must allow that",
            ),
            (
                PeerIncompatible::NoCipherSuitesInCommon.into(),
                "it and this client have no TLS in common (NoCipherSuitesInCommon)",
            ),
            (
                Tls::AlertReceived(AlertDescription::HandshakeFailure),
                "it and this client have no cipher in common; ask its administrator",
            ),
            (
                Tls::AlertReceived(AlertDescription::InternalError),
                "it broke off the handshake with the alert InternalError",
            ),
            (
                Tls::AlertReceived(AlertDescription::Unknown(200)),
                "it broke off the handshake with the alert 0xc8",
            ),
            (
                InvalidMessage::MissingData("Random").into(),
                "the handshake went wrong (MissingData); something in between may break it",
            ),
            (
                Tls::InappropriateMessage { expect_types: Vec::new(), got_type: rustls::ContentType::Alert },
                "the handshake went wrong (InappropriateMessage); something in between may break it",
            ),
            (Tls::DecryptError, "the handshake went wrong (DecryptError); something in between may break it"),
            (
                CertificateError::NotValidYet.into(),
                "its certificate is not valid yet; check this machine's clock",
            ),
            (
                CertificateError::BadSignature.into(),
                "its certificate is not usable (BadSignature); its administrator must replace it",
            ),
            (
                CertificateError::Other(other).into(),
                "its certificate is not usable (Custom); its administrator must replace it",
            ),
        ] {
            assert_eq!(
                told_of_tls(&error, &url),
                format!("No secure connection to pool.contoso.com: {why}.")
            );
        }
    }
}
