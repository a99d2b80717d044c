//! Tokens, and the requests that fetch them.
//!
//! A token is good for the origin (scheme, host, port) that accepted it and for no other. Source: recorded behaviour
//! of split pools; AuthenticationInUCWA for the request and its errors.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use send_im_ucwa::challenge::{Challenge, GRANT_PASSWORD};
use send_im_ucwa::token::{TokenRefusal, decode_refusal, decode_token};
use tokio::time::Instant;
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, LONGEST_WAIT, Request};
use crate::plain::plain_name;
use crate::steps::{Step, host_of};

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
    form.append_pair("grant_type", GRANT_PASSWORD)
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
    decode_token(&answer.body).map_err(|why| answer.not_understood(Step::SignIn, "a token", &why))
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
