//! Who sends: an address, a credential and where the server is.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use secrecy::zeroize::Zeroize;
use tokio_util::task::TaskTracker;
use url::Url;

use self::fields::{check_ca_file, check_password, check_server, check_username};
use crate::address::Address;
use crate::error::{Error, Result};
use crate::host::normal_domain;
use crate::message::DEFAULT_TIMEOUT;
use crate::steps::{OnStep, StepRecord};

mod fields;
mod tls;

pub use self::tls::Tls;

/// Who sends, how the account signs in, and where its server is.
///
/// Everything is checked at sign-in, before the first request.
///
/// ```
/// use send_im::Account;
///
/// let account = Account::with_password("tosh@contoso.com", "secret").username(r"CONTOSO\smith");
/// ```
#[derive(Clone)]
pub struct Account {
    pub(crate) address: String,
    pub(crate) credential: Credential,
    pub(crate) server: Server,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) tls: Tls,
    pub(crate) trusted_domains: Vec<String>,
    pub(crate) resolve: Vec<(String, SocketAddr)>,
    pub(crate) timeout: Duration,
    pub(crate) on_step: Option<OnStep>,
    pub(crate) background: TaskTracker,
    pub(crate) not_guessed: bool,
}

/// How an account proves who it is.
#[derive(Clone)]
pub(crate) enum Credential {
    Password { username: Option<String>, password: SecretString },
    Bearer(TokenSource),
}

/// Where the account's server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Server {
    /// Ask `lyncdiscoverinternal.` and `lyncdiscover.` of the sign-in domain.
    #[default]
    Discover,
    /// The discovery root at this URL.
    Root(String),
}

/// What a token is wanted for, as the server's challenge says it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRequest {
    /// Scheme, host and port of the server that must accept the token: the OAuth resource.
    pub origin: String,
    /// Where the server says tokens are issued, if it does.
    pub authorization_uri: Option<String>,
    /// The server's client id (OAuth audience), if it names one.
    pub client_id: Option<String>,
    /// The issuers the server trusts, if it names any.
    pub trusted_issuers: Option<String>,
    /// True where the token given before was rejected: a cached one will not do.
    pub rejected: bool,
}

/// A token and, where known, how long it lasts.
#[derive(Clone)]
pub struct BearerToken {
    pub(crate) secret: SecretString,
    pub(crate) expires_in: Option<Duration>,
}

impl BearerToken {
    /// A token without the word `Bearer`. Without [`expires_in`](Self::expires_in) it is used until it is rejected.
    pub fn new(token: impl Into<String>) -> Self {
        Self { secret: secret(token.into()), expires_in: None }
    }

    /// How long the token lasts from now. It is renewed before that.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expires_in = Some(lifetime);
        self
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// Takes a secret over and wipes where it came from. Turning the `String` itself into one could move it, and leave a copy.
fn secret(mut text: String) -> SecretString {
    let secret = SecretString::from(text.as_str());
    text.zeroize();
    secret
}

type TokenAnswer = std::result::Result<BearerToken, Box<dyn std::error::Error + Send + Sync>>;
type TokenFuture = Pin<Box<dyn Future<Output = TokenAnswer> + Send>>;

/// The program's way of getting a token.
#[derive(Clone)]
pub(crate) struct TokenSource(pub(crate) Arc<dyn Fn(TokenRequest) -> TokenFuture + Send + Sync>);

impl Account {
    /// An account that signs in with a password. The user name is the address unless [`username`](Self::username) says otherwise.
    ///
    /// A password that the server refused is not tried again: by the same client never, by a new one in the same process
    /// not within a minute (on loopback, where sandboxes are, it is). After three refusals of one user name at one server, that
    /// name rests in this process until a minute after the last of them, whatever the password. The error is the same,
    /// `sign_in_refused`.
    pub fn with_password(address: impl Into<String>, password: impl Into<String>) -> Self {
        Self::new(address, Credential::Password { username: None, password: secret(password.into()) })
    }

    /// An account that signs in with a token the program supplies.
    ///
    /// `source` is called for each server that asks for one, again before a token expires, and once more when one is
    /// rejected. What it fails with becomes the source of the call's error, which is `credential_unavailable`, and its text
    /// part of the sentence; it must hold no secret. An [`Error`] is passed on as it is.
    pub fn with_token<F, Fut>(address: impl Into<String>, source: F) -> Self
    where
        F: Fn(TokenRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = std::result::Result<BearerToken, Box<dyn std::error::Error + Send + Sync>>>
            + Send
            + 'static,
    {
        let source = TokenSource(Arc::new(move |request| Box::pin(source(request)) as TokenFuture));
        Self::new(address, Credential::Bearer(source))
    }

    pub(crate) fn new(address: impl Into<String>, credential: Credential) -> Self {
        Self {
            address: address.into(),
            credential,
            server: Server::default(),
            ca_file: None,
            tls: Tls::default(),
            trusted_domains: Vec::new(),
            resolve: Vec::new(),
            timeout: DEFAULT_TIMEOUT,
            on_step: None,
            background: TaskTracker::new(),
            not_guessed: false,
        }
    }

    /// The name to sign in with where it is not the address, for example `r"CONTOSO\smith"`. Ignored with a token.
    pub fn username(mut self, name: impl Into<String>) -> Self {
        if let Credential::Password { username, .. } = &mut self.credential {
            *username = Some(name.into());
        }
        self
    }

    /// Another sender on the same server: all but the address and the credential stays as it is. The text of the password is
    /// wiped.
    pub fn other_sender(&self, address: impl Into<String>, password: impl Into<String>) -> Self {
        let credential = Credential::Password { username: None, password: secret(password.into()) };
        Self { address: address.into(), credential, not_guessed: false, ..self.clone() }
    }

    /// The discovery root to use instead of asking the sign-in domain. `https`, or `http` on loopback.
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.server = Server::Root(url.into());
        self
    }

    /// A file, PEM or one certificate in DER, with authorities to trust besides those of the operating system.
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Self {
        self.ca_file = Some(path.as_ref().to_owned());
        self
    }

    /// Which cipher suites a server may choose from. Default: [`Tls::Current`].
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// A further domain the server may lead to, its subdomains included, for example `contoso.net`.
    ///
    /// Needed where tokens are issued in a domain that discovery did not lead to, and where the first hop of discovery is
    /// not protected by TLS.
    pub fn trust(mut self, domain: impl Into<String>) -> Self {
        self.trusted_domains.push(domain.into());
        self
    }

    /// Connects to `to` whenever `host` is asked, instead of asking DNS. A port of 0 keeps the port of the URL.
    pub fn resolve(mut self, host: impl Into<String>, to: SocketAddr) -> Self {
        self.resolve.push((host.into(), to));
        self
    }

    /// How long [`Client::sign_in`](crate::Client::sign_in) may take. Default: 60 s. A one-call send uses the message's timeout.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Calls `callback` at the end of each step, on the thread that did it. It must return quickly.
    pub fn on_step(mut self, callback: impl Fn(&StepRecord) + Send + Sync + 'static) -> Self {
        self.on_step = Some(Arc::new(callback));
        self
    }

    /// Counts what is left to do for sessions that nobody signed out, and for calls that were cut off, among these tasks:
    /// whoever ends the process can wait for them.
    pub fn background(mut self, tasks: TaskTracker) -> Self {
        self.background = tasks;
        self
    }

    /// The password is the program's own and no guess of somebody else's: what others are refused for the same user name does
    /// not keep this account out. Its own refusals do.
    #[must_use]
    pub fn not_guessed(mut self) -> Self {
        self.not_guessed = true;
        self
    }

    /// The sender's address, as it was given.
    pub fn get_address(&self) -> &str {
        &self.address
    }

    /// The discovery root that was given; `None` where the sign-in domain is asked.
    pub fn get_server(&self) -> Option<&str> {
        match &self.server {
            Server::Discover => None,
            Server::Root(url) => Some(url),
        }
    }

    /// Checks every field, as signing in does before its first request.
    ///
    /// # Errors
    /// `invalid_input` with the sentence that names the field.
    #[doc(hidden)]
    pub fn check_fields(&self) -> Result<()> {
        self.check().map(drop)
    }

    /// Checks every field and gives what discovery needs.
    pub(crate) fn check(&self) -> Result<CheckedAccount> {
        let address = Address::parse(&self.address, "sender's address")?;
        if let Credential::Password { username, password } = &self.credential {
            username.as_deref().map_or(Ok(()), check_username)?;
            check_password(secrecy::ExposeSecret::expose_secret(password))?;
        }
        self.ca_file.as_deref().map_or(Ok(()), check_ca_file)?;
        if self.timeout.is_zero() {
            return Err(Error::invalid_input(
                "The timeout is not more than zero; give the time the sign-in may take, for example 60 s.",
            ));
        }
        let root = match &self.server {
            Server::Discover => None,
            Server::Root(text) => Some(check_server(text)?),
        };
        let trusted =
            self.trusted_domains.iter().map(|domain| normal_domain(domain)).collect::<Result<_>>()?;
        Ok(CheckedAccount { address, root, trusted })
    }
}

/// What is left of an account after its check.
pub(crate) struct CheckedAccount {
    pub(crate) address: Address,
    pub(crate) root: Option<Url>,
    pub(crate) trusted: Vec<String>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("address", &self.address)
            .field("server", &self.server)
            .field("ca_file", &self.ca_file)
            .field("tls", &self.tls)
            .field("trusted_domains", &self.trusted_domains)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_unusable_credentials() {
        assert!(Account::with_password("tosh@contoso.com", "").check().is_err());
        assert!(Account::with_password("tosh@contoso.com", "a\r\nb").check().is_err());
        assert!(Account::with_password("tosh@contoso.com", "x").username("a\nb").check().is_err());
        assert!(Account::with_password("tosh", "x").check().is_err());
    }

    #[test]
    fn another_sender_has_the_same_server_and_nothing_else_of_the_first() {
        let first = Account::with_password("tosh@contoso.com", "s3cret")
            .username(r"CONTOSO\smith")
            .server("https://lync.contoso.com")
            .ca_file("ca.pem")
            .tls(Tls::Compatible);
        let other = first.other_sender("lenea@contoso.com", "x");
        assert_eq!(
            (other.address.as_str(), &other.server, &other.ca_file, other.tls),
            ("lenea@contoso.com", &first.server, &first.ca_file, Tls::Compatible)
        );
        let Credential::Password { username, password } = &other.credential else {
            panic!("another credential")
        };
        assert_eq!((username, secrecy::ExposeSecret::expose_secret(password)), (&None, "x"));
    }

    #[test]
    fn debug_shows_no_secret() {
        let account = Account::with_password("tosh@contoso.com", "s3cret").username("also-s3cret");
        assert!(!format!("{account:?} {:?}", BearerToken::new("s3cret")).contains("s3cret"));
    }
}
