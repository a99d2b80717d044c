//! Where an origin listens, and by which name a client reaches it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};

/// One listener of the sandbox, as its clients see it.
#[derive(Debug)]
pub(crate) struct Origin {
    scheme: &'static str,
    listens: SocketAddr,
    host_names: Vec<String>,
    url: String,
}

impl Origin {
    /// The first host name stands in all hrefs.
    pub(crate) fn new(https: bool, listens: SocketAddr, host_names: &[String]) -> Self {
        let scheme = if https { "https" } else { "http" };
        let ip = listens.ip().to_canonical();
        let listens = SocketAddr::new(ip, listens.port());
        let host = match host_names.first() {
            Some(name) => Asked { host: bracketed(name), port: Some(listens.port()) }.to_string(),
            None => SocketAddr::new(reachable(ip), listens.port()).to_string(),
        };
        Self { scheme, listens, host_names: host_names.to_vec(), url: format!("{scheme}://{host}") }
    }

    /// Scheme, host and port, without a slash at the end, as a client of this machine reaches it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The same for a client that asked for this host, of this origin or of another one of the sandbox.
    ///
    /// A sandbox that listens at every address cannot know by which of them it is reached.
    pub(crate) fn reached_by(&self, asked: Option<&Asked>, here: bool) -> String {
        match asked {
            Some(asked) if self.host_names.is_empty() && self.listens.ip().is_unspecified() => {
                let port = if here { asked.port } else { Some(self.listens.port()) };
                self.named(&Asked { host: asked.host.clone(), port })
            }
            _ => self.url.clone(),
        }
    }

    /// The origin of pages that this host serves, as their browser names it.
    pub(crate) fn named(&self, host: &Asked) -> String {
        format!("{}://{host}", self.scheme)
    }

    /// True for names that nobody else can make lead here (DNS rebinding).
    pub(crate) fn answers_to(&self, asked: &Asked) -> bool {
        let bare = asked.host.trim_matches(['[', ']']);
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

/// The address by which this machine reaches a listener of this one.
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

/// Host and port as a request names them.
#[derive(Debug)]
pub(crate) struct Asked {
    /// A name, or an address, in brackets if it is one of IPv6.
    host: String,
    port: Option<u16>,
}

impl Asked {
    /// None where the request names no host, several, or something that is no host: this gets into hrefs.
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

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}
