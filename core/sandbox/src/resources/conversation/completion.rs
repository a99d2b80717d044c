//! An invitation completes: it is accepted, or it fails (SendAnIM, messagingInvitation_ref).

use serde_json::{Value, json};

use crate::state::application::{Application, ApplicationState, resource_event};
use crate::state::channel::Urgency;
use crate::state::conversation::{Invitation, Phase, Reason};
use crate::state::shared::SharedState;
use crate::values::address;
use crate::values::behaviour::Behaviour;

use super::delivery::{Carrier, deliver, receive};
use super::ending::{delete, disconnect};
use super::views::{participant_href, reason_view};

/// Completes a ringing invitation as the recipient behaves; `timely` is false once the ring time is over.
pub(super) fn complete(
    shared: &SharedState,
    application: &Application,
    state: &mut ApplicationState,
    id: &str,
    timely: bool,
) {
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
            let other = address::bare(other).to_owned();
            return accept(shared, application, state, id, other);
        }
        Behaviour::Accept | Behaviour::AcceptAfter(_) | Behaviour::Drop | Behaviour::Echo => {
            let to = invitation.to.clone();
            return accept(shared, application, state, id, to);
        }
    };
    fail(application, state, id, reason);
}

/// The invitation fails, and the conversation ends with it.
pub(super) fn fail(application: &Application, state: &mut ApplicationState, id: &str, reason: Reason) {
    let Some(invitation) = state.invitations.get_mut(id) else { return };
    invitation.state = "Failed";
    let invitation = invitation.clone();
    disconnect(application, state, &invitation.conversation);
    let mut event = completed(application, id, &invitation);
    event["status"] = json!("Failure");
    event["reason"] = reason_view(reason);
    state.queue_event(application.communication_sender(), event, Urgency::High, invitation.event_faults);
    delete(application, state, &invitation.conversation);
}

/// The invitation is accepted: the conversation connects, and a message in the invitation is delivered.
fn accept(
    shared: &SharedState,
    application: &Application,
    state: &mut ApplicationState,
    id: &str,
    by: String,
) {
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
        let told_by = application.invitation_href(id);
        let carrier = Carrier { via: "invitation", request: invitation.request, told_by };
        deliver(shared, application, conversation, content, carrier);
    }
    let href = conversation.href.clone();
    let sender = conversation.sender();
    let event_faults = conversation.event_faults;
    let view = application.conversation_view(conversation);
    let connected = resource_event("updated", "conversation", &href, None, Some(view));
    let view = application.messaging_view(conversation_id, conversation);
    let ready = resource_event("updated", "messaging", &format!("{href}/messaging"), None, Some(view));
    state.queue_event(application.communication_sender(), connected, Urgency::High, event_faults);
    for event in joined(application, &href, &by) {
        state.queue_event(sender.clone(), event, Urgency::High, event_faults);
    }
    state.queue_event(sender, ready, Urgency::High, event_faults);
    let mut event = completed(application, id, &invitation);
    event["status"] = json!("Success");
    state.queue_event(application.communication_sender(), event, Urgency::High, event_faults);
    if let (Behaviour::Echo, Some(content)) = (&invitation.behaviour, &invitation.content) {
        receive(application, state, conversation_id, content.clone());
    }
}

/// The other participant is added, and the messaging modality of both.
fn joined(application: &Application, conversation: &str, by: &str) -> [Value; 3] {
    let other = participant_href(conversation, by);
    let own = participant_href(conversation, &application.user);
    let name = address::display_name(&application.user);
    let mut theirs =
        resource_event("added", "participantMessaging", &format!("{other}/messaging"), None, None);
    theirs["in"] = json!({ "rel": "participant", "href": other, "title": "" });
    let view = application.participant_messaging_view(conversation, &application.user);
    let mut ours =
        resource_event("added", "participantMessaging", &format!("{own}/messaging"), None, Some(view));
    ours["in"] = json!({ "rel": "localParticipant", "href": own, "title": name });
    [resource_event("added", "participant", &other, Some(""), None), theirs, ours]
}

fn completed(application: &Application, id: &str, invitation: &Invitation) -> Value {
    let view = application.invitation_view(id, invitation);
    resource_event("completed", "messagingInvitation", &application.invitation_href(id), None, Some(view))
}
