//! A UCWA server for demonstrations and tests.
//!
//! It answers as a pool of Lync Server 2013 and its successors does: discovery, web tickets, applications, the
//! event channel, invitations and messages. How a recipient behaves follows from the local part of the address, so that
//! every outcome can be tried without set-up:
//!
//! | address | outcome |
//! |---|---|
//! | anyone else | accepts, at once unless [`Builder::answer_after`] says otherwise |
//! | `slow@` | accepts after 3 s ([`Builder::slow`]) |
//! | `declines@` | RemoteFailure/Declined |
//! | `silent@` | RemoteFailure/Timeout after the ring time ([`Builder::ring`]) |
//! | `busy@` | RemoteFailure/DoNotDisturb |
//! | `offline@` | RemoteFailure/TemporarilyUnavailable |
//! | `unknown@` | NotFound/DestinationNotFound |
//! | `forwards@` | accepted by `colleague@` of the same domain |
//! | `drops@` | accepts, then the message fails |
//! | `echo@` | accepts and sends the same text back |
//!
//! Any account signs in with any password but `wrong`, until users are declared ([`Builder::user`]).
//! `GET /sandbox/redirect?to=URL` is a discovery root that leads to that URL.
//!
//! Delivered messages can be read, awaited and subscribed to; a [`Fault`] says what is to go wrong.
//! The same is offered over HTTP, under `/sandbox/api/` on every origin, to programs and to pages of that origin, not to other
//! web pages; a request with a body needs the `Content-Type` of JSON. There are `GET` and `DELETE messages`
//! (`?to=`), `GET messages/wait?count=&timeout_ms=`, `GET messages/{number}`, `GET events`, `GET` and `DELETE journal`,
//! `GET journal/{number}`, `GET`, `PUT`, `POST` and `DELETE faults`, `PUT challenge`, `GET` and `DELETE recipients`,
//! `PUT` and `DELETE recipients/{address}`, `GET state`, and `POST actions/` with
//! `revoke-tokens`, `drop-applications`, `resync`, `resume`, `end-conversations` or `disconnect-messaging`.
//!
//! `/sandbox/` on every origin is the inbox as a page.
//!
//! ```
//! use send_im_sandbox::{Action, Behaviour, Fault, Route, Sandbox};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let sandbox = Sandbox::start().await?;
//! sandbox.recipient("boss@contoso.com", Behaviour::Decline);
//! sandbox.add_fault(Fault::on(Route::StartMessaging, Action::DropAfter));
//! println!("sign in at {} with any address and password", sandbox.url());
//! // … the program under test sends its messages …
//! for message in sandbox.inbox("lenea@contoso.com") {
//!     println!("{}: {}", message.from, message.text);
//! }
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
// The error of most functions is a response, made once and sent.
#![allow(clippy::result_large_err)]
#![warn(clippy::too_many_lines)]

mod builder;
mod connection;
mod control;
mod dispatch;
mod http;
mod options;
mod resources;
mod sandbox;
mod server;
mod state;
mod sync;
mod values;

pub use builder::Builder;
pub use options::{NotOptions, SandboxOptions, SandboxUser};
pub use sandbox::{RequestRefused, Sandbox};
pub use state::inbox::{Delivered, WaitTimeout};
pub use state::journal::{ClosedBy, Exchange};
pub use values::behaviour::Behaviour;
pub use values::challenge_style::ChallengeStyle;
pub use values::fault::{Action, ErrorBody, Fault, GatewayBody, Route};
pub use values::from_json::NotAFault;
pub use values::layout::{Layout, UnknownLayout};
