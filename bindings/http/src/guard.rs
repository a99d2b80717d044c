//! Who may ask, and from where.
//!
//! A service on loopback is within reach of every web page that the machine's user opens: a page may make the browser send
//! a GET or a form there, and a name of its own can be made to point to 127.0.0.1 (DNS rebinding). Where a client
//! certificate is what a request shows, the browser shows it for any page. So a request that a browser sends for a
//! page must come from a listed origin, whatever it shows, and where it need show nothing, only names that cannot be
//! rebound are answered.
//!
//! Most of that rests on what a browser says of itself. It says `Origin` with every POST of a page, but nothing with a GET
//! to a host that it does not call trustworthy (Fetch Metadata, section 2; Secure Contexts, section 3.1): over plain http
//! that is every host but loopback, written plainly. By such a name, a GET sends nothing.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use send_im::ErrorKind;

use crate::connections::ConnectionPermit;
use crate::hooks;
use crate::options::Options;
use crate::problem::Problem;
use crate::service::Shared;

/// The other end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// It has shown a certificate of the client CA.
    pub(crate) certified: bool,
    pub(crate) permit: Arc<ConnectionPermit>,
}

/// Headers by which a proxy or its network tells of itself, or for whom it asks.
const OF_PROXIES: &str = "client-ip early-data max-forwards remote-addr via x-cloud-trace-context x-coming-from x-host \
    x-originating-ip x-remote-addr x-remote-ip x-request-start x-scheme x-url-scheme x-varnish";

/// How names of such headers begin.
const BEGIN_OF_PROXIES: &str = "akamai- ali-cdn- cdn- cf- client-cert cloudfront- fastly- fly- incap- ngrok- proxy- ssl-client- \
    surrogate- tailscale- wl-proxy- x-accel- x-amz-cf- x-amzn- x-appengine- x-arr- x-azure- x-bluecoat- \
    x-client- x-cluster- x-envoy- x-nf- x-nginx- x-original- x-proxy x-real- x-ssl- x-sucuri- x-traefik- \
    x-vercel-";

/// How names of such headers end.
const END_OF_PROXIES: &str = "-client-ip -clientip -connecting-ip -real-ip -via";

/// Lets a request pass that may be answered.
///
/// Those that may not have an allowance of their own: they never use up that of others on the same machine.
pub(crate) async fn guard(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let checked = check(&shared.options, &peer, &request);
    let rate = if checked.is_ok() { &shared.rate } else { &shared.refused_rate };
    let hook = hooks::is_one(request.uri().path());
    let refused = |problem: Problem| if hook { problem.for_hook() } else { problem };
    rate.allow(peer.address).and(checked).map_err(refused)?;
    Ok(next.run(request).await)
}

/// Lets a request for the page pass. Whoever may not send may see it all the same, so a link may lead to it and it needs no token;
/// but it is not shown by a name that can be made to point here, nor through a proxy where none is expected.
pub(crate) fn guard_page(options: &Options, request: &Request) -> Result<(), Problem> {
    check_way(options, host(request).as_ref(), request.headers())
}

/// Checks the name that is asked for, and whether a proxy asks.
fn check_way(options: &Options, host: Option<&Authority>, headers: &HeaderMap) -> Result<(), Problem> {
    if options.anonymous() || !options.hosts.is_empty() {
        let why = "The service is not known by the name it was asked for: ask 127.0.0.1 or localhost, or start it with --allow-host.";
        require(host.is_some_and(|host| is_ours(host, options)), why)?;
    }
    let why = "A proxy forwards others to this service, which serves this machine alone: start it with a token, and let the proxy pass that on.";
    require(!options.anonymous() || !headers.keys().any(is_of_a_proxy), why)
}

fn check(options: &Options, peer: &Peer, request: &Request) -> Result<(), Problem> {
    let host = host(request);
    let headers = request.headers();
    check_way(options, host.as_ref(), headers)?;
    if options.anonymous() {
        let told =
            options.certificate.is_some() || host.as_ref().is_some_and(|host| is_plain_loopback(host.host()));
        let sends = request.uri().path() != "/metrics" && request.method() != Method::POST;
        let why = "By this name a message is taken by POST only: of a GET, a browser does not say which page is behind it.";
        require(told || !sends, why)?;
    }
    check_origin(options, host.as_ref(), headers)?;
    authorize(options, peer, headers)
}

fn is_of_a_proxy(name: &HeaderName) -> bool {
    let name = name.as_str().replace('_', "-");
    name.contains("forward")
        || OF_PROXIES.split(' ').any(|known| name == known)
        || BEGIN_OF_PROXIES.split(' ').any(|begin| name.starts_with(begin))
        || END_OF_PROXIES.split(' ').any(|end| name.ends_with(end))
}

/// Refuses what a browser sends for a page that is not listed, or for somebody who followed a link.
fn check_origin(options: &Options, host: Option<&Authority>, headers: &HeaderMap) -> Result<(), Problem> {
    let own = host.map(|host| {
        let scheme = if options.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{host}")
    });
    let is_known = |origin: &HeaderValue| {
        options.origins.iter().chain(&own).any(|known| known.as_bytes() == origin.as_bytes())
    };
    let mut origins = headers.get_all(header::ORIGIN).iter().peekable();
    if origins.peek().is_some() {
        let why = "Pages of this origin may not use the service: start it with --allow-origin.";
        return require(origins.all(is_known), why);
    }
    // No program but a browser says this. A browser says it of every request, also of one without an origin. Node's fetch says
    // Sec-Fetch-Mode, and nothing else of these.
    let mut sites = headers.get_all("sec-fetch-site").iter();
    let why = "A browser asks, for somebody who followed a link or for a page that does not say which: nothing is sent for either.";
    require(sites.all(|site| site == "same-origin"), why)
}

fn authorize(options: &Options, peer: &Peer, headers: &HeaderMap) -> Result<(), Problem> {
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

fn require(holds: bool, why: &str) -> Result<(), Problem> {
    match holds {
        true => Ok(()),
        false => Err(Problem::refused(StatusCode::FORBIDDEN, ErrorKind::Forbidden, why)),
    }
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

/// True for loopback and for listed names: none of them can be made to point here by a stranger. Where a token or a
/// certificate is needed, any address is as good.
fn is_ours(host: &Authority, options: &Options) -> bool {
    let name = host.host();
    is_plain_loopback(name)
        || options.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
        || !options.anonymous() && name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// True for `localhost`, 127.0.0.0/8 and `[::1]` in their own spelling: the names that browsers call trustworthy. The
/// unspecified address and mapped ones lead here too, and are not among them.
fn is_plain_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name == "[::1]"
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Tokens;

    #[test]
    fn only_names_that_nobody_else_owns_are_ours() {
        let anonymous = Options::new().allow_host("im.contoso.com");
        let token = anonymous.clone().tokens(Tokens::parse("0123456789abcdef", "a test").unwrap());
        let is_ours = |host: &str, options| is_ours(&host.parse().unwrap(), options);
        for host in
            ["127.0.0.1:8480", "127.8.9.1", "localhost", "LOCALHOST:1", "[::1]:8480", "im.contoso.com:443"]
        {
            assert!(is_ours(host, &anonymous) && is_ours(host, &token), "{host}");
        }
        for host in [
            "10.0.0.1",
            "0.0.0.0:8480",
            "[::]",
            "[::ffff:127.0.0.1]:1",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:0:0:1]",
        ] {
            assert!(!is_ours(host, &anonymous) && is_ours(host, &token), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "contoso.com",
            "localhost.",
            "127.0.0.1.",
            "foo.localhost",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.0.0.01",
            "0",
        ] {
            assert!(!is_ours(host, &anonymous) && !is_ours(host, &token), "{host}");
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
