//! The forward proxy between this machine and a server: which one it is, and what it has against a connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::header::HeaderValue;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use url::Url;

use self::refusal::Refusal;
use super::broken::{CONNECT_TIMEOUT, causes, innermost};
use super::tls_error;
use crate::error::Result;
use crate::plain::{plain, plain_name};
use crate::steps::with_port;
use crate::tls::Tls;

mod refusal;
mod variables;

/// The client's name for logs of proxies and servers, and for the application's `userAgent`.
pub(crate) const USER_AGENT: &str = concat!("send-im/", env!("CARGO_PKG_VERSION"));

/// How long a proxy is asked for the reason of its refusal.
const PATIENCE: Duration = Duration::from_secs(3);

/// The head of an answer to CONNECT is not longer.
const LONGEST_HEAD: usize = 16 << 10;

/// The proxies that the environment names, or the settings of Windows and macOS.
pub(super) struct Proxies {
    /// The proxy and the exceptions from it, where variables name them.
    named: Option<(String, String)>,
    matcher: Matcher,
    tls: Arc<rustls::ClientConfig>,
    offered: Tls,
}

/// The proxy for one host.
pub(super) struct Proxy {
    to: Intercept,
    tls: Arc<rustls::ClientConfig>,
    offered: Tls,
}

impl Proxies {
    /// # Errors
    /// `InvalidInput` for a variable that cannot be meant as it stands; reqwest would pass over it.
    pub(super) fn of_this_process(mut tls: rustls::ClientConfig, offered: Tls) -> Result<Self> {
        variables::check_all()?;
        tls.alpn_protocols.clear();
        let named = variables::named();
        let matcher = match &named {
            Some((proxy, except)) => Matcher::builder().https(proxy).no(except).build(),
            None => Matcher::from_system(),
        };
        Ok(Self { named, matcher, tls: Arc::new(tls), offered })
    }

    /// The same for the HTTP client, which reads the system's settings by itself.
    pub(super) fn given_to(
        &self,
        builder: reqwest::ClientBuilder,
    ) -> reqwest::Result<reqwest::ClientBuilder> {
        let Some((proxy, except)) = &self.named else { return Ok(builder) };
        let proxy = reqwest::Proxy::https(proxy)?.no_proxy(reqwest::NoProxy::from_string(except));
        Ok(builder.proxy(proxy))
    }

    /// The proxy through which this URL is asked, if any.
    pub(super) fn of(&self, url: &Url) -> Option<Proxy> {
        let to = self.matcher.intercept(&url.as_str().parse().ok()?)?;
        Some(Proxy { to, tls: self.tls.clone(), offered: self.offered })
    }
}

impl Proxy {
    /// Host and port, without credentials.
    pub(super) fn name(&self) -> String {
        let host = plain_name(self.to.uri().host().unwrap_or_default());
        format!("{host}:{}", self.port())
    }

    fn port(&self) -> u16 {
        let default = match self.to.uri().scheme_str() {
            Some("https") => 443,
            Some("http") => 80,
            _ => 1080,
        };
        self.to.uri().port_u16().unwrap_or(default)
    }

    fn is_socks(&self) -> bool {
        self.to.uri().scheme_str().is_some_and(|scheme| scheme.starts_with("socks"))
    }

    /// What to change to have another proxy.
    fn setting(&self) -> &'static str {
        variables::in_force().unwrap_or("the system's proxy settings")
    }

    /// What to say where the proxy is the reason of a failure, and whether another attempt can change it; `None` where the
    /// server behind it is.
    pub(super) async fn told(
        &self,
        error: &reqwest::Error,
        url: &Url,
        deadline: Instant,
    ) -> Option<(String, io::ErrorKind)> {
        let (proxy, setting, target) = (self.name(), self.setting(), with_port(url));
        if !error.is_connect() {
            return None;
        }
        if error.is_timeout() {
            let seconds = CONNECT_TIMEOUT.as_secs();
            let detail = format!(
                "No connection to {target} through the proxy {proxy} within {seconds} s; check {setting}."
            );
            return Some((detail, io::ErrorKind::TimedOut));
        }
        let said: Vec<String> = causes(error).map(ToString::to_string).collect();
        let words = said.iter().find(|text| {
            text.starts_with("tunnel error")
                || text.starts_with("SOCKS error")
                || text.contains("socks proxy")
        })?;
        let io =
            causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).last().map(io::Error::kind);
        if let Some(tls) = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
            let of_proxy = Url::parse(&format!("https://{proxy}/")).ok()?;
            let told = tls_error::sentence(tls, &of_proxy, self.offered);
            return Some((
                format!("The proxy {proxy} of {setting}: {told}"),
                io::ErrorKind::PermissionDenied,
            ));
        }
        if io == Some(io::ErrorKind::ConnectionRefused) {
            let detail = format!("The proxy {proxy} refuses the connection; check {setting}.");
            return Some((detail, io::ErrorKind::ConnectionRefused));
        }
        let cause = innermost(error);
        if cause.contains("lookup") {
            let kind = match cause.to_lowercase().contains("temporary") {
                true => io::ErrorKind::Other,
                false => io::ErrorKind::NotFound,
            };
            return Some(if said.iter().any(|text| text.contains("resolving for socks")) {
                let detail = format!(
                    "The name {target} cannot be resolved here ({cause}); where the proxy {proxy} can, write socks5h in {setting}."
                );
                (detail, kind)
            } else {
                (
                    format!("The name of the proxy {proxy} cannot be resolved ({cause}); check {setting}."),
                    kind,
                )
            });
        }
        if self.is_socks() {
            let why = socks_reason(&said);
            let detail =
                format!("The SOCKS proxy {proxy} makes no connection to {target} ({why}); check {setting}.");
            return Some((detail, io::ErrorKind::Other));
        }
        let refused = words.ends_with("unsuccessful") || words.ends_with("authorization required");
        let until = (Instant::now() + PATIENCE).min(deadline.checked_sub(PATIENCE / 10).unwrap_or(deadline));
        let answer = match refused {
            // The HTTP client keeps the answer to itself, so the proxy is asked once more. A password that it has
            // refused it does not hear twice: that could lock its account.
            true => {
                let with_password = !words.ends_with("authorization required");
                timeout_at(until, self.ask(&target, with_password)).await.ok().and_then(Result::ok)
            }
            false => None,
        };
        Some(match answer {
            Some(Refusal { status, schemes }) => self.told_of_status(status, &schemes, url),
            None if words.ends_with("authorization required") => self.told_of_status(407, "", url),
            None if refused => (
                format!("The proxy {proxy} refuses to connect to {target}; ask its administrator."),
                io::ErrorKind::Other,
            ),
            None => {
                let detail = format!(
                    "The proxy {proxy} broke off when it was asked for {target} ({cause}); it may be no HTTP proxy: check {setting}."
                );
                (detail, io::ErrorKind::Other)
            }
        })
    }

    fn told_of_status(&self, status: u16, schemes: &str, url: &Url) -> (String, io::ErrorKind) {
        let (proxy, setting, target) = (self.name(), self.setting(), with_port(url));
        let host = plain_name(url.host_str().unwrap_or_default());
        let directly = format!("where {host} can be reached without it, name it in NO_PROXY");
        let final_answer = io::ErrorKind::PermissionDenied;
        match status {
            // Some proxies say 401, as a server would.
            401 | 407 => {
                let asks =
                    if schemes.is_empty() { String::new() } else { format!(", it asks for {schemes}") };
                let basic =
                    schemes.is_empty() || schemes.split(", ").any(|s| s.eq_ignore_ascii_case("Basic"));
                let advice = match (basic, self.to.basic_auth()) {
                    (false, _) => {
                        format!("send-im can only do Basic: ask its administrator for a way, or, {directly}")
                    }
                    (true, Some(_)) => format!("it does not accept the user name and password in {setting}"),
                    (true, None) => format!("write http://user:password@{proxy} in {setting}"),
                };
                (format!("The proxy {proxy} wants a sign-in (HTTP {status}{asks}); {advice}."), final_answer)
            }
            403 | 451 => {
                let detail = format!(
                    "The proxy {proxy} does not permit a connection to {target} (HTTP {status}); ask its administrator, or, {directly}."
                );
                (detail, final_answer)
            }
            404 | 500 | 502..=504 => {
                let detail = format!(
                    "The proxy {proxy} cannot connect to {target} (HTTP {status}); check the server's name and port, or, {directly}."
                );
                (detail, if status < 500 { final_answer } else { io::ErrorKind::Other })
            }
            400 | 405 | 501 => {
                let detail = format!(
                    "The proxy {proxy} makes no connections for others (HTTP {status} to CONNECT); it may be no proxy: check {setting}."
                );
                (detail, final_answer)
            }
            _ => {
                let detail = format!(
                    "The proxy {proxy} answered HTTP {status} in place of a connection to {target}; ask its administrator, or, {directly}."
                );
                (detail, if status < 500 { final_answer } else { io::ErrorKind::Other })
            }
        }
    }

    /// Asks for a connection, to learn why there is none.
    async fn ask(&self, target: &str, with_password: bool) -> io::Result<Refusal> {
        let host = self.to.uri().host().unwrap_or_default().trim_matches(['[', ']']);
        let tcp = TcpStream::connect((host, self.port())).await?;
        if self.to.uri().scheme_str() != Some("https") {
            return self.ask_on(tcp, target, with_password).await;
        }
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let tls = TlsConnector::from(self.tls.clone()).connect(name, tcp).await?;
        self.ask_on(tls, target, with_password).await
    }

    async fn ask_on(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        target: &str,
        with_password: bool,
    ) -> io::Result<Refusal> {
        let mut asked =
            format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {USER_AGENT}\r\n")
                .into_bytes();
        if let Some(basic) = self.to.basic_auth().filter(|_| with_password) {
            asked.extend_from_slice(b"Proxy-Authorization: ");
            asked.extend_from_slice(HeaderValue::as_bytes(basic));
            asked.extend_from_slice(b"\r\n");
        }
        asked.extend_from_slice(b"\r\n");
        stream.write_all(&asked).await?;
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < LONGEST_HEAD {
            if stream.read_buf(&mut head).await? == 0 {
                break;
            }
        }
        Refusal::parse(&head).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }
}

fn socks_reason(said: &[String]) -> String {
    let words = said.iter().rev().find(|text| text.contains("SOCKS error") || !text.contains("socks proxy"));
    let words = words.map_or("", |text| text.trim_start_matches("SOCKS error: "));
    match words {
        "failed to create underlying connection" => "it does not answer".to_owned(),
        words => plain(words),
    }
}

/// What a failure behind the proxy is told with.
pub(super) fn through(proxy: &Proxy, detail: &str) -> String {
    format!("{detail} It was asked through the proxy {} of {}.", proxy.name(), proxy.setting())
}
