//! Signing in: a request that a server challenges gets the token of that server and is asked once more.

pub(crate) mod challenge;
pub(crate) mod token;

use reqwest::Method;
use reqwest::header::HeaderValue;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use self::challenge::{Challenge, GRANT_PASSWORD};
use self::token::{Tokens, origin};
use crate::account::{Account, Credential, TokenRequest};
use crate::address::Address;
use crate::discovery::trust;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Failure, Http, Request, timed_out};
use crate::retry::Retry;
use crate::steps::{Step, StepLog, host_of};

/// An account with its connections and tokens: everything a request needs.
pub(crate) struct Connection {
    pub(crate) account: Account,
    pub(crate) address: Address,
    pub(crate) http: Http,
    tokens: Mutex<Tokens>,
}

impl Connection {
    pub(crate) fn new(account: Account, address: Address) -> Result<Self> {
        let http = Http::new(&account)?;
        Ok(Self { account, address, http, tokens: Mutex::default() })
    }

    /// Performs a request with the token of its origin.
    ///
    /// An origin without a token is challenged first. A token that the answer rejects is replaced once, on that origin:
    /// the rejected request was not processed, so asking again is safe. Sources: 401 AuthenticationInUCWA; 403 with
    /// diagnostics 28055 and 500 with 28032 from recorded answers.
    pub(crate) async fn call(&self, mut request: Request, log: &StepLog) -> Result<Answer, Failure> {
        let not_sent = |error| Failure { error, maybe_processed: false };
        let origin = origin(&request.url);
        let mut generation = 0;
        if let Some((header, used)) =
            self.token_for(&origin, request.deadline, log).await.map_err(not_sent)?
        {
            (request.authorization, generation) = (Some(header), used);
        } else if request.method != Method::GET {
            // A POST is not shown to a server before that server has said whom it trusts.
            if let Some(challenge) =
                self.ask_for_challenge(&request.url, request.deadline, log).await.map_err(not_sent)?
            {
                let (header, used) = self
                    .replace_token(&origin, 0, challenge, request.deadline, log)
                    .await
                    .map_err(not_sent)?;
                (request.authorization, generation) = (Some(header), used);
            }
        }
        let answer = self.http.call(request.clone(), log).await?;
        if !rejects_token(&answer) {
            return Ok(answer);
        }
        let challenge = match Challenge::parse(answer.challenge_lines()) {
            Some(challenge) if challenge.token_url.is_some() => challenge,
            other => {
                // Some servers reject without saying how to sign in; what they said before still holds.
                let known = self.tokens.lock().await.get(&origin).map(|token| token.challenge.clone());
                match self.ask_for_challenge(&request.url, request.deadline, log).await {
                    Ok(Some(challenge)) if challenge.token_url.is_some() => challenge,
                    Ok(asked) => match known.or(asked).or(other) {
                        Some(challenge) => challenge,
                        None => return Ok(answer),
                    },
                    Err(error) => known.ok_or(error).map_err(not_sent)?,
                }
            }
        };
        let first = generation == 0;
        let (header, _) = self
            .replace_token(&origin, generation, challenge, request.deadline, log)
            .await
            .map_err(not_sent)?;
        request.authorization = Some(header);
        // The first request of an origin was only there to be challenged.
        if first && request.method == Method::GET && request.step == Step::SignIn {
            request.step = Step::Discover;
        }
        let answer = self.http.call(request, log).await?;
        if rejects_token(&answer) {
            return Err(not_sent(self.still_rejected(&answer)));
        }
        Ok(answer)
    }

    pub(crate) async fn forget_tokens(&self) {
        self.tokens.lock().await.clear();
    }

    /// The token of an origin, renewed when it is about to expire.
    async fn token_for(
        &self,
        origin: &str,
        deadline: Instant,
        log: &StepLog,
    ) -> Result<Option<(HeaderValue, u64)>> {
        let tokens = self.tokens.lock().await;
        let Some(token) = tokens.get(origin) else { return Ok(None) };
        let current = (token.header.clone(), token.generation);
        if token.renew_at.is_none_or(|at| Instant::now() < at) {
            return Ok(Some(current));
        }
        let challenge = token.challenge.clone();
        drop(tokens);
        self.replace_token(origin, current.1, challenge, deadline, log).await.map(Some)
    }

    /// Fetches a token for `origin`, unless another task has replaced the one of `generation` meanwhile.
    async fn replace_token(
        &self,
        origin: &str,
        generation: u64,
        challenge: Challenge,
        deadline: Instant,
        log: &StepLog,
    ) -> Result<(HeaderValue, u64)> {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(origin)
            && token.generation > generation
        {
            return Ok((token.header.clone(), token.generation));
        }
        let (secret, lifetime) = match &self.account.credential {
            Credential::Password { username, password } => {
                let name = username.as_deref().unwrap_or(self.address.as_str());
                self.token_by_password(origin, &challenge, name, password, deadline, log).await?
            }
            Credential::Bearer(source) => {
                let request = TokenRequest {
                    origin: origin.to_owned(),
                    authorization_uri: challenge.authorization_uri.clone(),
                    client_id: challenge.client_id.clone(),
                    trusted_issuers: challenge.trusted_issuers.clone(),
                    rejected: generation > 0,
                };
                let url = Url::parse(origin).map_err(|_| {
                    Error::new(ErrorKind::Protocol, "A server without a host.").at(Step::SignIn)
                })?;
                let token = tokio::time::timeout_at(deadline, (source.0)(request))
                    .await
                    .map_err(|_| {
                        Error::new(
                            ErrorKind::Timeout,
                            "The program's token source gave no token before the timeout.",
                        )
                        .at(Step::SignIn)
                    })?
                    .map_err(|why| {
                        let detail = format!(
                            "The program's token source gave no token for {}: {}",
                            host_of(&url),
                            one_line(&why)
                        );
                        Error::new(ErrorKind::SignInRefused, detail).at(Step::SignIn)
                    })?;
                (token.secret, token.expires_in)
            }
        };
        tokens.insert(origin.to_owned(), &secret, lifetime, challenge)?;
        let token = tokens.get(origin).ok_or_else(|| Error::closed("The client is signed out."))?;
        Ok((token.header.clone(), token.generation))
    }

    async fn token_by_password(
        &self,
        origin: &str,
        challenge: &Challenge,
        username: &str,
        password: &secrecy::SecretString,
        deadline: Instant,
        log: &StepLog,
    ) -> Result<(secrecy::SecretString, Option<std::time::Duration>)> {
        let challenged = Url::parse(origin)
            .map_err(|_| Error::new(ErrorKind::Protocol, "A server without a host.").at(Step::SignIn))?;
        let unsupported = || {
            Error::new(
                ErrorKind::SignInUnsupported,
                token::no_password_grant(&host_of(&challenged), challenge),
            )
            .at(Step::SignIn)
        };
        if !challenge.offers(GRANT_PASSWORD) {
            return Err(unsupported());
        }
        let href = challenge.token_url.as_deref().ok_or_else(unsupported)?;
        let url = challenged.join(href).map_err(|_| {
            Error::new(
                ErrorKind::Protocol,
                format!("{} names a token service that is no URL.", host_of(&challenged)),
            )
            .at(Step::SignIn)
        })?;
        trust::check_token_service(&challenged, &url)?;
        let mut retry = Retry::new(deadline);
        loop {
            let request = token::password_form(url.clone(), username, password, deadline);
            match self.http.call(request, log).await {
                Ok(answer) if answer.status == 200 => return token::read_token(&answer),
                Ok(answer) => {
                    let error = token::refusal(&answer, challenge, username);
                    retry.after_answer(&answer, error).await?;
                }
                Err(failure) => retry.after_failure(failure.error).await?,
            }
        }
    }

    /// Asks without a token, to be told how to sign in. `None` when the server does not want to know who asks.
    async fn ask_for_challenge(
        &self,
        url: &Url,
        deadline: Instant,
        log: &StepLog,
    ) -> Result<Option<Challenge>> {
        if Instant::now() >= deadline {
            return Err(timed_out(Step::SignIn, url));
        }
        let answer =
            self.http.call(Request::new(Method::GET, url.clone(), Step::SignIn, deadline), log).await?;
        let challenge = Challenge::parse(answer.challenge_lines());
        if challenge.is_none() && answer.status == 401 {
            return Err(self.no_challenge(&answer));
        }
        Ok(challenge)
    }

    fn no_challenge(&self, answer: &Answer) -> Error {
        let detail = format!(
            "{} wants a sign-in but names no way Skype for Business uses; a proxy may answer in its place.",
            host_of(&answer.url)
        );
        Error::new(ErrorKind::SignInUnsupported, detail).at(Step::SignIn).with_status(answer.status)
    }

    fn still_rejected(&self, answer: &Answer) -> Error {
        let detail = format!(
            "{} does not accept the new token of {}; the account may be homed elsewhere or disabled.",
            host_of(&answer.url),
            self.address
        );
        Error::new(ErrorKind::SignInRefused, detail)
            .at(Step::SignIn)
            .with_status(answer.status)
            .with_diagnostics(answer.diagnostics().map(str::to_owned))
    }
}

/// True when an answer says "this token will not do", in any of its three disguises.
pub(crate) fn rejects_token(answer: &Answer) -> bool {
    token_rejected(answer.status, answer.diagnostics_id())
}

/// The rule behind [`rejects_token`]: 401, 403 with diagnostics 28055, 500 with 28032.
pub fn token_rejected(status: u16, diagnostics_id: Option<u32>) -> bool {
    matches!((status, diagnostics_id), (401, _) | (403, Some(28055)) | (500, Some(28032)))
}

fn one_line(text: &str) -> String {
    text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
