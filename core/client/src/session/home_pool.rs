//! Whether the pool that has the session is still the account's home pool.
//!
//! A pool can fail while clients are signed in, and another takes over. The event channel cannot say so, as nothing responds.
//! So the pool is discovered again when a send cannot reach it, and once more after an error that casts doubt on it. Source:
//! RootURL, for what casts doubt on a cached URL.

use std::sync::{MutexGuard, PoisonError};

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::steps::Step;

/// What is known of the account's home pool.
#[derive(Default)]
pub(super) struct HomePool {
    /// When a send cast doubt on it. `None` once discovery was tried again.
    doubted: std::sync::Mutex<Option<Instant>>,
    /// When it was last discovered again. Locked meanwhile, so that one discovery serves all sends.
    pub(super) discovered: Mutex<Option<Instant>>,
}

impl HomePool {
    pub(super) fn doubted(&self) -> MutexGuard<'_, Option<Instant>> {
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True for errors after which the pool may no longer be the home pool. A 403 with a reason is about the recipient or the account.
pub(super) fn casts_doubt(error: &Error) -> bool {
    match error.http_status() {
        Some(403) => error.code().is_none(),
        Some(502) => true,
        // The server has not answered a request. A recipient who does not answer is another matter.
        None if matches!(error.step(), Some(Step::Invite | Step::Send)) => {
            matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout | ErrorKind::OutcomeUnknown)
        }
        _ => error.kind() == ErrorKind::Network,
    }
}
