//! sendMessage and the messages that come back (SendAnIM, sendMessage_ref, message_ref).

use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde_json::json;

use crate::application::{Application, State, event};
use crate::behaviour::Behaviour;
use crate::channel::Urgency;
use crate::charset;
use crate::data_uri::Content;
use crate::faults::{Manner, Route};
use crate::input::Call;
use crate::reply::{self, Problem, Reply};
use crate::world::World;

use super::invite::LONGEST_OPERATION_ID;
use super::{Message, Phase, Reason, settle};

/// Sends a text in a connected conversation.
pub(crate) async fn send(
    world: &World,
    application: &Application,
    id: &str,
    call: &Call,
) -> Result<Reply, Reply> {
    let manner = world.faults.for_events(Route::SendMessage);
    let location = post(world, application, id, call, manner)?;
    application.wake();
    if manner.early {
        application.drained().await;
    }
    Ok(reply::created(&location))
}

/// Does it, and gives the `Location` of the message.
fn post(
    world: &World,
    application: &Application,
    id: &str,
    call: &Call,
    manner: Manner,
) -> Result<String, Reply> {
    let operation_id = call.query("operationId").or_else(|| call.query("operationContext"));
    if operation_id.is_some_and(|id| id.chars().count() > LONGEST_OPERATION_ID) {
        let complaint = format!("is longer than {LONGEST_OPERATION_ID} characters");
        return Err(reply::invalid(&[("operationId", complaint)]));
    }
    let mut state = application.state();
    let conversation = state.conversations.get_mut(id).ok_or(Problem::ConversationGone)?;
    if conversation.messaging != Phase::Connected {
        return Err(Problem::WrongState.into());
    }
    let format = call.media_type();
    let html = conversation.formats.iter().any(|format| format == "Html");
    if format != "text/plain" && !(format == "text/html" && html) {
        return Err(Problem::MediaType.into());
    }
    let content_type = call.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let text = charset::decode(charset::parameter(content_type), &call.body);
    if text.is_empty() {
        return Err(reply::invalid(&[("message", "is empty".to_owned())]));
    }
    let content = Content { format, text };
    if manner != Manner::default() {
        conversation.manner = manner;
    }
    let message = Message { time: now(), incoming: None };
    let number = conversation.remember(message.clone());
    let href = format!("{}/messaging/messages/{number}", conversation.href);
    let view = application.message_view(conversation, number, &message);
    let mut news = event("completed", "message", &href, None, Some(view));
    if conversation.behaviour == Behaviour::Drop {
        news["status"] = json!("Failure");
        news["reason"] = settle::reason_view(Reason::NOT_ALLOWED);
    } else {
        news["status"] = json!("Success");
        settle::deliver(world, application, conversation, &content, "message");
    }
    let (sender, manner, echoes) =
        (conversation.sender(), conversation.manner, conversation.behaviour == Behaviour::Echo);
    state.tell(sender, news, Urgency::High, manner);
    if echoes {
        incoming(application, &mut state, id, content);
    }
    Ok(href)
}

/// A text from the other side arrives.
pub(super) fn incoming(application: &Application, state: &mut State, id: &str, content: Content) {
    let Some(conversation) = state.conversations.get_mut(id) else { return };
    let message = Message { time: now(), incoming: Some(content) };
    let number = conversation.remember(message.clone());
    let href = format!("{}/messaging/messages/{number}", conversation.href);
    let view = application.message_view(conversation, number, &message);
    let mut news = event("completed", "message", &href, None, Some(view));
    news["status"] = json!("Success");
    let (sender, manner) = (conversation.sender(), conversation.manner);
    state.tell(sender, news, Urgency::High, manner);
}

/// Milliseconds since 1970, as dates are written.
pub(crate) fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// Says that the user is typing; nobody on the other side looks.
pub(crate) fn typing(application: &Application, id: &str) -> Result<Reply, Reply> {
    let state = application.state();
    let conversation = state.conversations.get(id).ok_or(Problem::ConversationGone)?;
    if conversation.messaging != Phase::Connected {
        return Err(Problem::WrongState.into());
    }
    Ok(reply::empty(StatusCode::NO_CONTENT))
}
