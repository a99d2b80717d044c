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

mod abort;
mod account;
mod address;
mod client;
mod delivery;
mod departure;
mod discovery;
mod error;
mod files;
mod host;
mod http;
mod message;
mod plain;
mod profile;
mod receipt;
mod retry;
mod session;
mod sign_in;
mod steps;
mod text;
mod turns;
mod ucwa;

pub use account::{Account, BearerToken, Tls, TokenRequest};
pub use address::Address;
pub use client::{Client, send, send_im};
pub use departure::Departure;
pub use error::{Error, ErrorKind, Hop, Result, Sent};
pub use message::{DEFAULT_TIMEOUT, Importance, MAX_SUBJECT, Message, Wait};
pub use profile::{ENV_ADDRESS, ENV_CA_FILE, ENV_PASSWORD, ENV_SERVER, ENV_TLS, ENV_USERNAME, profile_path};
pub use receipt::{Evidence, Format, Receipt};
pub use steps::{Step, StepRecord};

/// The decoders, for holding them against recorded traffic and against arbitrary bytes. Not part of the stable interface.
#[doc(hidden)]
pub mod decode {
    pub use crate::delivery::plain_of;
    pub use crate::discovery::answer::Lead;
    pub use crate::discovery::trust::{check_redirect, check_token_service, follow_link};
    pub use crate::profile::account_of_profile;
    pub use crate::sign_in::challenge::Challenge;
    pub use crate::sign_in::token::{TokenRefusal, decode_refusal, decode_token};
    pub use crate::sign_in::token_rejected;
    pub use crate::ucwa::application::Links;
    pub use crate::ucwa::data_uri::{DataUri, encode_plain};
    pub use crate::ucwa::events::{Batch, Continue, Event, EventType, Status};
    pub use crate::ucwa::hypermedia::{DecodeError, HrefKey, Resource, plain_rel};
    pub use crate::ucwa::ledger::{End, Ledger, Modality, Progress};
    pub use crate::ucwa::reason::Reason;
}

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
