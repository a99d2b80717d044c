//! The input of startMessaging and addMessaging (startMessaging_ref, addMessaging_ref).

use uuid::Uuid;

use crate::http::input::Input;
use crate::http::response::{self, Response};
use crate::state::application::ApplicationState;
use crate::state::conversation::{Conversation, MAX_OPERATION_ID};
use crate::values::address;
use crate::values::data_uri::{self, Content};

/// The longest subject and threadId, in characters (startMessaging_ref, startMessaging2_ref).
const MAX_SUBJECT: usize = 250;

const IMPORTANCES: [&str; 3] = ["Normal", "Urgent", "Emergency"];

/// The input of startMessaging or addMessaging, valid.
pub(super) struct InvitationInput {
    pub(super) to: String,
    pub(super) operation_id: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) importance: String,
    pub(super) thread_id: String,
    pub(super) content: Option<Content>,
}

/// Reads the input. What an `existing` conversation has need not be given again.
pub(super) fn read(
    input: &Input,
    existing: Option<&Conversation>,
    state: &ApplicationState,
) -> Result<InvitationInput, Response> {
    let mut invalid = Vec::new();
    let to = match (existing, input.text("to")) {
        (Some(conversation), _) => Ok(conversation.to.clone()),
        (None, Some(to)) if address::is_user(&to) => Ok(address::bare(&to).to_owned()),
        (None, Some(_)) => Err("is no SIP address"),
        (None, None) => Err("is required"),
    };
    let to = to.unwrap_or_else(|reason| {
        invalid.push(("to", reason.to_owned()));
        String::new()
    });
    let operation_id = input.limited("operationId", MAX_OPERATION_ID, &mut invalid);
    let subject = input.limited("subject", MAX_SUBJECT, &mut invalid);
    let thread_id = input.limited("threadId", MAX_SUBJECT, &mut invalid);
    let importance = input.text("importance").unwrap_or_else(|| "Normal".to_owned());
    let importance = IMPORTANCES.into_iter().find(|name| name.eq_ignore_ascii_case(&importance));
    if importance.is_none() {
        invalid.push(("importance", "is none of Normal, Urgent and Emergency".to_owned()));
    }
    let content = input.link("message").map(|uri| first_message(&uri, state)).transpose();
    let content = content.unwrap_or_else(|reason| {
        invalid.push(("message", reason.to_owned()));
        None
    });
    if !invalid.is_empty() {
        return Err(response::invalid(&invalid));
    }
    let inherited = |own: Option<String>, other: Option<&String>| own.or_else(|| other.cloned());
    Ok(InvitationInput {
        to,
        operation_id,
        subject: inherited(subject, existing.and_then(|c| c.subject.as_ref())),
        importance: existing.map_or(importance.unwrap_or_default().to_owned(), |c| c.importance.clone()),
        thread_id: inherited(thread_id, existing.map(|c| &c.thread_id))
            .unwrap_or_else(|| Uuid::new_v4().simple().to_string()),
        content,
    })
}

/// The message of the invitation. Html needs `Html` in the endpoint's communication resource.
fn first_message(uri: &str, state: &ApplicationState) -> Result<Content, &'static str> {
    let content = data_uri::parse(uri)?;
    let html = state.communication.formats.iter().any(|format| format == "Html");
    match content.format.as_str() {
        "text/plain" => Ok(content),
        "text/html" if html => Ok(content),
        "text/html" => Err("is html, which the communication resource does not list"),
        _ => Err("is neither text/plain nor text/html"),
    }
}
