//! Which event belongs to which send: a state machine over the events of one application.
//!
//! A send registers what it expects, the event channel applies the events (`apply.rs`, which also says which events matter), and the
//! send reads the outcome. There is no I/O and no clock here.

mod apply;
mod progress;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

use url::Url;

pub use self::progress::{InvitationProgress, Modality, Outcome};
use crate::hypermedia::HrefKey;

/// Outcomes stored for POSTs whose response is still on its way. As many ended messages are remembered.
const MAX_UNCLAIMED: usize = 512;

/// Expected messages; beyond this, abandoned ones are dropped.
const MAX_MESSAGES: usize = 2 * MAX_UNCLAIMED;

/// Tracked modalities, in case a server never ends its conversations.
const MAX_MODALITIES: usize = 1024;

/// Hrefs of one invitation: its `Location` and those in events.
const MAX_HREFS: usize = 8;

/// The id of an expected message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(u64);

/// The id of a followed modality. A server may reuse the href of one that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModalityId {
    href: HrefKey,
    generation: u64,
}

/// How the event that ends a message is recognised.
#[derive(PartialEq)]
enum Expected {
    /// By the message's href.
    Message(HrefKey),
    /// Its href is unknown: it is the next outgoing message of this conversation that nobody else expects.
    LostIn(HrefKey),
}

struct Message {
    expected: Expected,
    outcome: Option<Outcome>,
    /// Nobody waits for it. It stays until it ends, as its event must not be taken for that of another message.
    abandoned: bool,
}

/// A message that ended before anybody expected it.
struct Unclaimed {
    message: HrefKey,
    conversation: HrefKey,
    /// It was sent by this side. False where that is unknown.
    outgoing: bool,
    outcome: Outcome,
}

struct Tracked {
    /// Tells it from an earlier one with the same href.
    generation: u64,
    followers: usize,
    modality: Modality,
}

/// Matches the events of one application to the sends that caused them.
pub struct EventRouter {
    base: Url,
    /// Why no event comes any more.
    closed: Option<&'static str>,
    /// The number of the latest expectation.
    latest: u64,
    /// By operation id, each with its number.
    invitations: HashMap<String, (u64, InvitationProgress)>,
    /// The operation of each known href of an invitation.
    operations: HashMap<HrefKey, String>,
    modalities: HashMap<HrefKey, Tracked>,
    /// How many modalities have been tracked so far.
    tracked: u64,
    messages: HashMap<MessageId, Message>,
    unclaimed: VecDeque<Unclaimed>,
    /// Messages that have ended, with their conversations: a repeated event must not be taken for that of another message. An
    /// entry is removed with its conversation, as a server may reuse hrefs after that.
    settled: VecDeque<(HrefKey, HrefKey)>,
}

impl EventRouter {
    /// A router for the application created at `base`.
    pub fn new(base: Url) -> Self {
        Self {
            base,
            closed: None,
            latest: 0,
            invitations: HashMap::new(),
            operations: HashMap::new(),
            modalities: HashMap::new(),
            tracked: 0,
            messages: HashMap::new(),
            unclaimed: VecDeque::new(),
            settled: VecDeque::new(),
        }
    }

    /// Expects the events of an invitation. To be called before the POST, as they may come before its response.
    pub fn expect_invitation(&mut self, operation: &str) {
        let progress =
            InvitationProgress { outcome: self.closed.map(Outcome::Lost), ..InvitationProgress::default() };
        let number = self.next_number();
        self.invitations.insert(operation.to_owned(), (number, progress));
    }

    /// Adds the href of the response's `Location` to the operation. Events may use a shorter one.
    pub fn locate_invitation(&mut self, operation: &str, href: &str) {
        let key = self.key(href);
        self.add_href(key, operation.to_owned());
    }

    /// Stops expecting events of an invitation.
    pub fn forget_invitation(&mut self, operation: &str) {
        self.invitations.remove(operation);
        self.operations.retain(|_, of| of != operation);
    }

    /// The progress of an invitation; `None` when it is not expected.
    pub fn invitation(&self, operation: &str) -> Option<&InvitationProgress> {
        self.invitations.get(operation).map(|(_, progress)| progress)
    }

    /// Follows the modality at `href`, even before the first event about it.
    pub fn follow_modality(&mut self, href: &str) -> ModalityId {
        let key = self.key(href);
        let tracked = self.track(key.clone());
        tracked.followers += 1;
        ModalityId { href: key, generation: tracked.generation }
    }

    /// The state of a followed modality.
    pub fn modality(&self, id: &ModalityId) -> Modality {
        let tracked = self.modalities.get(&id.href).filter(|tracked| tracked.generation == id.generation);
        // One that has ended is no longer tracked.
        let ended = Modality { disconnected: true, ..Modality::default() };
        tracked.map_or(ended, |tracked| tracked.modality.clone())
    }

    /// Removes a follower, and the modality with the last one.
    pub fn unfollow_modality(&mut self, id: &ModalityId) {
        let Some(tracked) = self.modalities.get_mut(&id.href).filter(|t| t.generation == id.generation)
        else {
            return;
        };
        tracked.followers -= 1;
        if tracked.followers == 0 {
            self.modalities.remove(&id.href);
        }
    }

    /// Expects the end of the message at `href`; it may have come already.
    pub fn expect_message(&mut self, href: &str) -> MessageId {
        let key = self.key(href);
        let ended = self.unclaimed.iter().position(|u| u.message == key);
        self.expect(Expected::Message(key), ended)
    }

    /// Expects the end of a message whose response was lost: the next one of its conversation that nobody else expects.
    ///
    /// That is unambiguous because messages of one conversation are posted one after the other.
    pub fn expect_lost_message(&mut self, conversation: &str) -> MessageId {
        let key = self.key(conversation);
        let ended = self.unclaimed.iter().position(|u| u.outgoing && u.conversation == key);
        self.expect(Expected::LostIn(key), ended)
    }

    /// How an expected message ended; `None` while it has not.
    pub fn message(&self, id: &MessageId) -> Option<&Outcome> {
        self.messages.get(id)?.outcome.as_ref()
    }

    /// Stops waiting for a message.
    pub fn abandon(&mut self, id: &MessageId) {
        match self.messages.get_mut(id) {
            Some(message) if message.outcome.is_none() => message.abandoned = true,
            _ => drop(self.messages.remove(id)),
        }
    }

    /// True while an invitation or message is expected that has not ended and was not abandoned.
    pub fn is_waiting(&self) -> bool {
        self.messages.values().any(|message| message.outcome.is_none() && !message.abandoned)
            || self.invitations.values().any(|(_, progress)| progress.outcome.is_none())
    }

    /// True once it was [closed](Self::close).
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Ends everything that is or will be expected: no event comes any more.
    pub fn close(&mut self, why: &'static str) {
        self.closed = Some(why);
        self.lose_before(u64::MAX, why);
        self.lose_conversations();
    }

    /// Separates what is expected so far from what will be.
    pub fn mark(&self) -> u64 {
        self.latest
    }

    /// Ends everything that was expected before `mark`.
    pub fn lose_before(&mut self, mark: u64, why: &'static str) {
        for (number, progress) in self.invitations.values_mut() {
            if *number <= mark {
                progress.outcome.get_or_insert(Outcome::Lost(why));
            }
        }
        self.messages.retain(|id, message| {
            if id.0 <= mark {
                message.outcome.get_or_insert(Outcome::Lost(why));
            }
            message.outcome.is_none() || !message.abandoned
        });
    }

    /// The server has ended the conversations.
    pub fn lose_conversations(&mut self) {
        self.modalities.clear();
    }

    /// The server has lost events about the conversations.
    pub fn mark_conversations_stale(&mut self) {
        self.modalities.values_mut().for_each(|tracked| tracked.modality.stale = true);
    }

    fn key(&self, href: &str) -> HrefKey {
        HrefKey::new(&self.base, href)
    }

    fn next_number(&mut self) -> u64 {
        self.latest += 1;
        self.latest
    }

    fn add_href(&mut self, key: HrefKey, operation: String) {
        if self.operations.values().filter(|of| **of == operation).count() < MAX_HREFS {
            self.operations.insert(key, operation);
        }
    }

    /// `ended`: its index in `unclaimed`, if it has ended already.
    fn expect(&mut self, expected: Expected, ended: Option<usize>) -> MessageId {
        if let Some(other) = self.pending(&expected) {
            self.end(other, Outcome::Lost("the server reported another message in its place"));
        }
        if self.messages.len() >= MAX_MESSAGES {
            self.messages.retain(|_, message| !message.abandoned);
        }
        let id = MessageId(self.next_number());
        let outcome = self.closed.map(Outcome::Lost);
        self.messages.insert(id, Message { expected, outcome, abandoned: false });
        if let Some(unclaimed) = ended.and_then(|at| self.unclaimed.remove(at)) {
            self.settle(id, unclaimed.message, unclaimed.conversation, unclaimed.outcome);
        }
        id
    }

    /// The message in flight that this would recognise.
    fn pending(&self, expected: &Expected) -> Option<MessageId> {
        let pending = |message: &Message| message.outcome.is_none() && message.expected == *expected;
        self.messages.iter().find(|(_, message)| pending(message)).map(|(id, _)| *id)
    }

    fn settle(&mut self, id: MessageId, message: HrefKey, conversation: HrefKey, outcome: Outcome) {
        if self.settled.len() == MAX_UNCLAIMED {
            self.settled.pop_front();
        }
        self.settled.push_back((message, conversation));
        self.end(id, outcome);
    }

    fn end(&mut self, id: MessageId, outcome: Outcome) {
        if let Some(message) = self.messages.get_mut(&id) {
            message.outcome = Some(outcome);
            if message.abandoned {
                self.messages.remove(&id);
            }
        }
    }

    fn track(&mut self, key: HrefKey) -> &mut Tracked {
        if self.modalities.len() >= MAX_MODALITIES && !self.modalities.contains_key(&key) {
            self.modalities.retain(|_, tracked| tracked.followers > 0);
        }
        self.modalities.entry(key).or_insert_with(|| {
            self.tracked += 1;
            Tracked { generation: self.tracked, followers: 0, modality: Modality::default() }
        })
    }
}
