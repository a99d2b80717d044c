//! Tokens, and the requests that fetch them.
//!
//! A token is good for the origin (scheme, host, port) that accepted it and for no other. Source: recorded behaviour
//! of split pools; AuthenticationInUCWA for the request and its errors.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;
use url::Url;

use super::challenge::Challenge;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, LONGEST_WAIT, Request};
use crate::plain::plain_name;
use crate::steps::{Step, host_of};
use crate::ucwa::hypermedia::{DecodeError, Resource};
use crate::ucwa::limits::word;

/// What goes before a token in its header.
const SCHEME: &[u8] = b"Bearer ";

/// A token is renewed this long before it expires, or at nine tenths of a short life.
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// How long a sign-in that was refused without a word about the credential is not tried again.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);

/// When a renewal has failed, the next one is tried after this time.
const RENEW_AGAIN: Duration = Duration::from_secs(30);

/// A token with the challenge it answers, so that it can be renewed without a new challenge.
pub(crate) struct Token {
    header: HeaderValue,
    renew_at: Option<Instant>,
    expires_at: Option<Instant>,
    pub(crate) challenge: Challenge,
    /// Grows with every token, to tell a rejected one from its successor.
    pub(crate) generation: u64,
}

impl Token {
    pub(crate) fn held(&self) -> (HeaderValue, u64) {
        (self.header.clone(), self.generation)
    }

    /// When it should be renewed and when it expires, where that is known.
    pub(crate) fn times(&self) -> (Option<Instant>, Option<Instant>) {
        (self.renew_at, self.expires_at)
    }
}

/// The tokens of one account, by origin.
#[derive(Default)]
pub(crate) struct Tokens {
    by_origin: HashMap<String, Token>,
    /// Origins whose token service has refused the sign-in, and until when that is not tried again; `None`: for good.
    refused: HashMap<String, (Error, Option<Instant>)>,
    /// The newest token that each origin has accepted.
    accepted: HashMap<String, u64>,
    generation: u64,
}

impl Tokens {
    pub(crate) fn get(&self, origin: &str) -> Option<&Token> {
        self.by_origin.get(origin)
    }

    pub(crate) fn refusal(&self, origin: &str) -> Option<Error> {
        let (error, until) = self.refused.get(origin)?;
        until.is_none_or(|until| Instant::now() < until).then(|| error.clone())
    }

    /// True when the credential itself was refused.
    pub(crate) fn is_refused_for_good(&self, origin: &str) -> bool {
        matches!(self.refused.get(origin), Some((_, None)))
    }

    /// Notes that the token service refused. Only a refusal of the credential itself is for good: another may pass, but who
    /// waits for the same token need not try as well.
    pub(crate) fn refuse(&mut self, origin: String, error: Error, for_good: bool) {
        let until = (!for_good).then(|| Instant::now() + REFUSED_PAUSE);
        self.refused.insert(origin, (error, until));
    }

    /// Notes that an origin has accepted the token of this generation.
    pub(crate) fn accept(&mut self, origin: &str, generation: u64) {
        match self.accepted.get_mut(origin) {
            Some(newest) => *newest = generation.max(*newest),
            None => drop(self.accepted.insert(origin.to_owned(), generation)),
        }
    }

    /// True when the token of this generation, or a later one, was accepted: if it is rejected now, its time is over.
    pub(crate) fn was_accepted(&self, origin: &str, generation: u64) -> bool {
        self.accepted.get(origin).is_some_and(|newest| *newest >= generation)
    }

    pub(crate) fn insert(
        &mut self,
        origin: String,
        secret: &SecretString,
        lifetime: Option<Duration>,
        challenge: Challenge,
    ) -> Result<(HeaderValue, u64)> {
        let token = secret.expose_secret();
        // Of its size from the start: a text that grows leaves copies behind. Wiped with the last request that carries it.
        let mut value = Zeroizing::new(Vec::with_capacity(SCHEME.len() + token.len()));
        value.extend_from_slice(SCHEME);
        value.extend_from_slice(token.as_bytes());
        let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(value)).map_err(|_| {
            Error::new(ErrorKind::CredentialUnavailable, "The token holds a character that cannot be sent.")
                .at(Step::SignIn)
        })?;
        header.set_sensitive(true);
        self.generation += 1;
        let lifetime = lifetime.map(|life| life.min(LONGEST_WAIT));
        let token = Token {
            header,
            renew_at: lifetime.map(|life| Instant::now() + life.saturating_sub(RENEW_BEFORE.min(life / 10))),
            expires_at: lifetime.map(|life| Instant::now() + life),
            challenge,
            generation: self.generation,
        };
        let held = token.held();
        self.by_origin.insert(origin, token);
        Ok(held)
    }

    /// Puts the renewal of this token off, at most to its end.
    pub(crate) fn renew_later(&mut self, origin: &str, generation: u64) {
        if let Some(token) = self.by_origin.get_mut(origin)
            && token.generation == generation
        {
            let later = Instant::now() + RENEW_AGAIN;
            token.renew_at = Some(token.expires_at.map_or(later, |end| end.min(later)));
        }
    }

    pub(crate) fn clear(&mut self) {
        self.by_origin.clear();
    }
}

/// The form that asks for a token by password.
pub(crate) fn password_form(url: Url, username: &str, password: &SecretString, deadline: Instant) -> Request {
    let secret = password.expose_secret();
    // Three bytes a character at most, and from the start: a form that grows leaves copies behind.
    let most = 3 * (username.len() + secret.len()) + "grant_type=password&username=&password=".len();
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(most));
    form.append_pair("grant_type", super::challenge::GRANT_PASSWORD)
        .append_pair("username", username)
        .append_pair("password", secret);
    let form = Zeroizing::new(form.finish().into_bytes());
    Request::new(Method::POST, url, Step::SignIn, deadline)
        .body("application/x-www-form-urlencoded;charset=UTF-8", Bytes::from_owner(form))
}

/// The token in a 200 answer.
///
/// # Errors
/// `protocol` when there is none.
pub(crate) fn read_token(answer: &Answer) -> Result<(SecretString, Option<Duration>)> {
    let (token, lifetime) =
        decode_token(&answer.body).map_err(|why| answer.not_understood(Step::SignIn, "a token", &why))?;
    Ok((token, lifetime))
}

/// Reads the JSON of a token answer. `expires_in` is a number of seconds, or the same as text.
///
/// # Errors
/// What is wrong with the answer, in words without its content.
pub fn decode_token(body: &[u8]) -> Result<(SecretString, Option<Duration>), String> {
    let members = raw_members(body).map_err(|e| e.to_string())?;
    let member = |name: &str| {
        members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.get())
    };
    let token = member("access_token").and_then(unquoted).filter(|t| !t.is_empty());
    let token = token.ok_or("JSON without access_token")?;
    let seconds = match member("expires_in").and_then(|json| serde_json::from_str(json).ok()) {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let lifetime = seconds.and_then(|s: f64| Duration::try_from_secs_f64(s).ok());
    Ok((SecretString::from(token.as_str()), lifetime))
}

/// The members of an object as they stand in `body`. Nothing of them is copied, so nothing of the token is left behind.
fn raw_members(body: &[u8]) -> Result<BTreeMap<Cow<'_, str>, &RawValue>, DecodeError> {
    let json = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    // What is no object is told as for every other resource.
    serde_json::from_slice(json).map_err(|_| Resource::parse(body).err().unwrap_or(DecodeError::Malformed))
}

/// What a JSON text says; `None` for what is no text, and for characters that no token holds.
fn unquoted(json: &str) -> Option<Zeroizing<String>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = Zeroizing::new(String::with_capacity(inner.len()));
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        text.push(match c {
            '\\' => match rest.next()? {
                c @ ('"' | '\\' | '/') => c,
                'u' => {
                    let digits = rest.as_str().get(..4)?;
                    rest = rest.as_str()[4..].chars();
                    char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
                }
                _ => return None,
            },
            c => c,
        });
    }
    Some(text)
}

/// Why a token service refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// Wrong user name or password.
    Credentials,
    /// The account must sign in on a web page (ADFS passive).
    Passive,
    /// The server does not take this grant.
    Grant,
    /// Something else; the OAuth error if there was one.
    Other(Option<String>),
}

/// Reads the JSON of a refusal. Source: AuthenticationInUCWA; 28029 and 28020 are `X-Ms-diagnostics` ids.
pub fn decode_refusal(status: u16, diagnostics_id: Option<u32>, body: &[u8]) -> TokenRefusal {
    let answer = Resource::parse(body).ok();
    let text = |name: &str| answer.as_ref().and_then(|a| a.text(name)).map(str::to_owned);
    match (status, text("error").as_deref()) {
        (_, Some("invalid_grant")) if text("ms_rtc_passiveauthuri").is_some() => TokenRefusal::Passive,
        (_, Some("unsupported_grant_type")) => TokenRefusal::Grant,
        _ if diagnostics_id == Some(28029) => TokenRefusal::Grant,
        (_, Some("invalid_grant")) | (401 | 403, _) => TokenRefusal::Credentials,
        (_, error) => TokenRefusal::Other(error.map(word)),
    }
}

/// True when the token service itself says that this user name and password will not do. A bare 401 or 403 may be that of a
/// proxy. Source: RFC 6749, 5.2.
pub(crate) fn refuses_credential(answer: &Answer) -> bool {
    let refusals = ["invalid_grant", "invalid_client", "unauthorized_client", "access_denied"];
    let names_one = |body: Resource| body.text("error").is_some_and(|error| refusals.contains(&error));
    decode_refusal(answer.status, answer.diagnostics_id(), &answer.body) != TokenRefusal::Passive
        && Resource::parse(&answer.body).is_ok_and(names_one)
}

/// The error of an answer that gave no token to `who`.
pub(crate) fn refusal(answer: &Answer, challenge: &Challenge, who: &str) -> Error {
    let host = host_of(&answer.url);
    let (kind, detail) = match decode_refusal(answer.status, answer.diagnostics_id(), &answer.body) {
        TokenRefusal::Credentials => (
            ErrorKind::SignInRefused,
            format!(
                "{host} refuses the user name or password of {who}; some servers want DOMAIN\\user as the user name."
            ),
        ),
        TokenRefusal::Passive => (
            ErrorKind::SignInUnsupported,
            format!(
                "{host} wants {who} to sign in on a web page; use an account that may sign in with a password, or a token."
            ),
        ),
        TokenRefusal::Grant => (ErrorKind::SignInUnsupported, no_password_grant(&host, challenge)),
        TokenRefusal::Other(error) if answer.status == 400 => (
            ErrorKind::SignInRefused,
            format!("{host} refuses to sign in {who} ({}).", error.as_deref().unwrap_or("no reason given")),
        ),
        TokenRefusal::Other(_) => return answer.refusal(Step::SignIn, "issue a token"),
    };
    Error::new(kind, detail)
        .at(Step::SignIn)
        .with_status(answer.status)
        .with_diagnostics(answer.diagnostics().map(Cow::into_owned))
}

/// The sentence for a server that takes no passwords.
pub(crate) fn no_password_grant(host: &str, challenge: &Challenge) -> String {
    let offered = match challenge.grants.as_slice() {
        [] => "nothing else is offered".to_owned(),
        grants => format!("it offers {}", plain_name(&grants.join(", "))),
    };
    format!(
        "{host} does not let accounts sign in with a password ({offered}); ask its administrator to allow it, or supply a token."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expires_in_is_a_number_or_text() {
        for (json, seconds) in [
            (r#"{"access_token":"cwt=a","expires_in":28289}"#, 28289),
            (r#"{"access_token":"a","expires_in":"3599"}"#, 3599),
        ] {
            assert_eq!(decode_token(json.as_bytes()).unwrap().1, Some(Duration::from_secs(seconds)));
        }
        assert_eq!(decode_token(br#"{"access_token":"a"}"#).unwrap().1, None);
        assert!(decode_token(br#"{"expires_in":1}"#).is_err());
        assert!(decode_token(br#"{"access_token":"a","expires_in":-1}"#).unwrap().1.is_none());
    }

    #[test]
    fn a_token_is_read_as_it_is_written() {
        for (json, token) in [
            (r#"{"Access_Token":"cwt=a\/b\u002b\"c"}"#, Some("cwt=a/b+\"c")),
            ("\u{feff}{\"access_token\":\"t\"}", Some("t")),
            (r#"{"access\u005ftoken":"t"}"#, Some("t")),
            (r#"{"access_token":"a\nb"}"#, None),
            (r#"{"access_token":"\ud83d"}"#, None),
            (r#"{"access_token":7}"#, None),
            (r#"{"access_token":""}"#, None),
        ] {
            let read = decode_token(json.as_bytes()).ok();
            assert_eq!(read.as_ref().map(|(t, _)| t.expose_secret()), token, "{json}");
        }
        assert_eq!(decode_token(b"<html>").unwrap_err(), DecodeError::Html.to_string());
    }

    #[test]
    fn refusals_are_told_apart() {
        let read = |status, id, body: &str| decode_refusal(status, id, body.as_bytes());
        assert_eq!(read(400, None, r#"{"error":"invalid_grant"}"#), TokenRefusal::Credentials);
        assert_eq!(
            read(400, Some(28020), r#"{"error":"invalid_grant","ms_rtc_passiveauthuri":"https:\/\/a"}"#),
            TokenRefusal::Passive
        );
        assert_eq!(read(400, Some(28029), ""), TokenRefusal::Grant);
        assert_eq!(read(403, None, "<html>"), TokenRefusal::Credentials);
        assert_eq!(read(500, None, ""), TokenRefusal::Other(None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_before_it_expires() {
        let mut tokens = Tokens::default();
        let mut times_of = |life: Duration| {
            tokens
                .insert("https://a".into(), &"t".to_owned().into(), Some(life), Challenge::default())
                .unwrap();
            let (renew_at, expires_at) = tokens.get("https://a").unwrap().times();
            (renew_at.unwrap() - Instant::now(), expires_at.unwrap() - Instant::now())
        };
        let seconds = Duration::from_secs;
        assert_eq!(times_of(seconds(28800)), (seconds(28500), seconds(28800)));
        assert_eq!(times_of(seconds(100)), (seconds(90), seconds(100)));
        assert_eq!(times_of(Duration::MAX).1, LONGEST_WAIT);
    }
}
