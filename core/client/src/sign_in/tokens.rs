//! The tokens of one account, by origin (scheme, host and port).
//!
//! A token is good for the origin that accepted it and for no other. Source: recorded behaviour of split pools.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;
use send_im_ucwa::challenge::Challenge;
use tokio::time::Instant;

use crate::account::BearerToken;
use crate::error::{Error, ErrorKind, Result};
use crate::http::MAX_SERVER_DURATION;
use crate::steps::Step;

const BEARER_PREFIX: &[u8] = b"Bearer ";

/// A token is renewed this long before it expires, or at nine tenths of its life if that is later.
const RENEW_BEFORE_EXPIRY: Duration = Duration::from_secs(300);

/// How long an origin is not signed in to after a refusal that did not name the credential.
const REFUSED_RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// How long after a failed renewal the next one is tried.
const RENEWAL_RETRY_INTERVAL: Duration = Duration::from_secs(30);

/// The `Authorization` header of one token.
#[derive(Clone)]
pub(super) struct Authorization {
    pub(super) header: HeaderValue,
    /// Grows with every token, to tell a rejected one from its successor.
    pub(super) generation: u64,
}

/// A token with the challenge it answers, so that it can be renewed without a new challenge.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) authorization: Authorization,
    pub(super) challenge: Challenge,
    renew_at: Option<Instant>,
    expires_at: Option<Instant>,
}

impl Token {
    pub(super) fn is_due_for_renewal(&self) -> bool {
        self.renew_at.is_some_and(|at| at <= Instant::now())
    }

    pub(super) fn is_expired(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= Instant::now())
    }
}

#[derive(Default)]
pub(super) struct Tokens {
    by_origin: HashMap<String, Token>,
    /// The error of each refused sign-in, and when to try again; `None`: never.
    refused: HashMap<String, (Error, Option<Instant>)>,
    /// The newest generation that each origin has accepted.
    accepted: HashMap<String, u64>,
    generation: u64,
}

impl Tokens {
    pub(super) fn get(&self, origin: &str) -> Option<&Token> {
        self.by_origin.get(origin)
    }

    pub(super) fn refusal(&self, origin: &str) -> Option<Error> {
        let (error, until) = self.refused.get(origin)?;
        until.is_none_or(|until| Instant::now() < until).then(|| error.clone())
    }

    /// True when the credential itself was refused.
    pub(super) fn is_credential_refused(&self, origin: &str) -> bool {
        matches!(self.refused.get(origin), Some((_, None)))
    }

    /// Records that the token service refused the sign-in. If it did not name the credential, that may pass: then only the
    /// callers that wait for the same token are spared the attempt.
    pub(super) fn record_refusal(&mut self, origin: String, error: Error, names_credential: bool) {
        let until = (!names_credential).then(|| Instant::now() + REFUSED_RETRY_INTERVAL);
        self.refused.insert(origin, (error, until));
    }

    pub(super) fn record_acceptance(&mut self, origin: &str, generation: u64) {
        match self.accepted.get_mut(origin) {
            Some(newest) => *newest = generation.max(*newest),
            None => drop(self.accepted.insert(origin.to_owned(), generation)),
        }
    }

    /// True when the token of this generation, or a later one, was accepted before: one rejected now has expired.
    pub(super) fn was_accepted(&self, origin: &str, generation: u64) -> bool {
        self.accepted.get(origin).is_some_and(|newest| *newest >= generation)
    }

    pub(super) fn insert(
        &mut self,
        origin: String,
        token: &BearerToken,
        challenge: Challenge,
    ) -> Result<Authorization> {
        let secret = token.secret.expose_secret();
        // Allocated at its final size, as growing would leave copies; wiped with the last request that carries it.
        let mut value = Zeroizing::new(Vec::with_capacity(BEARER_PREFIX.len() + secret.len()));
        value.extend_from_slice(BEARER_PREFIX);
        value.extend_from_slice(secret.as_bytes());
        let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(value)).map_err(|_| {
            Error::new(ErrorKind::CredentialUnavailable, "The token holds a character that cannot be sent.")
                .at(Step::SignIn)
        })?;
        header.set_sensitive(true);
        self.generation += 1;
        let authorization = Authorization { header, generation: self.generation };
        let (now, lifetime) = (Instant::now(), token.expires_in.map(|life| life.min(MAX_SERVER_DURATION)));
        let token = Token {
            authorization: authorization.clone(),
            challenge,
            renew_at: lifetime.map(|life| now + life.saturating_sub(RENEW_BEFORE_EXPIRY.min(life / 10))),
            expires_at: lifetime.map(|life| now + life),
        };
        self.by_origin.insert(origin, token);
        Ok(authorization)
    }

    /// Puts off the renewal of this token, but not beyond its expiry.
    pub(super) fn postpone_renewal(&mut self, origin: &str, generation: u64) {
        if let Some(token) = self.by_origin.get_mut(origin)
            && token.authorization.generation == generation
        {
            let later = Instant::now() + RENEWAL_RETRY_INTERVAL;
            token.renew_at = Some(token.expires_at.map_or(later, |expiry| expiry.min(later)));
        }
    }

    pub(super) fn clear(&mut self) {
        self.by_origin.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_before_it_expires() {
        let mut tokens = Tokens::default();
        let mut times_of = |life: Duration| {
            let token = BearerToken::new("t").expires_in(life);
            tokens.insert("https://a".into(), &token, Challenge::default()).unwrap();
            let token = tokens.get("https://a").unwrap();
            (token.renew_at.unwrap() - Instant::now(), token.expires_at.unwrap() - Instant::now())
        };
        let seconds = Duration::from_secs;
        assert_eq!(times_of(seconds(28800)), (seconds(28500), seconds(28800)));
        assert_eq!(times_of(seconds(100)), (seconds(90), seconds(100)));
        assert_eq!(times_of(Duration::MAX).1, MAX_SERVER_DURATION);
    }
}
