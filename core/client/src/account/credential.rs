//! How an account proves who it is: a password, or tokens that the program supplies.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use secrecy::zeroize::Zeroize;

use crate::error::{Error, ErrorKind};

/// How an account proves who it is.
#[derive(Clone)]
pub(crate) enum Credential {
    Password {
        username: Option<String>,
        password: SecretString,
    },
    Bearer(TokenSource),
    /// Nobody's: signing in ends at the challenge.
    None,
}

/// The server that a token is needed for, and what its challenge says.
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
    /// True where the last token was rejected: it must not be given again.
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
    ///
    /// ```
    /// let token = send_im::BearerToken::new("eyJ0eXAiOiJKV1Qi");
    /// ```
    pub fn new(token: impl Into<String>) -> Self {
        Self { secret: secret(token.into()), expires_in: None }
    }

    /// How long the token lasts from now. It is renewed before that.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let token = send_im::BearerToken::new("eyJ0eXAiOiJKV1Qi").expires_in(Duration::from_secs(3600));
    /// ```
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

/// Copies a secret and wipes the original. Converting the `String` could reallocate it and leave a copy.
pub fn secret(mut text: String) -> SecretString {
    let secret = SecretString::from(text.as_str());
    text.zeroize();
    secret
}

type TokenResult = std::result::Result<BearerToken, Box<dyn std::error::Error + Send + Sync>>;
pub(super) type TokenFuture = Pin<Box<dyn Future<Output = TokenResult> + Send>>;

/// The program's function that supplies tokens.
#[derive(Clone)]
pub struct TokenSource(pub(crate) Arc<dyn Fn(TokenRequest) -> TokenFuture + Send + Sync>);

impl TokenSource {
    /// Tokens that `source` supplies, one for each request.
    pub fn new<F, Fut>(source: F) -> Self
    where
        F: Fn(TokenRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = TokenResult> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(source(request)) as TokenFuture))
    }

    /// The one token there is, until it is rejected.
    pub(crate) fn fixed(token: SecretString) -> Self {
        Self::new(move |request| {
            let answer = match request.rejected {
                false => Ok(BearerToken { secret: token.clone(), expires_in: None }),
                true => {
                    let detail = format!(
                        "{} rejects the token that was given, and there is no other.",
                        request.origin
                    );
                    Err(Error::new(ErrorKind::SignInRefused, detail).into())
                }
            };
            std::future::ready(answer)
        })
    }
}
