//! SIP addresses: `user@domain`, with or without `sip:`.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The longest address accepted, in characters. SIP sets no limit; a longer one is a mistake.
const MAX_LEN: usize = 454;

/// A checked address: `user@domain`, printable ASCII, no scheme.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    bare: String,
    at: usize,
}

impl Address {
    /// Checks `text`; `field` names the argument in the error, for example `recipient`.
    ///
    /// ```
    /// use send_im::Address;
    ///
    /// let error = Address::parse("lenea", "recipient").unwrap_err();
    /// assert_eq!(error.to_string(), "The recipient has no @; give an address such as user@contoso.com.");
    /// ```
    ///
    /// # Errors
    /// `invalid_input` for an empty text, a scheme other than `sip:`, a missing `@`, control characters, blanks, URI parameters,
    /// characters a SIP user part cannot hold (RFC 3261, section 25.1), or a domain that is not a DNS name.
    pub fn parse(text: &str, field: &str) -> Result<Self> {
        let refuse = |why: &str| Err(Error::invalid_input(format!("The {field} {why}.")));
        let bare = match text.get(..4) {
            Some(scheme) if scheme.eq_ignore_ascii_case("sip:") => &text[4..],
            _ => text,
        };
        if bare.is_empty() {
            return refuse("is empty; give an address such as user@contoso.com");
        }
        if bare.contains(['<', '>', '"']) {
            return refuse(
                "has a name or brackets around it; give the address alone, such as user@contoso.com",
            );
        }
        if bare.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return refuse("contains a blank, a line break or another control character");
        }
        if bare.len() > MAX_LEN {
            return refuse(&format!("is longer than {MAX_LEN} characters"));
        }
        if let Some(part) = scheme(bare) {
            return refuse(&format!(
                "begins with {part}; give an address such as user@contoso.com, or with sip: before it"
            ));
        }
        if bare.contains([',', ';']) && bare.matches('@').count() > 1 {
            return refuse("names more than one address; give one, and send to each by itself");
        }
        let Some((user, domain)) = bare.split_once('@') else {
            return refuse("has no @; give an address such as user@contoso.com");
        };
        if user.is_empty() || !user.bytes().all(is_user_character) {
            return refuse("has no usable name before the @");
        }
        if let Some(at) = domain.find([';', '?', ':', '#', '/']) {
            let part = &domain[at..];
            let end = part[1..].find([';', '?', '&', '#']).map_or(part.len(), |end| end + 1);
            return refuse(&format!(
                "has a part after its domain, {}; leave it out and give the address alone, {user}@{}",
                &part[..end],
                &domain[..at]
            ));
        }
        if !is_domain(domain) {
            return refuse(
                "has no usable domain after the @; write an international domain in its xn-- form",
            );
        }
        Ok(Self { bare: bare.to_owned(), at: user.len() })
    }

    /// `user@domain`.
    ///
    /// ```
    /// let address: send_im::Address = "sip:lenea@contoso.com".parse()?;
    /// assert_eq!(address.as_str(), "lenea@contoso.com");
    /// # Ok::<(), send_im::Error>(())
    /// ```
    pub fn as_str(&self) -> &str {
        &self.bare
    }

    /// The part after the `@`.
    ///
    /// ```
    /// let address: send_im::Address = "sip:lenea@contoso.com".parse()?;
    /// assert_eq!(address.domain(), "contoso.com");
    /// # Ok::<(), send_im::Error>(())
    /// ```
    pub fn domain(&self) -> &str {
        &self.bare[self.at + 1..]
    }

    /// `sip:user@domain`, as the protocol wants it.
    ///
    /// ```
    /// let address: send_im::Address = "lenea@contoso.com".parse()?;
    /// assert_eq!(address.to_sip(), "sip:lenea@contoso.com");
    /// # Ok::<(), send_im::Error>(())
    /// ```
    pub fn to_sip(&self) -> String {
        format!("sip:{}", self.bare)
    }

    /// The same for every spelling of one address.
    pub(crate) fn key(&self) -> String {
        self.bare.to_ascii_lowercase()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.bare)
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text, "address")
    }
}

impl TryFrom<&str> for Address {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl TryFrom<String> for Address {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl AsRef<str> for Address {
    fn as_ref(&self) -> &str {
        &self.bare
    }
}

/// An address from the server without its `sip:`, otherwise unchanged.
pub(crate) fn without_scheme(uri: &str) -> &str {
    match uri.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("sip:") => &uri[4..],
        _ => uri,
    }
}

/// The scheme before the name, or the slashes of a web address. What follows the colon may be a password and is left out.
fn scheme(bare: &str) -> Option<&str> {
    if bare.starts_with("//") {
        return Some("//");
    }
    let name = bare[..bare.find('@').unwrap_or(bare.len())].split_once(':')?.0;
    Some(&bare[..=name.len()])
}

fn is_user_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/%".contains(&byte)
}

fn is_domain(domain: &str) -> bool {
    !domain.is_empty()
        && domain.len() <= 253
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_the_scheme_off() {
        for text in ["lenea@contoso.com", "sip:lenea@contoso.com", "SIP:lenea@contoso.com"] {
            let address = Address::parse(text, "recipient").unwrap();
            assert_eq!(address.as_str(), "lenea@contoso.com");
            assert_eq!(address.domain(), "contoso.com");
            assert_eq!(address.to_sip(), "sip:lenea@contoso.com");
        }
    }

    #[test]
    fn is_made_of_text_by_the_usual_traits() {
        let address: Address = "sip:lenea@contoso.com".parse().unwrap();
        for other in
            [Address::try_from("lenea@contoso.com"), Address::try_from("lenea@contoso.com".to_owned())]
        {
            assert_eq!(other.unwrap(), address);
        }
        assert_eq!(
            (address.to_string().as_str(), address.as_ref()),
            ("lenea@contoso.com", "lenea@contoso.com")
        );
        let error = "lenea".parse::<Address>().unwrap_err();
        assert_eq!(error.to_string(), "The address has no @; give an address such as user@contoso.com.");
    }

    #[test]
    fn says_that_a_list_is_no_address() {
        let error = Address::parse("a@contoso.com,b@contoso.com", "recipient").unwrap_err();
        assert!(error.detail().contains("more than one"), "{error}");
    }

    #[test]
    fn names_the_part_that_an_address_has_not() {
        for (text, part) in [
            ("mailto:lenea@contoso.com", "begins with mailto:;"),
            ("IM:lenea@contoso.com", "begins with IM:;"),
            ("xmpp:lenea@contoso.com/home", "begins with xmpp:;"),
            ("sips:lenea@contoso.com", "begins with sips:;"),
            ("tel:+4930123456", "begins with tel:;"),
            ("sip:sip:lenea@contoso.com", "begins with sip:;"),
            ("sip://lenea@contoso.com", "begins with //;"),
            ("https://contoso.com/lenea", "begins with https:;"),
            ("lenea:s3cret@contoso.com", "begins with lenea:;"),
            (
                "sip:lenea@contoso.com;user=phone",
                "domain, ;user=phone; leave it out and give the address alone, lenea@contoso.com.",
            ),
            ("lenea@contoso.com;gruu;opaque=app:conf", "domain, ;gruu;"),
            ("lenea@contoso.com?subject=disk%20full&body=x", "domain, ?subject=disk%20full;"),
            ("lenea@contoso.com:5061;transport=tls", "domain, :5061;"),
            ("lenea@contoso.com/home", "domain, /home;"),
            ("Lenea <lenea@contoso.com>", "a name or brackets around it"),
            ("<sip:lenea@contoso.com>", "a name or brackets around it"),
        ] {
            let error = Address::parse(text, "recipient").unwrap_err();
            assert!(error.detail().contains(part) && !error.detail().contains("s3cret"), "{text}: {error}");
        }
        for text in [
            "+4930123456@contoso.com",
            "bob(gmail.com)@msn.com",
            "o'brien@contoso.com",
            "a;ext=12@contoso.com",
        ] {
            assert_eq!(Address::parse(text, "recipient").unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in [
            "",
            "sip:",
            "lenea",
            "@contoso.com",
            "lenea@",
            "a b@contoso.com",
            "lenea@contoso.com\r\nX: 1",
            "lenea@con\u{7}toso.com",
            "lenea\0@contoso.com",
            "lenea@contoso..com",
            "lenea@-contoso.com",
            "a@b@c",
            "sips:a@contoso.com",
            "léne@contoso.com",
            "lenea@bücher.example",
            "<lenea@contoso.com>",
            "lenea@contoso.com.",
        ] {
            let error = Address::parse(text, "recipient").unwrap_err();
            assert!(error.detail().starts_with("The recipient "), "{text:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(text in "\\PC*") {
            if let Ok(address) = Address::parse(&text, "recipient") {
                prop_assert_eq!(Address::parse(&address.to_sip(), "recipient").unwrap(), address);
            }
        }
    }
}
