//! An origin: scheme, host and port, and the names by which clients reach it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};

/// One origin of the sandbox.
#[derive(Debug)]
pub(crate) struct Origin {
    scheme: &'static str,
    listens: SocketAddr,
    host_names: Vec<String>,
    url: String,
}

impl Origin {
    /// The first host name is the one in all hrefs.
    pub(crate) fn new(https: bool, listens: SocketAddr, host_names: &[String]) -> Self {
        let scheme = if https { "https" } else { "http" };
        let ip = listens.ip().to_canonical();
        let listens = SocketAddr::new(ip, listens.port());
        let host = match host_names.first() {
            Some(name) => RequestedHost { host: bracketed(name), port: Some(listens.port()) }.to_string(),
            None => SocketAddr::new(reachable(ip), listens.port()).to_string(),
        };
        Self { scheme, listens, host_names: host_names.to_vec(), url: format!("{scheme}://{host}") }
    }

    /// Scheme, host and port, without a trailing slash, as a client on this machine reaches it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The same for a client whose request named this host; `here` if this origin received the request.
    ///
    /// A sandbox that listens on every address learns only from the request how it is reached.
    pub(crate) fn url_for(&self, requested_host: Option<&RequestedHost>, here: bool) -> String {
        match requested_host {
            Some(requested_host) if self.host_names.is_empty() && self.listens.ip().is_unspecified() => {
                let port = if here { requested_host.port } else { Some(self.listens.port()) };
                self.with_host(&RequestedHost { host: requested_host.host.clone(), port })
            }
            _ => self.url.clone(),
        }
    }

    /// The origin of pages from this host, as a browser sends it.
    pub(crate) fn with_host(&self, host: &RequestedHost) -> String {
        format!("{}://{host}", self.scheme)
    }

    /// True for hosts that cannot come from DNS rebinding: addresses, localhost, and the sandbox's own names.
    pub(crate) fn answers_to(&self, requested_host: &RequestedHost) -> bool {
        let bare = requested_host.host.trim_matches(['[', ']']);
        let is_address = bare
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback() || ip == self.listens.ip() || self.is_beyond_loopback());
        is_address
            || bare.eq_ignore_ascii_case("localhost")
            || self.host_names.iter().any(|name| name.eq_ignore_ascii_case(bare))
    }

    /// True where other machines can connect.
    pub(crate) fn is_beyond_loopback(&self) -> bool {
        !self.listens.ip().is_loopback()
    }
}

/// The address by which this machine reaches a listener on `ip`.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

/// A host as URLs write it.
fn bracketed(name: &str) -> String {
    if name.parse::<Ipv6Addr>().is_ok() { format!("[{name}]") } else { name.to_owned() }
}

/// The host and port that a request names.
#[derive(Debug)]
pub(crate) struct RequestedHost {
    /// A name or an address; IPv6 in brackets.
    host: String,
    port: Option<u16>,
}

impl RequestedHost {
    /// None if the request names no host, several, or an invalid one: the value is written into hrefs.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        let authority = match uri.authority() {
            Some(authority) => authority.clone(),
            None => {
                let mut named = headers.get_all(header::HOST).iter();
                let (host, None) = (named.next()?, named.next()) else { return None };
                host.to_str().ok()?.parse::<Authority>().ok()?
            }
        };
        let host = authority.host();
        let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        let is_v6 = || host.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
        let is_host = (is_name || is_v6().is_some()) && !authority.as_str().contains('@');
        is_host.then(|| Self { host: host.to_owned(), port: authority.port_u16() })
    }
}

impl fmt::Display for RequestedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}
