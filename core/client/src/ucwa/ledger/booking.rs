//! What an event changes in the books.

use super::{End, Ledger, MOST_UNCLAIMED, Modality, Progress, Unclaimed};
use crate::ucwa::events::{Event, EventType, Status};
use crate::ucwa::hypermedia::{HrefKey, Resource};
use crate::ucwa::limits::{LONGEST_HREF, LONGEST_WORD, MOST_LISTED, word};
use crate::ucwa::reason::Reason;

impl Ledger {
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

    /// True when the event tells of something that was begun here, as far as that is known before it is booked.
    pub(crate) fn concerns(&self, event: &Event) -> bool {
        if self.needs_resource(event) {
            return true;
        }
        let key = self.key(&event.href);
        let books = self.books();
        let is_kept = |key| books.modalities.get(key).is_some_and(|modality| modality.receiver_count() > 0);
        match event.rel.as_str() {
            "messagingInvitation" => {
                let name = event.resource.as_ref().and_then(|r| r.text("operationId"));
                books.operations.contains_key(&key)
                    || name.is_some_and(|name| books.invitations.contains_key(name))
            }
            "messaging" => is_kept(&key),
            // One that nobody waits for yet may be ours: the answer to its POST is on its way.
            "message" => {
                let direction = event.resource.as_ref().and_then(|r| r.text("direction")).unwrap_or_default();
                event.kind == EventType::Completed && !direction.eq_ignore_ascii_case("Incoming")
            }
            "conversation" => is_kept(&self.messaging_of(event, event.resource.as_ref())),
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
        let end = (event.kind == EventType::Completed).then(|| end_of(event, resource));
        invitation.send_modify(|progress| {
            progress.seen = true;
            if let Some(resource) = resource {
                progress.learn(resource);
            }
            if progress.end.is_none() {
                progress.end = end;
            }
        });
        books.name(key, operation);
    }

    /// Books what an invitation itself says, where the event that should have told it has not come. Gives true when it told
    /// something new.
    pub fn book_fetched_invitation(&self, operation: &str, resource: &Resource) -> bool {
        let books = self.books();
        let Some((_, invitation)) = books.invitations.get(operation) else { return false };
        let state = resource.text("state").unwrap_or_default();
        let end = if state.eq_ignore_ascii_case("Connected") {
            Some(End::Done { by: accepted_by(resource) })
        } else if state.eq_ignore_ascii_case("Declined") {
            Some(End::Failed(Reason::new("RemoteFailure", "Declined")))
        } else {
            // Failed may mean that the recipient took it at another device: only the event's reason tells.
            None
        };
        invitation.send_if_modified(|progress| {
            let before = progress.clone();
            progress.learn(resource);
            if progress.end.is_none() {
                progress.end = end;
            }
            *progress != before
        })
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

    /// The key of the messaging of a conversation.
    fn messaging_of(&self, conversation: &Event, resource: Option<&Resource>) -> HrefKey {
        if let Some(messaging) = resource.and_then(|r| r.link("messaging")) {
            return self.key(messaging);
        }
        let href = &conversation.href;
        let (path, query) = href.split_at(href.find('?').unwrap_or(href.len()));
        self.key(&format!("{path}/messaging{query}"))
    }

    /// A conversation that ends takes its messaging with it.
    fn book_conversation(&self, event: &Event, resource: Option<&Resource>) {
        let state = resource.and_then(|r| r.text("state")).unwrap_or_default();
        if event.kind != EventType::Deleted && !state.eq_ignore_ascii_case("Disconnected") {
            return;
        }
        let key = self.messaging_of(event, resource);
        let over = self.key(&event.href);
        let mut books = self.books();
        books.settled.retain(|(_, conversation)| *conversation != over);
        books.orphans.retain(|conversation, (_, waiting)| *conversation != over || !waiting.is_closed());
        // Their own answers may still be on the way; but they do not stand for a message of a new conversation.
        for left in books.unclaimed.iter_mut().filter(|left| left.conversation == over) {
            left.outgoing = false;
        }
        books.disconnect(&key);
    }
}

/// How a completed event says its operation ended. One without a status and a reason is a success: servers leave the
/// status out only there.
fn end_of(event: &Event, resource: Option<&Resource>) -> End {
    let failed = match event.status {
        Some(Status::Success) => false,
        Some(Status::Failure) => true,
        Some(Status::Other) if event.reason.is_none() => {
            return End::Lost("the server told an outcome that nobody knows");
        }
        Some(Status::Other) => true,
        None => {
            let state = resource.and_then(|r| r.text("state")).unwrap_or_default();
            event.reason.is_some()
                || ["Failed", "Declined", "Cancelled"].iter().any(|s| s.eq_ignore_ascii_case(state))
        }
    };
    if failed {
        return End::Failed(event.reason.clone().unwrap_or_default());
    }
    End::Done { by: resource.map(accepted_by).unwrap_or_default() }
}

/// The URIs of those who accepted.
fn accepted_by(resource: &Resource) -> Vec<String> {
    let accepted = resource.all_embedded("acceptedByParticipant");
    let uris = accepted.iter().filter_map(|p| p.text("uri")).filter(|uri| uri.len() <= LONGEST_HREF);
    uris.take(MOST_LISTED).map(str::to_owned).collect()
}

impl Progress {
    /// Takes over what an invitation says of its parts.
    fn learn(&mut self, invitation: &Resource) {
        let link = |rel| invitation.link(rel).map(str::to_owned);
        // Where someone else took the call, the talk goes on in a derived conversation.
        keep(&mut self.messaging, link("derivedMessaging").or_else(|| link("messaging")));
        keep(&mut self.conversation, link("derivedConversation").or_else(|| link("conversation")));
        keep(&mut self.cancel, link("cancel"));
        keep(&mut self.thread_id, invitation.text("threadId").map(word));
    }
}

fn keep(known: &mut Option<String>, new: Option<String>) {
    if new.is_some() {
        *known = new;
    }
}
