//! Delivers an instant message to a Skype for Business or Lync user, and tells the truth about it.
//!
//! It speaks UCWA 2.0, the REST interface of Lync Server 2013 and Skype for Business Server 2015, 2019 and
//! Subscription Edition. Four calls: [`send_im`], [`Client::sign_in`], [`Client::send`], [`Client::sign_out`].
//!
//! A message is never sent twice: where the network hides an outcome, the event channel is asked, and where that
//! cannot tell, the error is [`ErrorKind::OutcomeUnknown`].
//!
//! Every call needs a [tokio](https://docs.rs/tokio) runtime. The examples on this page send into the sandbox, the server that
//! comes with this library: `sandbox.url()` stands where your own server's URL would, or none, as the server is found by the
//! sender's domain.
//!
//! # Send one message
//!
//! [`send_im`] signs in, sends, waits for the recipient and signs out.
//!
//! ```
//! use send_im::{Account, send_im};
//!
//! # #[tokio::main]
//! # async fn main() -> send_im::Result<()> {
//! # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
//! let account = Account::with_password("tosh@contoso.com", "secret").server(sandbox.url());
//! let receipt = send_im(&account, "lenea@contoso.com", "hello world").await?;
//! assert_eq!(receipt.accepted_by.as_deref(), Some("lenea@contoso.com"));
//! # Ok(())
//! # }
//! ```
//!
//! # Many messages: a client
//!
//! A [`Client`] stays signed in, and its conversations stay open. Clones share the session; any task may send.
//!
//! ```
//! use send_im::{Account, Client, Message};
//!
//! # #[tokio::main]
//! # async fn main() -> send_im::Result<()> {
//! # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
//! # let account = Account::with_password("tosh@contoso.com", "secret").server(sandbox.url());
//! let client = Client::sign_in(account).await?;
//! client.send(Message::text("lenea@contoso.com", "backup begins")).await?;
//! let team = ["lenea@contoso.com", "johndoe@contoso.com"];
//! for result in client.send_all(team.map(|to| Message::text(to, "backup done"))).await {
//!     println!("{}", result?.to);
//! }
//! client.sign_out().await?;
//! # assert_eq!(sandbox.messages().len(), 3);
//! # Ok(())
//! # }
//! ```
//!
//! # Html, a subject, importance
//!
//! ```
//! use std::time::Duration;
//! use send_im::{Account, Format, Importance, Message};
//!
//! # #[tokio::main]
//! # async fn main() -> send_im::Result<()> {
//! # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
//! # let account = Account::with_password("tosh@contoso.com", "secret").server(sandbox.url());
//! let message = Message::html("lenea@contoso.com", "<b>disk full</b> on db7")
//!     .subject("db7")
//!     .importance(Importance::Urgent)
//!     .timeout(Duration::from_secs(30));
//! let receipt = send_im::send(&account, message).await?;
//! assert_eq!(receipt.format, Format::Html);
//! # Ok(())
//! # }
//! ```
//!
//! # A stored account
//!
//! [`Account::stored`] reads the environment (`SEND_IM_ADDRESS`, `SEND_IM_PASSWORD` and others), or else a profile file that
//! nobody else can read.
//!
//! ```no_run
//! # async fn example() -> send_im::Result<()> {
//! let account = send_im::Account::stored()?;
//! send_im::send_im(&account, "lenea@contoso.com", "hello world").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Tokens instead of a password
//!
//! ```
//! use std::time::Duration;
//! use send_im::{Account, BearerToken};
//!
//! # #[tokio::main]
//! # async fn main() -> send_im::Result<()> {
//! # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
//! # let issued = sandbox.issue_token("tosh@contoso.com");
//! # let token_for = move |_: String| std::future::ready(Ok::<_, std::io::Error>(issued.clone()));
//! let account = Account::with_token("tosh@contoso.com", move |request| {
//!     // `token_for` is yours: it asks your identity provider.
//!     let token = token_for(request.origin);
//!     async move { Ok(BearerToken::new(token.await?).expires_in(Duration::from_secs(3600))) }
//! });
//! send_im::send_im(&account.server(sandbox.url()), "lenea@contoso.com", "hello world").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # When it fails
//!
//! An [`Error`] says in one sentence what happened and what to do. A program looks at its [`kind`](Error::kind), and at
//! [`sent`](Error::sent) before it sends again.
//!
//! ```
//! use send_im::{Account, ErrorKind, Sent};
//!
//! # #[tokio::main]
//! # async fn main() {
//! # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
//! # let account = Account::with_password("tosh@contoso.com", "secret").server(sandbox.url());
//! let error = send_im::send_im(&account, "busy@contoso.com", "hello world").await.unwrap_err();
//! match (error.kind(), error.sent()) {
//!     (ErrorKind::Busy | ErrorKind::NoAnswer, _) => println!("Try later: {error}"),
//!     (_, Sent::No) => println!("Nothing arrived: {error}"),
//!     (_, Sent::Maybe) => println!("Sending again may double it: {error}"),
//! }
//! # assert_eq!(error.kind(), ErrorKind::Busy);
//! # }
//! ```
//!
//! # When nothing works
//!
//! [`Account::diagnose`] walks as a send would, and sends nothing. Each [`Check`] tells what was seen and, where it did not pass,
//! what to do and who can do it.
//!
//! ```
//! use send_im::Account;
//!
//! # #[tokio::main]
//! # async fn main() -> send_im::Result<()> {
//! # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
//! # let account = Account::with_password("tosh@contoso.com", "wrong").server(sandbox.url()).shared(Default::default());
//! let diagnosis = account.diagnose().await?;
//! if let Some(failure) = diagnosis.first_failure() {
//!     println!("{}: {}", failure.name, failure.seen);
//! }
//! # assert!(diagnosis.first_failure().is_some());
//! # Ok(())
//! # }
//! ```
//!
//! # Cancel
//!
//! Dropping the future of a send ends it; its [`SentStatus`] says afterwards whether the text can have left.
//! [`Client::cancel_all`] ends every send of a client.
//!
//! ```
//! use std::time::Duration;
//! use send_im::{Account, Client, Message, Sent};
//!
//! # #[tokio::main]
//! # async fn main() -> send_im::Result<()> {
//! # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
//! # let account = Account::with_password("tosh@contoso.com", "secret").server(sandbox.url());
//! let client = Client::sign_in(account).await?;
//! let message = Message::text("silent@contoso.com", "hello world");
//! let sent_status = message.sent_status();
//! tokio::select! {
//!     result = client.send(message) => println!("{:?}", result?),
//!     () = tokio::time::sleep(Duration::from_millis(50)) => {
//!         println!("Given up; it may have arrived: {}", sent_status.sent() == Sent::Maybe);
//!     }
//! }
//! client.sign_out().await
//! # }
//! ```
//!
//! # Test your own code
//!
//! What your code does with an outcome needs no server: [`Error::new`] and [`Receipt::new`] make one.
//!
//! ```
//! use send_im::{Error, ErrorKind, Evidence, Receipt, Sent};
//!
//! let unknown = Error::new(ErrorKind::OutcomeUnknown, "It may have arrived.").with_sent(Sent::Maybe);
//! let delivered = Receipt::new("lenea@contoso.com", Evidence::InvitationAccepted);
//! assert_eq!((unknown.kind().exit_code(), delivered.accepted_by.as_deref()), (6, Some("lenea@contoso.com")));
//! ```
//!
//! For a whole way there is the sandbox, the crate `send-im-sandbox`. Recipients behave by their name; what goes wrong can be
//! said. A [`Shared`] of its own keeps a test from what others were refused.
//!
//! ```
//! use std::sync::Arc;
//! use send_im::{Account, ErrorKind};
//! use send_im_sandbox::Sandbox;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::start().await?;
//! let account = Account::with_password("tosh@contoso.com", "x").server(sandbox.url()).shared(Arc::default());
//! send_im::send_im(&account, "lenea@contoso.com", "hello world").await?;
//! assert_eq!(sandbox.inbox("lenea@contoso.com")[0].text, "hello world");
//! let declined = send_im::send_im(&account, "declines@contoso.com", "hello").await.unwrap_err();
//! assert_eq!(declined.kind(), ErrorKind::Declined);
//! # Ok(())
//! # }
//! ```

// What `bindings` makes public is private to the crate without it.
#![cfg_attr(not(feature = "bindings"), allow(unreachable_pub))]

mod account;
mod account_options;
mod address;
mod answer_verdict;
#[cfg(feature = "bindings")]
pub mod bindings;
mod client;
mod conversation;
mod diagnosis;
mod discovery;
mod error;
mod files;
mod host;
mod http;
mod message;
mod outbox;
mod plain;
mod profile;
mod reasons;
mod receipt;
mod retry;
mod sent_status;
mod session;
mod shared;
mod sign_in;
mod steps;
mod text;
mod tls;
mod trust;

pub use account::{Account, BearerToken, TokenRequest};
pub use account_options::{ENV_ADDRESS, ENV_CA_FILE, ENV_PASSWORD, ENV_SERVER, ENV_TLS, ENV_USERNAME};
pub use address::Address;
pub use client::{Client, send, send_im};
pub use diagnosis::{Advice, AdviceOwner, Check, CheckName, CheckOutcome, Diagnosis};
pub use error::{Error, ErrorKind, Hop, Result, Sent};
pub use message::{DEFAULT_TIMEOUT, Importance, MAX_SUBJECT, Message, Wait};
pub use profile::profile_path;
pub use receipt::{Evidence, Format, Receipt};
pub use sent_status::SentStatus;
pub use shared::Shared;
pub use steps::{Step, StepRecord};
pub use tls::Tls;

/// The Rust code of the front page compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
