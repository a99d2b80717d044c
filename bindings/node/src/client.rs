//! Sending: the one call, and a signed-in client.

use futures_util::future::join_all;
use napi_derive::napi;
use send_im::{Error, Message, Result, Sent};
use send_im_runtime::{Generation, unless_cancelled};
use tokio_util::sync::CancellationToken;

use crate::account::AccountOptions;
use crate::inbox::{Call, Inbox, Mail};
use crate::records::{Failure, MessageOptions, Outcome, milliseconds};
use crate::thread::here;

/// Signs in, sends one message, signs out.
#[napi]
pub fn send(inbox: &Inbox, ticket: u32, options: AccountOptions, content: MessageOptions) -> Call {
    let (post, generation) = (inbox.post(), here().generation);
    inbox.post().begin(ticket, Sent::Maybe, |cancellation| async move {
        let message = Message::try_from(content)?;
        let account = options.account(post, generation)?;
        let sent_status = message.sent_status();
        let sending = send_im::send(&account, message);
        let receipt = unless_cancelled(Some(cancellation), || sent_status.sent(), sending).await?;
        Ok(Mail { receipt: Some(receipt.into()), ..Mail::default() })
    })
}

/// One session. One that nobody refers to any more is signed out in the background.
#[napi]
pub struct Client {
    generation: &'static Generation,
    number: u64,
}

/// Signs in.
#[napi]
pub fn sign_in(inbox: &Inbox, ticket: u32, options: AccountOptions) -> Call {
    let (post, generation) = (inbox.post(), here().generation);
    inbox.post().begin(ticket, Sent::No, |cancellation| async move {
        let signing_in = send_im::Client::sign_in(options.account(post, generation)?);
        let client = unless_cancelled(Some(cancellation), || Sent::No, signing_in).await?;
        let client = Client { generation, number: generation.keep(client).await };
        Ok(Mail { client: Some(client), ..Mail::default() })
    })
}

#[napi]
impl Client {
    /// Sends one message. It is under way when this returns.
    #[napi]
    pub fn send(&self, inbox: &Inbox, ticket: u32, content: MessageOptions) -> Call {
        inbox.post().begin(ticket, Sent::Maybe, |cancellation| {
            let sending = self.client().and_then(|client| {
                let message = Message::try_from(content)?;
                let sent_status = message.sent_status();
                let sending = client.send(message);
                Ok(unless_cancelled(Some(cancellation), move || sent_status.sent(), sending))
            });
            async move { Ok(Mail { receipt: Some(sending?.await?.into()), ..Mail::default() }) }
        })
    }

    /// Sends many, several at a time. One outcome a message; after a cancellation those that had ended keep theirs.
    #[napi]
    pub fn send_all(&self, inbox: &Inbox, ticket: u32, contents: Vec<MessageOptions>) -> Call {
        inbox.post().begin(ticket, Sent::Maybe, |cancellation| {
            let sends = self.client().map(|client| {
                let send = |content| in_turn(&client, content, cancellation.clone());
                contents.into_iter().map(send).collect::<Vec<_>>()
            });
            async move {
                let outcome = |result: Result<send_im::Receipt>| match result {
                    Ok(receipt) => Outcome { receipt: Some(receipt.into()), failure: None },
                    Err(error) => Outcome { receipt: None, failure: Some(error.into()) },
                };
                let outcomes = join_all(sends?).await.into_iter().map(outcome).collect();
                Ok(Mail { outcomes: Some(outcomes), ..Mail::default() })
            }
        })
    }

    /// Waits for the sends under way, at most so many milliseconds, then cancels those that are left; then ends the session.
    #[napi]
    pub fn close(&self, inbox: &Inbox, ticket: u32, bound: Option<f64>) -> Call {
        inbox.post().begin(ticket, Sent::No, |_| {
            let closing = self.client().map(|client| client.begin_sign_out(bound.map(milliseconds)));
            async move { closing?.await.map(|()| Mail::default()) }
        })
    }

    /// Ends every send under way at once.
    #[napi]
    pub fn cancel_all(&self) -> Option<Failure> {
        self.client().map(|client| client.cancel_all()).err().map(Into::into)
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

/// One send of many: its timeout begins when its turn comes. It is under way when this returns.
fn in_turn(
    client: &send_im::Client,
    content: MessageOptions,
    cancellation: CancellationToken,
) -> impl Future<Output = Result<send_im::Receipt>> + Send + use<> {
    let begun = Message::try_from(content).map(|message| {
        let sent_status = message.sent_status();
        let sending = client.send_all([message]);
        let one =
            async { sending.await.pop().unwrap_or_else(|| Err(send_im_runtime::panicked(Sent::Maybe))) };
        unless_cancelled(Some(cancellation), move || sent_status.sent(), one)
    });
    async { begun?.await }
}
