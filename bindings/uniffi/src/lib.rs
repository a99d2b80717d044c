//! The one UniFFI surface: Python, Kotlin, Java, Swift and Ruby stand on it.
//!
//! It is plain on purpose: records with defaults, objects, one error. The package of each language puts its own
//! idioms on top and hides the generated module.
//!
//! Rules every export keeps:
//! - Input and output happens on a runtime of our own (`send-im-runtime`). It is asked for by async exports, and for hosts
//!   that are not to be called from a thread of ours by exports `start_…`, which give a [`PendingCall`]. A host thread that
//!   polls either does nothing but look whether a task has ended.
//! - The other exports return at once. The exceptions are [`PendingCall::wait`] and [`shutdown`], which say how long they wait.
//! - Nothing is started when the library is loaded.
//! - No field is called `message`, no record has methods: not every generator can take them.

mod account;
mod allocations;
mod cancellation;
mod client;
mod diagnosis;
mod failure;
mod news;
mod notifier;
mod pending;
mod records;
mod sandbox;
mod shutdown;

uniffi::setup_scaffolding!();

pub use account::{
    AccountOptions, StepListener, TokenProvider, TokenReply, TokenRequestRecord, check_stored_account,
};
pub use allocations::live_allocations;
pub use cancellation::Cancellation;
pub use client::{SignedInClient, send, start_send, start_sign_in};
pub use diagnosis::{AdviceRecord, CheckRecord, diagnose, start_diagnose};
pub use failure::{Failure, HopRecord, SendError};
pub use news::TokenAsked;
pub use pending::{Outcome, PendingCall};
pub use records::{MessageOptions, ReceiptRecord, SendOutcome, StepRecord};
pub use sandbox::{DeliveredMessage, SandboxOptions, SandboxServer, SandboxUser, start_sandbox};
pub use shutdown::{begin_shutdown, is_shut_down, shutdown, wind_down};

/// The version of this library. A package compares it with its own: Ruby's generated code does not check anything.
#[uniffi::export]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
