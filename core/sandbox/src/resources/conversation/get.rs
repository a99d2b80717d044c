//! GET of the resources of a conversation: every href in an event can be fetched.

use serde_json::{Value, json};

use crate::http::response::{self, Response, UcwaError};
use crate::state::application::Application;
use crate::state::conversation::Conversation;
use crate::values::address;

use super::views::participant_href;

/// The list of conversations that have not ended.
pub(crate) fn list(application: &Application) -> Response {
    let state = application.state();
    let mut links = json!({
        "self": { "href": format!("{}/communication/conversations", application.href) },
    });
    let open: Vec<Value> = state.conversations.values().map(|c| json!({ "href": c.href })).collect();
    if !open.is_empty() {
        links["conversation"] = Value::Array(open);
    }
    response::resource(&json!({ "_links": links, "rel": "conversations" }))
}

/// An invitation, by its short or its long id.
pub(crate) fn invitation(application: &Application, id: &str) -> Result<Response, Response> {
    let state = application.state();
    let short = state.long_ids.get(id).map_or(id, String::as_str);
    let invitation = state.invitations.get(short).ok_or(UcwaError::NoSuchResource)?;
    Ok(response::resource(&application.invitation_view(short, invitation)))
}

/// A conversation or a resource below it.
pub(crate) fn resource(application: &Application, id: &str, below: &[&str]) -> Result<Response, Response> {
    let state = application.state();
    let conversation = state.conversations.get(id).ok_or(UcwaError::ConversationGone)?;
    let view = view(application, id, conversation, below).ok_or(UcwaError::NoSuchResource)?;
    Ok(response::resource(&view))
}

fn view(application: &Application, id: &str, conversation: &Conversation, below: &[&str]) -> Option<Value> {
    let href = conversation.href.as_str();
    match below {
        [] => Some(application.conversation_view(conversation)),
        ["messaging"] => Some(application.messaging_view(id, conversation)),
        ["messaging", "typingparticipants"] => Some(json!({
            "_links": { "self": { "href": format!("{href}/messaging/typingParticipants") } },
            "rel": "typingParticipants",
        })),
        ["messaging", "messages", number] => {
            let number = number.parse().ok()?;
            Some(application.message_view(conversation, number, conversation.messages.get(&number)?))
        }
        ["phoneaudio"] => Some(json!({
            "state": "Disconnected",
            "_links": {
                "self": { "href": format!("{href}/phoneAudio") },
                "conversation": { "href": href },
            },
            "rel": "phoneAudio",
        })),
        ["participants"] => {
            let people = std::iter::once(&application.user).chain(&conversation.remote);
            let people: Vec<Value> =
                people.map(|user| json!({ "href": participant_href(href, user) })).collect();
            Some(json!({
                "_links": { "self": { "href": format!("{href}/participants") }, "participant": people },
                "rel": "participants",
            }))
        }
        ["participants", who, rest @ ..] => {
            let user = participant(application, conversation, who)?;
            match rest {
                [] if user == application.user => Some(application.local_participant_view(href)),
                [] => Some(application.participant_view(href, user)),
                ["messaging"] => Some(application.participant_messaging_view(href, user)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The participant that a path segment names.
fn participant<'a>(
    application: &'a Application,
    conversation: &'a Conversation,
    who: &str,
) -> Option<&'a str> {
    let mut users = std::iter::once(&application.user).chain(&conversation.remote);
    users.find(|user| address::key(user) == address::key(who)).map(String::as_str)
}
