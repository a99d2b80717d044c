//! The environment variables that name a proxy: which one is in effect, and whether its value is usable.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv6Addr};

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::error::{Error, Result};

/// The variables that name a proxy for https, by precedence; of each pair the first that is set is used.
const FOR_HTTPS: [[&str; 2]; 2] = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];
const FOR_HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// # Errors
/// `InvalidInput` for a variable with an unusable value, which reqwest would ignore.
pub(super) fn check_all() -> Result<()> {
    if is_cgi() {
        return Ok(());
    }
    for names in FOR_HTTPS.iter().chain([&FOR_HTTP]) {
        check(names, proxy_problem)?;
    }
    check(&NO_PROXY, no_proxy_problem)
}

/// The name of the variable that names the proxy for https, if one does.
pub(super) fn name_in_effect() -> Option<&'static str> {
    for_https().map(|(name, _)| name)
}

/// The proxy for https and the hosts to reach without it, if variables name one. `*.domain` becomes `.domain`, which reqwest
/// understands.
pub(super) fn proxy_for_https() -> Option<(String, String)> {
    let (_, proxy) = for_https().filter(|_| !is_cgi())?;
    let no_proxy = first_set(&NO_PROXY).and_then(|(_, value)| value.into_string().ok()).unwrap_or_default();
    let no_proxy: Vec<_> = no_proxy.split(',').map(|entry| without_star(entry.trim())).collect();
    Some((proxy.into_string().ok()?, no_proxy.join(",")))
}

/// True in a CGI program, where HTTP_PROXY is the caller's `Proxy` header: no variable is used there.
fn is_cgi() -> bool {
    std::env::var_os("REQUEST_METHOD").is_some()
}

fn for_https() -> Option<(&'static str, OsString)> {
    FOR_HTTPS.iter().filter_map(first_set).find(|(_, value)| !value.is_empty())
}

fn without_star(entry: &str) -> &str {
    if entry.starts_with("*.") { &entry[1..] } else { entry }
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
    // The value may hold a password, so the error does not quote it.
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

/// What is wrong with a NO_PROXY that has an entry which no host can match.
fn no_proxy_problem(value: &str) -> Option<String> {
    let bad = |entry: &str| match entry.split_once('/') {
        Some((address, bits)) => !is_network(address, bits),
        None => {
            entry.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, ';' | '@'))
                || (entry != "*" && without_star(entry).contains('*'))
                || (entry.contains(':') && entry.parse::<Ipv6Addr>().is_err())
        }
    };
    value.split(',').map(str::trim).any(bad).then(|| {
        "has an entry that is no host; write names, .domains and networks such as 10.0.0.0/8, without ports, with commas between them"
            .to_owned()
    })
}

fn is_network(address: &str, bits: &str) -> bool {
    let max_bits = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.parse::<u8>().is_ok_and(|bits| bits <= max_bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unusable_proxy_is_refused_without_quoting_it() {
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
            let problem = proxy_problem(bad).unwrap_or_else(|| panic!("{bad} is taken"));
            assert!(problem.starts_with("is no address of a proxy"), "{bad}: {problem}");
        }
        for secret in
            ["http://svc:p@ss@proxy:80", "http://svc:p@ss#word@proxy:80", "http://svc:pa/ss@proxy:80"]
        {
            let problem = proxy_problem(secret).unwrap_or_else(|| panic!("{secret} is taken"));
            assert!(
                problem.contains("%40") && !problem.contains("ss#") && !problem.contains("svc"),
                "{problem}"
            );
        }
    }

    #[test]
    fn an_exception_that_no_host_can_match_is_refused() {
        for good in [
            "",
            "*",
            "localhost,127.0.0.1",
            ".contoso.com, 10.0.0.0/8,::1,fe80::/10,",
            "*.contoso.com, *.test",
        ] {
            assert_eq!(no_proxy_problem(good), None, "{good}");
        }
        for bad in [
            "localhost 127.0.0.1",
            "a;b",
            "http://contoso.com",
            "10.0.0.0/33",
            "contoso.com/8",
            "user@host",
            "host:443",
            "[::1]",
            "10.0.*",
            "*contoso.com",
            "*.*.com",
        ] {
            assert!(no_proxy_problem(bad).is_some(), "{bad} is taken");
        }
    }
}
