//! Who may ask, and from where.
//!
//! A service on loopback is within reach of every web page that the machine's user opens: a page may make the browser send
//! a GET or a form there, and a name of its own can be made to point to 127.0.0.1 (DNS rebinding). Where a client
//! certificate is what a request shows, the browser shows it for any page. So a request that a browser sends for a
//! page must come from a listed origin, whatever it shows, and where it need show nothing, only names that cannot be
//! rebound are answered.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use send_im::ErrorKind;

use crate::options::Options;
use crate::problem::Problem;
use crate::service::Shared;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// It has shown a certificate of the client CA.
    pub(crate) certified: bool,
}

/// Headers by which a proxy tells for whom it asks.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

/// Lets a request pass that may be answered.
pub(crate) async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let Some(peer) = request.extensions().get::<Peer>().copied() else {
        return refuse("The service does not know who asks.").into_response();
    };
    if let Err(seconds) = shared.rate.take(peer.address, Instant::now()) {
        return Problem::refused(
            StatusCode::TOO_MANY_REQUESTS,
            ErrorKind::Throttled,
            "This client asks too often; nothing was sent.",
        )
        .retry_after(seconds)
        .into_response();
    }
    match check(&shared.options, peer, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn check(options: &Options, peer: Peer, request: &Request) -> Result<(), Problem> {
    let host = host(request);
    if (options.anonymous() || !options.hosts.is_empty())
        && !host.as_ref().is_some_and(|host| is_ours(host, &options.hosts))
    {
        return Err(refuse(
            "The service is not known by the name it was asked for: ask 127.0.0.1 or localhost, or start it with --allow-host.",
        ));
    }
    let headers = request.headers();
    if options.anonymous() && FORWARDED.iter().any(|name| headers.contains_key(*name)) {
        return Err(refuse(
            "A proxy forwards others to this service, which serves this machine alone: start it with a token, and let the proxy pass that on.",
        ));
    }
    check_origin(options, host.as_ref(), headers)?;
    authorize(options, peer, headers)
}

/// Refuses what a browser sends for a page that is not listed, or for somebody who followed a link.
fn check_origin(options: &Options, host: Option<&Authority>, headers: &HeaderMap) -> Result<(), Problem> {
    if let Some(origin) = headers.get(header::ORIGIN) {
        let listed = options.origins.iter().any(|listed| listed.as_bytes() == origin.as_bytes());
        let own = host.is_some_and(|host| {
            let scheme = if options.certificate.is_some() { "https" } else { "http" };
            format!("{scheme}://{host}").as_bytes() == origin.as_bytes()
        });
        return if listed || own {
            Ok(())
        } else {
            Err(refuse("Pages of this origin may not use the service: start it with --allow-origin."))
        };
    }
    // No program but a browser says this. A browser says it of every request, also of one without an origin.
    match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
        None | Some(b"same-origin") => Ok(()),
        Some(_) => Err(refuse(
            "A browser asks, for somebody who followed a link or for a page that does not say which: nothing is sent for either.",
        )),
    }
}

fn authorize(options: &Options, peer: Peer, headers: &HeaderMap) -> Result<(), Problem> {
    if options.anonymous() || peer.certified {
        return Ok(());
    }
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    if given.is_some_and(|token| options.tokens.has(token)) {
        return Ok(());
    }
    let detail = match given {
        Some(_) => "The token is not one of this service's.",
        None => "A token is needed: send it in the header Authorization, after the word Bearer.",
    };
    Err(Problem::refused(StatusCode::UNAUTHORIZED, ErrorKind::Forbidden, detail))
}

/// The token of an `Authorization` header. The scheme is case-insensitive (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn refuse(detail: &str) -> Problem {
    Problem::refused(StatusCode::FORBIDDEN, ErrorKind::Forbidden, detail)
}

/// Host and port as the request names them, the port left out where it is the scheme's own.
fn host(request: &Request) -> Option<Authority> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.clone());
    }
    let mut named = request.headers().get_all(header::HOST).iter();
    let (host, None) = (named.next()?, named.next()) else { return None };
    host.to_str().ok()?.parse().ok()
}

/// True for an address, for `localhost`, and for listed names: none of them can be made to point here by a stranger.
fn is_ours(host: &Authority, names: &[String]) -> bool {
    let name = host.host();
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_nobody_else_owns_are_ours() {
        let names = ["im.contoso.com".to_owned()];
        for host in
            ["127.0.0.1:8480", "localhost", "LOCALHOST:1", "[::1]:8480", "10.0.0.1", "im.contoso.com:443"]
        {
            assert!(is_ours(&host.parse().unwrap(), &names), "{host}");
        }
        for host in
            ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "contoso.com", "localhost."]
        {
            assert!(!is_ours(&host.parse().unwrap(), &names), "{host}");
        }
    }

    #[test]
    fn a_token_follows_the_word_bearer() {
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for wrong in ["abc", "Basic abc", "Bearerabc", ""] {
            assert_eq!(bearer(wrong), None, "{wrong}");
        }
    }
}
