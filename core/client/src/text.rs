//! Text in files and request bodies.

use std::borrow::Cow;

/// Decodes UTF-8 or, with a byte order mark, UTF-16, which Windows writes. The mark is removed. `None` where it is neither.
pub fn decode_text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        // At once as long as it can get, as growing would leave copies of a secret.
        let mut text = String::with_capacity(pairs.len() * 3);
        for letter in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
            text.push(letter.ok()?);
        }
        rest.is_empty().then_some(text)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes).map(Cow::Owned),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes).map(Cow::Owned),
        _ => std::str::from_utf8(bytes).ok().map(without_mark).map(Cow::Borrowed),
    }
}

/// The text without the byte order mark at its start.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_says_how_it_is_written_and_is_no_text() {
        for (bytes, text) in [
            (&b"gr\xc3\xbcn\r\n"[..], Some("grün\r\n")),
            (b"\xef\xbb\xbfgr\xc3\xbcn", Some("grün")),
            (b"\xff\xfeg\0r\0\xfc\0n\0", Some("grün")),
            (b"\xfe\xff\0g\0r\0\xfc\0n", Some("grün")),
            (b"\xff\xfe\x3d\xd8\x00\xde", Some("😀")),
            (b"", Some("")),
            (b"\xff\xfe", Some("")),
            // Half a unit, half a pair, and what is neither.
            (b"\xff\xfeg\0r", None),
            (b"\xff\xfe\x3d\xd8", None),
            (b"gr\xfcn", None),
        ] {
            assert_eq!(decode_text(bytes).as_deref(), text, "{bytes:?}");
        }
    }
}
