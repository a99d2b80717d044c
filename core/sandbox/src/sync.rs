//! A lock that survives a panic of its holder.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A mutex whose poison is ignored: every value kept here is valid between any two statements, and a
/// panic in one request must not turn all later ones into panics.
#[derive(Debug, Default)]
pub(crate) struct Guarded<T>(Mutex<T>);

impl<T> Guarded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
