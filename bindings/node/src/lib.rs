//! The native part of the Node package. What a program sees is in `lib`.
//!
//! No thread of ours calls JavaScript. What becomes of a call is put into a [`CompletionQueue`](queue::CompletionQueue), whose
//! waker wakes the event loop; where there is none any more, in a listener of `exit`, the queue is waited for.

pub mod account;
pub mod client;
pub mod queue;
pub mod records;
pub mod sandbox;
pub mod thread;

use napi_derive::napi;
use send_im::ErrorKind;

#[cfg(debug_assertions)]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

/// How many allocations of this library are alive, for the tests.
#[cfg(debug_assertions)]
#[napi]
pub fn live_allocations() -> f64 {
    let stats = ALLOCATOR.stats();
    stats.allocations.saturating_sub(stats.deallocations) as f64
}

/// The version of this library. The package compares it with its own.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// The exit code of a kind of failure, where there is one of this name.
#[napi]
pub fn exit_code(kind: String) -> Option<u8> {
    ErrorKind::ALL.iter().find(|known| known.as_str() == kind).map(|known| known.exit_code())
}
