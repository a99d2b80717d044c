//! The forward proxy between this machine and a server: which one it is, and why it makes no connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::time::{Instant, timeout_at};
use url::Url;

use self::refusal::Refusal;
use super::network_error::{CONNECT_TIMEOUT, causes, innermost};
use super::tls_error;
use crate::error::Result;
use crate::plain::{plain, plain_name};
use crate::steps::with_port;
use crate::tls::Tls;

pub(super) mod connect;
mod refusal;
mod variables;

/// The client's name in the logs of proxies and servers.
pub(crate) const USER_AGENT: &str = concat!("send-im/", env!("CARGO_PKG_VERSION"));

/// How long a proxy is asked why it refuses a connection.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// The proxies that the environment names, or the settings of Windows and macOS.
pub(super) struct Proxies {
    /// The proxy and the hosts to reach without it, where variables name them.
    variables: Option<(String, String)>,
    matcher: Matcher,
    tls: Arc<rustls::ClientConfig>,
    offered: Tls,
}

/// The proxy for one host.
pub(super) struct Proxy {
    intercept: Intercept,
    tls: Arc<rustls::ClientConfig>,
    offered: Tls,
}

impl Proxies {
    /// # Errors
    /// `InvalidInput` for a variable with an unusable value, which reqwest would ignore.
    pub(super) fn from_environment(mut tls: rustls::ClientConfig, offered: Tls) -> Result<Self> {
        variables::check_all()?;
        tls.alpn_protocols.clear();
        let variables = variables::proxy_for_https();
        let matcher = match &variables {
            Some((proxy, no_proxy)) => Matcher::builder().https(proxy).no(no_proxy).build(),
            None => Matcher::from_system(),
        };
        Ok(Self { variables, matcher, tls: Arc::new(tls), offered })
    }

    /// Configures the HTTP client alike. It reads the system's settings by itself.
    pub(super) fn configure(
        &self,
        builder: reqwest::ClientBuilder,
    ) -> reqwest::Result<reqwest::ClientBuilder> {
        let Some((proxy, no_proxy)) = &self.variables else { return Ok(builder) };
        let proxy = reqwest::Proxy::https(proxy)?.no_proxy(reqwest::NoProxy::from_string(no_proxy));
        Ok(builder.proxy(proxy))
    }

    /// True where a variable names one.
    pub(super) fn are_named(&self) -> bool {
        self.variables.is_some()
    }

    /// The proxy through which this URL is asked, if any.
    pub(super) fn for_url(&self, url: &Url) -> Option<Proxy> {
        let intercept = self.matcher.intercept(&url.as_str().parse().ok()?)?;
        Some(Proxy { intercept, tls: self.tls.clone(), offered: self.offered })
    }
}

impl Proxy {
    /// Host and port, without credentials.
    pub(super) fn name(&self) -> String {
        let host = plain_name(self.intercept.uri().host().unwrap_or_default());
        format!("{host}:{}", self.port())
    }

    /// Its host and port, to connect to.
    pub(super) fn address(&self) -> (&str, u16) {
        (self.intercept.uri().host().unwrap_or_default().trim_matches(['[', ']']), self.port())
    }

    fn port(&self) -> u16 {
        let default = match self.intercept.uri().scheme_str() {
            Some("https") => 443,
            Some("http") => 80,
            _ => 1080,
        };
        self.intercept.uri().port_u16().unwrap_or(default)
    }

    pub(super) fn is_socks(&self) -> bool {
        self.intercept.uri().scheme_str().is_some_and(|scheme| scheme.starts_with("socks"))
    }

    /// True where the proxy looks up the server's name: an HTTP proxy, and `socks5h`.
    pub(super) fn resolves(&self) -> bool {
        !self.is_socks() || self.intercept.uri().scheme_str() == Some("socks5h")
    }

    /// Where this proxy is configured.
    pub(super) fn setting(&self) -> &'static str {
        variables::name_in_effect().unwrap_or("the system's proxy settings")
    }

    /// The sentence for a failure that is the proxy's, with the kind by which `Retry` decides; `None` where it is the server's.
    pub(super) async fn explain(
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
        let messages: Vec<String> = causes(error).map(ToString::to_string).collect();
        let tunnel_error = messages.iter().find(|text| {
            text.starts_with("tunnel error")
                || text.starts_with("SOCKS error")
                || text.contains("socks proxy")
        })?;
        if let Some(failure) = self.explain_no_connection(error, &messages, &target) {
            return Some(failure);
        }
        if self.is_socks() {
            let why = socks_reason(&messages);
            let detail =
                format!("The SOCKS proxy {proxy} makes no connection to {target} ({why}); check {setting}.");
            return Some((detail, io::ErrorKind::Other));
        }
        Some(self.explain_connect(tunnel_error, &innermost(error), url, deadline).await)
    }

    /// The sentence for a failure to connect to the proxy itself.
    fn explain_no_connection(
        &self,
        error: &reqwest::Error,
        messages: &[String],
        target: &str,
    ) -> Option<(String, io::ErrorKind)> {
        let (proxy, setting) = (self.name(), self.setting());
        if let Some(tls) = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
            let proxy_url = Url::parse(&format!("https://{proxy}/")).ok()?;
            let sentence = tls_error::sentence(tls, &proxy_url, self.offered);
            return Some((
                format!("The proxy {proxy} of {setting}: {sentence}"),
                io::ErrorKind::PermissionDenied,
            ));
        }
        let io =
            causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).last().map(io::Error::kind);
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
            return Some(if messages.iter().any(|text| text.contains("resolving for socks")) {
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
        None
    }

    /// The sentence for a CONNECT that failed.
    async fn explain_connect(
        &self,
        tunnel_error: &str,
        cause: &str,
        url: &Url,
        deadline: Instant,
    ) -> (String, io::ErrorKind) {
        let (proxy, setting, target) = (self.name(), self.setting(), with_port(url));
        let refused =
            tunnel_error.ends_with("unsuccessful") || tunnel_error.ends_with("authorization required");
        let until = (Instant::now() + PROBE_TIMEOUT)
            .min(deadline.checked_sub(PROBE_TIMEOUT / 10).unwrap_or(deadline));
        let refusal = match refused {
            // reqwest does not give the answer to CONNECT, so the proxy is asked once more; not with a password that it
            // has refused, as that could lock an account.
            true => {
                let with_password = !tunnel_error.ends_with("authorization required");
                timeout_at(until, self.probe(&target, with_password)).await.ok().and_then(Result::ok)
            }
            false => None,
        };
        match refusal {
            Some(Refusal { status, schemes }) => self.explain_status(status, &schemes, url),
            None if tunnel_error.ends_with("authorization required") => self.explain_status(407, "", url),
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
        }
    }

    fn explain_status(&self, status: u16, schemes: &str, url: &Url) -> (String, io::ErrorKind) {
        let (proxy, setting, target) = (self.name(), self.setting(), with_port(url));
        let host = plain_name(url.host_str().unwrap_or_default());
        let directly = format!("where {host} can be reached without it, name it in NO_PROXY");
        let (permanent, passing) = (io::ErrorKind::PermissionDenied, io::ErrorKind::Other);
        match status {
            // Some proxies answer 401.
            401 | 407 => {
                let asks =
                    if schemes.is_empty() { String::new() } else { format!(", it asks for {schemes}") };
                let basic =
                    schemes.is_empty() || schemes.split(", ").any(|s| s.eq_ignore_ascii_case("Basic"));
                let advice = match (basic, self.intercept.basic_auth()) {
                    (false, _) => {
                        format!("send-im can only do Basic: ask its administrator for a way, or, {directly}")
                    }
                    (true, Some(_)) => format!("it does not accept the user name and password in {setting}"),
                    (true, None) => format!("write http://user:password@{proxy} in {setting}"),
                };
                (format!("The proxy {proxy} wants a sign-in (HTTP {status}{asks}); {advice}."), permanent)
            }
            403 | 451 => {
                let detail = format!(
                    "The proxy {proxy} does not permit a connection to {target} (HTTP {status}); ask its administrator, or, {directly}."
                );
                (detail, permanent)
            }
            404 | 500 | 502..=504 => {
                let detail = format!(
                    "The proxy {proxy} cannot connect to {target} (HTTP {status}); check the server's name and port, or, {directly}."
                );
                (detail, if status < 500 { permanent } else { passing })
            }
            400 | 405 | 501 => {
                let detail = format!(
                    "The proxy {proxy} makes no connections for others (HTTP {status} to CONNECT); it may be no proxy: check {setting}."
                );
                (detail, permanent)
            }
            _ => {
                let detail = format!(
                    "The proxy {proxy} answered HTTP {status} in place of a connection to {target}; ask its administrator, or, {directly}."
                );
                (detail, if status < 500 { permanent } else { passing })
            }
        }
    }
}

fn socks_reason(messages: &[String]) -> String {
    let reason =
        messages.iter().rev().find(|text| text.contains("SOCKS error") || !text.contains("socks proxy"));
    match reason.map_or("", |text| text.trim_start_matches("SOCKS error: ")) {
        "failed to create underlying connection" => "it does not answer".to_owned(),
        reason => plain(reason),
    }
}

/// Adds the proxy to the sentence of a failure behind it.
pub(super) fn name_proxy(proxy: &Proxy, detail: &str) -> String {
    format!("{detail} It was asked through the proxy {} of {}.", proxy.name(), proxy.setting())
}
