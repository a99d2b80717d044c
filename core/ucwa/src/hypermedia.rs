//! UCWA resources: members, links and embedded resources, read leniently.
//!
//! A rel may be an object or an array, unknown members are ignored, and the rel prefix of the Trusted Application API is
//! stripped. Sources: PayloadFormat, WebLinks, ResourcesInUCWA.

mod href;

use serde_json::{Map, Value};

pub use self::href::{HrefKey, follow_link, has_no_userinfo, is_as_protected, is_loopback};
use crate::limits::{MAX_HREF, MAX_VALUES, has_more_values};

/// The prefix of rels in the Trusted Application API, whose resources are otherwise the same.
const PLATFORM_PREFIX: &str = "ms:rtc:saas:";

/// A rel without the prefix of the Trusted Application API.
pub fn plain_rel(rel: &str) -> &str {
    rel.strip_prefix(PLATFORM_PREFIX).unwrap_or(rel)
}

/// What a body is instead of a resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A web page, from a proxy or from IIS itself.
    #[error("an HTML page instead of JSON")]
    Html,
    /// XML, although JSON was asked for.
    #[error("XML instead of JSON")]
    Xml,
    /// Nothing at all.
    #[error("an empty body")]
    Empty,
    /// JSON with more values than any resource has.
    #[error("JSON with more in it than any UCWA resource")]
    TooMuch,
    /// Invalid JSON, or JSON that is no object.
    #[error("JSON that is not a UCWA resource")]
    Malformed,
}

/// One resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource(Map<String, Value>);

impl Resource {
    /// Reads the body of an answer. A byte order mark is skipped.
    ///
    /// # Errors
    /// [`DecodeError`] says what the body is instead.
    pub fn parse(body: &[u8]) -> Result<Self, DecodeError> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
        match body {
            [] => return Err(DecodeError::Empty),
            [b'<', ..] => {
                return Err(if looks_like_html(body) { DecodeError::Html } else { DecodeError::Xml });
            }
            _ => {}
        }
        if has_more_values(body, MAX_VALUES) {
            return Err(DecodeError::TooMuch);
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(DecodeError::Malformed),
        }
    }

    /// A string member. Names are compared without case.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.member(name)?.as_str()
    }

    /// The strings of a member that is a string or a list; empty when it is absent or something else.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        each(self.member(name)).filter_map(Value::as_str).collect()
    }

    /// A member as JSON.
    pub fn member(&self, name: &str) -> Option<&Value> {
        by_rel(&self.0, name)
    }

    /// The href of the first link of this rel.
    pub fn link(&self, rel: &str) -> Option<&str> {
        self.links(rel).next()
    }

    /// The hrefs of every link of this rel, without those longer than [`MAX_HREF`].
    pub fn links<'a>(&'a self, rel: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        each(self.section("_links").and_then(|links| by_rel(links, rel)))
            .filter_map(|link| link.get("href").and_then(Value::as_str))
            .filter(|href| href.len() <= MAX_HREF)
    }

    /// The first embedded resource under this rel.
    pub fn embedded(&self, rel: &str) -> Option<Resource> {
        self.all_embedded(rel).into_iter().next()
    }

    /// Every embedded resource under this rel.
    pub fn all_embedded(&self, rel: &str) -> Vec<Resource> {
        each(self.section("_embedded").and_then(|embedded| by_rel(embedded, rel)))
            .filter_map(Value::as_object)
            .map(|members| Self(members.clone()))
            .collect()
    }

    /// True with links or embedded resources, which any other JSON object has not.
    pub fn is_hypermedia(&self) -> bool {
        self.0.contains_key("_links") || self.0.contains_key("_embedded")
    }

    fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.0.get(name)?.as_object()
    }

    /// Removes a member.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        take_by_rel(&mut self.0, name)
    }

    /// Removes the resources embedded under this rel from the members of their parent, and returns the first.
    pub(crate) fn take_embedded(members: &mut Map<String, Value>, rel: &str) -> Option<Resource> {
        let embedded = members.get_mut("_embedded")?.as_object_mut()?;
        let first = match take_by_rel(embedded, rel)? {
            Value::Array(items) => items.into_iter().find(Value::is_object)?,
            one => one,
        };
        match first {
            Value::Object(members) => Some(Self(members)),
            _ => None,
        }
    }

    /// Its members as JSON.
    pub fn into_text(self) -> Box<str> {
        Value::Object(self.0).to_string().into()
    }

    /// Its members, links and embedded resources included.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        value.as_object().cloned().map(Self)
    }
}

/// How many bytes of a body are searched to tell HTML from XML.
const SNIFFED_LEN: usize = 4096;

/// The first tags of an HTML fragment. None of these is an element of UCWA's XML.
const PAGE_TAGS: [&str; 20] = [
    "b", "br", "center", "div", "fieldset", "font", "form", "h1", "h2", "h3", "head", "hr", "i", "meta", "p",
    "pre", "script", "span", "table", "title",
];

/// A page may be truncated, may begin with a comment or an XML prologue, and may be in upper case.
fn looks_like_html(body: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&body[..body.len().min(SNIFFED_LEN)]).to_ascii_lowercase();
    let first_tag = start.trim_start_matches('<').split(|c: char| !c.is_ascii_alphanumeric()).next();
    ["<!doctype html", "<html", "</html", "<body", "</body"].iter().any(|tag| start.contains(tag))
        || first_tag.is_some_and(|tag| PAGE_TAGS.contains(&tag))
}

fn by_rel<'a>(members: &'a Map<String, Value>, rel: &str) -> Option<&'a Value> {
    members.get(rel).or_else(|| {
        members.iter().find(|(name, _)| plain_rel(name).eq_ignore_ascii_case(rel)).map(|(_, v)| v)
    })
}

fn take_by_rel(members: &mut Map<String, Value>, rel: &str) -> Option<Value> {
    if let Some(value) = members.get_mut(rel) {
        return Some(value.take());
    }
    members.iter_mut().find(|(name, _)| plain_rel(name).eq_ignore_ascii_case(rel)).map(|(_, v)| v.take())
}

/// The items of an array, or a single value.
fn each(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let items: &[Value] = match value {
        Some(Value::Array(items)) => items,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    items.iter()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(json: &str) -> Resource {
        Resource::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_rel_is_an_object_or_an_array() {
        for json in
            [r#"{"_links":{"user":{"href":"/u"}}}"#, r#"{"_links":{"user":[{"href":"/u"},{"href":"/v"}]}}"#]
        {
            assert_eq!(parse(json).link("user"), Some("/u"));
        }
        assert_eq!(parse(r#"{"_links":{"user":null}}"#).link("user"), None);
    }

    #[test]
    fn the_platform_prefix_is_stripped() {
        let resource = parse(r#"{"_embedded":{"ms:rtc:saas:message":{"direction":"Incoming"}}}"#);
        assert_eq!(resource.embedded("message").unwrap().text("direction"), Some("Incoming"));
    }

    #[test]
    fn an_error_says_what_the_body_is() {
        assert_eq!(Resource::parse(b""), Err(DecodeError::Empty));
        assert_eq!(Resource::parse(b"<!DOCTYPE html><html>"), Err(DecodeError::Html));
        assert_eq!(Resource::parse(b"<?xml version='1.0'?><reason/>"), Err(DecodeError::Xml));
        assert_eq!(Resource::parse(b"<link rel=\"user\"/>"), Err(DecodeError::Xml));
        let late = format!("<!-- {} -->\n<HTML>", "x".repeat(300));
        for page in [
            late.as_str(),
            "<h2>500 - Internal server error.</h2></body></html>",
            "<?xml version='1.0'?><!DOCTYPE html>",
            "<fieldset><legend>Error</legend></fieldset>",
            "<b>The web ticket is invalid.</b>",
        ] {
            assert_eq!(Resource::parse(page.as_bytes()), Err(DecodeError::Html), "{page}");
        }
        assert_eq!(Resource::parse(b"[1]"), Err(DecodeError::Malformed));
        assert!(Resource::parse(b"\xef\xbb\xbf{}").is_ok());
    }

    #[test]
    fn more_than_a_resource_holds_is_refused_before_it_is_read() {
        for piece in ["[[0]],", "{},", "0,", r#"{"":{}},"#] {
            let json = format!(r#"{{"sender":[{}0]}}"#, piece.repeat(MAX_VALUES));
            assert_eq!(Resource::parse(json.as_bytes()), Err(DecodeError::TooMuch), "{piece}");
        }
    }

    #[test]
    fn a_link_of_absurd_length_is_none() {
        let json = |n| format!(r#"{{"_links":{{"self":{{"href":"/{}"}}}}}}"#, "x".repeat(n));
        assert!(parse(&json(1000)).link("self").is_some());
        assert_eq!(parse(&json(MAX_HREF)).link("self"), None);
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        assert_eq!(Resource::parse("[".repeat(10_000).as_bytes()), Err(DecodeError::Malformed));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Resource::parse(&bytes);
        }
    }
}
