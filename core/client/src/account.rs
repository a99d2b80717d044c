//! The account that sends: an address, a credential and where the server is.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

pub(crate) use self::credential::Credential;
pub use self::credential::{BearerToken, TokenRequest, TokenSource, secret};
use crate::message::DEFAULT_TIMEOUT;
use crate::shared::Shared;
use crate::steps::{OnStep, StepRecord};
use crate::tls::Tls;

mod check;
mod credential;
mod fields;

/// Who sends, how it signs in, and where its server is.
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
    pub(crate) shared: Arc<Shared>,
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

impl Account {
    /// An account that signs in with a password. The user name is the address unless [`username`](Self::username) says otherwise.
    ///
    /// A password that the server refused is not tried again: never by the same client, and for a minute by no other client in
    /// this process (except on loopback, where sandboxes are). After three refusals of one user name at one server, this
    /// process does not try that name until a minute after the last of them, whatever the password. The error is the same,
    /// `sign_in_refused`. Accounts with a [`Shared`] of their own are limited by that and not by the process.
    ///
    /// ```
    /// let account = send_im::Account::with_password("tosh@contoso.com", "secret");
    /// assert_eq!(account.get_address(), "tosh@contoso.com");
    /// ```
    pub fn with_password(address: impl Into<String>, password: impl Into<String>) -> Self {
        Self::new(address, Credential::Password { username: None, password: secret(password.into()) })
    }

    /// An account that signs in with a token the program supplies.
    ///
    /// `source` is called for each server that asks for a token, again before a token expires, and when one is rejected. If it
    /// fails, the call fails with `credential_unavailable`; the source's error is the cause and its text part of the sentence, so
    /// it must hold no secret. An [`Error`](crate::Error) is returned unchanged.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// use send_im::{Account, BearerToken};
    ///
    /// let token = sandbox.issue_token("tosh@contoso.com");
    /// let account = Account::with_token("tosh@contoso.com", move |request| {
    ///     println!("a token for {}", request.origin);
    ///     let token = token.clone();
    ///     async move { Ok(BearerToken::new(token)) }
    /// });
    /// send_im::send_im(&account.server(sandbox.url()), "lenea@contoso.com", "hello world").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_token<F, Fut>(address: impl Into<String>, source: F) -> Self
    where
        F: Fn(TokenRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = std::result::Result<BearerToken, Box<dyn std::error::Error + Send + Sync>>>
            + Send
            + 'static,
    {
        Self::new(address, Credential::Bearer(TokenSource::new(source)))
    }

    /// An account without credentials, to [diagnose](Self::diagnose) a domain up to the sign-in. Sending fails with
    /// `credential_unavailable`.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// let account = send_im::Account::without_credentials("contoso.com");
    /// # let account = account.server(sandbox.url());
    /// let diagnosis = account.diagnose().await?;
    /// assert!(diagnosis.first_failure().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn without_credentials(domain: impl AsRef<str>) -> Self {
        Self::new(format!("nobody@{}", domain.as_ref()), Credential::None)
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
            shared: Shared::process(),
        }
    }

    /// The name to sign in with where it is not the address, for example `r"CONTOSO\smith"`. Ignored with a token.
    ///
    /// ```
    /// let account = send_im::Account::with_password("tosh@contoso.com", "secret").username(r"CONTOSO\smith");
    /// ```
    pub fn username(mut self, name: impl Into<String>) -> Self {
        if let Credential::Password { username, .. } = &mut self.credential {
            *username = Some(name.into());
        }
        self
    }

    /// Another sender on the same server: all options but the address and the credential are the same. The given password is
    /// wiped from memory.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// let other = account.other_sender("johndoe@contoso.com", "secret");
    /// send_im::send_im(&other, "lenea@contoso.com", "hello world").await?;
    /// assert_eq!(sandbox.messages()[0].from, "johndoe@contoso.com");
    /// # Ok(())
    /// # }
    /// ```
    pub fn other_sender(&self, address: impl Into<String>, password: impl Into<String>) -> Self {
        let credential = Credential::Password { username: None, password: secret(password.into()) };
        Self { address: address.into(), credential, not_guessed: false, ..self.clone() }
    }

    /// The discovery root to use instead of asking the sign-in domain. `https`, or `http` on loopback.
    ///
    /// ```
    /// let account = send_im::Account::with_password("tosh@contoso.com", "secret")
    ///     .server("https://lyncdiscover.contoso.com/");
    /// ```
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.server = Server::Root(url.into());
        self
    }

    /// A file, PEM or one certificate in DER, with authorities to trust besides those of the operating system.
    ///
    /// ```
    /// let account = send_im::Account::with_password("tosh@contoso.com", "secret")
    ///     .ca_file("/etc/ssl/contoso-ca.pem");
    /// ```
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Self {
        self.ca_file = Some(path.as_ref().to_owned());
        self
    }

    /// Which cipher suites a server may choose from. Default: [`Tls::Current`].
    ///
    /// ```
    /// let account = send_im::Account::with_password("tosh@contoso.com", "secret")
    ///     .tls(send_im::Tls::Compatible);
    /// ```
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// A further domain the server may lead to, its subdomains included, for example `contoso.net`.
    ///
    /// Needed where tokens are issued in a domain that discovery did not lead to, and where the first hop of discovery is
    /// not protected by TLS.
    ///
    /// ```
    /// let account = send_im::Account::with_password("tosh@contoso.com", "secret")
    ///     .trust("contoso.net");
    /// ```
    pub fn trust(mut self, domain: impl Into<String>) -> Self {
        self.trusted_domains.push(domain.into());
        self
    }

    /// Connects to `to` whenever `host` is asked, instead of asking DNS. A port of 0 keeps the port of the URL.
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// let account = send_im::Account::with_password("tosh@contoso.com", "secret")
    ///     .resolve("lyncdiscover.contoso.com", SocketAddr::from(([192, 0, 2, 7], 0)));
    /// ```
    pub fn resolve(mut self, host: impl Into<String>, to: SocketAddr) -> Self {
        self.resolve.push((host.into(), to));
        self
    }

    /// How long [`Client::sign_in`](crate::Client::sign_in) may take. Default: 60 s. A one-call send uses the message's timeout.
    ///
    /// ```
    /// let account = send_im::Account::with_password("tosh@contoso.com", "secret")
    ///     .timeout(std::time::Duration::from_secs(20));
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Calls `callback` at the end of each step, on the thread of that step. It must return quickly.
    ///
    /// ```
    /// let account = send_im::Account::with_password("tosh@contoso.com", "secret")
    ///     .on_step(|step| println!("{} at {} took {:?}", step.step, step.host, step.elapsed));
    /// ```
    pub fn on_step(mut self, callback: impl Fn(&StepRecord) + Send + Sync + 'static) -> Self {
        self.on_step = Some(Arc::new(callback));
        self
    }

    /// The caches of this account, shared with every account that is given the same. Default: [`Shared::process`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use send_im::{Account, Shared};
    ///
    /// let alone = Account::with_password("tosh@contoso.com", "secret").shared(Arc::new(Shared::new()));
    /// ```
    pub fn shared(mut self, shared: Arc<Shared>) -> Self {
        self.shared = shared;
        self
    }

    /// The sender's address, as it was given.
    ///
    /// ```
    /// let account = send_im::Account::with_password("tosh@contoso.com", "secret");
    /// assert_eq!(account.get_address(), "tosh@contoso.com");
    /// ```
    pub fn get_address(&self) -> &str {
        &self.address
    }

    /// The discovery root that was given; `None` where the sign-in domain is asked.
    ///
    /// ```
    /// let account = send_im::Account::with_password("tosh@contoso.com", "secret");
    /// assert_eq!(account.get_server(), None);
    /// assert_eq!(account.server("https://lync.contoso.com/").get_server(), Some("https://lync.contoso.com/"));
    /// ```
    pub fn get_server(&self) -> Option<&str> {
        match &self.server {
            Server::Discover => None,
            Server::Root(url) => Some(url),
        }
    }
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
