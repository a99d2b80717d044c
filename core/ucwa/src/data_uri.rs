//! `data:` URIs, which carry the text of messages in links.
//!
//! Servers write them form-encoded (`+` is a blank) or in base64. Source: PayloadFormat.

use std::borrow::Cow;

use data_url::DataUrl;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters. A blank becomes `%20`, which form and URI decoders both understand.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes plain text.
pub fn encode_plain(text: &str) -> String {
    format!("data:text/plain;charset=utf-8,{}", utf8_percent_encode(text, ENCODED))
}

/// The content of a `data:` URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataUri {
    /// The media type without parameters, in lower case; `text/plain` when none is given.
    pub media_type: String,
    /// The text; invalid UTF-8 becomes U+FFFD.
    pub text: String,
}

impl DataUri {
    /// Reads a `data:` URI; `None` when `uri` is something else or its base64 is broken.
    pub fn parse(uri: &str) -> Option<Self> {
        let (head, payload) = uri.split_once(',')?;
        let is_base64 = head.to_ascii_lowercase().ends_with(";base64");
        // In a URL, `+` is no blank and `#` begins the fragment.
        let as_form = || format!("{head},{}", payload.replace('+', "%20").replace('#', "%23"));
        let uri = if is_base64 { uri.into() } else { Cow::from(as_form()) };
        let uri = DataUrl::process(&uri).ok()?;
        let media_type = format!("{}/{}", uri.mime_type().type_, uri.mime_type().subtype);
        let (bytes, _) = uri.decode_to_vec().ok()?;
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
