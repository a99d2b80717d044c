//! One connection to a server, opened to be looked at: with the resolver, proxy, cipher suites and authorities that requests have.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use url::Url;

use super::certificate::Certificate;
use super::network_error::{CONNECT_TIMEOUT, innermost};
use super::proxy::connect::Duplex;
use super::proxy::{Proxies, Proxy};
use super::{tls, tls_error};
use crate::account::Account;
use crate::error::Result;
use crate::host::is_loopback;
use crate::plain::plain;
use crate::tls::Tls;

/// How an account's requests would connect.
pub(crate) struct Probe {
    pub(crate) account: Account,
    pub(super) proxies: Option<Arc<Proxies>>,
}

/// The proxy for a server, without its credentials.
pub(crate) struct ProxyInUse {
    /// Host and port.
    pub(crate) name: String,
    /// The variable that names it, or the system's settings.
    pub(crate) setting: &'static str,
    /// It resolves the server's name itself.
    pub(crate) resolves: bool,
    pub(crate) is_socks: bool,
    proxy: Proxy,
}

/// What a TLS handshake showed.
pub(crate) struct Handshake {
    pub(crate) outcome: Result<Negotiated, HandshakeError>,
    /// The server's certificate first.
    pub(crate) chain: Vec<Certificate>,
}

/// Why a handshake failed.
pub(crate) enum HandshakeError {
    /// The port speaks something else.
    NotTls,
    UnknownIssuer(rustls::Error),
    /// Anything else that the TLS library says.
    Tls(rustls::Error),
    /// The connection broke off.
    Closed,
    TimedOut,
    /// The URL's host is none that a certificate can hold.
    NoHostName,
}

impl HandshakeError {
    /// What went wrong, without the server's name and without advice.
    pub(crate) fn finding(&self, offered: Tls) -> String {
        match self {
            Self::NotTls => "does not speak TLS on this port".to_owned(),
            Self::UnknownIssuer(error) | Self::Tls(error) => tls_error::finding(error, offered),
            Self::Closed => "closed the connection during the TLS handshake".to_owned(),
            Self::TimedOut => {
                format!("did not finish the TLS handshake within {} s", CONNECT_TIMEOUT.as_secs())
            }
            Self::NoHostName => "is no host name".to_owned(),
        }
    }
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) if tls_error::is_other_protocol(tls) => Self::NotTls,
            Some(tls @ rustls::Error::InvalidCertificate(bad)) if tls_error::is_unknown_issuer(bad) => {
                Self::UnknownIssuer(tls.clone())
            }
            Some(tls) => Self::Tls(tls.clone()),
            None if error.kind() == io::ErrorKind::TimedOut => Self::TimedOut,
            None => Self::Closed,
        }
    }
}

/// What client and server agreed on.
pub(crate) struct Negotiated {
    /// For example `TLS 1.3`.
    pub(crate) version: String,
    pub(crate) suite: String,
    /// The authorities of the CA file vouch for the server. If not, those of the operating system do.
    pub(crate) by_ca_file: bool,
}

impl Probe {
    /// The proxy through which this URL is asked, if any.
    pub(crate) fn proxy_for(&self, url: &Url) -> Option<ProxyInUse> {
        let proxy = self.proxies.as_ref()?.for_url(url)?;
        Some(ProxyInUse {
            name: proxy.name(),
            setting: proxy.setting(),
            resolves: proxy.resolves(),
            is_socks: proxy.is_socks(),
            proxy,
        })
    }

    /// Why this URL is asked without a proxy.
    pub(crate) fn why_direct(&self, url: &Url) -> &'static str {
        match &self.proxies {
            _ if is_loopback(url) => "is this machine, which is asked without a proxy",
            Some(proxies) if proxies.are_named() => "is asked without the proxy, as NO_PROXY says",
            _ => "is asked directly, as no proxy is set",
        }
    }

    /// The addresses of a server. Those that the account gives count before the system's resolver.
    ///
    /// # Errors
    /// What the resolver says.
    pub(crate) async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, String> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let given = self.account.resolve.iter().filter(|(name, _)| name.eq_ignore_ascii_case(host));
        // As for requests, a port in the URL counts before that of the address.
        let keeps_port = |to: &SocketAddr| url.port().is_none() && to.port() != 0;
        let given: Vec<SocketAddr> =
            given.map(|(_, to)| if keeps_port(to) { *to } else { SocketAddr::new(to.ip(), port) }).collect();
        match given.last() {
            // The last one counts, as it does for requests.
            Some(last) => Ok(vec![*last]),
            None => lookup(host, port).await,
        }
    }

    /// Encrypts a connection to the server of `url`, as requests do.
    pub(crate) async fn secure(&self, url: &Url, stream: Box<dyn Duplex>) -> Result<Handshake> {
        let shown = tls::ShownChain::default();
        let config = tls::config_that_shows(&self.account, &shown)?;
        let provider = config.crypto_provider().clone();
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let Ok(name) = ServerName::try_from(host) else {
            return Ok(Handshake { outcome: Err(HandshakeError::NoHostName), chain: Vec::new() });
        };
        let handshake = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream);
        let handshake =
            timeout(CONNECT_TIMEOUT, handshake).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let chain = std::mem::take(&mut *shown.lock().unwrap_or_else(PoisonError::into_inner));
        let outcome = match handshake {
            Ok(stream) => {
                let (_, session) = stream.get_ref();
                let private = tls::authorities_alone(tls::private_authorities(&self.account)?, provider);
                let by_ca_file =
                    private.zip(chain.split_first()).is_some_and(|(private, (server, others))| {
                        private.verify_server_cert(server, others, &name, &[], UnixTime::now()).is_ok()
                    });
                Ok(Negotiated {
                    version: version_name(session.protocol_version()),
                    suite: session
                        .negotiated_cipher_suite()
                        .map_or_else(String::new, |suite| format!("{:?}", suite.suite())),
                    by_ca_file,
                })
            }
            Err(error) => Err(error.into()),
        };
        Ok(Handshake { outcome, chain: chain.iter().filter_map(Certificate::read).collect() })
    }
}

impl ProxyInUse {
    /// The addresses of the proxy itself.
    ///
    /// # Errors
    /// What the resolver says.
    pub(crate) async fn addresses(&self) -> Result<Vec<SocketAddr>, String> {
        let (host, port) = self.proxy.address();
        lookup(host, port).await
    }

    /// A connection to the server of `url` through this proxy, which is no SOCKS proxy.
    ///
    /// # Errors
    /// The sentence, and the status of the proxy's refusal.
    pub(crate) async fn tunnel(&self, url: &Url) -> Result<Box<dyn Duplex>, (String, Option<u16>)> {
        let within = timeout(CONNECT_TIMEOUT, self.proxy.tunnel(url)).await;
        within.unwrap_or_else(|_| {
            let (name, setting) = (&self.name, self.setting);
            let seconds = CONNECT_TIMEOUT.as_secs();
            Err((format!("The proxy {name} does not answer within {seconds} s; check {setting}."), None))
        })
    }
}

async fn lookup(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let looked_up =
        timeout(CONNECT_TIMEOUT, tokio::net::lookup_host((host.trim_matches(['[', ']']), port))).await;
    match looked_up {
        Ok(Ok(addresses)) => {
            let mut distinct = Vec::new();
            addresses.for_each(|address| {
                if !distinct.contains(&address) {
                    distinct.push(address)
                }
            });
            if distinct.is_empty() { Err("it has no address".to_owned()) } else { Ok(distinct) }
        }
        Ok(Err(error)) => Err(plain(innermost(&error))),
        Err(_) => Err(format!("the resolver does not answer within {} s", CONNECT_TIMEOUT.as_secs())),
    }
}

/// A connection to one address.
///
/// # Errors
/// Why there is none, in a few words.
pub(crate) async fn connect(address: SocketAddr) -> Result<(TcpStream, std::time::Duration), String> {
    let begun = Instant::now();
    match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok((stream, begun.elapsed())),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Err("refuses the connection".to_owned())
        }
        Ok(Err(error)) => Err(format!("cannot be reached ({})", innermost(&error))),
        Err(_) => Err(format!("gives no answer within {} s", CONNECT_TIMEOUT.as_secs())),
    }
}

fn version_name(version: Option<rustls::ProtocolVersion>) -> String {
    match version {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3".to_owned(),
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2".to_owned(),
        other => format!("{other:?}"),
    }
}
