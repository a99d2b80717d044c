//! The forward proxy between this machine and a server: which one it is, and what it has against a connection.

use std::ffi::OsString;
use std::io;
use std::net::IpAddr;
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

use super::broken::{causes, innermost, with_port};
use super::{CONNECT_TIMEOUT, USER_AGENT, tls_error};
use crate::error::{Error, Result};
use crate::plain::{plain, plain_name};

/// The variables that name a proxy for https, by precedence; of each pair the first that is set counts.
const FOR_HTTPS: [[&str; 2]; 2] = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];
const FOR_HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const EXCEPT: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// How long a proxy is asked for the reason of its refusal.
const PATIENCE: Duration = Duration::from_secs(3);

/// The head of an answer to CONNECT is not longer.
const LONGEST_HEAD: usize = 16 << 10;

/// The proxies that the environment names, or the settings of Windows and macOS.
pub(super) struct Proxies {
    matcher: Matcher,
    tls: Arc<rustls::ClientConfig>,
}

/// The proxy for one host.
pub(super) struct Proxy {
    to: Intercept,
    tls: Arc<rustls::ClientConfig>,
}

impl Proxies {
    /// What reqwest reads as well.
    ///
    /// # Errors
    /// `InvalidInput` for a variable that cannot be meant as it stands; reqwest would pass over it.
    pub(super) fn of_this_process(mut tls: rustls::ClientConfig) -> Result<Self> {
        // A web server's program (CGI) gets a caller's `Proxy` header as HTTP_PROXY: no variable counts there.
        if std::env::var_os("REQUEST_METHOD").is_none() {
            for names in FOR_HTTPS.iter().chain([&FOR_HTTP]) {
                check(names, proxy_problem)?;
            }
            check(&EXCEPT, exception_problem)?;
        }
        tls.alpn_protocols.clear();
        Ok(Self { matcher: Matcher::from_system(), tls: Arc::new(tls) })
    }

    /// The proxy through which this URL is asked, if any.
    pub(super) fn of(&self, url: &Url) -> Option<Proxy> {
        let to = self.matcher.intercept(&url.as_str().parse().ok()?)?;
        Some(Proxy { to, tls: self.tls.clone() })
    }
}

fn first_set(names: &[&'static str; 2]) -> Option<(&'static str, OsString)> {
    names.iter().find_map(|name| Some((*name, std::env::var_os(name)?)))
}

fn check(names: &[&'static str; 2], problem: fn(&str) -> Option<String>) -> Result<()> {
    let Some((name, value)) = first_set(names) else { return Ok(()) };
    let problem = match value.to_str() {
        None => Some("is not valid UTF-8".to_owned()),
        Some(value) => problem(value),
    };
    // The value may hold a password, so no part of it is told.
    problem.map_or(Ok(()), |problem| Err(Error::invalid_input(format!("{name} {problem}."))))
}

fn proxy_problem(value: &str) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let parsed = Url::parse(&format!("{scheme}://{rest}"));
    let usable = Matcher::builder().all(value).build().intercept(&"https://host.invalid/".parse().ok()?);
    let plain_authority = |url: &Url| {
        url.has_host() && matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none()
    };
    if rest.matches('@').count() > 1 || (rest.contains('@') && !parsed.as_ref().is_ok_and(plain_authority)) {
        return Some(
            "holds a user name or password that cannot be read; write @, :, /, ?, # and % in them as %40, %3A, %2F, %3F, %23 and %25"
                .to_owned(),
        );
    }
    if usable.is_none() || !parsed.as_ref().is_ok_and(plain_authority) {
        return Some(
            "is no address of a proxy; write http://proxy.example.com:3128, or https, socks5 or socks5h in the place of http"
                .to_owned(),
        );
    }
    None
}

/// An entry that no host can match, where it is plain that it was meant to.
fn exception_problem(value: &str) -> Option<String> {
    let bad = |entry: &str| {
        entry.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, ';' | '@'))
            || entry.split_once('/').is_some_and(|(address, bits)| !is_network(address, bits))
    };
    value.split(',').map(str::trim).any(bad).then(|| {
        "has an entry that is no host; write names, .domains and networks such as 10.0.0.0/8, with commas between them"
            .to_owned()
    })
}

fn is_network(address: &str, bits: &str) -> bool {
    let longest = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.parse::<u8>().is_ok_and(|bits| bits <= longest)
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
        let named = FOR_HTTPS.iter().filter_map(first_set).find(|(_, value)| !value.is_empty());
        named.map_or("the system's proxy settings", |(name, _)| name)
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
            let told = tls_error::sentence(tls, &of_proxy);
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

/// What a proxy has answered to CONNECT.
struct Refusal {
    status: u16,
    /// The names of the schemes of `Proxy-Authenticate`, with commas between them.
    schemes: String,
}

impl Refusal {
    fn parse(head: &[u8]) -> Option<Self> {
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
        let mut schemes: Vec<String> = Vec::new();
        for (name, value) in lines.take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'))
        {
            if ["proxy-authenticate", "www-authenticate"].iter().any(|asks| name.eq_ignore_ascii_case(asks)) {
                schemes
                    .extend(schemes_of(value).filter(|scheme| !schemes.contains(scheme)).collect::<Vec<_>>());
            }
        }
        let status = Some(status).filter(|status| !(200..300).contains(status))?;
        Some(Self { status, schemes: plain(schemes.join(", ")) })
    }
}

/// The first words of what stands between commas, where they are no parameters. Source: RFC 9110, 11.6.1.
fn schemes_of(value: &str) -> impl Iterator<Item = String> + '_ {
    let mut quoted = false;
    let parts = value.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    parts.filter_map(|part| {
        let word = part.trim().split(' ').next()?;
        let is_scheme = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        is_scheme.then(|| word.to_owned())
    })
}

/// What a failure behind the proxy is told with.
pub(super) fn through(proxy: &Proxy, detail: &str) -> String {
    format!("{detail} It was asked through the proxy {} of {}.", proxy.name(), proxy.setting())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_proxy_is_told_and_nothing_of_it() {
        for good in [
            "",
            "http://proxy.contoso.com:3128",
            "proxy.contoso.com:3128",
            "127.0.0.1:9",
            "http://[::1]:8080/",
            "https://proxy.contoso.com",
            "socks5h://user:p%40ss@127.0.0.1:1080",
            "http://svc:p%23w@proxy:80",
        ] {
            assert_eq!(proxy_problem(good), None, "{good}");
        }
        for bad in [
            "proxy contoso",
            "http://",
            "://proxy:80",
            "ftp://proxy:21",
            "http://proxy:99999",
            "http://proxy:port",
            "http://proxy:3128 ",
            "http://proxy/path",
            "http:/proxy:80",
        ] {
            let told = proxy_problem(bad).unwrap_or_else(|| panic!("{bad} is taken"));
            assert!(told.starts_with("is no address of a proxy"), "{bad}: {told}");
        }
        for secret in
            ["http://svc:p@ss@proxy:80", "http://svc:p@ss#word@proxy:80", "http://svc:pa/ss@proxy:80"]
        {
            let told = proxy_problem(secret).unwrap_or_else(|| panic!("{secret} is taken"));
            assert!(told.contains("%40") && !told.contains("ss#") && !told.contains("svc"), "{told}");
        }
    }

    #[test]
    fn what_no_host_can_match_is_told() {
        for good in [
            "",
            "*",
            "localhost,127.0.0.1",
            ".contoso.com, 10.0.0.0/8,::1,fe80::/10,",
            "*.contoso.com,host:443",
        ] {
            assert_eq!(exception_problem(good), None, "{good}");
        }
        for bad in
            ["localhost 127.0.0.1", "a;b", "http://contoso.com", "10.0.0.0/33", "contoso.com/8", "user@host"]
        {
            assert!(exception_problem(bad).is_some(), "{bad} is taken");
        }
    }

    #[test]
    fn an_answer_to_connect_is_read() {
        let read = |head: &str| Refusal::parse(head.as_bytes()).map(|r| (r.status, r.schemes));
        let asks = "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Negotiate\r\n\
                    Proxy-Authenticate: NTLM, Basic realm=\"a, b, c\", charset=\"UTF-8\"\r\n\r\n<html>";
        assert_eq!(read(asks), Some((407, "Negotiate, NTLM, Basic".to_owned())));
        assert_eq!(read("HTTP/1.0 403 Forbidden\r\n\r\n"), Some((403, String::new())));
        assert_eq!(read("HTTP/1.1 200 Connection established\r\n\r\n"), None);
        assert_eq!(read("SSH-2.0-OpenSSH\r\n"), None);
        assert_eq!(read(""), None);
    }
}
