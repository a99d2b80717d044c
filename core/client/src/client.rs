//! The public calls.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::account::Account;
use crate::error::Result;
use crate::message::Message;
use crate::outbox::{DeadlineStart, Outbox, deadline_in};
use crate::receipt::{Evidence, Receipt};
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
/// See [`ErrorKind`](crate::ErrorKind). [`Error::sent`](crate::Error::sent) says whether the message can have arrived all the same.
pub async fn send_im(account: &Account, to: &str, text: &str) -> Result<Receipt> {
    send(account, Message::text(to, text)).await
}

/// As [`send_im`], with every option of a message. The message's timeout covers everything up to the receipt.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> send_im::Result<()> {
/// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
/// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
/// use send_im::{Importance, Message};
///
/// let message = Message::text("lenea@contoso.com", "disk full").importance(Importance::Urgent);
/// let receipt = send_im::send(&account, message).await?;
/// assert_eq!(receipt.to, "lenea@contoso.com");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// See [`ErrorKind`](crate::ErrorKind).
pub async fn send(account: &Account, message: Message) -> Result<Receipt> {
    message.check()?;
    let outbox = Outbox::new(Session::new(account.clone(), Polling::WhileWaiting)?);
    let result = outbox.clone().send(message, DeadlineStart::Call).await;
    let submitted = matches!(&result, Ok(receipt) if receipt.evidence == Evidence::Submitted);
    // A submitted message may still be ringing. Its background task holds the session, which signs out when it ends.
    if !submitted {
        outbox.end_conversations().await;
        let log = StepLog::new(account.on_step.clone());
        if let Err(error) = outbox.session.sign_out(&log, None).await {
            tracing::warn!(target: "send_im", %error, "the session could not be closed");
        }
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
    pub(crate) outbox: Arc<Outbox>,
}

impl Client {
    /// Discovers the server, signs in and opens a session.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// let client = send_im::Client::sign_in(account).await?;
    /// client.sign_out().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); `timeout` after the account's timeout.
    pub async fn sign_in(account: Account) -> Result<Self> {
        let deadline = deadline_in(account.timeout);
        let log = StepLog::new(account.on_step.clone());
        let session = Session::new(account, Polling::Always)?;
        session.application(&log, deadline).await?;
        Ok(Self { outbox: Outbox::new(session) })
    }

    /// Sends one message and waits as the message says.
    ///
    /// Messages of one conversation, that is with the same recipient, subject and importance, arrive in the order in which
    /// their futures are first polled. Dropping the future withdraws an invitation that still rings; the message may have arrived before.
    ///
    /// The send is under way from this call on, before the future is polled: signing out waits for its end, or its drop.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// use send_im::{Client, Message};
    ///
    /// let client = Client::sign_in(account).await?;
    /// let receipt = client.send(Message::text("lenea@contoso.com", "hello world")).await?;
    /// assert_eq!(receipt.accepted_by.as_deref(), Some("lenea@contoso.com"));
    /// client.sign_out().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); `closed` after [`sign_out`](Self::sign_out).
    pub fn send(&self, message: Message) -> impl Future<Output = Result<Receipt>> + Send + use<> {
        self.outbox.clone().send(message, DeadlineStart::Call)
    }

    /// Sends many messages, some tens at a time, and gives one result a message in the same order.
    ///
    /// A message's timeout begins when its turn comes. As with [`send`](Self::send), all are under way from this call on.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// use send_im::{Client, Message};
    ///
    /// let client = Client::sign_in(account).await?;
    /// let messages = ["lenea@contoso.com", "busy@contoso.com"].map(|to| Message::text(to, "hello world"));
    /// let results = client.send_all(messages).await;
    /// assert!(results[0].is_ok() && results[1].is_err());
    /// client.sign_out().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_all<M: IntoIterator<Item = Message>>(
        &self,
        messages: M,
    ) -> impl Future<Output = Vec<Result<Receipt>>> + Send + use<M> {
        let send = |message| self.outbox.clone().send(message, DeadlineStart::Turn);
        join_all(messages.into_iter().map(send).collect::<Vec<_>>())
    }

    /// Ends every send under way at once: each fails with `cancelled`, and its `sent` says whether it can have arrived.
    /// Invitations that still ring are withdrawn. Later sends fail with `closed`; [`sign_out`](Self::sign_out) then waits for no send.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// use send_im::{Client, ErrorKind, Message};
    ///
    /// let client = Client::sign_in(account).await?;
    /// let rings = client.send(Message::text("silent@contoso.com", "hello world"));
    /// client.cancel_all();
    /// assert_eq!(rings.await.unwrap_err().kind(), ErrorKind::Cancelled);
    /// client.sign_out().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_all(&self) {
        self.outbox.session.cancel_all();
    }

    /// Waits for the sends under way, closes the session on the server and forgets the tokens. Sends that begin later
    /// fail with `closed`. A second call does nothing.
    ///
    /// Each send ends with its own timeout at the latest, which runs only while its future is polled; a future that is neither
    /// polled nor dropped is waited for. [`sign_out_within`](Self::sign_out_within) gives a bound for all of them,
    /// [`cancel_all`](Self::cancel_all) ends them at once. Where the server refuses connections or gives no answer for
    /// 5 s, they end then, with `outcome_unknown` or `cancelled`. Closing takes at most another 3 s.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// use send_im::{Client, ErrorKind, Message};
    ///
    /// let client = Client::sign_in(account).await?;
    /// client.sign_out().await?;
    /// let late = client.send(Message::text("lenea@contoso.com", "hello world")).await;
    /// assert_eq!(late.unwrap_err().kind(), ErrorKind::Closed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the server could not be told; it ends the session by itself after 15 minutes (MeDashboard).
    pub async fn sign_out(&self) -> Result<()> {
        self.close(None).await
    }

    /// As [`sign_out`](Self::sign_out), but waits for the sends under way at most for `bound`, then cancels those that are
    /// left as [`cancel_all`](Self::cancel_all) does.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// use std::time::Duration;
    ///
    /// let client = send_im::Client::sign_in(account).await?;
    /// client.sign_out_within(Duration::from_secs(5)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`sign_out`](Self::sign_out).
    pub async fn sign_out_within(&self, bound: Duration) -> Result<()> {
        self.close(Some(bound)).await
    }

    /// Later sends are refused from this call on, and it goes on whether the future is polled or not.
    pub(crate) fn close(&self, bound: Option<Duration>) -> impl Future<Output = Result<()>> + Send + use<> {
        self.outbox.session.forget_server();
        let log = StepLog::new(self.outbox.session.connection.account.on_step.clone());
        let (outbox, signing_out) = (self.outbox.clone(), self.outbox.session.sign_out(&log, bound));
        async move {
            let closed = signing_out.await;
            outbox.end_conversations().await;
            closed
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.outbox.session.connection.address.as_str())
            .finish_non_exhaustive()
    }
}
