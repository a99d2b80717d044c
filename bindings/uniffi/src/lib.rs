//! The one UniFFI surface: Python, Kotlin, Java, Swift and Ruby stand on it.
//!
//! It is plain on purpose: records with defaults, objects, one error. The package of each language puts its own
//! idioms on top and hides the generated module.
//!
//! Rules every export keeps:
//! - Input and output happens in async exports only, on a runtime of our own (`send-im-runtime`). A host thread that
//!   polls such a future does nothing but look whether a task has ended.
//! - The other exports return at once. The one exception is [`shutdown`], which says how long it waits.
//! - Nothing is started when the library is loaded.
//! - No field is called `message`, no record has methods: not every generator can take them.

mod account;
mod allocations;
#[cfg(unix)]
mod bell;
mod cancellation;
mod client;
mod failure;
#[cfg(unix)]
mod mailbox;
mod records;
mod sandbox;
mod shutdown;

uniffi::setup_scaffolding!();

pub use account::{
    AccountOptions, StepListener, TokenProvider, TokenReply, TokenRequestRecord, check_stored_account,
};
pub use allocations::live_allocations;
#[cfg(unix)]
pub use bell::{Bell, ring_function};
pub use cancellation::Cancellation;
pub use client::{SignedInClient, send};
pub use failure::{Failure, HopRecord, SendError};
#[cfg(unix)]
pub use mailbox::{Mailbox, TokenAsked, send_by_mail, sign_in_by_mail};
pub use records::{MessageOptions, ReceiptRecord, SendOutcome, StepRecord};
pub use sandbox::{DeliveredMessage, SandboxOptions, SandboxServer, SandboxUser};
pub use shutdown::{begin_shutdown, is_shut_down, shutdown, wind_down};

/// The version of this library. A package compares it with its own: Ruby's generated code does not check anything.
#[uniffi::export]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
