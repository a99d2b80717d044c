//! Whether the pool that has the session may no longer be the account's home pool.
//!
//! A pool can fail while clients are signed in, and another takes over. The event channel cannot say so, as nothing responds.
//! So the pool is discovered again when a send cannot reach it, and once more before the next send. Source: RootURL, for what
//! casts doubt on a cached URL.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::error::{Error, ErrorKind};

/// What is known of the account's home pool.
#[derive(Default)]
pub(super) struct HomePool {
    pub(super) stale: AtomicBool,
    /// When the pool was last discovered again.
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

/// True for errors after which the pool may no longer be the home pool. Source: RootURL.
pub(super) fn casts_doubt(error: &Error) -> bool {
    matches!(error.http_status(), Some(403 | 502)) || error.kind() == ErrorKind::Network
}
