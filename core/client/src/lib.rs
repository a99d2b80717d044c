//! Delivers an instant message to a Skype for Business or Lync user, and tells the truth about it.
//!
//! It speaks UCWA 2.0, the REST interface of Lync Server 2013 and Skype for Business Server 2015, 2019 and
//! Subscription Edition. Four calls: [`send_im`], [`Client::sign_in`], [`Client::send`], [`Client::sign_out`].
//!
//! A message is never sent twice: where the network hides an outcome, the event channel is asked, and where that
//! cannot tell, the error is [`ErrorKind::OutcomeUnknown`].
//!
//! # Testing your own code
//!
//! What your code does with an outcome needs no server: [`Error::new`] and [`Receipt::new`] make one. For a whole way there is
//! the sandbox, the crate `send-im-sandbox`.
//!
//! ```
//! use send_im::{Error, ErrorKind, Evidence, Receipt, Sent};
//!
//! let unknown = Error::new(ErrorKind::OutcomeUnknown, "It may have arrived.").with_sent(Sent::Maybe);
//! let delivered = Receipt::new("lenea@contoso.com", Evidence::InvitationAccepted);
//! assert_eq!((unknown.kind().exit_code(), delivered.accepted_by.as_deref()), (6, Some("lenea@contoso.com")));
//! ```

mod account;
mod address;
mod client;
mod conversation;
mod departure;
mod discovery;
mod error;
mod files;
mod http;
mod message;
mod outbox;
mod plain;
mod profile;
mod reasons;
mod receipt;
mod retry;
mod session;
mod sign_in;
mod steps;
mod text;

pub use account::{Account, BearerToken, Tls, TokenRequest};
pub use address::Address;
pub use client::{Client, send, send_im};
pub use departure::Departure;
pub use error::{Error, ErrorKind, Hop, Result, Sent};
pub use message::{DEFAULT_TIMEOUT, Importance, MAX_SUBJECT, Message, Wait};
pub use profile::{ENV_ADDRESS, ENV_CA_FILE, ENV_PASSWORD, ENV_SERVER, ENV_TLS, ENV_USERNAME, profile_path};
pub use receipt::{Evidence, Format, Receipt};
pub use steps::{Step, StepRecord};

/// What the other packages share with this one. Not part of the stable interface.
#[doc(hidden)]
pub mod shared {
    pub use crate::files::{read, read_secret};
    pub use crate::plain::option_name;
    pub use crate::text::{decode_text, without_mark};
}

/// The Rust code of the front page compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
