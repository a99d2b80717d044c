//! Who sends, and the functions of the program.

use napi_derive::napi;
use send_im::bindings::{self, TokenSource, process_environment, secret};
use send_im::{Account, BearerToken, Result, TokenRequest};
use send_im_runtime::{Generation, HostFailure};
use serde_json::json;
use tokio::sync::oneshot;

use crate::queue::{Event, EventSender};
use crate::records::milliseconds;

/// As in index.d.ts; each step, and each token that is wanted, is an event with the id given here.
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

async fn ask(sender: EventSender, id: u32, request: TokenRequest) -> Answer {
    let (answer, answered) = oneshot::channel();
    let data = json!({
        "origin": request.origin,
        "authorizationUri": request.authorization_uri,
        "clientId": request.client_id,
        "trustedIssuers": request.trusted_issuers,
        "rejected": request.rejected,
    });
    sender.send(Event { id, data, reply: Some(TokenReply(Some(answer))), ..Event::default() });
    answered.await.unwrap_or_else(|_| Err(HostFailure::new("the program gave no token", 0).into()))
}

impl AccountOptions {
    /// The account these options describe.
    ///
    /// # Errors
    /// `invalid_input` where options contradict each other or there is no account.
    pub(crate) fn account(self, sender: EventSender, generation: &Generation) -> Result<Account> {
        let source = |id| {
            let sender = sender.clone();
            TokenSource::new(move |request| ask(sender.clone(), id, request))
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
        if let Some(id) = self.steps {
            account =
                account.on_step(move |step| sender.send(Event { id, data: json!(step), ..Event::default() }));
        }
        Ok(account.background(generation.background.clone()))
    }
}
