//! The end of the process: no call hangs, no thread of ours calls into a host that is gone.
//!
//! A host registers [`wind_down`] where code of the program may run beside it or after it, and [`shutdown`] where it runs last. Without it a continuation of UniFFI could reach an
//! interpreter that is already being taken down.

use std::time::Duration;

use send_im_runtime::Generation;

/// The program is ending, and its own code may still send: closes every session, now or as soon as nothing is under way in
/// it. A later send opens a session and closes it before it returns. Nothing is cancelled and nothing refused.
///
/// Waits at most `timeout_ms`; true if no session was left open.
#[uniffi::export]
pub fn wind_down(timeout_ms: u64) -> bool {
    Generation::current().wind_down(Duration::from_millis(timeout_ms))
}

/// Stops this library in this process: pending calls end with `cancelled`, sessions are signed out as far as the
/// time allows, then the threads end. Later calls fail with `cancelled`.
///
/// Waits at most `timeout_ms`; true if all has ended. May be called again, from any thread; the first call's bound
/// counts. A child forked later starts afresh.
#[uniffi::export]
pub fn shutdown(timeout_ms: u64) -> bool {
    Generation::current().shut_down(Duration::from_millis(timeout_ms))
}

/// The same without waiting, for a host whose native calls keep its other threads from running.
#[uniffi::export]
pub fn begin_shutdown(timeout_ms: u64) {
    Generation::current().begin_shutdown(Duration::from_millis(timeout_ms));
}

/// True once a shutdown has ended.
#[uniffi::export]
pub fn is_shut_down() -> bool {
    Generation::current().is_shut_down()
}
