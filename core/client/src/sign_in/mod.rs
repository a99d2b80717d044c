//! Signing in: a request that a server challenges gets the token of that server and is sent once more.

mod bearer;
mod challenge;
mod password;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use secrecy::SecretString;
use send_im_ucwa::challenge::Challenge;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use url::Url;

use self::password::{GrantError, PasswordGrant, TOKEN_TIMEOUT};
use self::tokens::{Authorization, Tokens};
use crate::account::{Account, BearerToken, Credential, TokenRequest};
use crate::address::Address;
use crate::error::{Error, ErrorKind, Result, nobody_waits};
use crate::http::{Answer, Failure, Http, Request, timed_out};
use crate::shared::attempts::PasswordHistory;
use crate::steps::{Step, StepLog, origin};
use crate::trust;

/// New tokens fetched for one request while the server accepts none of them.
const MAX_REJECTED_NEW_TOKENS: u32 = 3;

/// A rejected new token may have expired under load: how long concurrent requests have to show that it was accepted.
const ACCEPTANCE_DELAY: Duration = Duration::from_millis(100);

/// How long a request waits for the renewal of a token that is still valid.
const RENEWAL_TIMEOUT: Duration = Duration::from_secs(5);

/// HTTP as one account: its connections, tokens and cookies.
pub(crate) struct AuthenticatedHttp {
    pub(crate) account: Account,
    pub(crate) address: Address,
    /// Domains that an unprotected answer may lead to, besides the sign-in domain.
    pub(crate) trusted: Vec<String>,
    pub(crate) http: Http,
    tokens: Mutex<Tokens>,
    /// The hosts that discovery led to. They and the hosts in their domains may get credentials.
    discovered_hosts: Mutex<HashSet<String>>,
    /// One lock per origin, held while its token is fetched.
    fetch_locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// A token to be fetched.
struct TokenFetch {
    challenge: Challenge,
    /// The generation of the token it replaces; 0 if there is none.
    replaces: u64,
    /// The server rejected that token.
    rejected: bool,
}

impl AuthenticatedHttp {
    pub(crate) fn new(account: Account, address: Address, trusted: Vec<String>) -> Result<Self> {
        let http = Http::new(&account)?;
        Ok(Self {
            account,
            address,
            trusted,
            http,
            tokens: Mutex::default(),
            discovered_hosts: Mutex::default(),
            fetch_locks: Mutex::default(),
        })
    }

    /// Performs a request with the token of its origin.
    ///
    /// An origin without a token is challenged first. A rejected token is replaced and the request sent again, which is safe
    /// as it was not processed. It gives up when the server accepts none of several new tokens. Sources:
    /// 401 AuthenticationInUCWA; 403 with diagnostics 28055 and 500 with 28032 from recorded answers.
    pub(crate) async fn call(&self, mut request: Request, log: &StepLog) -> Result<Answer, Failure> {
        let not_sent = |error| Failure { error, maybe_processed: false };
        let origin = origin(&request.url);
        // Rare paths are boxed, so that the future of every pending GET stays small.
        let mut authorization = match self.cached_authorization(&origin, &request) {
            Some(authorization) => authorization,
            None => Box::pin(before_deadline(&request, self.authorization(&origin, &request, log)))
                .await
                .map_err(not_sent)?,
        };
        let mut rejected_new_tokens = 0;
        loop {
            let used = authorization.as_ref().map(|authorization| authorization.generation);
            request.authorization = authorization.map(|authorization| authorization.header);
            // The first request of an origin goes without a token, to be challenged.
            if used.is_some() && request.step == Step::SignIn {
                request.step = Step::Discover;
            }
            let answer = self.http.call(request.clone(), log).await?;
            if !challenge::rejects_token(&answer, request.at_most_once) {
                if let Some(generation) = used {
                    self.tokens().record_acceptance(&origin, generation);
                }
                return Ok(answer);
            }
            // A short-lived token may have expired meanwhile, after other requests used it.
            if let Some(generation) = used
                && !self.tokens().was_accepted(&origin, generation)
            {
                sleep_until(request.deadline.min(Instant::now() + ACCEPTANCE_DELAY)).await;
                if !self.tokens().was_accepted(&origin, generation) {
                    rejected_new_tokens += 1;
                }
                if rejected_new_tokens == MAX_REJECTED_NEW_TOKENS {
                    return Err(not_sent(challenge::new_token_rejected(&answer, &self.address)));
                }
            }
            let next = before_deadline(&request, self.after_rejection(&origin, &request, used, &answer, log));
            authorization = Box::pin(next).await.map_err(not_sent)?;
            if authorization.is_none() {
                return Ok(answer);
            }
        }
    }

    /// The hosts that discovery led to, in the order of the alphabet.
    pub(crate) fn discovered_hosts(&self) -> Vec<String> {
        let hosts = self.discovered_hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hosts: Vec<String> = hosts.iter().cloned().collect();
        hosts.sort();
        hosts
    }

    /// Allows credentials to go to the host of `url`: discovery led there, by the rule for redirects.
    pub(crate) fn add_discovered_host(&self, url: &Url) {
        let host = url.host_str().unwrap_or_default().to_owned();
        self.discovered_hosts.lock().unwrap_or_else(PoisonError::into_inner).insert(host);
    }

    pub(crate) fn clear_tokens_and_cookies(&self) {
        self.tokens().clear();
        self.http.clear_cookies();
    }

    /// True when the token service has refused the credential for this origin: waiting does not help.
    pub(crate) fn is_credential_refused(&self, url: &Url) -> bool {
        self.tokens().is_credential_refused(&origin(url))
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token to send, if none has to be fetched first. `Some(None)`: send none.
    fn cached_authorization(&self, origin: &str, request: &Request) -> Option<Option<Authorization>> {
        let tokens = self.tokens();
        let Some(token) = tokens.get(origin) else { return (request.method == Method::GET).then_some(None) };
        (!token.is_due_for_renewal()).then(|| Some(token.authorization.clone()))
    }

    /// The token of an origin, renewed when it is about to expire.
    ///
    /// A GET goes out without one, to be challenged. The body of any other request is not shown to a server before that has
    /// said whom it trusts, unless it may get the password.
    async fn authorization(
        &self,
        origin: &str,
        request: &Request,
        log: &StepLog,
    ) -> Result<Option<Authorization>> {
        let cached = self.tokens().get(origin).cloned();
        let Some(token) = cached else {
            if request.method == Method::GET {
                return Ok(None);
            }
            let Some(challenge) = self.request_challenge(&request.url, request.deadline, log).await? else {
                // A body may hold the text of a message.
                self.check_recipient(&request.url)?;
                return Ok(None);
            };
            let fetch = TokenFetch { challenge, replaces: 0, rejected: false };
            return self.fetch(origin, fetch, request.deadline, log).await.map(Some);
        };
        if !token.is_due_for_renewal() {
            return Ok(Some(token.authorization));
        }
        let (expired, authorization) = (token.is_expired(), token.authorization);
        let renewal =
            TokenFetch { challenge: token.challenge, replaces: authorization.generation, rejected: false };
        let renewal = self.fetch(origin, renewal, request.deadline, log);
        if expired {
            return renewal.await.map(Some);
        }
        let remaining = request.deadline.saturating_duration_since(Instant::now());
        if let Ok(Ok(renewed)) = timeout(RENEWAL_TIMEOUT.min(remaining / 4), renewal).await {
            return Ok(Some(renewed));
        }
        self.tokens().postpone_renewal(origin, authorization.generation);
        Ok(Some(authorization))
    }

    /// Checks that `url` may get the account's password or token.
    fn check_recipient(&self, url: &Url) -> Result<()> {
        let discovered = self.discovered_hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let trusted = std::iter::once(self.address.domain()).chain(self.trusted.iter().map(String::as_str));
        trust::check_recipient(url, discovered.iter().map(String::as_str), trusted)
    }

    /// A new token after an answer that rejects the one of generation `used`; `None` when nobody says where to get one.
    async fn after_rejection(
        &self,
        origin: &str,
        request: &Request,
        used: Option<u64>,
        answer: &Answer,
        log: &StepLog,
    ) -> Result<Option<Authorization>> {
        let from_answer = challenge::of(answer);
        let challenge = match from_answer {
            Some(challenge) if challenge.token_url.is_some() => challenge,
            from_answer => {
                // Some servers reject a token without a challenge; the one they sent before still holds.
                let earlier = self.tokens().get(origin).map(|token| token.challenge.clone());
                match self.request_challenge(&request.url, request.deadline, log).await {
                    Ok(Some(challenge)) if challenge.token_url.is_some() => challenge,
                    Ok(requested) => match earlier.or(requested).or(from_answer) {
                        Some(challenge) => challenge,
                        None => return Ok(None),
                    },
                    Err(error) => earlier.ok_or(error)?,
                }
            }
        };
        let fetch = TokenFetch { challenge, replaces: used.unwrap_or(0), rejected: used.is_some() };
        self.fetch(origin, fetch, request.deadline, log).await.map(Some)
    }

    /// Fetches a token for `origin`, unless another task has done so meanwhile.
    ///
    /// A refused password is not tried again: directories lock accounts after a few attempts.
    async fn fetch(
        &self,
        origin: &str,
        fetch: TokenFetch,
        deadline: Instant,
        log: &StepLog,
    ) -> Result<Authorization> {
        let lock = {
            let mut locks = self.fetch_locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(origin.to_owned()).or_default().clone()
        };
        let _guard = lock.lock().await;
        {
            let tokens = self.tokens();
            if let Some(token) = tokens.get(origin)
                && token.authorization.generation > fetch.replaces
            {
                return Ok(token.authorization.clone());
            }
            if let Some(refusal) = tokens.refusal(origin) {
                return Err(refusal);
            }
        }
        if let Ok(server) = Url::parse(origin) {
            self.check_recipient(&server)?;
        }
        let deadline = deadline.min(Instant::now() + TOKEN_TIMEOUT);
        let token = match &self.account.credential {
            Credential::Password { username, password } => {
                let username = username.as_deref().unwrap_or(self.address.as_str());
                self.fetch_with_password(origin, &fetch, (username, password), deadline, log).await?
            }
            Credential::Bearer(source) => {
                let request = TokenRequest {
                    origin: origin.to_owned(),
                    authorization_uri: fetch.challenge.authorization_uri.clone(),
                    client_id: fetch.challenge.client_id.clone(),
                    trusted_issuers: fetch.challenge.trusted_issuers.clone(),
                    rejected: fetch.rejected,
                };
                bearer::fetch(source, request, deadline).await?
            }
            Credential::None => {
                let detail = "There is no account to sign in with.";
                return Err(Error::new(ErrorKind::CredentialUnavailable, detail).at(Step::SignIn));
            }
        };
        self.tokens().insert(origin.to_owned(), &token, fetch.challenge)
    }

    async fn fetch_with_password(
        &self,
        origin: &str,
        fetch: &TokenFetch,
        (username, password): (&str, &SecretString),
        deadline: Instant,
        log: &StepLog,
    ) -> Result<BearerToken> {
        let challenged = Url::parse(origin)
            .map_err(|_| Error::new(ErrorKind::Protocol, "A server without a host.").at(Step::SignIn))?;
        let service = password::token_service(&challenged, &fetch.challenge)?;
        self.check_recipient(&service)?;
        let grant = PasswordGrant {
            http: &self.http,
            attempts: &self.account.shared.attempts,
            challenge: &fetch.challenge,
            username,
            password,
            history: match fetch.replaces {
                1.. => PasswordHistory::Accepted,
                0 if self.account.not_guessed => PasswordHistory::Configured,
                0 => PasswordHistory::Unknown,
            },
        };
        grant.fetch(&service, deadline, log).await.map_err(|refused| match refused {
            GrantError::Refused { error, names_credential } => {
                self.tokens().record_refusal(origin.to_owned(), error.clone(), names_credential);
                error
            }
            GrantError::Failed(error) => error,
        })
    }

    /// Asks without a token, to be challenged. `None` when the server does not want to know who asks.
    async fn request_challenge(
        &self,
        url: &Url,
        deadline: Instant,
        log: &StepLog,
    ) -> Result<Option<Challenge>> {
        if Instant::now() >= deadline {
            return Err(timed_out(Step::SignIn, url));
        }
        let request = Request::new(Method::GET, url.clone(), Step::SignIn, deadline);
        let answer = self.http.call(request, log).await?;
        let challenge = challenge::of(&answer);
        if challenge.is_none() && answer.status == 401 {
            return Err(challenge::missing(&answer));
        }
        Ok(challenge)
    }
}

/// Runs what has to happen before a request, until its deadline or its cancellation.
async fn before_deadline<T>(request: &Request, work: impl Future<Output = Result<T>>) -> Result<T> {
    let work = timeout_at(request.deadline, work);
    let done = match &request.cancellation {
        Some(cancellation) => cancellation.run_until_cancelled(work).await.ok_or_else(nobody_waits)?,
        None => work.await,
    };
    done.unwrap_or_else(|_| Err(timed_out(Step::SignIn, &request.url)))
}
