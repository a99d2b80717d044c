//! The messages that were delivered.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use tokio::sync::{broadcast, watch};

use crate::state::news::{Change, News};
use crate::sync::Mutex;
use crate::values::address;
use crate::values::time::serialize_unix_millis;

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
    /// The address the sender invited, without `sip:`.
    pub to: String,
    /// The address that accepted it; not the same as `to` after forwarding.
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
    #[serde(serialize_with = "serialize_unix_millis")]
    pub received_at: SystemTime,
    /// The number in the journal of the request that brought the text. Not serialized.
    #[serde(skip)]
    pub(crate) request: u64,
    /// The href of the invitation or the message, whose `completed` event tells the sender. Not serialized.
    #[serde(skip)]
    pub(crate) told_by: String,
}

/// Fewer messages than expected were delivered in the given time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{seen} of {wanted} messages were delivered within {waited:?}")]
#[non_exhaustive]
pub struct WaitTimeout {
    /// The number of messages that were expected.
    pub wanted: usize,
    /// The number that had been delivered.
    pub seen: usize,
    /// The time limit.
    pub waited: Duration,
}

/// Everything delivered since the start or the last clearing, oldest first.
#[derive(Debug)]
pub(crate) struct Inbox {
    delivered: Mutex<Messages>,
    count: watch::Sender<usize>,
    subscribers: broadcast::Sender<Delivered>,
    news: News,
}

#[derive(Debug, Default)]
struct Messages {
    last_number: u64,
    list: Vec<Delivered>,
}

impl Inbox {
    pub(crate) fn new(news: News) -> Self {
        Self {
            delivered: Mutex::default(),
            count: watch::Sender::new(0),
            // A slow subscriber loses the oldest items, as documented for broadcast channels.
            subscribers: broadcast::Sender::new(1024),
            news,
        }
    }

    /// Gives a message its number, adds it, and sends it to the subscribers.
    pub(crate) fn deliver(&self, mut message: Delivered) {
        let mut delivered = self.delivered.lock();
        delivered.last_number += 1;
        message.number = delivered.last_number;
        delivered.list.push(message.clone());
        self.count.send_replace(delivered.list.len());
        // It fails where there is no subscriber.
        let _ = self.subscribers.send(message);
    }

    pub(crate) fn all(&self) -> Vec<Delivered> {
        self.delivered.lock().list.clone()
    }

    /// The messages that this address accepted or was invited to.
    pub(crate) fn of(&self, recipient: &str) -> Vec<Delivered> {
        let recipient = address::key(recipient);
        let received = |message: &&Delivered| {
            address::key(&message.accepted_by) == recipient || address::key(&message.to) == recipient
        };
        self.delivered.lock().list.iter().filter(received).cloned().collect()
    }

    pub(crate) fn get(&self, number: u64) -> Option<Delivered> {
        let delivered = self.delivered.lock();
        let at = delivered.list.binary_search_by_key(&number, |message| message.number).ok()?;
        Some(delivered.list[at].clone())
    }

    pub(crate) fn clear(&self) {
        let mut delivered = self.delivered.lock();
        delivered.list.clear();
        self.count.send_replace(0);
        self.news.tell(Change::Resource("messages"));
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Delivered> {
        self.subscribers.subscribe()
    }

    pub(crate) async fn wait_for(
        &self,
        wanted: usize,
        waited: Duration,
    ) -> Result<Vec<Delivered>, WaitTimeout> {
        let mut count = self.count.subscribe();
        let enough = count.wait_for(|seen| *seen >= wanted);
        // The value holds a lock of the channel that `deliver` needs: drop it before the messages are locked.
        let reached = matches!(tokio::time::timeout(waited, enough).await, Ok(Ok(_)));
        match reached {
            true => Ok(self.all()),
            false => Err(WaitTimeout { wanted, seen: self.delivered.lock().list.len(), waited }),
        }
    }
}
