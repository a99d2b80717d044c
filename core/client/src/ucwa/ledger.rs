//! Who waits for what: matches the events of one application to the sends that caused them. No I/O.

mod booking;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot, watch};
use url::Url;

use super::hypermedia::{HrefKey, Resource};
use super::limits::{MOST_LISTED, word};
use super::reason::Reason;
use crate::discovery::trust;

/// Message events kept for a POST whose answer is still on its way.
const MOST_UNCLAIMED: usize = 512;

/// Modalities tracked. A server ends conversations by events; this bounds one that does not.
const MOST_MODALITIES: usize = 1024;

/// The hrefs by which one invitation is known: its `Location` and what events call it.
const MOST_HREFS: usize = 8;

/// How an invitation or a message ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Accepted, or confirmed; who did, where the server says it.
    Done {
        /// The URIs of those who accepted, as they came.
        by: Vec<String>,
    },
    /// Refused, with the server's reason.
    Failed(Reason),
    /// The event channel broke off: nobody knows.
    Lost(&'static str),
}

/// What is known of an invitation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// An event has named it: the server has processed the POST.
    pub seen: bool,
    /// The href of its messaging modality.
    pub messaging: Option<String>,
    /// The href of its conversation.
    pub conversation: Option<String>,
    /// Where it can be cancelled while it rings.
    pub cancel: Option<String>,
    /// The id of the thread.
    pub thread_id: Option<String>,
    /// How it ended.
    pub end: Option<End>,
}

/// What is known of the messaging modality of a conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modality {
    /// It was connected and is not any more.
    pub disconnected: bool,
    /// The server lost track of what it told: it may be alive, and is not used for another message.
    pub stale: bool,
    /// Where text is posted; there while it is connected.
    pub send_message: Option<String>,
    /// Where it is ended.
    pub stop: Option<String>,
    /// The formats negotiated.
    pub formats: Vec<String>,
}

impl Modality {
    /// Reads a messaging resource. Ready to send means: the sendMessage link is there. Source: SendAnIM.
    pub fn of(resource: &Resource) -> Self {
        let state = resource.text("state").unwrap_or_default();
        Self {
            stale: false,
            disconnected: state.eq_ignore_ascii_case("Disconnected"),
            send_message: resource.link("sendMessage").map(str::to_owned),
            stop: resource.link("stopMessaging").map(str::to_owned),
            formats: {
                let formats = resource.texts("negotiatedMessageFormats").into_iter();
                formats.take(MOST_LISTED).map(word).collect()
            },
        }
    }

    /// True when html was negotiated.
    pub fn takes_html(&self) -> bool {
        self.formats.iter().any(|f| f.eq_ignore_ascii_case("Html"))
    }
}

/// Waits for messages, each with its number.
type Waits = HashMap<HrefKey, (u64, oneshot::Sender<End>)>;

/// A message event without a claimant yet.
struct Unclaimed {
    message: HrefKey,
    conversation: HrefKey,
    /// It is known to be one of ours, not one of the other side's.
    outgoing: bool,
    end: End,
}

#[derive(Default)]
struct Books {
    /// Why nothing can be waited for any more.
    closed: Option<&'static str>,
    /// Counts what was begun, to tell what came before a request from what came after it.
    begun: u64,
    invitations: HashMap<String, (u64, watch::Sender<Progress>)>,
    /// Which operation an invitation's href belongs to, once that is known.
    operations: HashMap<HrefKey, String>,
    modalities: HashMap<HrefKey, watch::Sender<Modality>>,
    /// One that was given up stays until its end is told, which must not pass for that of another message.
    messages: Waits,
    unclaimed: VecDeque<Unclaimed>,
    /// Messages whose end was told, each with its conversation: the server may repeat an event, and a repetition must
    /// not pass for another message. A server may give the id of a conversation that is over to a new one.
    settled: VecDeque<(HrefKey, HrefKey)>,
    /// Conversations in which a POST's answer was lost: their next unclaimed message is that POST's.
    orphans: Waits,
}

/// The books of one application.
pub struct Ledger {
    base: Url,
    books: Mutex<Books>,
    /// How many sends wait for an event that has no place in the books yet.
    watched: AtomicUsize,
    /// Rung when something begins to be waited for.
    pub(crate) wanted: Notify,
}

impl Ledger {
    /// Empty books for the application created at `base`.
    pub fn new(base: Url) -> Self {
        Self { base, books: Mutex::default(), watched: AtomicUsize::new(0), wanted: Notify::new() }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of an href of this application.
    pub fn key(&self, href: &str) -> HrefKey {
        HrefKey::new(&self.base, href)
    }

    /// The absolute URL of an href of this application; `None` when it leads where nothing may be sent.
    pub fn url(&self, href: &str) -> Option<Url> {
        trust::follow_link(&self.base, href)
    }

    /// Opens the books for an invitation, before it is posted: its events may come before its answer.
    pub fn expect_invitation(&self, operation: &str) -> watch::Receiver<Progress> {
        let mut books = self.books();
        let (sender, receiver) =
            watch::channel(Progress { end: books.closed.map(End::Lost), ..Progress::default() });
        let number = books.next_number();
        books.invitations.insert(operation.to_owned(), (number, sender));
        receiver
    }

    /// Links the href of the answer's `Location` to the operation. Events may use a shorter one, so this is a second way.
    pub fn locate_invitation(&self, operation: &str, href: &str) {
        let key = self.key(href);
        self.books().name(key, operation.to_owned());
    }

    /// Closes the books of an invitation.
    pub fn close_invitation(&self, operation: &str) {
        let mut books = self.books();
        books.invitations.remove(operation);
        books.operations.retain(|_, of| of != operation);
    }

    /// Waits for the end of the message at `href`; it may have come already.
    pub fn expect_message(&self, href: &str) -> oneshot::Receiver<End> {
        let key = self.key(href);
        let (sender, receiver) = oneshot::channel();
        let mut books = self.books();
        match books.unclaimed.iter().position(|u| u.message == key).and_then(|i| books.unclaimed.remove(i)) {
            Some(unclaimed) => books.claim(unclaimed, sender),
            None => books.wait(key, sender, |books| &mut books.messages),
        }
        receiver
    }

    /// Waits for the end of a message whose answer was lost: the next one of its conversation that nobody claims.
    ///
    /// That is unambiguous because messages of one conversation are posted one after the other.
    pub fn expect_orphan(&self, conversation: &str) -> oneshot::Receiver<End> {
        let key = self.key(conversation);
        let (sender, receiver) = oneshot::channel();
        let mut books = self.books();
        match books
            .unclaimed
            .iter()
            .position(|u| u.outgoing && u.conversation == key)
            .and_then(|i| books.unclaimed.remove(i))
        {
            Some(unclaimed) => books.claim(unclaimed, sender),
            None => books.wait(key, sender, |books| &mut books.orphans),
        }
        receiver
    }

    /// The modality at `href`, known or still to come.
    pub fn modality(&self, href: &str) -> watch::Receiver<Modality> {
        let key = self.key(href);
        self.books().modality(key).subscribe()
    }

    /// Keeps the channel going while something is waited for that the books do not show: a modality to connect, or the
    /// events of a POST that is not answered yet.
    pub(crate) fn watch(&self) -> Watched<'_> {
        self.watched.fetch_add(1, Ordering::AcqRel);
        self.wanted.notify_one();
        Watched(self)
    }

    /// Forgets a modality that was ended.
    pub fn forget_modality(&self, href: &str) {
        let key = self.key(href);
        self.books().modalities.remove(&key);
    }

    /// True while somebody waits for an event.
    pub fn is_waiting(&self) -> bool {
        let books = self.books();
        books.messages.values().chain(books.orphans.values()).any(|(_, waiting)| !waiting.is_closed())
            || self.watched.load(Ordering::Acquire) > 0
            || books.invitations.values().any(|(_, i)| i.receiver_count() > 0 && i.borrow().end.is_none())
    }

    /// Ends every wait, and every later one at once: the channel broke off.
    pub fn close(&self, why: &'static str) {
        self.books().closed = Some(why);
        self.lose_before(u64::MAX, why);
        self.lose_conversations();
    }

    /// A mark between what was begun before now and what will be.
    pub fn mark(&self) -> u64 {
        self.books().begun
    }

    /// Ends every wait begun before `mark`.
    pub fn lose_before(&self, mark: u64, why: &'static str) {
        let mut books = self.books();
        for (begun, invitation) in books.invitations.values() {
            if *begun <= mark {
                invitation.send_modify(|progress| {
                    progress.end.get_or_insert(End::Lost(why));
                });
            }
        }
        let Books { messages, orphans, .. } = &mut *books;
        for waits in [messages, orphans] {
            for (_, (_, waiting)) in waits.extract_if(|_, (begun, _)| *begun <= mark) {
                let _ = waiting.send(End::Lost(why));
            }
        }
    }

    /// The server has shut the conversations down.
    pub fn lose_conversations(&self) {
        for (_, modality) in self.books().modalities.drain() {
            modality.send_modify(|m| *m = Modality { disconnected: true, ..Modality::default() });
        }
    }

    /// The server has lost track of what it told about the conversations.
    pub fn doubt_conversations(&self) {
        for modality in self.books().modalities.values() {
            modality.send_modify(|m| m.stale = true);
        }
    }
}

/// See [`Ledger::watch`].
pub(crate) struct Watched<'a>(&'a Ledger);

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.0.watched.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Books {
    fn next_number(&mut self) -> u64 {
        self.begun += 1;
        self.begun
    }

    /// Notes that an href means this operation.
    fn name(&mut self, key: HrefKey, operation: String) {
        if self.operations.values().filter(|of| **of == operation).count() < MOST_HREFS {
            self.operations.insert(key, operation);
        }
    }

    fn wait(&mut self, key: HrefKey, sender: oneshot::Sender<End>, of: fn(&mut Self) -> &mut Waits) {
        if let Some(why) = self.closed {
            let _ = sender.send(End::Lost(why));
            return;
        }
        let number = self.next_number();
        let waits = of(self);
        if waits.len() >= MOST_UNCLAIMED {
            waits.retain(|_, (_, waiting)| !waiting.is_closed());
        }
        waits.insert(key, (number, sender));
    }

    fn claim(&mut self, unclaimed: Unclaimed, waiting: oneshot::Sender<End>) {
        self.next_number();
        self.settle(unclaimed.message, unclaimed.conversation, waiting, unclaimed.end);
    }

    fn settle(&mut self, message: HrefKey, conversation: HrefKey, waiting: oneshot::Sender<End>, end: End) {
        if self.settled.len() == MOST_UNCLAIMED {
            self.settled.pop_front();
        }
        self.settled.push_back((message, conversation));
        let _ = waiting.send(end);
    }

    fn modality(&mut self, key: HrefKey) -> &watch::Sender<Modality> {
        if self.modalities.len() >= MOST_MODALITIES && !self.modalities.contains_key(&key) {
            self.modalities.retain(|_, modality| modality.receiver_count() > 0);
        }
        self.modalities.entry(key).or_insert_with(|| watch::channel(Modality::default()).0)
    }

    fn disconnect(&mut self, key: &HrefKey) {
        if let Some(modality) = self.modalities.remove(key) {
            modality.send_modify(|m| *m = Modality { disconnected: true, ..Modality::default() });
        }
    }
}
