//! Why a request has no answer: no connection, a failed handshake, or a port that speaks another protocol.

use std::error::Error as Cause;
use std::io;
use std::time::Duration;

use url::Url;

use super::tls_error;
use crate::error::{Error, ErrorKind};
use crate::plain::plain;
use crate::steps::{Step, host_of, with_port};
use crate::tls::Tls;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// In hyper's error where a server answers in another protocol, or speaks first.
const OTHER_PROTOCOL_ERRORS: [&str; 2] = ["HTTP version", "unexpected message from connection"];

pub(super) fn network_error(error: &reqwest::Error, step: Step, url: &Url, offered: Tls) -> Error {
    let host = host_of(url);
    let cause = innermost(error);
    if let Some(tls) = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return Error::new(ErrorKind::Tls, tls_error::sentence(tls, url, offered))
            .at(step)
            .with_source(tls.clone());
    }
    if let Some(h2) = stream_error(error)
        && not_processed(h2).is_some()
    {
        let why = h2.reason().unwrap_or(h2::Reason::REFUSED_STREAM);
        let detail =
            format!("{host} takes no request now ({why}) and has not processed this one; send again later.");
        return Error::new(ErrorKind::Network, detail).at(step).with_source(h2::Error::from(why));
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
            closed_in_handshake(url, offered)
        }
        _ if error.is_connect() && cause.contains("lookup") => {
            format!("The name {host} cannot be resolved ({cause}).")
        }
        _ if error.is_connect() => format!("No connection to {host} ({cause})."),
        // The first answer showed that the port speaks HTTP; later ones were damaged on the way.
        _ if step != Step::Discover => format!("The connection to {host} broke ({cause})."),
        _ => {
            let https =
                if url.scheme() == "http" { "; it may be an https port: check the server's URL" } else { "" };
            match OTHER_PROTOCOL_ERRORS.iter().any(|words| cause.contains(words)) {
                true => format!("{} does not speak HTTP on this port{https}.", with_port(url)),
                false => format!("The connection to {host} broke ({cause}){https}."),
            }
        }
    };
    // `Retry` decides by this kind whether another attempt makes sense.
    let unknown_name =
        error.is_connect() && cause.contains("lookup") && !cause.to_lowercase().contains("temporary");
    let kind = if unknown_name { io::ErrorKind::NotFound } else { io.unwrap_or(io::ErrorKind::Other) };
    Error::new(ErrorKind::Network, detail).at(step).with_source(io::Error::new(kind, cause))
}

/// The sentence for a connection that the server closed before TLS was agreed on.
fn closed_in_handshake(url: &Url, offered: Tls) -> String {
    let older = match offered {
        // Windows sends no alert when no cipher suite fits.
        Tls::Current => "; or it has older cipher suites alone: set tls to compatible (SEND_IM_TLS)",
        Tls::Compatible => "",
    };
    format!(
        "{} closed the connection during the TLS handshake; it may not speak TLS on this port: check the port{older}.",
        with_port(url)
    )
}

/// The HTTP/2 error of a request without an answer.
pub(super) fn stream_error(error: &reqwest::Error) -> Option<&h2::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// How to send a request again that certainly was not processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImmediateRetry {
    Unchanged,
    OverHttp1,
}

/// How to retry a request that, as HTTP/2 guarantees, was not processed; `None` where it guarantees nothing.
///
/// It does so where the server refuses the stream or asks for HTTP/1.1, and where the stream is above the last one that a
/// GOAWAY names: only then does the library report a GOAWAY as the error of a stream. Source: RFC 9113, sections 6.8, 7 and 8.7.
pub(super) fn not_processed(error: &h2::Error) -> Option<ImmediateRetry> {
    let reason = error.reason().filter(|_| error.is_remote())?;
    match reason {
        h2::Reason::HTTP_1_1_REQUIRED => Some(ImmediateRetry::OverHttp1),
        h2::Reason::INADEQUATE_SECURITY if error.is_go_away() => Some(ImmediateRetry::OverHttp1),
        h2::Reason::REFUSED_STREAM => Some(ImmediateRetry::Unchanged),
        _ => error.is_go_away().then_some(ImmediateRetry::Unchanged),
    }
}

/// The causes of an error, outermost first. `source()` of an `io::Error` skips the error that it wraps.
pub(super) fn causes(error: &dyn Cause) -> impl Iterator<Item = &(dyn Cause + 'static)> {
    std::iter::successors(error.source(), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Cause + 'static)),
            None => error.source(),
        }
    })
}

/// The text of the innermost cause.
pub(super) fn innermost(error: &(dyn Cause + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    plain(error.to_string())
}
