//! A UCWA server for demonstrations and tests.
//!
//! It answers as a pool of Lync Server 2013 and its successors does: discovery, web tickets, applications, the
//! event channel, invitations and messages. Recipients behave by the local part of their address, so that
//! every outcome can be tried without any set-up:
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
//! What was delivered can be read, waited for and subscribed to; what is to go wrong is said with [`Fault`]s.
//! The same is offered over HTTP, under `/sandbox/api/` on every origin, to programs and to nobody's web pages but its own;
//! what changes something is JSON by its `Content-Type`. There are `GET` and `DELETE messages`
//! (`?to=`), `GET messages/wait?count=&timeout_ms=`, `GET` and `DELETE journal`, `GET`, `PUT`, `POST` and
//! `DELETE faults`, `PUT challenge`, `PUT recipients/{address}`, `GET state`, and `POST actions/` with
//! `revoke-tokens`, `drop-applications`, `resync`, `resume`, `end-conversations` or `disconnect-messaging`.
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
#![allow(clippy::result_large_err)] // The error of every function here is an answer, made once and sent.

mod address;
mod api;
mod application;
mod behaviour;
mod builder;
mod challenge;
mod channel;
mod charset;
mod conversation;
mod cross_domain;
mod damage;
mod data_uri;
mod discovery;
mod dispatch;
mod door;
mod events;
mod faults;
mod form;
mod frames;
mod guard;
mod inbox;
mod input;
mod journal;
mod layout;
mod origin;
mod people;
mod read;
mod reply;
mod sandbox;
mod server;
mod sync;
mod tickets;
mod tls;
mod token;
mod world;

pub use behaviour::Behaviour;
pub use builder::Builder;
pub use faults::{Action, ErrorBody, Fault, GatewayBody, NotAFault, Route};
pub use inbox::{Delivered, WaitTimeout};
pub use journal::Exchange;
pub use layout::{ChallengeStyle, Layout, UnknownLayout};
pub use sandbox::Sandbox;
