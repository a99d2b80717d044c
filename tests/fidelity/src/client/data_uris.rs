//! Texts that ride in links as `data:` URIs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use send_im_ucwa::data_uri::{DataUri, encode_plain};
use serde_json::Value;

use crate::plain;
use crate::verdict::Verdict;

pub(super) fn check(value: &Value, verdict: &mut Verdict) {
    for href in plain::hrefs(value) {
        let decoded = DataUri::parse(href);
        if !href.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
            verdict.holds(format_args!("{href} is no data URI"), decoded.is_none());
            continue;
        }
        verdict.checked("data URI");
        // Placeholders of documents ("base64-encoded-sdp") are no base64; there only survival counts.
        if let Some(expected) = read(href) {
            verdict.equal(href, decoded.clone(), Some(expected));
        }
        if let Some(text) = decoded.map(|uri| uri.text) {
            let again = DataUri::parse(&encode_plain(&text)).map(|uri| uri.text);
            verdict.equal("the text written and read again", again, Some(text));
        }
    }
}

/// Reads a data URI character by character.
fn read(uri: &str) -> Option<DataUri> {
    let (head, payload) = uri[5..].split_once(',')?;
    let (media_type, parameters) = head.split_once(';').unwrap_or((head, ""));
    let media_type = if media_type.is_empty() { "text/plain" } else { media_type };
    let bytes = if parameters.to_ascii_lowercase().split(';').any(|parameter| parameter.trim() == "base64") {
        STANDARD.decode(payload).ok()?
    } else {
        unescape(payload)?
    };
    Some(DataUri { media_type: media_type.to_ascii_lowercase(), text: String::from_utf8(bytes).ok()? })
}

/// Form escapes: `+` is a blank, `%41` an `A`.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simple_reading_reads_the_documented_forms() {
        let text = |uri| read(uri).map(|uri| uri.text);
        assert_eq!(text("data:text/plain;charset=utf-8,Hi+Tosh%0d%0a").as_deref(), Some("Hi Tosh\r\n"));
        assert_eq!(text("data:text/plain;base64,SGk=").as_deref(), Some("Hi"));
        assert_eq!(text("data:application/sdp;base64,base64-encoded-sdp"), None);
        assert_eq!(text("data:,100%"), None);
    }
}
