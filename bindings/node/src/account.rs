//! Who sends, and the functions of the program.

use napi_derive::napi;
use send_im::bindings::{self, TokenSource, process_environment, secret};
use send_im::{Account, BearerToken, Result};
use send_im_runtime::{Generation, HostFailure};
use tokio::sync::oneshot;

use crate::inbox::{Mail, Post};
use crate::records::milliseconds;

/// As in index.d.ts; each step, and each token that is wanted, is mail with the ticket given here.
#[napi(object, object_to_js = false)]
pub struct AccountOptions {
    pub address: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub token: Option<String>,
    pub server: Option<String>,
    pub ca_file: Option<String>,
    pub tls: Option<String>,
    pub trusted_domains: Option<Vec<String>>,
    pub timeout: Option<f64>,
    pub steps: Option<u32>,
    pub tokens: Option<u32>,
}

#[napi(object, object_from_js = false, use_nullable = true)]
pub struct TokenRequest {
    pub origin: String,
    pub authorization_uri: Option<String>,
    pub client_id: Option<String>,
    pub trusted_issuers: Option<String>,
    pub rejected: bool,
}

type Answer = std::result::Result<BearerToken, Box<dyn std::error::Error + Send + Sync>>;

/// Where the program puts the token. The first answer counts.
#[napi]
pub struct TokenReply(Option<oneshot::Sender<Answer>>);

#[napi]
impl TokenReply {
    /// The token, and how long it lasts from now, in milliseconds.
    #[napi]
    pub fn resolve(&mut self, token: String, expires_in: Option<f64>) {
        let token = BearerToken::new(token);
        self.answer(Ok(match expires_in {
            Some(lifetime) => token.expires_in(milliseconds(lifetime)),
            None => token,
        }));
    }

    /// There is no token. `reason` becomes part of the error; it must hold no secret. The failure carries the number `cause`.
    #[napi]
    pub fn fail(&mut self, reason: String, cause: u32) {
        self.answer(Err(HostFailure::new(reason, cause.into()).into()));
    }

    fn answer(&mut self, answer: Answer) {
        if let Some(sender) = self.0.take() {
            // Nobody listens any more when the call was cancelled.
            let _ = sender.send(answer);
        }
    }
}

async fn ask(post: Post, ticket: u32, request: send_im::TokenRequest) -> Answer {
    let (sender, receiver) = oneshot::channel();
    let request = TokenRequest {
        origin: request.origin,
        authorization_uri: request.authorization_uri,
        client_id: request.client_id,
        trusted_issuers: request.trusted_issuers,
        rejected: request.rejected,
    };
    let reply = TokenReply(Some(sender));
    post.put(Mail { ticket, request: Some(request), reply: Some(reply), ..Mail::default() });
    receiver.await.unwrap_or_else(|_| Err(HostFailure::new("the program gave no token", 0).into()))
}

impl AccountOptions {
    /// The account these options describe.
    ///
    /// # Errors
    /// `invalid_input` where options contradict each other or there is no account.
    pub(crate) fn account(self, post: Post, generation: &Generation) -> Result<Account> {
        let source = |ticket| {
            let post = post.clone();
            TokenSource::new(move |request| ask(post.clone(), ticket, request))
        };
        let given = bindings::AccountOptions {
            address: self.address,
            username: self.username,
            password: self.password.map(secret),
            token: self.token.map(secret),
            token_source: self.tokens.map(source),
            server: self.server,
            ca_file: self.ca_file.map(Into::into),
            tls: self.tls.map(|tls| tls.parse()).transpose()?,
            trusted_domains: self.trusted_domains.unwrap_or_default(),
            timeout: self.timeout.map(milliseconds),
        };
        let mut account = given.resolve(process_environment)?;
        if let Some(ticket) = self.steps {
            account = account
                .on_step(move |step| post.put(Mail { ticket, step: Some(step.into()), ..Mail::default() }));
        }
        Ok(account.background(generation.background.clone()))
    }
}
