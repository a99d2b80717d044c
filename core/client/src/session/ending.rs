//! Why the event channel of an application ended, and what that means for the next send.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Error;

/// Why the channel ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending(Arc<Mutex<Option<Ended>>>);

/// An ended channel.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// The server has dropped the application: a new one may be created silently.
    Gone,
    /// What waits in the application has failed with this; the next send may create a new one.
    Failed(Error),
    /// Something a person must know. Source of "never automatic": ApplicationDashboard.
    ForGood(Error),
}

impl Ending {
    pub(crate) fn get(&self) -> Option<Ended> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, ended: Ended) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ended);
    }
}
