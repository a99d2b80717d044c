//! A lock that survives a panic of its holder.

use std::sync::{MutexGuard, PoisonError};

/// A mutex that ignores poisoning: every value in one is valid between any two statements, and a panic in one request must not
/// turn all later ones into panics.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
