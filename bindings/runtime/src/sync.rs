//! A lock and a flag.

use std::sync::PoisonError;
use std::time::Duration;

/// The lock of what is shared by hand. Under loom it is a model of one, which is tried in every order of the threads.
#[cfg(not(send_im_loom))]
pub use std::sync::{Condvar, Mutex, MutexGuard};

#[cfg(send_im_loom)]
pub use loom::sync::{Condvar, Mutex, MutexGuard};

/// Locks. Nothing is ever left half done under a lock of the bindings, so a panic elsewhere does not make its content
/// wrong.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A flag another thread can wait for.
#[derive(Debug, Default)]
pub struct Flag {
    set: std::sync::Mutex<bool>,
    changed: std::sync::Condvar,
}

impl Flag {
    fn lock(&self) -> std::sync::MutexGuard<'_, bool> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets it for good.
    pub fn set(&self) {
        *self.lock() = true;
        self.changed.notify_all();
    }

    /// True once it is set.
    pub fn is_set(&self) -> bool {
        *self.lock()
    }

    /// Waits at most `timeout`; true if the flag is set.
    pub fn wait(&self, timeout: Duration) -> bool {
        let (set, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, |set| !*set)
            .unwrap_or_else(PoisonError::into_inner);
        *set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_for_a_flag_hears_of_it() {
        let flag = Flag::default();
        assert!(!flag.wait(Duration::ZERO));
        std::thread::scope(|threads| {
            let waiting: Vec<_> =
                (0..3).map(|_| threads.spawn(|| flag.wait(Duration::from_secs(3600)))).collect();
            flag.set();
            assert!(waiting.into_iter().all(|thread| thread.join().unwrap()));
        });
        assert!(flag.is_set());
    }
}
