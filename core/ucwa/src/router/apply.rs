//! Applies events to what is expected.

use super::{EventRouter, Expected, MAX_UNCLAIMED, Modality, Outcome, Unclaimed};
use crate::events::{Event, EventType};
use crate::hypermedia::{HrefKey, Resource};
use crate::limits::MAX_WORD;
use crate::reason::Reason;

impl EventRouter {
    /// True when the event is about an operation of this client, as far as that is known before it is applied.
    pub fn concerns(&self, event: &Event) -> bool {
        if self.needs_resource(event) {
            return true;
        }
        let key = self.key(&event.href);
        let is_followed = |key| self.modalities.get(key).is_some_and(|tracked| tracked.followers > 0);
        match event.rel.as_str() {
            "messagingInvitation" => {
                let name = event.resource.as_ref().and_then(|r| r.text("operationId"));
                self.operations.contains_key(&key)
                    || name.is_some_and(|name| self.invitations.contains_key(name))
            }
            "messaging" => is_followed(&key),
            // A message that nobody expects may be ours, with the response to its POST still on its way.
            "message" => {
                let direction = event.resource.as_ref().and_then(|r| r.text("direction")).unwrap_or_default();
                event.kind == EventType::Completed && !direction.eq_ignore_ascii_case("Incoming")
            }
            "conversation" => is_followed(&self.messaging_of(event, event.resource.as_ref())),
            _ => false,
        }
    }

    /// True when the event matters but lacks its resource, which has to be fetched.
    pub fn needs_resource(&self, event: &Event) -> bool {
        if event.resource.is_some() || event.kind == EventType::Deleted {
            return false;
        }
        let key = self.key(&event.href);
        match event.rel.as_str() {
            // Its resource has the operation id and, once completed, who accepted.
            "messagingInvitation" => !self.invitations.is_empty(),
            "messaging" => self.modalities.contains_key(&key) || !self.invitations.is_empty(),
            // Its resource has the direction.
            "message" => {
                event.kind == EventType::Completed && self.pending(&Expected::Message(key)).is_none()
            }
            _ => false,
        }
    }

    /// Applies one event, with its resource where that was embedded or fetched.
    pub fn apply(&mut self, event: &Event, resource: Option<&Resource>) {
        match event.rel.as_str() {
            "messagingInvitation" => self.apply_invitation(event, resource),
            "messaging" => self.apply_modality(event, resource),
            "message" => self.apply_message(event, resource),
            "conversation" => self.apply_conversation(event, resource),
            _ => {}
        }
    }

    fn apply_invitation(&mut self, event: &Event, resource: Option<&Resource>) {
        let key = self.key(&event.href);
        let by_name = resource.and_then(|r| r.text("operationId"));
        let by_name = by_name.filter(|name| name.len() <= MAX_WORD).map(str::to_owned);
        let Some(operation) = by_name.or_else(|| self.operations.get(&key).cloned()) else { return };
        let Some((_, progress)) = self.invitations.get_mut(&operation) else { return };
        progress.seen = true;
        progress.update(resource, (event.kind == EventType::Completed).then(|| Outcome::of(event, resource)));
        self.add_href(key, operation);
    }

    /// Applies an invitation that was fetched because its event did not come. True when that changed anything.
    pub fn apply_fetched_invitation(&mut self, operation: &str, resource: &Resource) -> bool {
        let Some((_, progress)) = self.invitations.get_mut(operation) else { return false };
        let state = resource.text("state").unwrap_or_default();
        let outcome = if state.eq_ignore_ascii_case("Connected") {
            Some(Outcome::accepted(resource))
        } else if state.eq_ignore_ascii_case("Declined") {
            Some(Outcome::Failed(Reason::new("RemoteFailure", "Declined")))
        } else {
            // Failed may mean accepted on another device; only the event's reason distinguishes these.
            None
        };
        let before = progress.clone();
        progress.update(Some(resource), outcome);
        *progress != before
    }

    fn apply_modality(&mut self, event: &Event, resource: Option<&Resource>) {
        let key = self.key(&event.href);
        match resource.map(Modality::of) {
            _ if event.kind == EventType::Deleted => drop(self.modalities.remove(&key)),
            Some(modality) if modality.disconnected => drop(self.modalities.remove(&key)),
            Some(modality) => self.track(key).modality = modality,
            None => {}
        }
    }

    fn apply_message(&mut self, event: &Event, resource: Option<&Resource>) {
        let direction = resource.and_then(|r| r.text("direction"));
        let is = |name: &str| direction.is_some_and(|d| d.eq_ignore_ascii_case(name));
        if event.kind != EventType::Completed || is("Incoming") {
            return;
        }
        let outgoing = is("Outgoing");
        let (message, conversation) = (self.key(&event.href), self.key(&event.sender.1));
        if self.settled.iter().any(|(settled, _)| *settled == message) {
            return;
        }
        // The event's status decides, as the resource has none on real servers. Source: SendAnIM.
        let outcome = Outcome::of(event, resource);
        // Only a message of this side can be the one whose response was lost.
        let lost = || outgoing.then(|| self.pending(&Expected::LostIn(conversation.clone()))).flatten();
        if let Some(id) = self.pending(&Expected::Message(message.clone())).or_else(lost) {
            self.settle(id, message, conversation, outcome);
        } else if !self.unclaimed.iter().any(|unclaimed| unclaimed.message == message) {
            if self.unclaimed.len() == MAX_UNCLAIMED {
                self.unclaimed.pop_front();
            }
            self.unclaimed.push_back(Unclaimed { message, conversation, outgoing, outcome });
        }
    }

    /// The key of a conversation's messaging modality.
    fn messaging_of(&self, conversation: &Event, resource: Option<&Resource>) -> HrefKey {
        if let Some(messaging) = resource.and_then(|r| r.link("messaging")) {
            return self.key(messaging);
        }
        let href = &conversation.href;
        let (path, query) = href.split_at(href.find('?').unwrap_or(href.len()));
        self.key(&format!("{path}/messaging{query}"))
    }

    /// The end of a conversation is the end of its messaging modality.
    fn apply_conversation(&mut self, event: &Event, resource: Option<&Resource>) {
        let state = resource.and_then(|r| r.text("state")).unwrap_or_default();
        if event.kind != EventType::Deleted && !state.eq_ignore_ascii_case("Disconnected") {
            return;
        }
        self.modalities.remove(&self.messaging_of(event, resource));
        let over = self.key(&event.href);
        self.settled.retain(|(_, conversation)| *conversation != over);
        // Their responses may still come, but they must not be taken for messages of a new conversation with this href.
        for left in self.unclaimed.iter_mut().filter(|left| left.conversation == over) {
            left.outgoing = false;
        }
        let over = Expected::LostIn(over);
        self.messages.retain(|_, message| !message.abandoned || message.expected != over);
    }
}
