//! Sending: the one call, and a signed-in client.

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use napi_derive::napi;
use send_im::{Error, Message, Result, Sent};
use send_im_runtime::{Generation, unless_cancelled};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::account::AccountOptions;
use crate::queue::{Call, CompletionQueue, Event};
use crate::records::{MessageOptions, failure, milliseconds, outcome};
use crate::thread::here;

/// Signs in, sends one message, signs out.
#[napi]
pub fn send(queue: &CompletionQueue, id: u32, options: AccountOptions, content: MessageOptions) -> Call {
    let (sender, generation) = (queue.sender.clone(), here().generation);
    queue.begin(id, Sent::Maybe, |cancellation| async move {
        let message = Message::try_from(content)?;
        let account = options.account(sender, generation)?;
        let sent_status = message.sent_status();
        let sending = send_im::send(&account, message);
        let receipt = unless_cancelled(Some(cancellation), || sent_status.sent(), sending).await?;
        Ok(outcome(Ok(receipt)).into())
    })
}

/// One session. One that nobody refers to any more is signed out in the background.
#[napi]
pub struct Client {
    generation: &'static Generation,
    number: u64,
    address: String,
}

/// Signs in.
#[napi]
pub fn sign_in(queue: &CompletionQueue, id: u32, options: AccountOptions) -> Call {
    let (sender, generation) = (queue.sender.clone(), here().generation);
    queue.begin(id, Sent::No, |cancellation| async move {
        let account = options.account(sender, generation)?;
        let address = account.get_address().to_owned();
        let signing_in = send_im::Client::sign_in(account);
        let client = unless_cancelled(Some(cancellation), || Sent::No, signing_in).await?;
        let client = Client { generation, number: generation.keep(client).await, address };
        Ok(Event { client: Some(client), ..Event::default() })
    })
}

#[napi]
impl Client {
    #[napi(getter)]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sends messages, and gives one outcome per message; after a cancellation those that had ended keep theirs. All are under
    /// way when this returns. With `in_turn` it is some tens at a time, and the timeout of each begins when its turn comes.
    #[napi]
    pub fn send(
        &self,
        queue: &CompletionQueue,
        id: u32,
        contents: Vec<MessageOptions>,
        in_turn: bool,
    ) -> Call {
        queue.begin(id, Sent::Maybe, |cancellation| {
            let sends = self.client().map(|client| {
                let send = |content| sending(&client, content, in_turn, cancellation.clone());
                contents.into_iter().map(send).collect::<Vec<_>>()
            });
            async move {
                let outcomes = join_all(sends?).await.into_iter().map(outcome);
                Ok(Value::Array(outcomes.collect()).into())
            }
        })
    }

    /// Waits for the sends under way, at most so many milliseconds, then cancels those that are left; then ends the session.
    #[napi]
    pub fn close(&self, queue: &CompletionQueue, id: u32, bound: Option<f64>) -> Call {
        queue.begin(id, Sent::No, |_| {
            let closing = self.client().map(|client| client.begin_sign_out(bound.map(milliseconds)));
            async move { closing?.await.map(|()| Event::default()) }
        })
    }

    /// Ends every send under way at once.
    #[napi]
    pub fn cancel_all(&self) -> Option<Value> {
        self.client().map(|client| client.cancel_all()).err().map(|error| failure(&error))
    }

    fn client(&self) -> Result<send_im::Client> {
        let client = self.generation.clients.get(self.number);
        client.ok_or_else(|| Error::closed("The client is closed."))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // The sign-out in the background needs a runtime to run on.
        self.generation.clients_run.drop_inside(self.generation.clients.remove(self.number));
    }
}

/// One send. It is under way when this returns.
fn sending(
    client: &send_im::Client,
    content: MessageOptions,
    in_turn: bool,
    cancellation: CancellationToken,
) -> impl Future<Output = Result<send_im::Receipt>> + Send + use<> {
    let begun = Message::try_from(content).map(|message| {
        let sent_status = message.sent_status();
        let one = if in_turn {
            client.send_in_turn(message).left_future()
        } else {
            client.send(message).right_future()
        };
        unless_cancelled(Some(cancellation), move || sent_status.sent(), one)
    });
    async { begun?.await }
}
