//! Hosts and domains: which are this machine, which are public suffixes, and how they are compared.

use public_suffix::DEFAULT_PROVIDER;
pub(crate) use send_im_ucwa::hypermedia::is_loopback;
use url::Host;

use crate::error::{Error, Result};

/// A configured domain in normal form: `*.Contoso.NET.` is `contoso.net`.
///
/// # Errors
/// `invalid_input` when it is no domain name.
pub(crate) fn normal_domain(text: &str) -> Result<String> {
    let bare = text.trim_start_matches("*.").trim_start_matches('.').trim_end_matches('.');
    match Host::parse(bare) {
        Ok(Host::Domain(domain)) if !bare.is_empty() => Ok(domain),
        _ => Err(Error::invalid_input("A trusted domain is no domain name; give for example contoso.net.")),
    }
}

/// True where anyone can register names in `domain`: `com`, `co.uk`, `github.io`. A top-level domain that is not on the list,
/// such as `local` and `corp`, counts as one. Source: publicsuffix.org.
pub(crate) fn is_public_suffix(domain: &str) -> bool {
    DEFAULT_PROVIDER.is_effective_tld(&domain.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_have_a_normal_form() {
        for (text, normal) in [
            ("*.Contoso.NET", "contoso.net"),
            ("contoso.net.", "contoso.net"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(normal_domain(text).unwrap(), normal);
        }
        for text in ["", "*.", "https://contoso.net", "127.0.0.1", "con toso"] {
            assert!(normal_domain(text).is_err(), "{text}");
        }
    }

    #[test]
    fn public_suffixes_are_those_of_the_list() {
        for suffix in [
            "com",
            "co.uk",
            "Co.UK",
            "github.io",
            "azurewebsites.net",
            "x.kobe.jp",
            "xn--55qx5d.cn",
            "local",
            "corp",
        ] {
            assert!(is_public_suffix(suffix), "{suffix}");
        }
        // Exceptions of the list, companies, and domains of theirs.
        for owned in
            ["city.kobe.jp", "www.ck", "ibm.de", "contoso.com", "contoso.local", "ad.corp", "x.github.io"]
        {
            assert!(!is_public_suffix(owned), "{owned}");
        }
    }
}
