//! What a body is, told by looking at it and not by the client's own rules.

use serde_json::Value;

/// What a body is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// No body is shown, or it is empty.
    Nothing,
    /// Whole JSON.
    Json(Value),
    /// JSON out of which the publisher has cut pieces. What is still whole in it, outermost first.
    Elided(Vec<Value>),
    /// A web page.
    Html,
    /// XML.
    Xml,
    /// Markup that could be either.
    Markup,
    /// Anything else.
    Other,
}

impl Content {
    /// Looks at a body; `content_type` is the header's value, if there is one.
    pub(crate) fn of(body: Option<&[u8]>, content_type: Option<&str>) -> Self {
        let body = body.unwrap_or_default();
        let text = String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).into_owned();
        let text = text.trim();
        if text.is_empty() {
            return Self::Nothing;
        }
        if let Ok(value) = serde_json::from_str(text) {
            return Self::Json(value);
        }
        if text.starts_with('<') {
            return markup(text, content_type.unwrap_or_default());
        }
        let whole = whole_objects(text);
        if whole.is_empty() { Self::Other } else { Self::Elided(whole) }
    }

    /// One or two words for the name of a test.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Nothing => "no body".to_owned(),
            Self::Json(Value::Object(_)) => "JSON".to_owned(),
            Self::Json(_) => "JSON, no object".to_owned(),
            Self::Elided(whole) => format!("not whole JSON, whole pieces of it: {}", whole.len()),
            Self::Html => "HTML".to_owned(),
            Self::Xml => "XML".to_owned(),
            Self::Markup => "markup".to_owned(),
            Self::Other => "text".to_owned(),
        }
    }
}

fn markup(text: &str, content_type: &str) -> Content {
    let (text, content_type) = (text.to_ascii_lowercase(), content_type.to_ascii_lowercase());
    let is_html = content_type.contains("html")
        || ["<html", "</html>", "<body", "</body>", "doctype html"].iter().any(|mark| text.contains(mark));
    let is_xml = content_type.contains("xml")
        || text.starts_with("<?xml")
        || text.contains("xmlns=\"http://schemas.microsoft.com");
    match (is_html, is_xml) {
        (true, false) => Content::Html,
        (false, true) => Content::Xml,
        _ => Content::Markup,
    }
}

/// The JSON objects in a text that are whole, from left to right, none inside another.
fn whole_objects(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|offset| at + offset) {
        let mut objects = serde_json::Deserializer::from_str(&text[open..]).into_iter::<Value>();
        match objects.next() {
            Some(Ok(value)) if value.as_object().is_some_and(|members| !members.is_empty()) => {
                at = open + objects.byte_offset();
                found.push(value);
            }
            _ => at = open + 1,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(text: &str) -> Content {
        Content::of(Some(text.as_bytes()), None)
    }

    #[test]
    fn bodies_are_told_apart() {
        assert_eq!(Content::of(None, None), Content::Nothing);
        assert_eq!(of(" \r\n"), Content::Nothing);
        assert_eq!(of("\u{feff}{\"a\":1}"), Content::Json(json!({"a": 1})));
        assert_eq!(of("<h1>Server Error</h1></body></html>"), Content::Html);
        assert_eq!(of("<?xml version=\"1.0\"?><reason/>"), Content::Xml);
        assert_eq!(of("<cwaEvents/>"), Content::Markup);
        assert_eq!(Content::of(Some(b"<cwaEvents/>"), Some("text/xml")), Content::Xml);
        assert_eq!(of("upstream connect error"), Content::Other);
    }

    #[test]
    fn what_is_whole_in_elided_json_is_found() {
        let text = "{\"_links\":{\"self\":{\"href\":\"/a\"},\n.\n.\n.\n\"next\":{\"href\":\"/b}\"}},\n{}\n\"x\":{\"y\":{\"z\":1}}";
        let whole = vec![json!({"href": "/a"}), json!({"href": "/b}"}), json!({"y": {"z": 1}})];
        assert_eq!(of(text), Content::Elided(whole));
    }
}
