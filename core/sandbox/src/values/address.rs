//! SIP addresses: stored without `sip:`, compared without regard to case.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays readable in a path segment: the samples show `participants/toshm@contoso.com`.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'@').remove(b'.').remove(b'-').remove(b'_').remove(b'~').remove(b'+');

/// The domain of user names without one.
const DEFAULT_DOMAIN: &str = "contoso.com";

/// The address without its `sip:` scheme and without blanks around it.
pub(crate) fn bare(address: &str) -> &str {
    let address = address.trim();
    match address.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("sip:") => &address[4..],
        _ => address,
    }
}

/// The form under which an address is looked up.
pub(crate) fn key(address: &str) -> String {
    bare(address).to_lowercase()
}

/// The part before the `@`, in lower case.
pub(crate) fn local_part(address: &str) -> String {
    let key = key(address);
    key.split('@').next().unwrap_or_default().to_owned()
}

/// The part after the `@`.
pub(crate) fn domain(address: &str) -> &str {
    bare(address).split_once('@').map_or(DEFAULT_DOMAIN, |(_, domain)| domain)
}

/// True if this can be the address of a user: `name@domain`, no blanks, no control characters.
pub(crate) fn is_user(address: &str) -> bool {
    match bare(address).split_once('@') {
        Some((name, domain)) => {
            !name.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !bare(address).chars().any(|c| c.is_whitespace() || c.is_control())
        }
        None => false,
    }
}

/// The address that a search means: a whole address, or the name of a user of this domain.
pub(crate) fn of_name(query: &str, domain: &str) -> Option<String> {
    let address = match bare(query).contains('@') {
        true => bare(query).to_owned(),
        false => {
            let words: Vec<_> = bare(query).split_whitespace().collect();
            format!("{}@{domain}", words.join(".").to_lowercase())
        }
    };
    is_user(&address).then_some(address)
}

/// The address as one segment of a path.
pub(crate) fn segment(address: &str) -> String {
    utf8_percent_encode(&key(address), SEGMENT).to_string()
}

/// A name to show for an address: `lene.aaling@contoso.com` becomes `Lene Aaling`.
pub(crate) fn display_name(address: &str) -> String {
    let words = local_part(address);
    let words = words.split(['.', '_', '-']).filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
    });
    words.flatten().collect::<Vec<_>>().join(" ")
}

/// The address of a user name: `user@domain`, `sip:user@domain`, `DOMAIN\user` or `user`.
///
/// A Windows domain does not determine a SIP domain, so a name without one gets `contoso.com`.
pub(crate) fn from_sign_in_name(name: &str) -> String {
    let name = name.trim();
    let user = name.rsplit('\\').next().unwrap_or(name);
    if bare(user).contains('@') { key(user) } else { format!("{}@{DEFAULT_DOMAIN}", key(user)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_and_the_case_do_not_matter() {
        assert_eq!(key("SIP:Lenea@Contoso.com"), key(" lenea@contoso.com "));
        assert_eq!(local_part("sip:Slow@contoso.com"), "slow");
        assert_eq!(bare("é"), "é");
    }

    #[test]
    fn every_form_of_a_sign_in_name_leads_to_an_address() {
        assert_eq!(from_sign_in_name("CONTOSO\\Lenea"), "lenea@contoso.com");
        assert_eq!(from_sign_in_name("sip:lenea@fabrikam.com"), "lenea@fabrikam.com");
        assert_eq!(from_sign_in_name("johndoe"), "johndoe@contoso.com");
    }

    #[test]
    fn an_address_is_safe_in_a_path() {
        assert_eq!(segment("a/b?c@contoso.com"), "a%2Fb%3Fc@contoso.com");
        assert!(!is_user("lenea") && !is_user("a@b@c") && !is_user("a b@c") && is_user("sip:a@b"));
    }

    #[test]
    fn a_search_is_for_an_address_or_for_a_name() {
        for query in ["SaraD@contoso.com", "sip:SaraD@contoso.com"] {
            assert_eq!(of_name(query, "fabrikam.com").as_deref(), Some("SaraD@contoso.com"));
        }
        assert_eq!(of_name("Sara  Davis", "fabrikam.com").as_deref(), Some("sara.davis@fabrikam.com"));
        assert!(of_name("a@b@c", "d").is_none() && of_name("sara d@contoso.com", "d").is_none());
    }

    #[test]
    fn a_name_is_made_from_the_address() {
        assert_eq!(display_name("lene.aaling@contoso.com"), "Lene Aaling");
    }
}
