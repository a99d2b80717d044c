//! startMessaging and addMessaging: an invitation goes out (SendAnIM, startMessaging_ref, addMessaging_ref).

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::address;
use crate::application::{Application, State, event};
use crate::behaviour::Behaviour;
use crate::channel::Urgency;
use crate::data_uri::{self, Content};
use crate::faults::{Manner, Route};
use crate::input::{Call, Input};
use crate::reply::{self, Problem, Reply};
use crate::world::World;

use super::views::participant_href;
use super::{Conversation, Invitation, Phase, settle};

/// The longest operationId (startMessaging_ref).
pub(super) const LONGEST_OPERATION_ID: usize = 50;
/// The longest subject and threadId (startMessaging_ref, startMessaging2_ref).
const LONGEST_SUBJECT: usize = 250;

/// What an invitation asks for, checked.
struct Wanted {
    to: String,
    operation_id: Option<String>,
    subject: Option<String>,
    importance: String,
    thread_id: String,
    content: Option<Content>,
}

/// Invites a person to a new conversation, or again to one whose messaging has ended.
pub(crate) async fn start(
    world: &Arc<World>,
    application: &Arc<Application>,
    call: &Call,
    existing: Option<&str>,
) -> Result<Reply, Reply> {
    let input = call.input()?;
    let manner = world.faults.for_events(Route::StartMessaging);
    let location = invite(world, application, &input, existing, manner)?;
    application.wake();
    if manner.early {
        application.drained().await;
    }
    Ok(reply::created(&location))
}

/// Does it, and gives the `Location` of the invitation.
fn invite(
    world: &Arc<World>,
    application: &Arc<Application>,
    input: &Input,
    existing: Option<&str>,
    manner: Manner,
) -> Result<String, Reply> {
    let mut state = application.state();
    let known = existing.map(|id| again(&state, id)).transpose()?;
    let wanted = check(input, known, &state)?;
    let behaviour = world.behaviour(&wanted.to);
    let long_id = Uuid::new_v4().simple().to_string();
    let id = shortened(&long_id, 3, |id| state.invitations.contains_key(id));
    let is_new = existing.is_none();
    let conversation_id = match existing {
        Some(id) => id.to_owned(),
        None => {
            let random = Uuid::new_v4().simple().to_string();
            shortened(&random, 4, |id| state.conversations.contains_key(id))
        }
    };
    let invitation = Invitation {
        long_id: long_id.clone(),
        conversation: conversation_id.clone(),
        to: wanted.to.clone(),
        operation_id: wanted.operation_id,
        subject: wanted.subject.clone(),
        importance: wanted.importance.clone(),
        thread_id: wanted.thread_id.clone(),
        state: "Connecting",
        content: wanted.content,
        accepted_by: None,
        behaviour: behaviour.clone(),
        manner,
    };
    let conversation = state.conversations.entry(conversation_id.clone()).or_insert_with(|| Conversation {
        href: application.conversation_href(&conversation_id),
        thread_id: wanted.thread_id,
        subject: wanted.subject,
        importance: wanted.importance,
        phase: Phase::Connecting,
        messaging: Phase::Connecting,
        formats: Vec::new(),
        to: wanted.to,
        remote: None,
        behaviour: behaviour.clone(),
        ringing: None,
        invitations: Vec::new(),
        manner,
        messages: BTreeMap::new(),
        last_message: 1,
    });
    conversation.messaging = Phase::Connecting;
    conversation.ringing = Some(id.clone());
    conversation.invitations.push(id.clone());
    conversation.behaviour = behaviour.clone();
    conversation.manner = manner;
    state.invitations.insert(id.clone(), invitation);
    state.long_ids.insert(long_id.clone(), id.clone());
    announce(application, &mut state, &id, &conversation_id, is_new);
    answer(world, application, &mut state, &id, &long_id, &behaviour);
    Ok(application.invitation_href(&long_id))
}

/// The conversation an addMessaging is about; its messaging has to have ended.
fn again<'a>(state: &'a State, id: &str) -> Result<&'a Conversation, Reply> {
    let conversation = state.conversations.get(id).ok_or(Problem::ConversationGone)?;
    if conversation.messaging != Phase::Disconnected {
        return Err(Problem::WrongState.into());
    }
    Ok(conversation)
}

fn check(input: &Input, known: Option<&Conversation>, state: &State) -> Result<Wanted, Reply> {
    let mut faults = Vec::new();
    let to = match (known, input.text("to")) {
        (Some(conversation), _) => conversation.to.clone(),
        (None, Some(to)) if address::is_user(&to) => address::bare(&to).to_owned(),
        (None, Some(_)) => {
            faults.push(("to", "is no SIP address".to_owned()));
            String::new()
        }
        (None, None) => {
            faults.push(("to", "is required".to_owned()));
            String::new()
        }
    };
    let operation_id = input.limited("operationId", LONGEST_OPERATION_ID, &mut faults);
    let subject = input.limited("subject", LONGEST_SUBJECT, &mut faults);
    let thread_id = input.limited("threadId", LONGEST_SUBJECT, &mut faults);
    let importance = input.text("importance").unwrap_or_else(|| "Normal".to_owned());
    let importance =
        match ["Normal", "Urgent", "Emergency"].iter().find(|n| n.eq_ignore_ascii_case(&importance)) {
            Some(name) => (*name).to_owned(),
            None => {
                faults.push(("importance", "is none of Normal, Urgent and Emergency".to_owned()));
                String::new()
            }
        };
    let content = input.link("message").map(|uri| first_message(&uri, state)).transpose();
    let content = content.unwrap_or_else(|complaint| {
        faults.push(("message", complaint.to_owned()));
        None
    });
    if !faults.is_empty() {
        return Err(reply::invalid(&faults));
    }
    let inherited = |own: Option<String>, other: Option<&String>| own.or_else(|| other.cloned());
    Ok(Wanted {
        to,
        operation_id,
        subject: inherited(subject, known.and_then(|c| c.subject.as_ref())),
        importance: known.map_or(importance, |c| c.importance.clone()),
        thread_id: inherited(thread_id, known.map(|c| &c.thread_id))
            .unwrap_or_else(|| Uuid::new_v4().simple().to_string()),
        content,
    })
}

/// The text that rides in the invitation; html only if this endpoint said that it speaks it.
fn first_message(uri: &str, state: &State) -> Result<Content, &'static str> {
    let content = data_uri::parse(uri)?;
    let html = state.communication.formats.iter().any(|format| format == "Html");
    match content.format.as_str() {
        "text/plain" => Ok(content),
        "text/html" if html => Ok(content),
        "text/html" => Err("is html, which the communication resource does not list"),
        _ => Err("is neither text/plain nor text/html"),
    }
}

/// The shortest start of a long id that nothing else has.
fn shortened(long: &str, least: usize, taken: impl Fn(&str) -> bool) -> String {
    let free = (least..long.len()).map(|length| &long[..length]).find(|id| !taken(id));
    free.unwrap_or(long).to_owned()
}

/// What the sender sees at once: invitation started, conversation added, messaging connecting.
fn announce(application: &Application, state: &mut State, id: &str, conversation_id: &str, is_new: bool) {
    let (Some(invitation), Some(conversation)) =
        (state.invitations.get(id), state.conversations.get(conversation_id))
    else {
        return;
    };
    let manner = conversation.manner;
    let href = conversation.href.clone();
    let sender = conversation.sender();
    let view = application.invitation_view(id, invitation);
    let started = event("started", "messagingInvitation", &application.invitation_href(id), None, Some(view));
    let view = application.conversation_view(conversation);
    let added = event("added", "conversation", &href, None, Some(view));
    let own = participant_href(&href, &application.user);
    let name = address::display_name(&application.user);
    let view = application.local_participant_view(&href);
    let joined = event("added", "localParticipant", &own, Some(&name), Some(view));
    let view = application.messaging_view(conversation_id, conversation);
    let connecting = event("updated", "messaging", &format!("{href}/messaging"), None, Some(view));
    state.tell(application.communication_sender(), started, Urgency::High, manner);
    if is_new {
        state.tell(application.communication_sender(), added, Urgency::High, manner);
        state.tell(sender.clone(), joined, Urgency::High, manner);
    }
    state.tell(sender, connecting, Urgency::High, manner);
}

/// Lets the recipient act: at once, later, or never.
fn answer(
    world: &Arc<World>,
    application: &Arc<Application>,
    state: &mut State,
    id: &str,
    long_id: &str,
    behaviour: &Behaviour,
) {
    let ring = world.config.ring;
    let delay = match behaviour {
        Behaviour::AcceptAfter(delay) => *delay,
        Behaviour::NoAnswer => ring,
        _ if world.config.answer_after.is_zero() => {
            return settle::settle(world, application, state, id, true);
        }
        _ => world.config.answer_after,
    };
    let (delay, timely) = (delay.min(ring), delay < ring);
    let (world, application, long_id) = (Arc::clone(world), Arc::downgrade(application), long_id.to_owned());
    let tasks = world.tasks.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = world.closing.cancelled() => return,
        }
        // The application may be gone by now, the invitation too, and its short id may mean another one.
        let Some(application) = application.upgrade() else { return };
        let mut state = application.state();
        if let Some(id) = state.long_ids.get(&long_id).cloned() {
            state.channel.divide();
            settle::settle(&world, &application, &mut state, &id, timely);
        }
        drop(state);
        application.wake();
    });
}
