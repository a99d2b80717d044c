//! The end of messaging and of a conversation, and its events.

use crate::state::application::{Application, ApplicationState, resource_event};
use crate::state::channel::Urgency;
use crate::state::conversation::{MAX_ENDED_INVITATIONS, Phase};

/// Disconnects the messaging modality.
pub(super) fn disconnect(application: &Application, state: &mut ApplicationState, id: &str) {
    let Some(conversation) = state.conversations.get_mut(id) else { return };
    if conversation.messaging == Phase::Disconnected {
        return;
    }
    conversation.messaging = Phase::Disconnected;
    conversation.ringing = None;
    let view = application.messaging_view(id, conversation);
    let href = format!("{}/messaging", conversation.href);
    let event = resource_event("updated", "messaging", &href, None, Some(view));
    let (sender, event_faults) = (conversation.sender(), conversation.event_faults);
    state.queue_event(sender, event, Urgency::High, event_faults);
}

/// Deletes the conversation.
pub(super) fn delete(application: &Application, state: &mut ApplicationState, id: &str) {
    let Some(mut conversation) = state.conversations.remove(id) else { return };
    conversation.phase = Phase::Disconnected;
    let view = application.conversation_view(&conversation);
    let updated = resource_event("updated", "conversation", &conversation.href, None, Some(view));
    let deleted = resource_event("deleted", "conversation", &conversation.href, None, None);
    for event in [updated, deleted] {
        state.queue_event(
            application.communication_sender(),
            event,
            Urgency::High,
            conversation.event_faults,
        );
    }
    keep_ended(state, conversation.invitations);
}

/// Invitations can still be fetched after their conversation has ended.
fn keep_ended(state: &mut ApplicationState, invitations: Vec<String>) {
    state.ended.extend(invitations);
    while state.ended.len() > MAX_ENDED_INVITATIONS {
        let oldest = state.ended.pop_front().and_then(|id| state.invitations.remove(&id));
        if let Some(invitation) = oldest {
            state.long_ids.remove(&invitation.long_id);
        }
    }
}
