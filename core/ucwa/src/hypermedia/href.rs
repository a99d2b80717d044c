//! Where an href leads.

use percent_encoding::percent_decode_str;
use url::{Host, Position, Url};

/// An href in normal form, to compare: resolved, decoded, in lower case.
///
/// Servers write the same resource as `sip:a%40b` and `sip:a@b`, `sarad` and `saraD`. Requests use the href as given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HrefKey(String);

impl HrefKey {
    /// The key of `href`, resolved against the URL of the resource it came from.
    pub fn new(base: &Url, href: &str) -> Self {
        let absolute = match is_plain_path(href) {
            true => format!("{}{href}", &base[..Position::BeforePath]),
            false => base.join(href).map_or_else(|_| href.to_owned(), String::from),
        };
        let decoded = percent_decode_str(&absolute).decode_utf8_lossy();
        Self(if decoded.is_ascii() { decoded.to_ascii_lowercase() } else { decoded.to_lowercase() })
    }
}

/// True for an absolute path that resolves to itself. Nearly every href is one, and every event has several; parsing them all
/// as URLs was a seventh of the CPU time of a send.
fn is_plain_path(href: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-._~?=&:@%+,;".contains(byte);
    // Dot segments, plain or percent-encoded, may lead upwards.
    href.starts_with('/')
        && href.as_bytes().iter().all(plain)
        && !["//", "/.", "%2e", "%2E"].iter().any(|special| href.contains(special))
}

/// The URL of a link in a resource. A link to the same host in plain http comes from behind a TLS-terminating proxy, and is
/// followed through that. `None` for a link that is less protected than its resource.
pub fn follow_link(from: &Url, href: &str) -> Option<Url> {
    let mut to = from.join(href).ok()?;
    if to.scheme() == "http" && from.scheme() == "https" && to.host_str() == from.host_str() {
        to.set_scheme("https").ok()?;
        to.set_port(from.port()).ok()?;
    }
    (has_no_userinfo(&to) && is_as_protected(from, &to)).then_some(to)
}

/// True when both URLs are https, or both are on this machine.
pub fn is_as_protected(from: &Url, to: &Url) -> bool {
    (from.scheme() == "https" && to.scheme() == "https")
        || (is_loopback(from) && is_loopback(to) && matches!(to.scheme(), "http" | "https"))
}

/// True for a URL without a user name and without a password.
pub fn has_no_userinfo(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none()
}

/// True for `localhost` and the loopback addresses.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_hrefs_have_equal_keys() {
        let base = Url::parse("https://pool.contoso.com/ucwa/oauth/v1/applications").unwrap();
        let key = |href| HrefKey::new(&base, href);
        assert_eq!(
            key("/people/saraD?e=sip%3asara%40c"),
            key("https://POOL.contoso.com/people/sarad?e=sip:sara@c")
        );
        assert_ne!(key("/messages/2"), key("/messages/3"));
    }

    #[test]
    fn links_stay_as_protected_as_their_resource() {
        let follow = |from: &str, href: &str| follow_link(&Url::parse(from).unwrap(), href).map(String::from);
        let pool = "https://pool.contoso.com:4443/ucwa/v1/applications";
        assert_eq!(follow(pool, "/a?ack=2").as_deref(), Some("https://pool.contoso.com:4443/a?ack=2"));
        assert_eq!(
            follow(pool, "https://other.contoso.com/a").as_deref(),
            Some("https://other.contoso.com/a")
        );
        assert_eq!(
            follow(pool, "http://pool.contoso.com/a").as_deref(),
            Some("https://pool.contoso.com:4443/a")
        );
        for href in ["http://evil.test/a", "https://a:b@pool.contoso.com/a", "data:text/plain,x"] {
            assert_eq!(follow(pool, href), None, "{href}");
        }
        assert_eq!(follow("http://127.0.0.1:1/", "http://evil.test/a"), None);
    }

    proptest! {
        #[test]
        fn a_key_is_what_resolving_gives(href in "(/{1,2}|[a-zA-Z]|\\.{1,2}|%2[eEfF]|%20|[?&=:@~+,;#ä \\\\]){0,12}") {
            let base = Url::parse("https://pool.contoso.com:4443/ucwa/oauth/v1/applications").unwrap();
            for href in [href.clone(), format!("/{href}")] {
                let absolute = base.join(&href).map_or_else(|_| href.clone(), String::from);
                let resolved = percent_decode_str(&absolute).decode_utf8_lossy().to_lowercase();
                prop_assert_eq!(HrefKey::new(&base, &href).0, resolved);
            }
        }
    }
}
