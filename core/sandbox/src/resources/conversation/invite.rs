//! startMessaging and addMessaging: an invitation is sent (SendAnIM, startMessaging_ref, addMessaging_ref).

use std::sync::Arc;

use uuid::Uuid;

use crate::http::input::Input;
use crate::http::request::Request;
use crate::http::response::{self, Response, UcwaError};
use crate::state::application::{Application, ApplicationState, resource_event};
use crate::state::channel::Urgency;
use crate::state::conversation::{Conversation, Invitation, Phase};
use crate::state::shared::SharedState;
use crate::values::address;
use crate::values::behaviour::Behaviour;
use crate::values::event_faults::EventFaults;
use crate::values::fault::Route;

use super::completion;
use super::invitation_input;
use super::views::participant_href;

/// Invites the recipient to a new conversation, or to an existing one whose messaging has ended.
pub(crate) async fn start(
    shared: &Arc<SharedState>,
    application: &Arc<Application>,
    request: &Request,
    existing: Option<&str>,
) -> Result<Response, Response> {
    let input = request.input()?;
    let event_faults = shared.faults.for_events(Route::StartMessaging);
    let location = invite(shared, application, (request.number, &input), existing, event_faults)?;
    application.wake();
    if event_faults.early {
        application.events_fetched().await;
    }
    Ok(response::created(&location))
}

/// Returns the `Location` of the invitation.
fn invite(
    shared: &Arc<SharedState>,
    application: &Arc<Application>,
    (number, input): (u64, &Input),
    existing: Option<&str>,
    event_faults: EventFaults,
) -> Result<String, Response> {
    let mut state = application.state();
    let known = existing.map(|id| disconnected(&state, id)).transpose()?;
    let input = invitation_input::read(input, known, &state)?;
    let behaviour = shared.behaviour(&input.to);
    let long_id = Uuid::new_v4().simple().to_string();
    let id = shortened(&long_id, 3, |id| state.invitations.contains_key(id));
    let conversation_id = existing.map(str::to_owned).unwrap_or_else(|| {
        let random = Uuid::new_v4().simple().to_string();
        shortened(&random, 4, |id| state.conversations.contains_key(id))
    });
    let invitation = Invitation {
        long_id: long_id.clone(),
        conversation: conversation_id.clone(),
        to: input.to,
        operation_id: input.operation_id,
        subject: input.subject,
        importance: input.importance,
        thread_id: input.thread_id,
        state: "Connecting",
        content: input.content,
        request: number,
        accepted_by: None,
        behaviour: behaviour.clone(),
        event_faults,
    };
    let href = application.conversation_href(&conversation_id);
    let conversation = state.conversations.entry(conversation_id.clone());
    conversation.or_insert_with(|| Conversation::new(href, &invitation)).ring(id.clone(), &invitation);
    state.invitations.insert(id.clone(), invitation);
    state.long_ids.insert(long_id.clone(), id.clone());
    queue_started(application, &mut state, &id, &conversation_id, existing.is_none());
    answer(shared, application, &mut state, &id, &long_id, &behaviour);
    Ok(application.invitation_href(&long_id))
}

/// The conversation of an addMessaging, whose messaging has to have ended.
fn disconnected<'a>(state: &'a ApplicationState, id: &str) -> Result<&'a Conversation, Response> {
    let conversation = state.conversations.get(id).ok_or(UcwaError::ConversationGone)?;
    if conversation.messaging != Phase::Disconnected {
        return Err(UcwaError::WrongState.into());
    }
    Ok(conversation)
}

/// The shortest prefix of a long id that is not taken.
fn shortened(long: &str, min: usize, taken: impl Fn(&str) -> bool) -> String {
    let free = (min..long.len()).map(|length| &long[..length]).find(|id| !taken(id));
    free.unwrap_or(long).to_owned()
}

/// Queues the first events: invitation started, conversation added, messaging connecting.
fn queue_started(
    application: &Application,
    state: &mut ApplicationState,
    id: &str,
    conversation_id: &str,
    is_new: bool,
) {
    let (Some(invitation), Some(conversation)) =
        (state.invitations.get(id), state.conversations.get(conversation_id))
    else {
        return;
    };
    let event_faults = conversation.event_faults;
    let href = conversation.href.clone();
    let sender = conversation.sender();
    let view = application.invitation_view(id, invitation);
    let started =
        resource_event("started", "messagingInvitation", &application.invitation_href(id), None, Some(view));
    let view = application.conversation_view(conversation);
    let added = resource_event("added", "conversation", &href, None, Some(view));
    let own = participant_href(&href, &application.user);
    let name = address::display_name(&application.user);
    let view = application.local_participant_view(&href);
    let joined = resource_event("added", "localParticipant", &own, Some(&name), Some(view));
    let view = application.messaging_view(conversation_id, conversation);
    let connecting = resource_event("updated", "messaging", &format!("{href}/messaging"), None, Some(view));
    state.queue_event(application.communication_sender(), started, Urgency::High, event_faults);
    if is_new {
        state.queue_event(application.communication_sender(), added, Urgency::High, event_faults);
        state.queue_event(sender.clone(), joined, Urgency::High, event_faults);
    }
    state.queue_event(sender, connecting, Urgency::High, event_faults);
}

/// Completes the invitation as the recipient behaves: now, later, or when the ring time is over.
fn answer(
    shared: &Arc<SharedState>,
    application: &Arc<Application>,
    state: &mut ApplicationState,
    id: &str,
    long_id: &str,
    behaviour: &Behaviour,
) {
    let ring = shared.config.ring;
    let delay = match behaviour {
        Behaviour::AcceptAfter(delay) => *delay,
        Behaviour::NoAnswer => ring,
        _ if shared.config.answer_after.is_zero() => {
            return completion::complete(shared, application, state, id, true);
        }
        _ => shared.config.answer_after,
    };
    let (delay, timely) = (delay.min(ring), delay < ring);
    let (shared, application, long_id) =
        (Arc::clone(shared), Arc::downgrade(application), long_id.to_owned());
    let tasks = shared.tasks.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = shared.closing.cancelled() => return,
        }
        // By now the application or the invitation may have ended, and the short id may be that of another one.
        let Some(application) = application.upgrade() else { return };
        let mut state = application.state();
        if let Some(id) = state.long_ids.get(&long_id).cloned() {
            state.channel.start_batch();
            completion::complete(&shared, &application, &mut state, &id, timely);
        }
        drop(state);
        application.wake();
    });
}
