//! Sending: the one call, and a signed-in client.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt;
use futures_util::future::join_all;
use send_im::{Client, Error, Message, Sent};
use send_im_runtime::{Generation, unless_cancelled};

use crate::account::{AccountOptions, StepListener, TokenProvider, account, telling};
use crate::cancellation::{Cancellation, token};
use crate::failure::{Result, SendError};
use crate::news::News;
use crate::pending::{Outcome, PendingCall};
use crate::records::{MessageOptions, ReceiptRecord, SendOutcome};

/// Signs in, sends one message, signs out.
///
/// Dropping the future cuts the call off, as `cancellation` does; the session is then signed out in the background.
#[uniffi::export(default(tokens = None, steps = None, cancellation = None))]
pub async fn send(
    options: AccountOptions,
    content: MessageOptions,
    tokens: Option<Arc<dyn TokenProvider>>,
    steps: Option<Arc<dyn StepListener>>,
    cancellation: Option<Arc<Cancellation>>,
) -> Result<ReceiptRecord> {
    let work = async move {
        let content = content.into_message()?;
        let account = account(options, tokens, steps)?;
        let sent_status = content.sent_status();
        let sending = async { Ok(send_im::send(&account, content).await?.into()) };
        unless_cancelled(token(cancellation), || sent_status.sent(), sending).await
    };
    Generation::current().call(Sent::Maybe, work).await
}

/// Begins [`send`]. `tells_steps` and `asks_tokens` say whether the call has steps and requests for tokens to take.
#[uniffi::export]
pub fn start_send(
    options: AccountOptions,
    content: MessageOptions,
    tells_steps: bool,
    asks_tokens: bool,
) -> Arc<PendingCall> {
    let news = News::new();
    let work = send(options, content, news.provider(asks_tokens), news.listener(tells_steps), None);
    PendingCall::start(news, work.map_ok(|value| Outcome::Receipt { value }))
}

/// Begins [`SignedInClient::sign_in`]. What its calls have to tell can be taken from this one and from each of them.
#[uniffi::export]
pub fn start_sign_in(options: AccountOptions, tells_steps: bool, asks_tokens: bool) -> Arc<PendingCall> {
    let news = News::new();
    let work = sign_in(options, news.provider(asks_tokens), news.listener(tells_steps), None, news.clone());
    PendingCall::start(news, work.map_ok(|value| Outcome::Client { value }))
}

async fn sign_in(
    options: AccountOptions,
    tokens: Option<Arc<dyn TokenProvider>>,
    steps: Option<Arc<dyn StepListener>>,
    cancellation: Option<Arc<Cancellation>>,
    news: Arc<News>,
) -> Result<Arc<SignedInClient>> {
    let generation = Generation::current();
    let work = async move {
        let account = account(options, tokens, steps)?;
        let signing_in = async { Result::Ok(Client::sign_in(account).await?) };
        let client = unless_cancelled(token(cancellation), || Sent::No, signing_in).await?;
        Ok(Arc::new(SignedInClient { generation, number: generation.keep(client).await, news }))
    };
    generation.call(Sent::No, work).await
}

/// One session: any number of messages, from any thread. Dropping it signs out in the background.
#[derive(uniffi::Object)]
pub struct SignedInClient {
    generation: &'static Generation,
    number: u64,
    news: Arc<News>,
}

#[uniffi::export]
impl SignedInClient {
    /// Signs in.
    #[uniffi::constructor(default(tokens = None, steps = None, cancellation = None))]
    pub async fn sign_in(
        options: AccountOptions,
        tokens: Option<Arc<dyn TokenProvider>>,
        steps: Option<Arc<dyn StepListener>>,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Arc<Self>> {
        sign_in(options, tokens, steps, cancellation, News::new()).await
    }

    /// Sends one message. Its steps go to `steps`, if given, and not to whoever was told of those of the sign-in.
    #[uniffi::method(default(cancellation = None, steps = None))]
    pub async fn send(
        &self,
        content: MessageOptions,
        cancellation: Option<Arc<Cancellation>>,
        steps: Option<Arc<dyn StepListener>>,
    ) -> Result<ReceiptRecord> {
        let content = message(content, steps)?;
        let sent_status = content.sent_status();
        // It is under way from here on: a sign-out that follows waits for it.
        let sending = self.client()?.send(content);
        let sending = async { Ok(sending.await?.into()) };
        let work = unless_cancelled(token(cancellation), move || sent_status.sent(), sending);
        self.generation.call(Sent::Maybe, work).await
    }

    /// Sends many messages, several at a time. One outcome per message, in the same order; after a cancellation those
    /// that had ended keep theirs. `steps` as with [`send`](Self::send).
    #[uniffi::method(default(cancellation = None, steps = None))]
    pub async fn send_all(
        &self,
        contents: Vec<MessageOptions>,
        cancellation: Option<Arc<Cancellation>>,
        steps: Option<Arc<dyn StepListener>>,
    ) -> Result<Vec<SendOutcome>> {
        let client = self.client()?;
        let each = |content: MessageOptions| {
            let begun = message(content, steps.clone()).map(|message| {
                let sent_status = message.sent_status();
                let sending = client.send_in_turn(message);
                let sending = async { Ok(sending.await?.into()) };
                unless_cancelled(token(cancellation.clone()), move || sent_status.sent(), sending)
            });
            async { begun?.await }
        };
        let sends: Vec<_> = contents.into_iter().map(each).collect();
        let work = async { Ok(join_all(sends).await.into_iter().map(SendOutcome::from).collect()) };
        self.generation.call(Sent::Maybe, work).await
    }

    /// Waits for the sends under way, at most `timeout_ms`, then cancels those that are left; then ends the session, in at most
    /// 3 s. Without `timeout_ms` each send ends with its own timeout. May be called again; later sends fail with `closed`.
    #[uniffi::method(default(timeout_ms = None))]
    pub async fn sign_out(&self, timeout_ms: Option<u64>) -> Result<()> {
        if self.generation.is_foreign() {
            return Err(SendError::forked());
        }
        let Some(client) = self.generation.clients.get(self.number) else { return Ok(()) };
        let signing_out = client.begin_sign_out(timeout_ms.map(Duration::from_millis));
        self.generation.call(Sent::No, async move { Ok(signing_out.await?) }).await
    }

    /// Begins [`SignedInClient::send`].
    pub fn start_send(self: Arc<Self>, content: MessageOptions) -> Arc<PendingCall> {
        let news = self.news.clone();
        let work = async move { self.send(content, None, None).await };
        PendingCall::start(news, work.map_ok(|value| Outcome::Receipt { value }))
    }

    /// Begins [`SignedInClient::send_all`].
    pub fn start_send_all(self: Arc<Self>, contents: Vec<MessageOptions>) -> Arc<PendingCall> {
        let news = self.news.clone();
        let work = async move { self.send_all(contents, None, None).await };
        PendingCall::start(news, work.map_ok(|value| Outcome::Sent { value }))
    }

    /// Begins [`SignedInClient::sign_out`]. Once it has ended, nobody is asked for tokens any more.
    pub fn start_sign_out(self: Arc<Self>, timeout_ms: Option<u64>) -> Arc<PendingCall> {
        let news = self.news.clone();
        let work = async move {
            let result = self.sign_out(timeout_ms).await;
            if !self.generation.is_foreign() {
                self.news.end_watch();
            }
            result
        };
        PendingCall::start(news, work.map_ok(|()| Outcome::SignedOut))
    }

    /// Ends every send under way at once: each fails with `cancelled`, and its `sent` says whether it can have arrived. Later
    /// sends fail with `closed`. The session is still to be signed out.
    pub fn cancel_all(&self) -> Result<()> {
        self.client()?.cancel_all();
        Ok(())
    }
}

fn message(content: MessageOptions, steps: Option<Arc<dyn StepListener>>) -> Result<Message> {
    let message = content.into_message()?;
    Ok(match steps {
        Some(listener) => message.on_step(telling(listener)),
        None => message,
    })
}

impl SignedInClient {
    fn client(&self) -> Result<Client> {
        if self.generation.is_foreign() {
            return Err(SendError::forked());
        }
        let client = self.generation.clients.get(self.number);
        client.ok_or_else(|| Error::closed("The client is signed out.").into())
    }
}

impl Drop for SignedInClient {
    fn drop(&mut self) {
        if self.generation.is_foreign() {
            return;
        }
        // The sign-out in the background needs a runtime to run on.
        self.generation.clients_run.drop_inside(self.generation.clients.remove(self.number));
    }
}
