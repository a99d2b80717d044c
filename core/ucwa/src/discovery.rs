//! The answers of autodiscover. Sources: RootURL, root, user and redirect references.

use serde_json::Value;

use crate::hypermedia::{DecodeError, Resource};

/// The link to follow, an href that may be relative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiscoveryAnswer {
    /// Another root. It comes in a 200 answer, not as an HTTP redirect.
    Redirect(String),
    /// The user resource, which requires a sign-in.
    User(String),
    /// The applications resource, the end of discovery.
    Applications(String),
    /// None of these links.
    NoLink,
}

impl DiscoveryAnswer {
    /// Reads the answer of the root or of the user resource.
    ///
    /// A link to applications is used first, as the account is homed there; then a redirect, which may have other links beside
    /// it.
    ///
    /// # Errors
    /// [`DecodeError`] when the body is no JSON object.
    pub fn parse(body: &[u8]) -> Result<Self, DecodeError> {
        let answer = Resource::parse(body)?;
        let link = |rel: &str, make: fn(String) -> DiscoveryAnswer| {
            answer.link(rel).map(|href| make(href.to_owned()))
        };
        Ok(link("applications", DiscoveryAnswer::Applications)
            .or_else(|| link("redirect", DiscoveryAnswer::Redirect))
            .or_else(|| link("user", DiscoveryAnswer::User))
            .or_else(|| legacy(&answer, "Redirect").map(DiscoveryAnswer::Redirect))
            .or_else(|| legacy(&answer, "OAuth").map(DiscoveryAnswer::User))
            .unwrap_or(DiscoveryAnswer::NoLink))
    }
}

/// The list of tokens and hrefs for clients that do not ask for UCWA. `OAuth` is the user resource, `Redirect` another root.
/// Source: MS-OCDISCWS.
fn legacy(answer: &Resource, token: &str) -> Option<String> {
    let links = answer.member("Root")?.get("Links")?.as_array()?;
    let named = |link: &&Value| {
        link.get("token").and_then(Value::as_str).is_some_and(|t| t.eq_ignore_ascii_case(token))
    };
    links.iter().find(named)?.get("href")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> DiscoveryAnswer {
        DiscoveryAnswer::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn reads_each_form() {
        assert_eq!(
            parse(r#"{"_links":{"self":{"href":"s"},"user":{"href":"u?originalDomain=c"}}}"#),
            DiscoveryAnswer::User("u?originalDomain=c".into())
        );
        assert_eq!(
            parse(r#"{"_links":{"self":{"href":"s"},"xframe":{"href":"x"},"redirect":{"href":"r?q"}}}"#),
            DiscoveryAnswer::Redirect("r?q".into())
        );
        assert_eq!(
            parse(r#"{"_links":{"applications":{"href":"a","revision":"2"}}}"#),
            DiscoveryAnswer::Applications("a".into())
        );
        assert_eq!(
            parse(
                r#"{"AccessLocation":"External","Root":{"Links":[{"href":"d","token":"Domain"},{"href":"o","token":"OAuth"}]}}"#
            ),
            DiscoveryAnswer::User("o".into())
        );
        assert_eq!(
            parse(
                r#"{"AccessLocation":"External","Root":{"Links":[{"href":"o","token":"OAuth"},{"href":"r","token":"Redirect"}]}}"#
            ),
            DiscoveryAnswer::Redirect("r".into())
        );
        assert_eq!(parse("{}"), DiscoveryAnswer::NoLink);
        assert_eq!(DiscoveryAnswer::parse(b"<html>"), Err(DecodeError::Html));
    }
}
