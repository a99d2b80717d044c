//! A lock and a flag.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Locks. Nothing is ever left half done under a lock of the bindings, so a panic elsewhere does not make its content
/// wrong.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A flag another thread can wait for.
#[derive(Debug, Default)]
pub struct Flag {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Flag {
    /// Sets it for good.
    pub fn set(&self) {
        *lock(&self.set) = true;
        self.changed.notify_all();
    }

    /// True once it is set.
    pub fn is_set(&self) -> bool {
        *lock(&self.set)
    }

    /// Waits at most `timeout`; true if the flag is set.
    pub fn wait(&self, timeout: Duration) -> bool {
        let (set, _) = self
            .changed
            .wait_timeout_while(lock(&self.set), timeout, |set| !*set)
            .unwrap_or_else(PoisonError::into_inner);
        *set
    }
}
