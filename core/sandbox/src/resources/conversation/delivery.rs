//! Messages between the participants: to the inbox of the recipient, and from the recipient to the user.

use std::time::SystemTime;

use serde_json::json;

use crate::state::application::{Application, ApplicationState, resource_event};
use crate::state::channel::Urgency;
use crate::state::conversation::{Conversation, Message};
use crate::state::inbox::Delivered;
use crate::state::shared::SharedState;
use crate::values::data_uri::Content;

/// What carries a text: the members of [`Delivered`] with these names.
pub(super) struct Carrier {
    pub(super) via: &'static str,
    pub(super) request: u64,
    pub(super) told_by: String,
}

/// Delivers a message to the other participant.
pub(super) fn deliver(
    shared: &SharedState,
    application: &Application,
    conversation: &Conversation,
    content: &Content,
    carrier: Carrier,
) {
    shared.inbox.deliver(Delivered {
        number: 0,
        from: application.user.clone(),
        to: conversation.to.clone(),
        accepted_by: conversation.remote.clone().unwrap_or_else(|| conversation.to.clone()),
        subject: conversation.subject.clone(),
        importance: conversation.importance.clone(),
        format: content.format.clone(),
        text: content.text.clone(),
        via: carrier.via.to_owned(),
        conversation: conversation.href.clone(),
        thread_id: conversation.thread_id.clone(),
        received_at: SystemTime::now(),
        request: carrier.request,
        told_by: carrier.told_by,
    });
}

/// Adds a message from the other participant to the conversation.
pub(super) fn receive(application: &Application, state: &mut ApplicationState, id: &str, content: Content) {
    let Some(conversation) = state.conversations.get_mut(id) else { return };
    let message = Message { time: SystemTime::now(), incoming: Some(content) };
    let number = conversation.add_message(message.clone());
    let href = format!("{}/messaging/messages/{number}", conversation.href);
    let view = application.message_view(conversation, number, &message);
    let mut event = resource_event("completed", "message", &href, None, Some(view));
    event["status"] = json!("Success");
    let (sender, event_faults) = (conversation.sender(), conversation.event_faults);
    state.queue_event(sender, event, Urgency::High, event_faults);
}
