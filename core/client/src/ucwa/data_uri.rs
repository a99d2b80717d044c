//! `data:` URIs, the form in which text rides in a link.
//!
//! Servers write them form-encoded (`+` is a blank) or in base64. Source: PayloadFormat.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters. A blank becomes `%20`, which form decoders and URI decoders both read.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes plain text.
pub fn encode_plain(text: &str) -> String {
    format!("data:text/plain;charset=utf-8,{}", utf8_percent_encode(text, ENCODED))
}

/// What a `data:` URI holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataUri {
    /// The media type without parameters, in lower case; `text/plain` when none is given.
    pub media_type: String,
    /// The text; bytes that are no UTF-8 become U+FFFD.
    pub text: String,
}

impl DataUri {
    /// Reads a `data:` URI; `None` when `uri` is something else or its base64 is broken.
    pub fn parse(uri: &str) -> Option<Self> {
        let (scheme, rest) = uri.split_at_checked(5)?;
        if !scheme.eq_ignore_ascii_case("data:") {
            return None;
        }
        let (head, payload) = rest.split_once(',')?;
        let mut parameters = head.split(';').map(str::trim);
        let media_type =
            parameters.next().filter(|m| !m.is_empty()).unwrap_or("text/plain").to_ascii_lowercase();
        let bytes = if parameters.any(|p| p.eq_ignore_ascii_case("base64")) {
            let packed: Vec<u8> =
                percent_decode(payload.as_bytes()).filter(|b| !b.is_ascii_whitespace()).collect();
            STANDARD.decode(&packed).or_else(|_| STANDARD_NO_PAD.decode(&packed)).ok()?
        } else {
            percent_decode(payload.replace('+', " ").as_bytes()).collect()
        };
        Some(Self { media_type, text: String::from_utf8_lossy(&bytes).into_owned() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_servers_write() {
        let text = |uri| DataUri::parse(uri).unwrap().text;
        assert_eq!(text("data:text/plain;charset=utf-8,Hi+Tosh%0d%0a"), "Hi Tosh\r\n");
        assert_eq!(text("data:text/plain;charset=utf8,a%2Bb"), "a+b");
        assert_eq!(text("data:text/plain;base64,SGk="), "Hi");
        assert_eq!(DataUri::parse("data:text/html;charset=utf-8,%3cb%3e").unwrap().media_type, "text/html");
        assert_eq!(DataUri::parse("https://contoso.com"), None);
        assert_eq!(DataUri::parse("data:text/plain;base64,***"), None);
    }

    proptest! {
        #[test]
        fn round_trips(text in ".*") {
            prop_assert_eq!(DataUri::parse(&encode_plain(&text)).unwrap().text, text);
        }

        #[test]
        fn never_panics(uri in "(data:)?.*") {
            let _ = DataUri::parse(&uri);
        }
    }
}
