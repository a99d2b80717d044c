//! What changes in a sandbox, for whoever watches.

use tokio::sync::broadcast;

/// How many changes a watcher may fall behind.
const MAX_BEHIND: usize = 256;

/// Something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The request with this number in the journal was answered or closed.
    Ended(u64),
    /// The resource of this name in the control interface.
    Resource(&'static str),
}

/// Tells changes to the watchers. Clones tell the same ones.
#[derive(Debug, Clone)]
pub(crate) struct News(broadcast::Sender<Change>);

impl Default for News {
    fn default() -> Self {
        Self(broadcast::Sender::new(MAX_BEHIND))
    }
}

impl News {
    pub(crate) fn tell(&self, change: Change) {
        // It fails where there is no watcher.
        let _ = self.0.send(change);
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}
