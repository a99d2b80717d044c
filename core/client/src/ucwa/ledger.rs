//! Who waits for what: matches the events of one application to the sends that caused them. No I/O.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot, watch};
use url::Url;

use super::events::{Event, EventType, Status};
use super::hypermedia::{HrefKey, Resource};
use super::limits::{LONGEST_HREF, LONGEST_WORD, MOST_LISTED, word};
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
            Some(unclaimed) => books.settle(unclaimed.message, unclaimed.conversation, sender, unclaimed.end),
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
            Some(unclaimed) => books.settle(unclaimed.message, unclaimed.conversation, sender, unclaimed.end),
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
        let mut books = self.books();
        books.messages.retain(|_, (_, waiting)| !waiting.is_closed());
        books.orphans.retain(|_, (_, waiting)| !waiting.is_closed());
        !books.messages.is_empty()
            || !books.orphans.is_empty()
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

    /// True when the event matters and cannot be used without its resource, which then has to be fetched.
    pub fn needs_resource(&self, event: &Event) -> bool {
        if event.resource.is_some() || event.kind == EventType::Deleted {
            return false;
        }
        let key = self.key(&event.href);
        let books = self.books();
        match event.rel.as_str() {
            // Started: to learn its operation. Completed: to learn who accepted.
            "messagingInvitation" => !books.invitations.is_empty(),
            "messaging" => books.modalities.contains_key(&key) || !books.invitations.is_empty(),
            // To tell an incoming message from one of ours.
            "message" => event.kind == EventType::Completed && !books.messages.contains_key(&key),
            _ => false,
        }
    }

    /// Books one event, with its resource where that was embedded or fetched.
    pub fn book(&self, event: &Event, resource: Option<&Resource>) {
        match event.rel.as_str() {
            "messagingInvitation" => self.book_invitation(event, resource),
            "messaging" => self.book_modality(event, resource),
            "message" => self.book_message(event, resource),
            "conversation" => self.book_conversation(event, resource),
            _ => {}
        }
    }

    fn book_invitation(&self, event: &Event, resource: Option<&Resource>) {
        let key = self.key(&event.href);
        let mut books = self.books();
        let by_name = resource.and_then(|r| r.text("operationId"));
        let by_name = by_name.filter(|name| name.len() <= LONGEST_WORD).map(str::to_owned);
        let Some(operation) = by_name.or_else(|| books.operations.get(&key).cloned()) else { return };
        let Some((_, invitation)) = books.invitations.get(&operation) else { return };
        let link = |rel| resource.and_then(|r| r.link(rel)).map(str::to_owned);
        let end = (event.kind == EventType::Completed).then(|| end_of(event, resource));
        invitation.send_modify(|progress| {
            progress.seen = true;
            // Where someone else took the call, the talk goes on in a derived conversation.
            keep(&mut progress.messaging, link("derivedMessaging").or_else(|| link("messaging")));
            keep(&mut progress.conversation, link("derivedConversation").or_else(|| link("conversation")));
            keep(&mut progress.cancel, link("cancel"));
            keep(&mut progress.thread_id, resource.and_then(|r| r.text("threadId")).map(word));
            if progress.end.is_none() {
                progress.end = end;
            }
        });
        books.name(key, operation);
    }

    fn book_modality(&self, event: &Event, resource: Option<&Resource>) {
        let key = self.key(&event.href);
        let mut books = self.books();
        if event.kind == EventType::Deleted {
            books.disconnect(&key);
        } else if let Some(resource) = resource {
            let modality = Modality::of(resource);
            if modality.disconnected {
                books.disconnect(&key);
            } else {
                books.modality(key).send_replace(modality);
            }
        }
    }

    fn book_message(&self, event: &Event, resource: Option<&Resource>) {
        let direction = resource.and_then(|r| r.text("direction"));
        let is = |name: &str| direction.is_some_and(|d| d.eq_ignore_ascii_case(name));
        let outgoing = is("Outgoing");
        if event.kind != EventType::Completed || is("Incoming") {
            return;
        }
        let (message, conversation) = (self.key(&event.href), self.key(&event.sender.1));
        // The event's status decides; the resource's own status is absent on real servers. Source: SendAnIM.
        let end = end_of(event, resource);
        let mut books = self.books();
        if books.settled.iter().any(|(settled, _)| *settled == message) {
            return;
        }
        let by_href = books.messages.remove(&message);
        // Only a message that is known to be ours may stand for one whose answer was lost.
        let waiting = by_href.or_else(|| if outgoing { books.orphans.remove(&conversation) } else { None });
        if let Some((_, waiting)) = waiting {
            books.settle(message, conversation, waiting, end);
        } else {
            if books.unclaimed.len() == MOST_UNCLAIMED {
                books.unclaimed.pop_front();
            }
            if !books.unclaimed.iter().any(|u| u.message == message) {
                books.unclaimed.push_back(Unclaimed { message, conversation, outgoing, end });
            }
        }
    }

    /// A conversation that ends takes its messaging with it.
    fn book_conversation(&self, event: &Event, resource: Option<&Resource>) {
        let state = resource.and_then(|r| r.text("state")).unwrap_or_default();
        if event.kind != EventType::Deleted && !state.eq_ignore_ascii_case("Disconnected") {
            return;
        }
        let key = match resource.and_then(|r| r.link("messaging")) {
            Some(messaging) => self.key(messaging),
            None => {
                let (path, query) = event.href.split_at(event.href.find('?').unwrap_or(event.href.len()));
                self.key(&format!("{path}/messaging{query}"))
            }
        };
        let over = self.key(&event.href);
        let mut books = self.books();
        books.settled.retain(|(_, conversation)| *conversation != over);
        books.disconnect(&key);
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
        of(self).insert(key, (number, sender));
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

/// How a completed event says its operation ended. One without a status and a reason is a success: servers leave the
/// status out only there.
fn end_of(event: &Event, resource: Option<&Resource>) -> End {
    let failed = match event.status {
        Some(Status::Success) => false,
        Some(Status::Failure) => true,
        None => {
            let state = resource.and_then(|r| r.text("state")).unwrap_or_default();
            event.reason.is_some()
                || ["Failed", "Declined", "Cancelled"].iter().any(|s| s.eq_ignore_ascii_case(state))
        }
    };
    if failed {
        return End::Failed(event.reason.clone().unwrap_or_default());
    }
    let accepted = resource.map(|r| r.all_embedded("acceptedByParticipant")).unwrap_or_default();
    let uris = accepted.iter().filter_map(|p| p.text("uri")).filter(|uri| uri.len() <= LONGEST_HREF);
    End::Done { by: uris.take(MOST_LISTED).map(str::to_owned).collect() }
}

fn keep(known: &mut Option<String>, new: Option<String>) {
    if new.is_some() {
        *known = new;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_conversation_that_ends_takes_its_messaging_with_it() {
        let ledger = Ledger::new(Url::parse("https://pool.contoso.com/ucwa/oauth/v1/applications").unwrap());
        for (conversation, messaging) in [
            ("/communication/conversations/1", "/communication/conversations/1/messaging"),
            (
                "/communication/conversations/2?endpointId=sip:a@b.c",
                "/communication/conversations/2/messaging?endpointId=sip:a@b.c",
            ),
        ] {
            let modality = ledger.modality(messaging);
            let gone = json!({ "link": { "rel": "conversation", "href": conversation }, "type": "deleted" });
            let gone = Event::parse(&gone, &("communication".into(), "/communication".into())).unwrap();
            ledger.book(&gone, None);
            assert!(modality.borrow().disconnected, "{conversation}");
        }
    }

    fn event(json: &str) -> Event {
        let sender = ("conversation".to_owned(), "/c/1".to_owned());
        Event::parse(&serde_json::from_str(json).unwrap(), &sender).unwrap()
    }

    fn completed(resource: &str) -> Event {
        event(&format!(
            r#"{{"link":{{"rel":"message","href":"/c/1/m/1"}},"type":"completed","status":"Success"{resource}}}"#
        ))
    }

    fn ledger() -> Ledger {
        Ledger::new(Url::parse("https://pool.contoso.com/applications").unwrap())
    }

    #[test]
    fn only_a_message_known_to_be_ours_stands_for_a_lost_one() {
        for (resource, ends) in [
            ("", false),
            (r#","_embedded":{"message":{"direction":"Incoming"}}"#, false),
            (r#","_embedded":{"message":{"direction":"Outgoing"}}"#, true),
        ] {
            let event = completed(resource);
            for before in [true, false] {
                let ledger = ledger();
                if before {
                    ledger.book(&event, event.resource.as_ref());
                }
                let mut orphan = ledger.expect_orphan("/c/1");
                if !before {
                    ledger.book(&event, event.resource.as_ref());
                }
                assert_eq!(orphan.try_recv().is_ok(), ends, "{resource} {before}");
            }
        }
    }

    #[test]
    fn a_new_conversation_may_have_the_id_of_one_that_is_over() {
        let (ledger, event) = (ledger(), completed(r#","_embedded":{"message":{"direction":"Outgoing"}}"#));
        let gone = json!({ "link": { "rel": "conversation", "href": "/c/1" }, "type": "deleted" });
        let gone = Event::parse(&gone, &("communication".into(), "/communication".into())).unwrap();
        for _ in 0..2 {
            let mut message = ledger.expect_message("/c/1/m/1");
            ledger.book(&event, event.resource.as_ref());
            assert!(message.try_recv().is_ok());
            ledger.book(&gone, None);
        }
    }

    #[test]
    fn an_event_may_come_before_its_answer_and_twice() {
        let (ledger, event) = (ledger(), completed(r#","_embedded":{"message":{"direction":"Outgoing"}}"#));
        ledger.book(&event, event.resource.as_ref());
        assert_eq!(ledger.expect_message("/C/1/M/1").try_recv(), Ok(End::Done { by: Vec::new() }));
        ledger.book(&event, event.resource.as_ref());
        assert!(ledger.expect_orphan("/c/1").try_recv().is_err());
    }

    #[test]
    fn what_is_expected_after_the_end_is_lost_at_once() {
        let ledger = ledger();
        ledger.close("over");
        assert_eq!(ledger.expect_invitation("1").borrow().end, Some(End::Lost("over")));
        assert_eq!(ledger.expect_message("/m/1").try_recv(), Ok(End::Lost("over")));
        assert!(!ledger.is_waiting());
    }

    #[test]
    fn a_doubtful_conversation_is_alive_until_events_tell_anew() {
        let ledger = ledger();
        let modality = ledger.modality("/c/1/messaging");
        let connected = event(
            r#"{"link":{"rel":"messaging","href":"/c/1/messaging"},"type":"updated","_embedded":{"messaging":
                {"state":"Connected","_links":{"sendMessage":{"href":"/c/1/messages"}}}}}"#,
        );
        ledger.book(&connected, connected.resource.as_ref());
        ledger.doubt_conversations();
        assert!(modality.borrow().stale && !modality.borrow().disconnected);
        ledger.book(&connected, connected.resource.as_ref());
        assert!(!modality.borrow().stale);
        ledger.lose_conversations();
        assert!(modality.borrow().disconnected);
    }

    /// Entries in all books that events fill.
    fn size(ledger: &Ledger) -> usize {
        let books = ledger.books();
        books.modalities.len() + books.unclaimed.len() + books.settled.len() + books.operations.len()
    }

    #[test]
    fn events_that_nobody_waits_for_fill_no_books() {
        let ledger = ledger();
        let _invitation = ledger.expect_invitation("1");
        let most = MOST_MODALITIES + MOST_UNCLAIMED + MOST_HREFS;
        for n in 0..most + 200 {
            for (rel, resource) in [
                ("messaging", json!({ "state": "Connected" })),
                ("message", json!({ "direction": "Outgoing" })),
                // One invitation, called by ever new names.
                ("messagingInvitation", json!({ "operationId": "1", "state": "Connecting" })),
                ("conversation", json!({ "state": "Connected" })),
                ("unheard", json!({})),
            ] {
                let kind = if rel == "message" { "completed" } else { "updated" };
                let link = json!({ "rel": rel, "href": format!("/{rel}/{n}") });
                let event = json!({ "link": link, "type": kind, "_embedded": { rel: resource } });
                let event = Event::parse(&event, &("communication".into(), "/c".into())).unwrap();
                ledger.book(&event, event.resource.as_ref());
            }
        }
        assert!(size(&ledger) <= most, "{}", size(&ledger));
    }

    #[test]
    fn what_an_event_says_is_kept_short() {
        let long = "x".repeat(1 << 20);
        let link = json!({ "rel": "message", "href": "/m/1" });
        let event = json!({
            "link": link, "type": "completed", "status": "Failure", "reason": { "code": long, "subcode": long },
        });
        let event = Event::parse(&event, &("conversation".into(), "/c/1".into())).unwrap();
        assert_eq!(event.reason.unwrap().pair().len(), 2 * LONGEST_WORD + 1);
        let absurd = json!({ "link": { "rel": "message", "href": long }, "type": "completed" });
        assert_eq!(Event::parse(&absurd, &("conversation".into(), "/c/1".into())), None);
        let modality =
            Resource::parse(json!({ "negotiatedMessageFormats": vec![long; 100] }).to_string().as_bytes());
        let formats = Modality::of(&modality.unwrap()).formats;
        assert_eq!((formats.len(), formats[0].len()), (MOST_LISTED, LONGEST_WORD));
    }

    #[test]
    fn links_to_unprotected_places_lead_nowhere() {
        assert_eq!(ledger().url("http://evil.test/send"), None);
        assert!(ledger().url("/send").is_some());
    }
}
