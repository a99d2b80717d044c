//! The resources of a conversation as JSON (SendAnIM, ReceiveAnIM).

use serde_json::{Value, json};

use crate::state::application::Application;
use crate::state::conversation::{Conversation, Invitation, Message, Phase, Reason};
use crate::values::address;
use crate::values::data_uri;
use crate::values::time::unix_millis;

/// A link without a title.
fn link(href: impl Into<String>) -> Value {
    json!({ "href": href.into() })
}

impl Application {
    fn own_name(&self) -> String {
        address::display_name(&self.user)
    }

    /// The href of an invitation, by its short id in events and its long id in `Location`.
    pub(crate) fn invitation_href(&self, id: &str) -> String {
        format!("{}/communication/messagingInvitations/{id}", self.href)
    }

    /// The href of a conversation.
    pub(crate) fn conversation_href(&self, id: &str) -> String {
        format!("{}/communication/conversations/{id}", self.href)
    }

    fn own_link(&self, conversation: &str) -> Value {
        json!({ "href": participant_href(conversation, &self.user), "title": self.own_name() })
    }

    /// An invitation; `cancel` is offered while it rings.
    pub(crate) fn invitation_view(&self, id: &str, invitation: &Invitation) -> Value {
        let conversation = self.conversation_href(&invitation.conversation);
        let mut view = json!({
            "direction": "Outgoing",
            "importance": invitation.importance,
            "threadId": invitation.thread_id,
            "state": invitation.state,
            "subject": invitation.subject.as_deref().unwrap_or_default(),
            "_links": {
                "self": link(self.invitation_href(id)),
                "from": self.own_link(&conversation),
                "to": link(format!("{}/people/{}", self.href, address::segment(&invitation.to))),
                "conversation": link(conversation.as_str()),
                "messaging": link(format!("{conversation}/messaging")),
            },
            "rel": "messagingInvitation",
        });
        if let Some(operation_id) = &invitation.operation_id {
            view["operationId"] = json!(operation_id);
        }
        if invitation.state == "Connecting" {
            view["_links"]["cancel"] = link(format!("{conversation}/messaging/terminate"));
        }
        if let Some(accepted_by) = &invitation.accepted_by {
            let participant = self.participant_view(&conversation, accepted_by);
            view["_embedded"] = json!({ "acceptedByParticipant": [participant] });
        }
        view
    }

    /// A conversation.
    pub(crate) fn conversation_view(&self, conversation: &Conversation) -> Value {
        let href = conversation.href.as_str();
        let active = if conversation.messaging == Phase::Connected { vec!["Messaging"] } else { vec![] };
        let mut links = json!({
            "self": link(href),
            "messaging": link(format!("{href}/messaging")),
            "phoneAudio": link(format!("{href}/phoneAudio")),
        });
        if conversation.phase == Phase::Connected {
            links["localParticipant"] = self.own_link(href);
        }
        json!({
            "state": conversation.phase.name(),
            "threadId": conversation.thread_id,
            "subject": conversation.subject.as_deref().unwrap_or_default(),
            "activeModalities": active,
            "importance": conversation.importance,
            "recording": false,
            "_links": links,
            "rel": "conversation",
        })
    }

    /// The messaging modality: it links to the operations that are possible now.
    pub(crate) fn messaging_view(&self, id: &str, conversation: &Conversation) -> Value {
        let href = conversation.href.as_str();
        let messaging = format!("{href}/messaging");
        let mut view = json!({
            "state": conversation.messaging.name(),
            "_links": { "self": link(messaging.as_str()), "conversation": link(href) },
            "rel": "messaging",
        });
        let links = &mut view["_links"];
        match conversation.messaging {
            Phase::Connecting => links["stopMessaging"] = link(format!("{messaging}/terminate")),
            Phase::Connected => {
                links["stopMessaging"] = link(format!("{messaging}/terminate"));
                links["sendMessage"] = link(format!("{messaging}/messages"));
                links["setIsTyping"] = link(format!("{messaging}/typing"));
                links["typingParticipants"] = link(format!("{messaging}/typingParticipants"));
                view["negotiatedMessageFormats"] = json!(conversation.formats);
            }
            Phase::Disconnected if conversation.phase != Phase::Disconnected => {
                let add = format!("{}/communication/messagingInvitations?conversationId={id}", self.href);
                links["addMessaging"] = link(add);
            }
            Phase::Disconnected => {}
        }
        view
    }

    /// The user as a participant.
    pub(crate) fn local_participant_view(&self, conversation: &str) -> Value {
        json!({
            "sourceNetwork": "SameEnterprise",
            "anonymous": false,
            "name": self.own_name(),
            "uri": format!("sip:{}", self.user),
            "_links": {
                "self": link(participant_href(conversation, &self.user)),
                "conversation": link(conversation),
                "me": link(format!("{}/me", self.href)),
            },
            "rel": "participant",
        })
    }

    /// The other participant. The name stays empty, as in the samples.
    pub(crate) fn participant_view(&self, conversation: &str, user: &str) -> Value {
        let contact = format!("{}/people/{}", self.href, address::segment(user));
        json!({
            "sourceNetwork": "SameEnterprise",
            "anonymous": false,
            "name": "",
            "uri": format!("sip:{user}"),
            "_links": {
                "self": link(participant_href(conversation, user)),
                "conversation": link(conversation),
                "contact": link(contact.as_str()),
                "contactPresence": link(format!("{contact}/presence")),
            },
            "rel": "participant",
        })
    }

    /// A participant's messaging modality.
    pub(crate) fn participant_messaging_view(&self, conversation: &str, user: &str) -> Value {
        let participant = participant_href(conversation, user);
        let mut owner = link(participant.as_str());
        owner["title"] = if user == self.user { json!(self.own_name()) } else { json!("") };
        json!({
            "_links": { "self": link(format!("{participant}/messaging")), "participant": owner },
            "rel": "participantMessaging",
        })
    }

    /// A message. Whether it was delivered is the status of its event, not of the resource.
    pub(crate) fn message_view(&self, conversation: &Conversation, number: u64, message: &Message) -> Value {
        let messaging = format!("{}/messaging", conversation.href);
        let mut view = json!({
            "direction": "Outgoing",
            "timeStamp": format!("/Date({})/", unix_millis(message.time)),
            "_links": {
                "self": link(format!("{messaging}/messages/{number}")),
                "messaging": link(messaging.as_str()),
            },
            "rel": "message",
        });
        if let (Some(content), Some(remote)) = (&message.incoming, &conversation.remote) {
            let rel = if content.format == "text/html" { "htmlMessage" } else { "plainMessage" };
            let links = &mut view["_links"];
            links[rel] = link(data_uri::write(content));
            links["contact"] = link(format!("{}/people/{}", self.href, address::segment(remote)));
            links["participant"] =
                json!({ "href": participant_href(&conversation.href, remote), "title": "" });
            view["direction"] = json!("Incoming");
        }
        view
    }
}

/// The href of a participant.
pub(crate) fn participant_href(conversation: &str, user: &str) -> String {
    format!("{conversation}/participants/{}", address::segment(user))
}

/// The `reason` of an event.
pub(super) fn reason_view(Reason(code, subcode, message): Reason) -> Value {
    json!({ "code": code, "subcode": subcode, "message": message })
}
