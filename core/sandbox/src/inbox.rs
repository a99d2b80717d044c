//! What was delivered.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};
use tokio::sync::{broadcast, watch};

use crate::address;
use crate::sync::Guarded;

/// One message that reached a recipient.
///
/// Serialized with these names; `received_at` becomes a number, milliseconds since 1970 (UTC).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Delivered {
    /// Counts deliveries, from 1.
    pub number: u64,
    /// The sender's address, without `sip:`.
    pub from: String,
    /// The address the sender asked for, without `sip:`.
    pub to: String,
    /// The address that took it; another one than `to` after forwarding.
    pub accepted_by: String,
    /// The subject of the conversation.
    pub subject: Option<String>,
    /// `Normal`, `Urgent` or `Emergency`.
    pub importance: String,
    /// `text/plain` or `text/html`.
    pub format: String,
    /// The text as it was sent.
    pub text: String,
    /// `invitation` if the text came with the invitation, `message` if it was sent afterwards.
    pub via: String,
    /// The href of the conversation in the sender's application.
    pub conversation: String,
    /// The thread of the conversation.
    pub thread_id: String,
    /// When the recipient got it.
    #[serde(serialize_with = "unix_millis")]
    pub received_at: SystemTime,
}

fn unix_millis<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    to.serialize_u64(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Fewer messages than wanted arrived in the time given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{seen} of {wanted} messages were delivered within {waited:?}")]
#[non_exhaustive]
pub struct WaitTimeout {
    /// How many messages were waited for.
    pub wanted: usize,
    /// How many there were in the end.
    pub seen: usize,
    /// How long it took to give up.
    pub waited: Duration,
}

/// Everything delivered since the start or the last clearing, oldest first.
#[derive(Debug)]
pub(crate) struct Inbox {
    kept: Guarded<Kept>,
    count: watch::Sender<usize>,
    news: broadcast::Sender<Delivered>,
}

#[derive(Debug, Default)]
struct Kept {
    last_number: u64,
    messages: Vec<Delivered>,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self {
            kept: Guarded::default(),
            count: watch::Sender::new(0),
            // A slow subscriber loses the oldest items, as documented for broadcast channels.
            news: broadcast::Sender::new(1024),
        }
    }

    /// Keeps a message and tells everyone who waits; gives it its number.
    pub(crate) fn deliver(&self, mut message: Delivered) {
        let mut kept = self.kept.lock();
        kept.last_number += 1;
        message.number = kept.last_number;
        kept.messages.push(message.clone());
        self.count.send_replace(kept.messages.len());
        // No subscriber is no error.
        let _ = self.news.send(message);
    }

    pub(crate) fn all(&self) -> Vec<Delivered> {
        self.kept.lock().messages.clone()
    }

    pub(crate) fn of(&self, recipient: &str) -> Vec<Delivered> {
        let wanted = address::key(recipient);
        let hers = |message: &&Delivered| {
            address::key(&message.accepted_by) == wanted || address::key(&message.to) == wanted
        };
        self.kept.lock().messages.iter().filter(hers).cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let mut kept = self.kept.lock();
        kept.messages.clear();
        self.count.send_replace(0);
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Delivered> {
        self.news.subscribe()
    }

    pub(crate) async fn wait_for(
        &self,
        wanted: usize,
        waited: Duration,
    ) -> Result<Vec<Delivered>, WaitTimeout> {
        let mut count = self.count.subscribe();
        let enough = count.wait_for(|seen| *seen >= wanted);
        // What is awaited holds a lock that a delivery wants; it must be gone before the messages are locked.
        let reached = matches!(tokio::time::timeout(waited, enough).await, Ok(Ok(_)));
        match reached {
            true => Ok(self.all()),
            false => Err(WaitTimeout { wanted, seen: self.kept.lock().messages.len(), waited }),
        }
    }
}
