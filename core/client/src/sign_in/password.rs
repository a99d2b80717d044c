//! The password grant: a token for a user name and a password. Source: AuthenticationInUCWA.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use send_im_ucwa::challenge::{Challenge, GRANT_PASSWORD};
use send_im_ucwa::token::{TokenRefusal, decode_refusal, decode_token, refuses_credential};
use send_im_ucwa::verdict::{self, Verdict};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::account::BearerToken;
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Answer, Http, Request, timed_out};
use crate::plain::plain_name;
use crate::retry::Retry;
use crate::shared::attempts::{Attempts, PasswordHistory};
use crate::steps::{Step, StepLog, host_of};
use crate::trust;

/// How long a token service may take, even where the request that waits for the token has more time.
pub(super) const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);

/// What a token service is asked with.
pub(super) struct PasswordGrant<'a> {
    pub(super) http: &'a Http,
    pub(super) attempts: &'a Attempts,
    pub(super) challenge: &'a Challenge,
    pub(super) username: &'a str,
    pub(super) password: &'a SecretString,
    pub(super) history: PasswordHistory,
}

/// Why there is no token.
pub(super) enum GrantError {
    /// The token service refused the sign-in; `names_credential` where it gave the credential as the reason.
    Refused {
        error: Error,
        names_credential: bool,
    },
    Failed(Error),
}

impl From<Error> for GrantError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl PasswordGrant<'_> {
    /// Fetches a token from `service`, again after failures that may pass.
    pub(super) async fn fetch(
        &self,
        service: &Url,
        deadline: Instant,
        log: &StepLog,
    ) -> Result<BearerToken, GrantError> {
        let mut retry = Retry::new(deadline);
        loop {
            let permitted = self.attempts.begin(service, self.username, self.password, self.history);
            let attempt = timeout_at(deadline, permitted)
                .await
                .unwrap_or_else(|_| Err(timed_out(Step::SignIn, service)))?;
            let (challenge, username) = (self.challenge.clone(), self.username.to_owned());
            let record_outcome = move |answer: &Answer| {
                if answer.verdict(verdict::Request::Token) == Verdict::Done {
                    attempt.accepted();
                    return None;
                }
                let error = refusal(answer, &challenge, &username);
                if error.kind() == ErrorKind::SignInRefused {
                    attempt.refused(&error, names_credential(answer));
                }
                Some(error)
            };
            let request = form(service.clone(), self.username, self.password, Instant::now() + TOKEN_TIMEOUT);
            match self.http.call_detached(request, deadline, log, record_outcome).await {
                Ok((answer, None)) => return Ok(read_token(&answer)?),
                // Not retried, whatever the status: each attempt may bring the account nearer to being locked.
                Ok((answer, Some(error))) if error.kind() == ErrorKind::SignInRefused => {
                    return Err(GrantError::Refused { error, names_credential: names_credential(&answer) });
                }
                Ok((answer, Some(error))) => {
                    retry.after_answer(&answer, answer.verdict(verdict::Request::Token), error).await?;
                }
                // The request that needs the token is retried after a broken connection; retrying both would multiply.
                Err(failure) => return Err(retry.final_error(failure.error).into()),
            }
        }
    }
}

/// The token service that the challenge of `challenged` names for passwords.
pub(super) fn token_service(challenged: &Url, challenge: &Challenge) -> Result<Url> {
    let host = host_of(challenged);
    let unsupported =
        || Error::new(ErrorKind::SignInUnsupported, no_password_grant(&host, challenge)).at(Step::SignIn);
    if !challenge.offers(GRANT_PASSWORD) {
        return Err(unsupported());
    }
    let href = challenge.token_url.as_deref().ok_or_else(unsupported)?;
    let url = challenged.join(href).map_err(|_| {
        Error::new(ErrorKind::Protocol, format!("{host} names a token service that is no URL."))
            .at(Step::SignIn)
    })?;
    trust::check_token_service(challenged, &url)?;
    Ok(url)
}

fn form(url: Url, username: &str, password: &SecretString, deadline: Instant) -> Request {
    let secret = password.expose_secret();
    // Each byte takes at most three. Allocated at once, as growing would leave copies of the password.
    let max_len = 3 * (username.len() + secret.len()) + "grant_type=password&username=&password=".len();
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(max_len));
    form.append_pair("grant_type", GRANT_PASSWORD)
        .append_pair("username", username)
        .append_pair("password", secret);
    let form = Zeroizing::new(form.finish().into_bytes());
    Request::new(Method::POST, url, Step::SignIn, deadline)
        .body("application/x-www-form-urlencoded;charset=UTF-8", Bytes::from_owner(form))
}

fn read_token(answer: &Answer) -> Result<BearerToken> {
    let (secret, expires_in) =
        decode_token(&answer.body).map_err(|why| answer.not_understood(Step::SignIn, "a token", &why))?;
    Ok(BearerToken { secret, expires_in })
}

fn names_credential(answer: &Answer) -> bool {
    refuses_credential(answer.status, answer.diagnostics_id(), &answer.body)
}

/// The error of an answer that gave no token.
fn refusal(answer: &Answer, challenge: &Challenge, username: &str) -> Error {
    let host = host_of(&answer.url);
    let (kind, detail) = match decode_refusal(answer.status, answer.diagnostics_id(), &answer.body) {
        TokenRefusal::Credentials => (
            ErrorKind::SignInRefused,
            format!(
                "{host} refuses the user name or password of {username}; some servers want DOMAIN\\user as the user name."
            ),
        ),
        TokenRefusal::Passive => (
            ErrorKind::SignInUnsupported,
            format!(
                "{host} wants {username} to sign in on a web page; use an account that may sign in with a password, or a token."
            ),
        ),
        TokenRefusal::Grant => (ErrorKind::SignInUnsupported, no_password_grant(&host, challenge)),
        TokenRefusal::Other(error) if answer.status == 400 => (
            ErrorKind::SignInRefused,
            format!(
                "{host} refuses to sign in {username} ({}).",
                error.as_deref().unwrap_or("no reason given")
            ),
        ),
        TokenRefusal::Other(_) => return answer.refusal(Step::SignIn, "issue a token"),
    };
    Error::new(kind, detail)
        .at(Step::SignIn)
        .with_status(answer.status)
        .with_diagnostics(answer.diagnostics().map(Cow::into_owned))
}

fn no_password_grant(host: &str, challenge: &Challenge) -> String {
    let offered = match challenge.grants.as_slice() {
        [] => "nothing else is offered".to_owned(),
        grants => format!("it offers {}", plain_name(&grants.join(", "))),
    };
    format!(
        "{host} does not let accounts sign in with a password ({offered}); ask its administrator to allow it, or supply a token."
    )
}
