//! Sending: the one call, and a signed-in client.

use std::sync::Arc;

use send_im::{Client, Error, Sent};

use crate::account::{AccountOptions, StepListener, TokenProvider, account};
use crate::failure::{Result, SendError};
use crate::records::{MessageOptions, ReceiptRecord, SendOutcome};
use crate::runtime::Generation;

/// Signs in, sends one message, signs out.
///
/// Dropping the future cuts the call off; the session is then signed out in the background.
#[uniffi::export(default(tokens = None, steps = None))]
pub async fn send(
    options: AccountOptions,
    content: MessageOptions,
    tokens: Option<Arc<dyn TokenProvider>>,
    steps: Option<Arc<dyn StepListener>>,
) -> Result<ReceiptRecord> {
    let work = async move {
        let content = content.into_message()?;
        let account = account(options, tokens, steps)?;
        Ok(send_im::send(&account, content).await?.into())
    };
    Generation::current().call(Sent::Maybe, work).await
}

/// One session: any number of messages, from any thread. Dropping it signs out in the background.
#[derive(uniffi::Object)]
pub struct SignedInClient {
    generation: &'static Generation,
    number: u64,
}

#[uniffi::export]
impl SignedInClient {
    /// Signs in.
    #[uniffi::constructor(default(tokens = None, steps = None))]
    pub async fn sign_in(
        options: AccountOptions,
        tokens: Option<Arc<dyn TokenProvider>>,
        steps: Option<Arc<dyn StepListener>>,
    ) -> Result<Arc<Self>> {
        let generation = Generation::current();
        let work = async move {
            let client = Client::sign_in(account(options, tokens, steps)?).await?;
            Ok(Arc::new(SignedInClient { generation, number: generation.clients.insert(client) }))
        };
        generation.call(Sent::No, work).await
    }

    /// Sends one message.
    pub async fn send(&self, content: MessageOptions) -> Result<ReceiptRecord> {
        let client = self.client()?;
        let work = async move { Ok(client.send(content.into_message()?).await?.into()) };
        self.generation.call(Sent::Maybe, work).await
    }

    /// Sends many messages, several at a time. One outcome a message, in the same order.
    pub async fn send_all(&self, contents: Vec<MessageOptions>) -> Result<Vec<SendOutcome>> {
        let client = self.client()?;
        let work = async move {
            let mut outcomes: Vec<Option<SendOutcome>> = Vec::with_capacity(contents.len());
            let mut messages = Vec::with_capacity(contents.len());
            for content in contents {
                match content.into_message() {
                    Ok(message) => {
                        messages.push(message);
                        outcomes.push(None);
                    }
                    Err(error) => outcomes.push(Some(Err(error).into())),
                }
            }
            let mut results = client.send_all(messages).await.into_iter();
            for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_none()) {
                *outcome = results.next().map(|result| {
                    result.map(ReceiptRecord::from).map_err(SendError::from).into()
                });
            }
            Ok(outcomes.into_iter().flatten().collect())
        };
        self.generation.call(Sent::Maybe, work).await
    }

    /// Waits for sends in flight, then ends the session. May be called again; later sends fail with `closed`.
    pub async fn sign_out(&self) -> Result<()> {
        if self.generation.is_foreign() {
            return Err(SendError::forked());
        }
        let Some(client) = self.generation.clients.get(self.number) else { return Ok(()) };
        self.generation.call(Sent::No, async move { Ok(client.sign_out().await?) }).await
    }
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
        let client = self.generation.clients.remove(self.number);
        // The sign-out in the background needs a runtime to run on. After a shutdown there is none, nor a client.
        if let Ok(handle) = self.generation.handle() {
            let _context = handle.enter();
            drop(client);
        }
    }
}
