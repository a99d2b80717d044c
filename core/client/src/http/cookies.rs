//! The cookies of one session. Load balancers and sign-on proxies use them to keep a client at one server. Source: RFC 6265.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cookie_store::{CookieStore, RawCookie};
use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};
use url::Url;

use crate::host::is_public_suffix;

/// The longest cookie that is stored, in bytes: what RFC 6265 asks for (section 6.1).
const MAX_COOKIE_LEN: usize = 4096;

/// The cookies stored for one session: what RFC 6265 asks for one host.
const MAX_COOKIES: usize = 50;

/// No `Debug`: a cookie is as good as a token.
#[derive(Default)]
pub(super) struct Jar(Mutex<CookieStore>);

impl Jar {
    /// The `Cookie` header of a request; `None` where no cookie matches.
    pub(super) fn header_for(&self, url: &Url) -> Option<HeaderValue> {
        let cookies = self.cookies();
        let mut found = cookies.matches(url);
        // Longer paths first (section 5.4).
        found.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<_> =
            found.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        let bytes = pairs.join("; ").chars().map(u8::try_from).collect::<Result<Vec<_>, _>>().ok()?;
        let mut header = HeaderValue::from_bytes(&bytes).ok().filter(|header| !header.is_empty())?;
        header.set_sensitive(true);
        Some(header)
    }

    /// Stores the cookies that an answer sets.
    pub(super) fn store(&self, headers: &HeaderMap, url: &Url) {
        for header in headers.get_all(SET_COOKIE) {
            // Each byte as one character, so that the same bytes are sent back.
            let text: String = header.as_bytes().iter().copied().map(char::from).collect();
            let Ok(cookie) = RawCookie::parse(text) else { continue };
            let is_public = |domain: &str| Some(domain) != url.host_str() && is_public_suffix(domain);
            if header.len() > MAX_COOKIE_LEN || cookie.domain().is_some_and(is_public) {
                continue;
            }
            let mut cookies = self.cookies();
            let full = (cookies.iter_any().count() >= MAX_COOKIES).then(|| {
                remove_expired(&mut cookies);
                cookies.clone()
            });
            // Not `store_response_cookies`, which logs what it stores. A cookie for a foreign domain is an error, and ignored.
            let _ = cookies.insert_raw(&cookie, url);
            if let Some(full) = full
                && cookies.iter_any().count() > MAX_COOKIES
            {
                *cookies = full;
            }
        }
    }

    pub(super) fn clear(&self) {
        self.cookies().clear();
    }

    fn cookies(&self) -> MutexGuard<'_, CookieStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove_expired(cookies: &mut CookieStore) {
    let expired = cookies.iter_any().filter(|cookie| cookie.is_expired());
    let expired: Vec<_> = expired
        .map(|cookie| (String::from(&cookie.domain), cookie.path.to_string(), cookie.name().to_owned()))
        .collect();
    for (domain, path, name) in expired {
        cookies.remove(&domain, &path, &name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cookies sent to `to` after `from` has set these.
    fn sent(from: &str, lines: &[&str], to: &str) -> Option<String> {
        let jar = Jar::default();
        let headers = lines
            .iter()
            .map(|line| (SET_COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap()))
            .collect();
        jar.store(&headers, &Url::parse(from).unwrap());
        let header = jar.header_for(&Url::parse(to).unwrap())?;
        assert!(header.is_sensitive());
        Some(String::from_utf8(header.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn a_cookie_goes_where_it_belongs() {
        let pool = "https://pool.contoso.com:4443/ucwa/v1/applications";
        for (line, to, goes) in [
            ("LB=fe1; path=/; HttpOnly; Secure; SameSite=None", "https://pool.contoso.com/", true),
            ("LB=fe1", "https://pool.contoso.com/ucwa/v1/x", true),
            ("LB=fe1", "https://pool.contoso.com/autodiscover", false),
            ("LB=fe1; path=/", "https://web.contoso.com/", false),
            ("LB=fe1; path=/", "https://a.pool.contoso.com/", false),
            ("LB=fe1; path=/; Domain=contoso.com", "https://web.contoso.com/", true),
            ("LB=fe1; path=/; Domain=.contoso.com", "https://web.contoso.com/", true),
            ("LB=fe1; path=/; Domain=pool.contoso.com", "https://a.pool.contoso.com/", true),
            ("LB=fe1; path=/; Domain=fabrikam.com", "https://fabrikam.com/", false),
            ("LB=fe1; path=/; Domain=web.contoso.com", "https://web.contoso.com/", false),
            ("LB=fe1; path=/; Domain=com", "https://pool.contoso.com/", false),
            ("LB=fe1; path=/; Secure", "http://pool.contoso.com/", false),
            ("LB=fe1; path=/; Max-Age=0", "https://pool.contoso.com/", false),
            ("LB=fe1; path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://pool.contoso.com/", false),
            ("=fe1", pool, false),
            ("LB", pool, false),
        ] {
            assert_eq!(sent(pool, &[line], to), goes.then(|| "LB=fe1".to_owned()), "{line} to {to}");
        }
        let british = "https://pool.contoso.co.uk/";
        assert_eq!(sent(british, &["LB=fe1; Domain=co.uk"], british), None);
        let azure = "https://litware.azurewebsites.net/";
        assert_eq!(sent(azure, &["LB=fe1; Domain=azurewebsites.net"], azure), None);
        assert_eq!(sent(british, &["LB=fe1; Domain=contoso.co.uk"], british).as_deref(), Some("LB=fe1"));
    }

    #[test]
    fn the_last_one_of_a_name_counts_and_longer_paths_go_first() {
        let pool = "https://pool.contoso.com/a/b/c";
        let lines = ["x=1; path=/", "y=\"q\"; path=/a/b", "x=3; path=/", "z=gr\u{fc}n; path=/a"];
        assert_eq!(sent(pool, &lines, pool).as_deref(), Some("y=\"q\"; z=gr\u{fc}n; x=3"));
        assert_eq!(sent(pool, &["x=1; path=/", "x=; path=/; Max-Age=0"], pool), None);
    }

    #[test]
    fn a_jar_does_not_grow_without_end() {
        let (jar, url) = (Jar::default(), Url::parse("https://pool.contoso.com/").unwrap());
        let store = |line: String| {
            jar.store(&[(SET_COOKIE, HeaderValue::from_str(&line).unwrap())].into_iter().collect(), &url);
            jar.header_for(&url).map(|header| header.len()).unwrap_or_default()
        };
        let full = (0..MAX_COOKIES).fold(0, |_, n| store(format!("name{n}=x")));
        assert_eq!(store("another=x".to_owned()), full);
        assert!(store("name0=a longer one".to_owned()) > full, "one that is there is replaced");
        jar.clear();
        assert_eq!(store(format!("name={}", "x".repeat(MAX_COOKIE_LEN))), 0);
    }
}
