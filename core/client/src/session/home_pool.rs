//! What is known of whether the server that has the session is still the account's home.
//!
//! A pool can be lost while clients are signed in, and another takes over. Its event channel cannot tell: there is nobody
//! to answer. So discovery is asked again when a send finds nobody, and once more before the send that follows. Source:
//! RootURL, for what casts doubt on a remembered URL.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::error::{Error, ErrorKind};

/// What is known of the account's home.
#[derive(Default)]
pub(super) struct HomePool {
    pub(super) stale: AtomicBool,
    /// When discovery was asked the last time.
    asked: Mutex<Option<Instant>>,
}

impl HomePool {
    pub(super) fn mark_stale(&self) {
        self.stale.store(true, Ordering::Release);
    }

    pub(super) fn may_have_moved(&self) -> bool {
        self.stale.load(Ordering::Acquire)
    }

    pub(super) fn asked(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True for errors after which the server may not be the account's home any more. Source: RootURL.
pub(super) fn casts_doubt(error: &Error) -> bool {
    matches!(error.http_status(), Some(403 | 502)) || error.kind() == ErrorKind::Network
}
