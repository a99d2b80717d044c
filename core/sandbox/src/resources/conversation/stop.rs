//! Who ends a conversation: the user, by stopMessaging, `cancel` or DELETE, or the other side (SendAnIM, stopMessaging_ref).

use axum::http::StatusCode;

use crate::http::response::{self, Response, UcwaError};
use crate::state::application::{Application, ApplicationState};
use crate::state::conversation::{Phase, Reason};
use crate::state::shared::SharedState;
use crate::values::event_faults::EventFaults;

use super::completion;
use super::ending::{delete, disconnect};

/// stopMessaging, which is also the `cancel` of a ringing invitation.
pub(crate) async fn stop(
    application: &Application,
    id: &str,
    event_faults: EventFaults,
) -> Result<Response, Response> {
    terminate(application, id, event_faults)?;
    application.wake();
    if event_faults.early {
        application.events_fetched().await;
    }
    Ok(response::empty(StatusCode::NO_CONTENT))
}

fn terminate(application: &Application, id: &str, event_faults: EventFaults) -> Result<(), Response> {
    let mut state = application.state();
    let conversation = state.conversations.get_mut(id).ok_or(UcwaError::ConversationGone)?;
    if conversation.messaging == Phase::Disconnected {
        return Err(UcwaError::WrongState.into());
    }
    if event_faults != EventFaults::default() {
        conversation.event_faults = event_faults;
    }
    close(application, &mut state, id);
    Ok(())
}

/// DELETE of a conversation, in any state.
pub(crate) fn leave(application: &Application, id: &str) -> Result<Response, Response> {
    let mut state = application.state();
    if !state.conversations.contains_key(id) {
        return Err(UcwaError::ConversationGone.into());
    }
    close(application, &mut state, id);
    drop(state);
    application.wake();
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// The other side closes every conversation.
pub(crate) fn end_conversations(shared: &SharedState) {
    for_each_conversation(shared, |application, state, id| {
        disconnect(application, state, id);
        delete(application, state, id);
    });
}

/// Messaging ends in every connected conversation; the conversations stay and offer addMessaging.
pub(crate) fn disconnect_messaging(shared: &SharedState) {
    for_each_conversation(shared, disconnect);
}

/// Calls `act` for each conversation that is connected.
fn for_each_conversation(shared: &SharedState, act: impl Fn(&Application, &mut ApplicationState, &str)) {
    for application in shared.applications() {
        let mut state = application.state();
        let connected = state.conversations.iter().filter(|(_, c)| c.phase == Phase::Connected);
        let connected: Vec<String> = connected.map(|(id, _)| id.clone()).collect();
        connected.iter().for_each(|id| act(&application, &mut state, id));
        drop(state);
        application.wake();
    }
}

fn close(application: &Application, state: &mut ApplicationState, id: &str) {
    let ringing = state.conversations.get(id).and_then(|conversation| conversation.ringing.clone());
    match ringing {
        Some(invitation) => completion::fail(application, state, &invitation, Reason::CANCELED),
        None => {
            disconnect(application, state, id);
            delete(application, state, id);
        }
    }
}
