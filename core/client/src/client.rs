//! The public calls.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::account::Account;
use crate::error::Result;
use crate::message::Message;
use crate::outbox::{Outbox, Timeout, deadline_in};
use crate::receipt::Receipt;
use crate::session::Session;
use crate::session::event_channel::Polling;
use crate::steps::StepLog;

/// Signs in, sends one text, waits for its delivery and signs out.
///
/// ```no_run
/// # async fn example() -> send_im::Result<()> {
/// let account = send_im::Account::stored()?;
/// let receipt = send_im::send_im(&account, "lenea@contoso.com", "hello world").await?;
/// println!("{} accepted", receipt.accepted_by.unwrap_or_default());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// See [`ErrorKind`]. [`Error::sent`] says whether the message can have arrived all the same.
pub async fn send_im(account: &Account, to: &str, text: &str) -> Result<Receipt> {
    send(account, Message::text(to, text)).await
}

/// As [`send_im`], with every option of a message. The message's timeout covers everything up to the receipt.
///
/// # Errors
/// See [`ErrorKind`].
pub async fn send(account: &Account, message: Message) -> Result<Receipt> {
    message.check()?;
    let outbox = Outbox::new(Session::new(account.clone(), Polling::WhileWaiting)?);
    let result = outbox.clone().send(message, Timeout::FromCall).await;
    let submitted = matches!(&result, Ok(receipt) if receipt.evidence == crate::Evidence::Submitted);
    // A submitted message may still be ringing. Its background task holds the session, which signs out when it ends.
    if !submitted
        && let Err(error) = outbox.session.sign_out(&StepLog::new(account.on_step.clone()), None).await
    {
        tracing::warn!(target: "send_im", %error, "the session could not be closed");
    }
    result
}

/// A signed-in account. Clones share one session; any thread may send.
///
/// Dropping the last clone signs out in the background, if the runtime it was signed in on goes on for long enough.
/// [`sign_out`](Self::sign_out) does it in the foreground and waits for what is still under way: call it before a program
/// ends. A client works on the runtime it was signed in on.
///
/// ```no_run
/// # async fn example() -> send_im::Result<()> {
/// use send_im::{Account, Client, Importance, Message};
///
/// let client = Client::sign_in(Account::stored()?).await?;
/// client.send(Message::text("lenea@contoso.com", "disk full").subject("db7").importance(Importance::Urgent)).await?;
/// client.sign_out().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    outbox: Arc<Outbox>,
}

impl Client {
    /// Discovers the server, signs in and opens a session.
    ///
    /// # Errors
    /// See [`ErrorKind`]; `timeout` after the account's timeout.
    pub async fn sign_in(account: Account) -> Result<Self> {
        let deadline = deadline_in(account.timeout);
        let log = StepLog::new(account.on_step.clone());
        let session = Session::new(account, Polling::Always)?;
        session.application(&log, deadline).await?;
        Ok(Self { outbox: Outbox::new(session) })
    }

    /// Sends one message and waits as the message says.
    ///
    /// Messages of one conversation, that is with the same recipient, subject and importance, arrive in the order of the
    /// calls. Dropping the future withdraws an invitation that still rings; the message may have arrived before.
    ///
    /// The send is under way from this call on, before the future is polled: signing out waits for its end, or its drop.
    ///
    /// # Errors
    /// See [`ErrorKind`]; `closed` after [`sign_out`](Self::sign_out).
    pub fn send(&self, message: Message) -> impl Future<Output = Result<Receipt>> + Send + use<> {
        self.outbox.clone().send(message, Timeout::FromCall)
    }

    /// Sends many messages, some tens at a time, and gives one result a message in the same order.
    ///
    /// A message's timeout begins when its turn comes. As with [`send`](Self::send), all are under way from this call on.
    pub fn send_all<M: IntoIterator<Item = Message>>(
        &self,
        messages: M,
    ) -> impl Future<Output = Vec<Result<Receipt>>> + Send + use<M> {
        let send = |message| self.outbox.clone().send(message, Timeout::FromTurn);
        join_all(messages.into_iter().map(send).collect::<Vec<_>>())
    }

    /// Ends every send under way at once: each fails with `cancelled`, and its `sent` says whether it can have arrived.
    /// Ringing invitations are withdrawn. Later sends fail with `closed`; [`sign_out`](Self::sign_out) then waits for no send.
    pub fn cancel_all(&self) {
        self.outbox.session.cancel_all();
    }

    /// Waits for the sends under way, closes the session on the server and forgets the tokens. Sends that begin later
    /// fail with `closed`. A second call does nothing.
    ///
    /// Each send ends with its own timeout at the latest; [`sign_out_within`](Self::sign_out_within) gives a bound for all of
    /// them, [`cancel_all`](Self::cancel_all) ends them at once. Where the server refuses connections or gives no answer for
    /// 5 s, they end then, with `outcome_unknown` or `cancelled`. Closing takes at most another 3 s.
    ///
    /// # Errors
    /// When the server could not be told; it ends the session by itself after 15 minutes (MeDashboard).
    pub async fn sign_out(&self) -> Result<()> {
        self.begin_sign_out(None).await
    }

    /// As [`sign_out`](Self::sign_out), but waits for the sends under way at most for `bound`, then cancels those that are
    /// left as [`cancel_all`](Self::cancel_all) does.
    ///
    /// # Errors
    /// As [`sign_out`](Self::sign_out).
    pub async fn sign_out_within(&self, bound: Duration) -> Result<()> {
        self.begin_sign_out(Some(bound)).await
    }

    /// As [`sign_out_within`](Self::sign_out_within), or [`sign_out`](Self::sign_out) without a bound. Later sends are refused
    /// from this call on, and it goes on whether the future is polled or not.
    ///
    /// # Errors
    /// As [`sign_out`](Self::sign_out).
    pub fn begin_sign_out(&self, bound: Option<Duration>) -> impl Future<Output = Result<()>> + Send + use<> {
        self.outbox.session.forget_server();
        let log = StepLog::new(self.outbox.session.connection.account.on_step.clone());
        self.outbox.session.sign_out(&log, bound)
    }

    /// From now on the session is closed whenever no send is under way in it, and opened again by the next send: for the end
    /// of a program, whose own code may still send. True when the session is closed, false when a send is under way in it or
    /// the server could not be told within 3 s.
    pub async fn close_when_idle(&self) -> bool {
        self.outbox.session.close_when_idle().await
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.outbox.session.connection.address.as_str())
            .finish_non_exhaustive()
    }
}
