//! Which hosts may get credentials.
//!
//! RootURL says: a redirect is followed when the answer that holds it came over TLS; otherwise only to the sign-in domain or to
//! a trusted domain. In addition, TLS never leads to plain http, and loopback may lead to loopback.

use send_im_ucwa::hypermedia::{has_no_userinfo, is_as_protected};
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::host::{is_loopback, is_public_suffix};
use crate::steps::{Step, host_of};

/// Checks that an answer from `from` may lead to `to`.
///
/// # Errors
/// `untrusted_host`.
pub(crate) fn check_redirect(from: &Url, to: &Url, sign_in_domain: &str, trusted: &[String]) -> Result<()> {
    if may_follow(from, to, sign_in_domain, trusted) {
        return Ok(());
    }
    let detail = format!(
        "{} leads to {}, which is not trusted; if it is yours, name its domain as a trusted domain or its URL as server.",
        host_of(from),
        host_of(to)
    );
    Err(Error::new(ErrorKind::UntrustedHost, detail).at(Step::Discover))
}

/// Checks that the server at `challenged` may name `service` as its token service.
///
/// # Errors
/// `untrusted_host`.
pub(crate) fn check_token_service(challenged: &Url, service: &Url) -> Result<()> {
    if has_no_userinfo(service) && is_as_protected(challenged, service) {
        return Ok(());
    }
    let detail = format!(
        "{} sends sign-ins to {}, which is not protected as it is itself.",
        host_of(challenged),
        host_of(service)
    );
    Err(Error::new(ErrorKind::UntrustedHost, detail).at(Step::SignIn))
}

/// Checks that the server at `url` may get a password, or a token made for it.
///
/// It may when discovery led to its host (a remembered pool counts), when it is in the domain of such a host, when it and such a
/// host are both this machine, or when it is in a `trusted` domain: the account's own, and those the program named. Links and
/// challenges cannot add others. Source: a token service on another host of the pool's domain was recorded.
///
/// # Errors
/// `untrusted_host`.
pub(crate) fn check_recipient<'a>(
    url: &Url,
    discovered_hosts: impl IntoIterator<Item = &'a str>,
    trusted: impl IntoIterator<Item = &'a str>,
) -> Result<()> {
    let host = url.host_str().unwrap_or_default();
    let is_this_machine =
        |host: &str| Url::parse(&format!("http://{host}/")).is_ok_and(|url| is_loopback(&url));
    let covers = |other: &str| {
        other == host
            || (is_this_machine(other) && is_loopback(url))
            || domain_of(other).is_some_and(|domain| is_within(url, domain))
    };
    if discovered_hosts.into_iter().any(covers) || trusted.into_iter().any(|domain| is_within(url, domain)) {
        return Ok(());
    }
    let detail = format!(
        "{} wants a sign-in, but discovery did not lead there, so nothing was told to it; if it is yours, name its domain as a trusted domain.",
        host_of(url)
    );
    Err(Error::new(ErrorKind::UntrustedHost, detail).at(Step::SignIn))
}

/// The domain of a host: its name without the first label. `None` for an IP address, and for a public suffix such as `com`,
/// `co.uk` and `azurewebsites.net`, in which anyone can register names.
fn domain_of(host: &str) -> Option<&str> {
    let (_, domain) = host.split_once('.')?;
    let is_address = domain.rsplit('.').next()?.bytes().all(|b| b.is_ascii_digit());
    (!is_address && !is_public_suffix(domain)).then_some(domain)
}

fn may_follow(from: &Url, to: &Url, sign_in_domain: &str, trusted: &[String]) -> bool {
    if !has_no_userinfo(to) || to.host_str().is_none() {
        return false;
    }
    is_as_protected(from, to)
        || (to.scheme() == "https"
            && std::iter::once(sign_in_domain)
                .chain(trusted.iter().map(String::as_str))
                .any(|domain| is_within(to, domain)))
}

/// True for the domain itself and the names below it; `contoso.com.evil.test` is not below `contoso.com`.
pub(crate) fn is_within(url: &Url, domain: &str) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    let Some(host) = url.domain() else { return false };
    !domain.is_empty()
        && (host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Host;

    use super::*;

    fn follows(from: &str, to: &str) -> bool {
        let url = |text: &str| Url::parse(text).unwrap();
        may_follow(&url(from), &url(to), "contoso.com", &["fabrikam.net".to_owned()])
    }

    #[test]
    fn an_answer_over_tls_may_lead_anywhere_under_tls() {
        assert!(follows("https://lyncdiscover.contoso.com", "https://pool.litware.com/root"));
        assert!(!follows("https://lyncdiscover.contoso.com", "http://pool.contoso.com/root"));
        assert!(!follows("https://lyncdiscover.contoso.com", "https://user@pool.contoso.com/root"));
    }

    #[test]
    fn an_unprotected_answer_leads_only_to_known_domains() {
        for (to, ok) in [
            ("https://contoso.com/", true),
            ("https://pool.CONTOSO.com/", true),
            ("https://pool.fabrikam.net/", true),
            ("https://pool.contoso.com.evil.test/", false),
            ("https://evilcontoso.com/", false),
            ("https://contoso.com@evil.test/", false),
            ("https://pool.litware.com/", false),
            ("http://pool.contoso.com/", false),
        ] {
            assert_eq!(follows("http://lyncdiscover.contoso.com/", to), ok, "{to}");
        }
    }

    #[test]
    fn loopback_leads_to_loopback() {
        assert!(follows("http://127.0.0.1:8001/", "http://localhost:8002/"));
        assert!(!follows("http://127.0.0.1:8001/", "https://evil.test/"));
        assert!(!follows("https://contoso.com/", "http://127.0.0.1:8002/"));
    }

    #[test]
    fn credentials_go_only_to_discovered_hosts_and_their_domains() {
        let may_get = |url: &str| {
            let discovered = ["pool1.corp.litware.com", "fabrikam.com", "litware.co.uk", "192.0.2.7"];
            check_recipient(&Url::parse(url).unwrap(), discovered, ["contoso.com"]).is_ok()
        };
        for (url, ok) in [
            ("https://pool1.corp.litware.com:4443/t", true),
            ("https://webdir.corp.litware.com/t", true),
            ("https://sts.contoso.com/t", true),
            ("https://fabrikam.com/t", true),
            ("https://192.0.2.7/t", true),
            ("https://127.0.0.1/t", false),
            ("https://litware.co.uk/t", true),
            ("https://evil.co.uk/t", false),
            ("https://www.litware.com/t", false),
            ("https://evil.com/t", false),
            ("https://fabrikam.com.evil.test/t", false),
            ("https://contoso.com.evil.test/t", false),
            ("https://xn--cntoso-wxa.com/t", false),
            ("https://contoso.com./t", false),
            ("https://192.0.2.8/t", false),
            ("https://2.7/t", false),
            ("https://[2001:db8::1]/t", false),
            ("https://localhost.evil.test/t", false),
        ] {
            assert_eq!(may_get(url), ok, "{url}");
        }
    }

    #[test]
    fn hosts_of_one_domain_have_one_owner() {
        for (discovered, other, ok) in [
            ("x.github.io", "y.github.io", false),
            ("x.github.io", "sts.x.github.io", false),
            ("pool.x.github.io", "sts.x.github.io", true),
            ("x.azurewebsites.net", "y.azurewebsites.net", false),
            ("litware.co.uk", "evil.co.uk", false),
            ("pool.litware.co.uk", "sts.litware.co.uk", true),
            ("litware.gv.at", "evil.gv.at", false),
            // Three letters, but a company's.
            ("pool.ibm.de", "sts.ibm.de", true),
            // Internal domains, which are not on the public suffix list.
            ("pool.contoso.local", "sts.contoso.local", true),
            ("pool.ad.corp", "sts.ad.corp", true),
            ("pool.local", "sts.local", false),
            ("pool", "sts", false),
            ("pool.com.", "evil.com.", false),
            ("192.0.2.7", "192.0.2.8", false),
            ("[2001:db8::1]", "[2001:db8::2]", false),
            ("[2001:db8::1]", "[2001:db8::1]", true),
        ] {
            let url = Url::parse(&format!("https://{other}/token")).unwrap();
            assert_eq!(check_recipient(&url, [discovered], []).is_ok(), ok, "{discovered} {other}");
        }
    }

    #[test]
    fn a_token_service_is_as_protected_as_who_names_it() {
        let check = |from: &str, to: &str| {
            check_token_service(&Url::parse(from).unwrap(), &Url::parse(to).unwrap()).is_ok()
        };
        assert!(check("https://pool.contoso.com", "https://webdir.contoso.com/WebTicket/oauthtoken"));
        assert!(!check("https://pool.contoso.com", "http://pool.contoso.com/WebTicket/oauthtoken"));
        assert!(!check("http://127.0.0.1:1", "https://evil.test/WebTicket/oauthtoken"));
        assert!(check("http://127.0.0.1:1", "http://127.0.0.1:2/WebTicket/oauthtoken"));
    }

    /// A second implementation, so that the test does not check the code against itself.
    fn is_this_machine(url: &Url) -> bool {
        match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.octets()[0] == 127,
            Some(Host::Ipv6(ip)) => ip.segments() == [0, 0, 0, 0, 0, 0, 0, 1],
            None => false,
        }
    }

    proptest! {
        /// No href leads to a host with less protection than the server itself, and none with a password in it is followed.
        #[test]
        fn no_href_leads_to_less_protection(
            from in "(https?)://(127\\.0\\.0\\.1|localhost|pool\\.contoso\\.com|\\[::1\\])(:4443)?/",
            href in "(https?:|HTTPS:|data:|ws:)?(//|\\\\\\\\)?(user(:p)?@)?(pool\\.|evil)?(contoso\\.com|evil\\.test|fabrikam\\.net|\
                     contoso\\.com\\.evil\\.test|127\\.0\\.0\\.1|0177\\.1|2130706433|localhost|\\[::1\\]|\\[::ffff:127\\.0\\.0\\.1\\])?\
                     \\.?(:[0-9]{1,4})?(/[a-z%.]{0,6})?",
        ) {
            let from = Url::parse(&from).unwrap();
            let Ok(to) = from.join(&href) else { return Ok(()) };
            let both_https = from.scheme() == "https" && to.scheme() == "https";
            let protected = both_https || (is_this_machine(&from) && is_this_machine(&to));
            let clean = to.username().is_empty() && to.password().is_none();
            if check_token_service(&from, &to).is_ok() {
                prop_assert!(protected && clean, "{from} -> {to}");
            }
            if check_redirect(&from, &to, "contoso.com", &["fabrikam.net".to_owned()]).is_ok() {
                let host = to.host_str().unwrap_or_default();
                let is_trusted = ["contoso.com", "fabrikam.net"]
                    .iter()
                    .any(|domain| host == *domain || host.ends_with(&format!(".{domain}")));
                prop_assert!(clean && (protected || (to.scheme() == "https" && is_trusted)), "{from} -> {to}");
            }
        }
    }
}
