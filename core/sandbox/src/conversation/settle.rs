//! An invitation ends: accepted or not (SendAnIM, messagingInvitation_ref).

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::application::{Application, State, event};
use crate::behaviour::Behaviour;
use crate::channel::Urgency;
use crate::data_uri::Content;
use crate::inbox::Delivered;
use crate::world::World;

use super::views::participant_href;
use super::{Conversation, Invitation, Phase, Reason, end, message};

/// Ends a ringing invitation as the recipient's behaviour wants it; `timely` is false once the ring time is over.
pub(super) fn settle(world: &World, application: &Application, state: &mut State, id: &str, timely: bool) {
    let Some(invitation) = state.invitations.get(id).filter(|i| i.state == "Connecting") else { return };
    let reason = match &invitation.behaviour {
        _ if !timely => Reason::NO_ANSWER,
        Behaviour::Decline => Reason::DECLINED,
        Behaviour::NoAnswer => Reason::NO_ANSWER,
        Behaviour::Busy => Reason::DISTURB,
        Behaviour::Offline => Reason::OFFLINE,
        Behaviour::Unknown => Reason::UNKNOWN,
        Behaviour::Drop if invitation.content.is_some() => Reason::NOT_ALLOWED,
        Behaviour::ForwardTo(other) => {
            let other = crate::address::bare(other).to_owned();
            return accept(world, application, state, id, other);
        }
        Behaviour::Accept | Behaviour::AcceptAfter(_) | Behaviour::Drop | Behaviour::Echo => {
            let to = invitation.to.clone();
            return accept(world, application, state, id, to);
        }
    };
    fail(application, state, id, reason);
}

/// The invitation completes with a failure and the conversation ends with it.
pub(super) fn fail(application: &Application, state: &mut State, id: &str, reason: Reason) {
    let Some(invitation) = state.invitations.get_mut(id) else { return };
    invitation.state = "Failed";
    let invitation = invitation.clone();
    end::disconnect(application, state, &invitation.conversation);
    let mut news = completed(application, id, &invitation);
    news["status"] = json!("Failure");
    news["reason"] = reason_view(reason);
    state.tell(application.communication_sender(), news, Urgency::High, invitation.manner);
    end::delete(application, state, &invitation.conversation);
}

/// Somebody takes the call: the conversation connects, and a text in the invitation is delivered.
fn accept(world: &World, application: &Application, state: &mut State, id: &str, by: String) {
    let formats = state.communication.formats.clone();
    let Some(invitation) = state.invitations.get_mut(id) else { return };
    invitation.state = "Connected";
    invitation.accepted_by = Some(by.clone());
    let invitation = invitation.clone();
    let conversation_id = invitation.conversation.as_str();
    let Some(conversation) = state.conversations.get_mut(conversation_id) else { return };
    conversation.phase = Phase::Connected;
    conversation.messaging = Phase::Connected;
    conversation.ringing = None;
    conversation.formats = formats;
    conversation.remote = Some(by.clone());
    if let Some(content) = &invitation.content {
        deliver(world, application, conversation, content, "invitation");
    }
    let href = conversation.href.clone();
    let sender = conversation.sender();
    let manner = conversation.manner;
    let view = application.conversation_view(conversation);
    let connected = event("updated", "conversation", &href, None, Some(view));
    let view = application.messaging_view(conversation_id, conversation);
    let ready = event("updated", "messaging", &format!("{href}/messaging"), None, Some(view));
    state.tell(application.communication_sender(), connected, Urgency::High, manner);
    for news in joined(application, &href, &by) {
        state.tell(sender.clone(), news, Urgency::High, manner);
    }
    state.tell(sender, ready, Urgency::High, manner);
    let mut news = completed(application, id, &invitation);
    news["status"] = json!("Success");
    state.tell(application.communication_sender(), news, Urgency::High, manner);
    if let (Behaviour::Echo, Some(content)) = (&invitation.behaviour, &invitation.content) {
        message::incoming(application, state, conversation_id, content.clone());
    }
}

/// The other person and both persons' part in messaging appear in the conversation.
fn joined(application: &Application, conversation: &str, by: &str) -> [Value; 3] {
    let other = participant_href(conversation, by);
    let own = participant_href(conversation, &application.user);
    let name = crate::address::display_name(&application.user);
    let mut theirs = event("added", "participantMessaging", &format!("{other}/messaging"), None, None);
    theirs["in"] = json!({ "rel": "participant", "href": other, "title": "" });
    let view = application.participant_messaging_view(conversation, &application.user);
    let mut ours = event("added", "participantMessaging", &format!("{own}/messaging"), None, Some(view));
    ours["in"] = json!({ "rel": "localParticipant", "href": own, "title": name });
    [event("added", "participant", &other, Some(""), None), theirs, ours]
}

fn completed(application: &Application, id: &str, invitation: &Invitation) -> Value {
    let view = application.invitation_view(id, invitation);
    event("completed", "messagingInvitation", &application.invitation_href(id), None, Some(view))
}

/// A reason as it stands beside the status of an event.
pub(super) fn reason_view(Reason(code, subcode, message): Reason) -> Value {
    json!({ "code": code, "subcode": subcode, "message": message })
}

/// Puts a text into the inbox of the person who takes part.
pub(super) fn deliver(
    world: &World,
    application: &Application,
    conversation: &Conversation,
    content: &Content,
    via: &str,
) {
    world.inbox.deliver(Delivered {
        number: 0,
        from: application.user.clone(),
        to: conversation.to.clone(),
        accepted_by: conversation.remote.clone().unwrap_or_else(|| conversation.to.clone()),
        subject: conversation.subject.clone(),
        importance: conversation.importance.clone(),
        format: content.format.clone(),
        text: content.text.clone(),
        via: via.to_owned(),
        conversation: conversation.href.clone(),
        thread_id: conversation.thread_id.clone(),
        received_at: SystemTime::now(),
    });
}
