//! Who sends, and the callbacks of the host.

use std::sync::Arc;
use std::time::Duration;

use send_im::bindings::{self, TokenSource, process_environment, secret};
use send_im::{Account, BearerToken, TokenRequest};
use send_im_runtime::{Generation, HostFailure, Mutex, lock};
use tokio::sync::oneshot;

use crate::failure::Result;
use crate::records::StepRecord;

/// Who sends and how the account signs in. With nothing given: the stored account, that is the environment
/// (`SEND_IM_ADDRESS`, `SEND_IM_PASSWORD` …), then the profile file.
#[derive(Clone, Default, uniffi::Record)]
pub struct AccountOptions {
    /// The sender's address. None: the stored account.
    #[uniffi(default = None)]
    pub address: Option<String>,
    /// The name to sign in with where it is not the address.
    #[uniffi(default = None)]
    pub username: Option<String>,
    /// The password. None with an address and no token: `SEND_IM_PASSWORD`.
    #[uniffi(default = None)]
    pub password: Option<String>,
    /// The URL of the discovery root. None: `SEND_IM_SERVER`, or ask the sign-in domain.
    #[uniffi(default = None)]
    pub server: Option<String>,
    /// A PEM file with further certificate authorities. None: `SEND_IM_CA_FILE`.
    #[uniffi(default = None)]
    pub ca_file: Option<String>,
    /// Which cipher suites a server may choose from: `current` (the default) or `compatible`. Without: `SEND_IM_TLS`.
    #[uniffi(default = None)]
    pub tls: Option<String>,
    /// Further domains the server may lead to.
    #[uniffi(default = [])]
    pub trusted_domains: Vec<String>,
    /// How long signing in may take, in milliseconds. None: 60 s. A one-call send uses the message's own.
    #[uniffi(default = None)]
    pub timeout_ms: Option<u64>,
}

impl std::fmt::Debug for AccountOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountOptions")
            .field("address", &self.address)
            .field("server", &self.server)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// Told of every finished step, on a thread of ours. It must return quickly; what it raises is dropped.
#[uniffi::export(foreign)]
pub trait StepListener: Send + Sync {
    /// One step has ended.
    fn on_step(&self, record: StepRecord) -> Result<()>;
}

/// What a token is wanted for.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TokenRequestRecord {
    /// Scheme, host and port of the server that must accept the token.
    pub origin: String,
    /// Where the server says tokens are issued.
    pub authorization_uri: Option<String>,
    /// The server's client id (OAuth audience).
    pub client_id: Option<String>,
    /// The issuers the server trusts.
    pub trusted_issuers: Option<String>,
    /// True where the token given before was rejected.
    pub rejected: bool,
}

impl From<TokenRequest> for TokenRequestRecord {
    fn from(request: TokenRequest) -> Self {
        TokenRequestRecord {
            origin: request.origin,
            authorization_uri: request.authorization_uri,
            client_id: request.client_id,
            trusted_issuers: request.trusted_issuers,
            rejected: request.rejected,
        }
    }
}

/// The host's way of getting a token.
///
/// It is asked on a thread that may block, and answers through `reply`, at once or later from any other thread. A
/// host whose threads end with its interpreter hands the work to one of its own and returns.
#[uniffi::export(foreign)]
pub trait TokenProvider: Send + Sync {
    /// A token is wanted. An error raised here refuses it; its text is dropped, as it may hold a secret.
    fn request_token(&self, request: TokenRequestRecord, reply: Arc<TokenReply>) -> Result<()>;
}

type Answer = std::result::Result<BearerToken, Box<dyn std::error::Error + Send + Sync>>;

/// Where the host puts the token. The first answer counts; without one the request fails when this is dropped.
#[derive(uniffi::Object)]
pub struct TokenReply(Mutex<Option<oneshot::Sender<Answer>>>);

#[uniffi::export]
impl TokenReply {
    /// The token, without the word `Bearer`, and how long it lasts from now, in seconds.
    #[uniffi::method(default(expires_in_s = None))]
    pub fn resolve(&self, token: String, expires_in_s: Option<u64>) {
        let mut token = BearerToken::new(token);
        if let Some(seconds) = expires_in_s {
            token = token.expires_in(Duration::from_secs(seconds));
        }
        self.answer(Ok(token));
    }

    /// There is no token. `reason` becomes part of the error; it must hold no secret. `cause` is a number, more than 0, by
    /// which the host finds its exception again: the failure carries it.
    #[uniffi::method(default(cause = None))]
    pub fn fail(&self, reason: String, cause: Option<u64>) {
        self.answer(Err(HostFailure::new(reason, cause.unwrap_or(0)).into()));
    }
}

impl TokenReply {
    fn answer(&self, answer: Answer) {
        if let Some(sender) = lock(&self.0).take() {
            // Nobody listens any more when the call was cancelled.
            let _ = sender.send(answer);
        }
    }
}

async fn ask(provider: Arc<dyn TokenProvider>, request: TokenRequest) -> Answer {
    let (sender, receiver) = oneshot::channel();
    let reply = Arc::new(TokenReply(Mutex::new(Some(sender))));
    let asked = tokio::task::spawn_blocking(move || provider.request_token(request.into(), reply)).await;
    let failed = |why: &str| Err(HostFailure::new(why, 0).into());
    match asked {
        Ok(Ok(())) => receiver.await.unwrap_or_else(|_| failed("the program gave no token")),
        Ok(Err(_)) | Err(_) => failed("the program's token callback failed"),
    }
}

/// Tells the host's listener. What that raises is its own affair: the send goes on.
pub(crate) fn telling(listener: Arc<dyn StepListener>) -> impl Fn(&send_im::StepRecord) + Send + Sync {
    move |record| drop(listener.on_step(record.into()))
}

/// The account these options describe.
///
/// # Errors
/// `invalid_input` where options contradict each other or there is no account.
pub(crate) fn account(
    options: AccountOptions,
    tokens: Option<Arc<dyn TokenProvider>>,
    steps: Option<Arc<dyn StepListener>>,
) -> Result<Account> {
    let given = bindings::AccountOptions {
        address: options.address,
        username: options.username,
        password: options.password.map(secret),
        token: None,
        token_source: tokens.map(|provider| TokenSource::new(move |request| ask(provider.clone(), request))),
        server: options.server,
        ca_file: options.ca_file.map(Into::into),
        tls: options.tls.map(|tls| tls.parse()).transpose()?,
        trusted_domains: options.trusted_domains,
        timeout: options.timeout_ms.map(Duration::from_millis),
    };
    let mut account = given.resolve(process_environment)?;
    if let Some(listener) = steps {
        account = account.on_step(telling(listener));
    }
    Ok(account.background(Generation::current().background.clone()))
}

/// Checks that there is a stored account that can be read, without signing in.
///
/// # Errors
/// `invalid_input` with the sentence that says what to set.
#[uniffi::export]
pub fn check_stored_account() -> Result<()> {
    Account::stored()?;
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn asked() -> TokenRequestRecord {
        TokenRequestRecord {
            origin: "https://pool.contoso.com".into(),
            authorization_uri: None,
            client_id: None,
            trusted_issuers: None,
            rejected: false,
        }
    }

    /// One whose answer nobody waits for.
    pub(crate) fn reply() -> Arc<TokenReply> {
        Arc::new(TokenReply(Mutex::new(None)))
    }

    #[test]
    fn debug_shows_no_secret() {
        let options = AccountOptions {
            password: Some("s3cret".into()),
            username: Some("s3cret".into()),
            ..Default::default()
        };
        assert!(!format!("{options:?}").contains("s3cret"));
    }

    #[tokio::test]
    async fn a_provider_that_forgets_to_answer_is_an_error() {
        let (sender, receiver) = oneshot::channel::<Answer>();
        drop(TokenReply(Mutex::new(Some(sender))));
        assert!(receiver.await.is_err());
    }

    #[tokio::test]
    async fn the_first_answer_counts() {
        let (sender, receiver) = oneshot::channel();
        let reply = TokenReply(Mutex::new(Some(sender)));
        reply.fail("no".into(), None);
        reply.resolve("s3cret".into(), None);
        assert_eq!(receiver.await.unwrap().unwrap_err().to_string(), "no");
    }
}
