//! Conversations end: stopped, left, or closed by the other side (SendAnIM, stopMessaging_ref).

use axum::http::StatusCode;

use crate::application::{Application, State, event};
use crate::channel::Urgency;
use crate::faults::Manner;
use crate::reply::{self, Problem, Reply};

use super::{Phase, REMEMBERED_INVITATIONS, Reason, settle};

/// stopMessaging, and `cancel` while the invitation rings.
pub(crate) async fn stop(application: &Application, id: &str, manner: Manner) -> Result<Reply, Reply> {
    terminate(application, id, manner)?;
    application.wake();
    if manner.early {
        application.drained().await;
    }
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

fn terminate(application: &Application, id: &str, manner: Manner) -> Result<(), Reply> {
    let mut state = application.state();
    let conversation = state.conversations.get_mut(id).ok_or(Problem::ConversationGone)?;
    if conversation.messaging == Phase::Disconnected {
        return Err(Problem::WrongState.into());
    }
    if manner != Manner::default() {
        conversation.manner = manner;
    }
    close(application, &mut state, id);
    Ok(())
}

/// DELETE of a conversation, in whatever state it is.
pub(crate) fn leave(application: &Application, id: &str) -> Result<Reply, Reply> {
    let mut state = application.state();
    if !state.conversations.contains_key(id) {
        return Err(Problem::ConversationGone.into());
    }
    close(application, &mut state, id);
    drop(state);
    application.wake();
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

impl Application {
    /// The other side closes every conversation.
    pub(crate) fn end_conversations(&self) {
        self.for_each_conversation(|state, id| {
            disconnect(self, state, id);
            delete(self, state, id);
        });
    }

    /// Messaging ends in every connected conversation; the conversations stay and offer addMessaging.
    pub(crate) fn disconnect_messaging(&self) {
        self.for_each_conversation(|state, id| disconnect(self, state, id));
    }

    /// Does something to each conversation that is connected.
    fn for_each_conversation(&self, act: impl Fn(&mut State, &str)) {
        let mut state = self.state();
        let connected = state.conversations.iter().filter(|(_, c)| c.phase == Phase::Connected);
        let connected: Vec<String> = connected.map(|(id, _)| id.clone()).collect();
        connected.iter().for_each(|id| act(&mut state, id));
        drop(state);
        self.wake();
    }
}

fn close(application: &Application, state: &mut State, id: &str) {
    let ringing = state.conversations.get(id).and_then(|conversation| conversation.ringing.clone());
    match ringing {
        Some(invitation) => settle::fail(application, state, &invitation, Reason::CANCELED),
        None => {
            disconnect(application, state, id);
            delete(application, state, id);
        }
    }
}

/// Messaging is over.
pub(super) fn disconnect(application: &Application, state: &mut State, id: &str) {
    let Some(conversation) = state.conversations.get_mut(id) else { return };
    if conversation.messaging == Phase::Disconnected {
        return;
    }
    conversation.messaging = Phase::Disconnected;
    conversation.ringing = None;
    let view = application.messaging_view(id, conversation);
    let href = format!("{}/messaging", conversation.href);
    let news = event("updated", "messaging", &href, None, Some(view));
    let (sender, manner) = (conversation.sender(), conversation.manner);
    state.tell(sender, news, Urgency::High, manner);
}

/// The conversation is over and gone.
pub(super) fn delete(application: &Application, state: &mut State, id: &str) {
    let Some(mut conversation) = state.conversations.remove(id) else { return };
    conversation.phase = Phase::Disconnected;
    let view = application.conversation_view(&conversation);
    let over = event("updated", "conversation", &conversation.href, None, Some(view));
    let gone = event("deleted", "conversation", &conversation.href, None, None);
    for news in [over, gone] {
        state.tell(application.communication_sender(), news, Urgency::High, conversation.manner);
    }
    remember(state, conversation.invitations);
}

/// Invitations outlive their conversations, but not without end.
fn remember(state: &mut State, invitations: Vec<String>) {
    state.ended.extend(invitations);
    while state.ended.len() > REMEMBERED_INVITATIONS {
        let oldest = state.ended.pop_front().and_then(|id| state.invitations.remove(&id));
        if let Some(invitation) = oldest {
            state.long_ids.remove(&invitation.long_id);
        }
    }
}
