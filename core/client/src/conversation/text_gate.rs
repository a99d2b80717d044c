//! Whether the text of a message may still leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::error::Sent;
use crate::message::Message;
use crate::sent_status::SentStatus;

/// Decides which came first: a request with the text, or the caller's going away. A caller who is told that no text has left can
/// rely on it.
#[derive(Clone)]
pub(crate) struct TextGate {
    state: Arc<AtomicU8>,
    sent_status: SentStatus,
}

const OPEN: u8 = 0;
const PASSED: u8 = 1;
const CLOSED: u8 = 2;

impl TextGate {
    pub(crate) fn of(message: &Message) -> Self {
        Self { state: Arc::default(), sent_status: message.sent_status() }
    }

    /// False when the gate is closed.
    pub(super) fn pass(&self) -> bool {
        if self.state.load(Ordering::Acquire) == CLOSED {
            return false;
        }
        // Set first, so that whoever sees the gate passed sees this too.
        self.sent_status.begin();
        let passed = self.state.compare_exchange(OPEN, PASSED, Ordering::AcqRel, Ordering::Acquire);
        passed != Err(CLOSED)
    }

    /// No text passes from now on, unless one has already.
    pub(crate) fn close(&self) {
        let _ = self.state.compare_exchange(OPEN, CLOSED, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Whether the text can have left.
    pub(crate) fn sent(&self) -> Sent {
        if self.state.load(Ordering::Acquire) == PASSED { Sent::Maybe } else { Sent::No }
    }
}
