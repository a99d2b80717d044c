//! Signing in: a request that a server challenges gets the token of that server and is asked once more.

mod token;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::OptionFuture;
use reqwest::Method;
use reqwest::header::HeaderValue;
use secrecy::SecretString;
use send_im_ucwa::challenge::{Challenge, GRANT_PASSWORD};
use send_im_ucwa::token::refuses_credential;
use send_im_ucwa::verdict::{self, Verdict, is_word_of_pool};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use url::Url;

use self::token::Tokens;
use crate::account::{Account, Credential, TokenRequest, TokenSource};
use crate::address::Address;
use crate::error::{Error, ErrorKind, Result, nobody_waits};
use crate::http::{Answer, Failure, Http, Request, timed_out};
use crate::retry::Retry;
use crate::shared::attempts::Known;
use crate::steps::{Step, StepLog, host_of, origin};
use crate::trust;

/// A token service that is slower than this has failed, however much time the request has that waits for it.
const TOKEN_DEADLINE: Duration = Duration::from_secs(30);

/// So many tokens in a row that a server has never accepted are fetched for one request.
const MAX_NEVER_ACCEPTED: u32 = 3;

/// How long the answers of others may take to show that the server accepts a token which it has just rejected.
const ACCEPTANCE_DELAY: Duration = Duration::from_millis(100);

/// How long a request waits for a new token while the old one is still good.
const RENEWAL_PATIENCE: Duration = Duration::from_secs(5);

/// An account with its connections and tokens: everything a request needs.
pub(crate) struct Connection {
    pub(crate) account: Account,
    pub(crate) address: Address,
    /// Domains an unprotected answer may lead to, besides the sign-in domain.
    pub(crate) trusted: Vec<String>,
    pub(crate) http: Http,
    tokens: Mutex<Tokens>,
    /// The hosts that discovery was led to: they, and their neighbours, may ask who signs in.
    led_to: Mutex<HashSet<String>>,
    /// One lock an origin: whoever fetches its token holds it, and whoever needs that token waits.
    fetching: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// A token as a request carries it, with the number that tells it from its successor.
type Held = (HeaderValue, u64);

/// What is shown to a token service, and in answer to what.
struct Presented<'a> {
    challenge: &'a Challenge,
    username: &'a str,
    password: &'a SecretString,
    /// There was a token for it before.
    had_token: bool,
}

/// Why a token is fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Because {
    /// There is none, or it is about to expire.
    Wanted,
    /// The server rejected the one there was.
    Rejected,
}

impl Connection {
    pub(crate) fn new(account: Account, address: Address, trusted: Vec<String>) -> Result<Self> {
        let http = Http::new(&account)?;
        Ok(Self {
            account,
            address,
            trusted,
            http,
            tokens: Mutex::default(),
            led_to: Mutex::default(),
            fetching: Mutex::default(),
        })
    }

    /// Performs a request with the token of its origin.
    ///
    /// An origin without a token is challenged first. A token that the answer rejects is replaced, on that origin: the rejected
    /// request was not processed, so asking again is safe. New tokens of which none was ever accepted are given up. Sources:
    /// 401 AuthenticationInUCWA; 403 with diagnostics 28055 and 500 with 28032 from recorded answers.
    pub(crate) async fn call(&self, mut request: Request, log: &StepLog) -> Result<Answer, Failure> {
        let not_sent = |error| Failure { error, maybe_processed: false };
        let origin = origin(&request.url);
        // What is rare has a place of its own: every pending GET keeps room for what stands here.
        let mut held = match self.token_at_hand(&origin, &request) {
            Some(held) => held,
            None => {
                Box::pin(within(&request, self.token_for(&origin, &request, log))).await.map_err(not_sent)?
            }
        };
        let mut never_accepted = 0;
        loop {
            let used = held.as_ref().map(|(_, generation)| *generation);
            request.authorization = held.map(|(header, _)| header);
            // Without a token the first request of an origin is only there to be challenged.
            if used.is_some() && request.step == Step::SignIn {
                request.step = Step::Discover;
            }
            let answer = self.http.call(request.clone(), log).await?;
            if !rejects_token(&answer, request.once) {
                if let Some(generation) = used {
                    self.tokens().accept(&origin, generation);
                }
                return Ok(answer);
            }
            // An answer to a request without a token rejects none. A short-lived one may have been used up by others.
            if let Some(generation) = used
                && !self.tokens().was_accepted(&origin, generation)
            {
                sleep_until(request.deadline.min(Instant::now() + ACCEPTANCE_DELAY)).await;
                if !self.tokens().was_accepted(&origin, generation) {
                    never_accepted += 1;
                }
                if never_accepted == MAX_NEVER_ACCEPTED {
                    return Err(not_sent(self.still_rejected(&answer)));
                }
            }
            let next = within(&request, self.after_rejection(&origin, &request, used, &answer, log));
            let next = Box::pin(next).await;
            held = next.map_err(not_sent)?;
            if held.is_none() {
                return Ok(answer);
            }
        }
    }

    /// Notes that discovery has led to `url`, by the rule for redirects.
    pub(crate) fn led_to(&self, url: &Url) {
        let host = url.host_str().unwrap_or_default().to_owned();
        self.led_to.lock().unwrap_or_else(PoisonError::into_inner).insert(host);
    }

    /// Checks that `url` may be told the account's password or token.
    fn check_recipient(&self, url: &Url) -> Result<()> {
        let led_to = self.led_to.lock().unwrap_or_else(PoisonError::into_inner);
        let known = std::iter::once(self.address.domain()).chain(self.trusted.iter().map(String::as_str));
        trust::check_recipient(url, led_to.iter().map(String::as_str), known)
    }

    /// Forgets what the servers gave: tokens and cookies.
    pub(crate) fn forget(&self) {
        self.tokens().clear();
        self.http.forget_cookies();
    }

    /// True when the token service has refused the password for this origin: no waiting mends that.
    pub(crate) fn is_refused(&self, url: &Url) -> bool {
        self.tokens().is_refused_for_good(&origin(url))
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token to go with, where none has to be fetched first: `Some(None)` is to go without one.
    fn token_at_hand(&self, origin: &str, request: &Request) -> Option<Option<Held>> {
        let tokens = self.tokens();
        let Some(token) = tokens.get(origin) else { return (request.method == Method::GET).then_some(None) };
        let (renew_at, _) = token.times();
        renew_at.is_none_or(|at| Instant::now() < at).then(|| Some(token.held()))
    }

    /// The token of an origin, renewed when it is about to expire.
    ///
    /// A GET goes out without one, to be challenged. Anything else is not shown to a server before that server has said
    /// whom it trusts.
    async fn token_for(&self, origin: &str, request: &Request, log: &StepLog) -> Result<Option<Held>> {
        let known =
            self.tokens().get(origin).map(|token| (token.held(), token.times(), token.challenge.clone()));
        let Some((held, (renew_at, expires_at), challenge)) = known else {
            if request.method == Method::GET {
                return Ok(None);
            }
            let Some(challenge) = self.ask_for_challenge(&request.url, request.deadline, log).await? else {
                return Ok(None);
            };
            return self.fetch(origin, 0, challenge, Because::Wanted, request.deadline, log).await.map(Some);
        };
        if renew_at.is_none_or(|at| Instant::now() < at) {
            return Ok(Some(held));
        }
        let (now, generation) = (Instant::now(), held.1);
        let fetching = self.fetch(origin, generation, challenge, Because::Wanted, request.deadline, log);
        if expires_at.is_none_or(|at| at <= now) {
            return fetching.await.map(Some);
        }
        // The old one still works for a while, so its successor holds nothing up for long.
        let patience = RENEWAL_PATIENCE.min(request.deadline.saturating_duration_since(now) / 4);
        if let Ok(Ok(fetched)) = timeout(patience, fetching).await {
            return Ok(Some(fetched));
        }
        self.tokens().renew_later(origin, generation);
        Ok(Some(held))
    }

    /// A new token after an answer that rejects the one of generation `used`; `None` when nobody says where to get one.
    async fn after_rejection(
        &self,
        origin: &str,
        request: &Request,
        used: Option<u64>,
        answer: &Answer,
        log: &StepLog,
    ) -> Result<Option<Held>> {
        let named = challenge_of(answer);
        let challenge = match named {
            Some(challenge) if challenge.token_url.is_some() => challenge,
            named => {
                // Some servers reject without saying how to sign in; what they said before still holds.
                let known = self.tokens().get(origin).map(|token| token.challenge.clone());
                match self.ask_for_challenge(&request.url, request.deadline, log).await {
                    Ok(Some(challenge)) if challenge.token_url.is_some() => challenge,
                    Ok(asked) => match known.or(asked).or(named) {
                        Some(challenge) => challenge,
                        None => return Ok(None),
                    },
                    Err(error) => known.ok_or(error)?,
                }
            }
        };
        let because = if used.is_some() { Because::Rejected } else { Because::Wanted };
        self.fetch(origin, used.unwrap_or(0), challenge, because, request.deadline, log).await.map(Some)
    }

    /// Fetches a token for `origin`, unless another task has replaced the one of `generation` meanwhile.
    ///
    /// A refused password is not tried again, and no user name often: accounts are locked after a few attempts.
    async fn fetch(
        &self,
        origin: &str,
        generation: u64,
        challenge: Challenge,
        because: Because,
        deadline: Instant,
        log: &StepLog,
    ) -> Result<Held> {
        let gate = self
            .fetching
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(origin.to_owned())
            .or_default()
            .clone();
        let _alone = gate.lock().await;
        {
            let tokens = self.tokens();
            if let Some(token) = tokens.get(origin)
                && token.generation > generation
            {
                return Ok(token.held());
            }
            if let Some(refusal) = tokens.refusal(origin) {
                return Err(refusal);
            }
        }
        if let Ok(asking) = Url::parse(origin) {
            self.check_recipient(&asking)?;
        }
        let deadline = deadline.min(Instant::now() + TOKEN_DEADLINE);
        let (secret, lifetime) = match &self.account.credential {
            Credential::Password { username, password } => {
                let name = username.as_deref().unwrap_or(self.address.as_str());
                let attempt =
                    Presented { challenge: &challenge, username: name, password, had_token: generation > 0 };
                self.token_by_password(origin, attempt, deadline, log).await?
            }
            Credential::Bearer(source) => {
                let request = TokenRequest {
                    origin: origin.to_owned(),
                    authorization_uri: challenge.authorization_uri.clone(),
                    client_id: challenge.client_id.clone(),
                    trusted_issuers: challenge.trusted_issuers.clone(),
                    rejected: because == Because::Rejected,
                };
                token_by_callback(source, request, deadline).await?
            }
        };
        self.tokens().insert(origin.to_owned(), &secret, lifetime, challenge)
    }

    /// Where the challenge of `origin` says that a token is got for a password.
    fn token_service(&self, origin: &str, challenge: &Challenge) -> Result<Url> {
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
        self.check_recipient(&url)?;
        Ok(url)
    }

    async fn token_by_password(
        &self,
        origin: &str,
        credential: Presented<'_>,
        deadline: Instant,
        log: &StepLog,
    ) -> Result<(SecretString, Option<Duration>)> {
        let Presented { challenge, username, password, had_token } = credential;
        let known = match had_token {
            true => Known::Good,
            false if self.account.not_guessed => Known::NotGuessed,
            false => Known::Nothing,
        };
        let service = self.token_service(origin, challenge)?;
        let mut retry = Retry::new(deadline);
        loop {
            let begun = self.account.shared.attempts.begin(&service, username, password, known);
            let attempt = timeout_at(deadline, begun)
                .await
                .unwrap_or_else(|_| Err(timed_out(Step::SignIn, &service)))?;
            let request =
                token::password_form(service.clone(), username, password, Instant::now() + TOKEN_DEADLINE);
            let (of, who) = (challenge.clone(), username.to_owned());
            let judge = move |answer: &Answer| {
                if answer.verdict(verdict::Request::Token) == Verdict::Done {
                    attempt.accepted();
                    return None;
                }
                let error = token::refusal(answer, &of, &who);
                if error.kind() == ErrorKind::SignInRefused {
                    attempt.refused(
                        &error,
                        refuses_credential(answer.status, answer.diagnostics_id(), &answer.body),
                    );
                }
                Some(error)
            };
            match self.http.call_to_its_end(request, deadline, log, judge).await {
                Ok((answer, None)) => return token::read_token(&answer),
                Ok((answer, Some(error))) => {
                    // Whatever its status: each try may bring the account nearer to being locked.
                    if error.kind() == ErrorKind::SignInRefused {
                        let for_good =
                            refuses_credential(answer.status, answer.diagnostics_id(), &answer.body);
                        self.tokens().refuse(origin.to_owned(), error.clone(), for_good);
                        return Err(error);
                    }
                    retry.after_answer(&answer, answer.verdict(verdict::Request::Token), error).await?;
                }
                // Whoever needs the token asks again after a broken connection; both would multiply.
                Err(failure) => return Err(retry.told(failure.error)),
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
        let challenge = challenge_of(&answer);
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
            .with_diagnostics(answer.diagnostics().map(Cow::into_owned))
    }
}

/// Runs what has to happen before a request, under the request's own deadline.
async fn within<T>(request: &Request, work: impl Future<Output = Result<T>>) -> Result<T> {
    let unwanted = OptionFuture::from(request.unwanted.as_ref().map(|unwanted| unwanted.cancelled()));
    tokio::select! {
        biased;
        done = timeout_at(request.deadline, work) => {
            done.unwrap_or_else(|_| Err(timed_out(Step::SignIn, &request.url)))
        }
        Some(()) = unwanted => Err(nobody_waits()),
    }
}

async fn token_by_callback(
    source: &TokenSource,
    request: TokenRequest,
    deadline: Instant,
) -> Result<(SecretString, Option<Duration>)> {
    let host = Url::parse(&request.origin).map(|url| host_of(&url)).unwrap_or_default();
    let late =
        || Error::new(ErrorKind::Timeout, "The program's token source gave no token before the timeout.");
    // A panic ends here: in the event channel's task it would end that without a word.
    let asking = AssertUnwindSafe(async { (source.0)(request).await }).catch_unwind();
    let token = timeout_at(deadline, asking).await.map_err(|_| late().at(Step::SignIn))?;
    let token = token.unwrap_or_else(|_| Err("it panicked".into()));
    let token = token.map_err(|why| {
        if let Some(error) = why.downcast_ref::<Error>() {
            return error.clone().at(Step::SignIn);
        }
        let detail = format!("The program's token source gave no token for {host}: {why}");
        Error::new(ErrorKind::CredentialUnavailable, detail).at(Step::SignIn).with_source(why)
    })?;
    Ok((token.secret, token.expires_in))
}

/// True when an answer rejects the token of its request. Of one that must not reach its host twice only the pool can say so.
fn rejects_token(answer: &Answer, once: bool) -> bool {
    verdict::rejects_token(answer.status, answer.diagnostics_id())
        && (!once || is_word_of_pool(answer.speaker(), challenge_of(answer).as_ref()))
}

/// How the server wants a sign-in, if it does.
fn challenge_of(answer: &Answer) -> Option<Challenge> {
    Challenge::parse(answer.challenges().iter().map(Cow::as_ref))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Sets a cookie each time, and says whether one came.
    async fn set_and_tell(listener: TcpListener) {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap() > 0 {}
            let came = String::from_utf8(head).unwrap().contains("cookie: LB=fe1");
            let end = "Set-Cookie: LB=fe1\r\nConnection: close\r\nContent-Length: 1\r\n\r\n";
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{end}{}", u8::from(came)).as_bytes()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn cookies_are_forgotten_with_the_tokens() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(set_and_tell(listener));
        let account = Account::with_password("tosh@contoso.com", "x").server(url.as_str());
        let address = Address::parse("tosh@contoso.com", "address").unwrap();
        let connection = Connection::new(account, address, Vec::new()).unwrap();
        let asked = async || {
            let deadline = Instant::now() + TOKEN_DEADLINE;
            let request = Request::new(Method::GET, url.clone(), Step::Discover, deadline);
            connection.http.call(request, &StepLog::quiet()).await.map_err(Error::from).unwrap().body
        };
        assert_eq!((asked().await, asked().await), ("0".into(), "1".into()));
        connection.forget();
        assert_eq!(asked().await, "0");
    }
}
