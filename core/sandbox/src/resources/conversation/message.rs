//! sendMessage and setIsTyping (SendAnIM, sendMessage_ref, message_ref).

use std::time::SystemTime;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde_json::json;

use crate::http::request::Request;
use crate::http::response::{self, Response, UcwaError};
use crate::state::application::{Application, resource_event};
use crate::state::channel::Urgency;
use crate::state::conversation::{MAX_OPERATION_ID, Message, Phase, Reason};
use crate::state::shared::SharedState;
use crate::values::behaviour::Behaviour;
use crate::values::charset;
use crate::values::data_uri::Content;
use crate::values::event_faults::EventFaults;
use crate::values::fault::Route;
use crate::values::media_type;

use super::delivery::{Carrier, deliver, receive};
use super::views::reason_view;

/// Sends a text in a connected conversation.
pub(crate) async fn send(
    shared: &SharedState,
    application: &Application,
    id: &str,
    request: &Request,
) -> Result<Response, Response> {
    let event_faults = shared.faults.for_events(Route::SendMessage);
    let location = post(shared, application, id, request, event_faults)?;
    application.wake();
    if event_faults.early {
        application.events_fetched().await;
    }
    Ok(response::created(&location))
}

/// Returns the `Location` of the message.
fn post(
    shared: &SharedState,
    application: &Application,
    id: &str,
    request: &Request,
    event_faults: EventFaults,
) -> Result<String, Response> {
    let operation_id = request.query("operationId").or_else(|| request.query("operationContext"));
    if operation_id.is_some_and(|id| id.chars().count() > MAX_OPERATION_ID) {
        let reason = format!("is longer than {MAX_OPERATION_ID} characters");
        return Err(response::invalid(&[("operationId", reason)]));
    }
    let mut state = application.state();
    let conversation = state.conversations.get_mut(id).ok_or(UcwaError::ConversationGone)?;
    if conversation.messaging != Phase::Connected {
        return Err(UcwaError::WrongState.into());
    }
    let format = request.media_type();
    let html = conversation.formats.iter().any(|format| format == "Html");
    if format != "text/plain" && !(format == "text/html" && html) {
        return Err(UcwaError::MediaType.into());
    }
    let content_type = request.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let text =
        charset::decode(media_type::parameter(content_type, "charset").unwrap_or("utf-8"), &request.body);
    if text.is_empty() {
        return Err(response::invalid(&[("message", "is empty".to_owned())]));
    }
    let content = Content { format, text };
    if event_faults != EventFaults::default() {
        conversation.event_faults = event_faults;
    }
    let message = Message { time: SystemTime::now(), incoming: None };
    let number = conversation.add_message(message.clone());
    let href = format!("{}/messaging/messages/{number}", conversation.href);
    let view = application.message_view(conversation, number, &message);
    let mut event = resource_event("completed", "message", &href, None, Some(view));
    if conversation.behaviour == Behaviour::Drop {
        event["status"] = json!("Failure");
        event["reason"] = reason_view(Reason::NOT_ALLOWED);
    } else {
        event["status"] = json!("Success");
        let carrier = Carrier { via: "message", request: request.number, told_by: href.clone() };
        deliver(shared, application, conversation, &content, carrier);
    }
    let (sender, event_faults, echoes) =
        (conversation.sender(), conversation.event_faults, conversation.behaviour == Behaviour::Echo);
    state.queue_event(sender, event, Urgency::High, event_faults);
    if echoes {
        receive(application, &mut state, id, content);
    }
    Ok(href)
}

/// setIsTyping. The other participant's client does not show it.
pub(crate) fn typing(application: &Application, id: &str) -> Result<Response, Response> {
    let state = application.state();
    let conversation = state.conversations.get(id).ok_or(UcwaError::ConversationGone)?;
    if conversation.messaging != Phase::Connected {
        return Err(UcwaError::WrongState.into());
    }
    Ok(response::empty(StatusCode::NO_CONTENT))
}
