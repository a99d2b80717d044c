//! Reads the `WWW-Authenticate` headers in which a server says how to sign in.
//!
//! Servers send one or two headers, or both challenges in one; values are quoted or bare, and quoted values contain commas.
//! Sources: AuthenticationInUCWA, CreateAnApplication, recorded headers.

use crate::limits::MAX_WORD;

/// How many grants are stored. Servers offer four.
const MAX_GRANTS: usize = 32;

/// How to sign in to a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// Where tokens are fetched: the `href` of `MsRtcOAuth`.
    pub token_url: Option<String>,
    /// The grants it takes, each once, in the server's order.
    pub grants: Vec<String>,
    /// `authorization_uri` of `Bearer`.
    pub authorization_uri: Option<String>,
    /// `client_id` of `Bearer`.
    pub client_id: Option<String>,
    /// `trusted_issuers` of `Bearer`.
    pub trusted_issuers: Option<String>,
    /// There was a `Bearer` challenge.
    pub bearer: bool,
}

/// The grant of a user name and password.
pub const GRANT_PASSWORD: &str = "password";

impl Challenge {
    /// Reads all `WWW-Authenticate` values of one answer; `None` when neither `MsRtcOAuth` nor `Bearer` is among them.
    pub fn parse<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut challenge = Challenge::default();
        for header in headers {
            let mut scheme = String::new();
            for token in (Tokens { rest: header }) {
                match token {
                    Token::Word(word) => scheme = word.to_ascii_lowercase(),
                    Token::Pair(name, value) => challenge.set(&scheme, name, value),
                }
                challenge.bearer |= scheme == "bearer";
            }
        }
        (challenge.bearer || challenge.token_url.is_some()).then_some(challenge)
    }

    fn set(&mut self, scheme: &str, name: &str, value: &str) {
        let text = || Some(value.to_owned()).filter(|v| !v.is_empty());
        match (scheme, name.to_ascii_lowercase().as_str()) {
            ("msrtcoauth", "href") => self.token_url = text(),
            ("msrtcoauth", "grant_type") => {
                // A name that is too long is left out: cut, it would be another grant.
                let words = value.split(',').map(str::trim);
                for grant in words.filter(|g| !g.is_empty() && g.len() <= MAX_WORD) {
                    if self.grants.len() == MAX_GRANTS {
                        break;
                    }
                    if !self.grants.iter().any(|known| known.eq_ignore_ascii_case(grant)) {
                        self.grants.push(grant.to_owned());
                    }
                }
            }
            ("bearer", "authorization_uri") => self.authorization_uri = text(),
            ("bearer", "client_id") => self.client_id = text(),
            ("bearer", "trusted_issuers") => self.trusted_issuers = text(),
            _ => {}
        }
    }

    /// True when `grant` is offered. A server that names none is assumed to take the password grant.
    pub fn offers(&self, grant: &str) -> bool {
        self.grants.iter().any(|g| g.eq_ignore_ascii_case(grant))
            || (self.grants.is_empty() && grant == GRANT_PASSWORD)
    }
}

enum Token<'a> {
    /// A scheme, or anything else without `=`.
    Word(&'a str),
    Pair(&'a str, &'a str),
}

struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let text =
            self.rest.trim_start_matches(|c: char| c == ',' || c == '=' || c == '"' || c.is_whitespace());
        if text.is_empty() {
            return None;
        }
        let end = text.find(|c: char| c == '=' || c == ',' || c.is_whitespace()).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let Some(value) = rest.trim_start().strip_prefix('=') else {
            self.rest = rest;
            return Some(Token::Word(name));
        };
        let value = value.trim_start();
        let (value, rest) = match value.strip_prefix('"') {
            // A truncated header lacks the closing quote: the rest is the value.
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => {
                value.split_at(value.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(value.len()))
            }
        };
        self.rest = rest;
        Some(Token::Pair(name, value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token_url(lines: &[&str]) -> (String, Vec<String>) {
        let challenge = Challenge::parse(lines.iter().copied()).unwrap();
        (challenge.token_url.unwrap(), challenge.grants)
    }

    #[test]
    fn unquoted_href_with_a_comma_behind_it() {
        let (url, grants) = token_url(&[
            r#"MsRtcOAuth href=https://h/WebTicket/oauthtoken,grant_type="urn:microsoft.rtc:windows,password""#,
        ]);
        assert_eq!(url, "https://h/WebTicket/oauthtoken");
        assert_eq!(grants, ["urn:microsoft.rtc:windows", "password"]);
    }

    #[test]
    fn two_lines() {
        let (url, grants) = token_url(&[
            r#"Bearer trusted_issuers="a@b,c@d", client_id="00000004""#,
            r#"MsRtcOAuth href="https://h/webticket/oauthtoken",grant_type="password""#,
        ]);
        assert_eq!((url.as_str(), grants.len()), ("https://h/webticket/oauthtoken", 1));
    }

    #[test]
    fn one_line_with_and_without_a_blank() {
        for comma in [",", ", "] {
            let line = format!(
                r#"Bearer trusted_issuers="", client_id="4", authorization_uri="https://a/authorize"{comma}msrtcoauth href="https://h/t", grant_type="password,password, x""#
            );
            let challenge = Challenge::parse([line.as_str()]).unwrap();
            assert_eq!(challenge.token_url.as_deref(), Some("https://h/t"));
            assert_eq!(challenge.grants, ["password", "x"]);
            assert_eq!(challenge.trusted_issuers, None);
            assert_eq!(challenge.authorization_uri.as_deref(), Some("https://a/authorize"));
        }
    }

    #[test]
    fn a_truncated_header_still_names_its_service() {
        let (url, grants) =
            token_url(&[r#"MsRtcOAuth href="https://h/t", grant_type="urn:microsoft.rtc:passive,urn:mic"#]);
        assert_eq!((url.as_str(), grants.len()), ("https://h/t", 2));
    }

    #[test]
    fn an_endless_list_of_grants_is_cut() {
        let many: Vec<String> = (0..100_000).map(|n| format!("g{n}")).collect();
        let line = format!("MsRtcOAuth href=\"https://h/t\",grant_type=\"password,{}\"", many.join(","));
        let (_, grants) = token_url(&[&line]);
        assert_eq!((grants[0].as_str(), grants.len()), ("password", MAX_GRANTS));
    }

    #[test]
    fn an_endless_grant_is_left_out() {
        let line = format!("MsRtcOAuth href=\"https://h/t\",grant_type=\"{} x,password\"", "y".repeat(255));
        assert_eq!(token_url(&[&line]).1, ["password"]);
    }

    #[test]
    fn other_schemes_are_no_challenge() {
        assert_eq!(Challenge::parse(["Negotiate", "NTLM", "Basic realm=\"x\""]), None);
        assert_eq!(Challenge::parse([]), None);
    }

    proptest! {
        #[test]
        fn never_panics(lines in prop::collection::vec(".*", 0..4)) {
            let _ = Challenge::parse(lines.iter().map(String::as_str));
        }

        #[test]
        fn ends_on_separators(line in "[,=\" a\t]{0,40}") {
            let _ = Challenge::parse([line.as_str()]);
        }
    }
}
