//! `data:` URIs, which carry a message inside JSON (PayloadFormat).

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;

use crate::values::charset;

/// A text and its media type, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) format: String,
    pub(crate) text: String,
}

/// Base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes a data URI. Text that is not base64 is form-encoded: a plus sign is a space.
pub(crate) fn parse(uri: &str) -> Result<Content, &'static str> {
    let scheme = uri.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:"));
    let rest = scheme.map(|_| &uri[5..]).ok_or("is not a data URI")?;
    let (head, data) = rest.split_once(',').ok_or("has no comma before its data")?;
    let mut pieces = head.split(';').map(str::trim);
    let format = pieces.next().filter(|format| !format.is_empty()).unwrap_or("text/plain");
    let (mut base64, mut charset) = (false, "utf-8");
    for piece in pieces {
        if piece.eq_ignore_ascii_case("base64") {
            base64 = true;
        } else if let Some(("charset", name)) = piece.split_once('=') {
            charset = name.trim_matches(['"', '\'']);
        }
    }
    let bytes = if base64 {
        let unescaped: Vec<u8> = percent_decode_str(data).collect();
        let packed: Vec<u8> = unescaped.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
        BASE64.decode(packed).map_err(|_| "holds no valid base64")?
    } else {
        percent_decode_str(&data.replace('+', " ")).collect()
    };
    Ok(Content { format: format.to_lowercase(), text: charset::decode(charset, &bytes) })
}

/// Encodes a text as the samples do: form-encoded, in UTF-8.
pub(crate) fn write(content: &Content) -> String {
    let text: String = form_urlencoded::byte_serialize(content.text.as_bytes()).collect();
    format!("data:{};charset=utf-8,{text}", content.format)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(uri: &str) -> String {
        parse(uri).unwrap().text
    }

    #[test]
    fn every_documented_form_is_read() {
        assert_eq!(text("data:text/plain;charset=utf-8,Hi+Tosh%0d%0a"), "Hi Tosh\r\n");
        assert_eq!(text("data:text/plain,a%2Bb%20c"), "a+b c");
        assert_eq!(text("data:text/plain;base64,SGVsbG8sIFfDtnJsZA"), "Hello, Wörld");
        assert_eq!(text("data:text/plain;charset=iso-8859-1;base64,5A=="), "ä");
        assert_eq!(text("data:text/plain;charset=utf8,%F0%9F%91%8D"), "👍");
        assert_eq!(parse("data:text/HTML,x").unwrap().format, "text/html");
    }

    #[test]
    fn what_is_no_data_uri_is_refused() {
        assert!(parse("hello").is_err());
        assert!(parse("data:text/plain").is_err());
        assert!(parse("data:text/plain;base64,!!").is_err());
        assert!(parse("dat").is_err());
    }

    #[test]
    fn a_written_text_reads_back() {
        let content = Content { format: "text/plain".to_owned(), text: "50% + ä\r\n👍".to_owned() };
        assert_eq!(parse(&write(&content)), Ok(content));
    }
}
