//! Conversations with one other person: the invitation, the messaging modality, the messages.

pub(crate) mod end;
pub(crate) mod invite;
pub(crate) mod message;
pub(crate) mod read;
mod settle;
mod views;

use std::collections::BTreeMap;

use crate::behaviour::Behaviour;
use crate::channel::Sender;
use crate::data_uri::Content;
use crate::faults::Manner;

/// Messages a conversation remembers so that they can be fetched.
const REMEMBERED_MESSAGES: usize = 256;
/// Invitations of ended conversations that can still be fetched, for clients whose events came bare.
const REMEMBERED_INVITATIONS: usize = 256;

/// The state of a conversation (ConversationState_ref; only the states a two-party talk goes through).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Connecting,
    Connected,
    Disconnected,
}

impl Phase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connecting => "Connecting",
            Self::Connected => "Connected",
            Self::Disconnected => "Disconnected",
        }
    }
}

/// A conversation.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) href: String,
    pub(crate) thread_id: String,
    pub(crate) subject: Option<String>,
    pub(crate) importance: String,
    pub(crate) phase: Phase,
    /// The messaging modality, which may end before the conversation does.
    pub(crate) messaging: Phase,
    /// The formats both sides agreed on, once messaging is connected.
    pub(crate) formats: Vec<String>,
    /// The address that was invited.
    pub(crate) to: String,
    /// The address that takes part, once somebody accepted.
    pub(crate) remote: Option<String>,
    pub(crate) behaviour: Behaviour,
    /// The invitation that is ringing.
    pub(crate) ringing: Option<String>,
    /// The invitations it has had, by their short ids.
    pub(crate) invitations: Vec<String>,
    pub(crate) manner: Manner,
    pub(crate) messages: BTreeMap<u64, Message>,
    pub(crate) last_message: u64,
}

impl Conversation {
    pub(crate) fn sender(&self) -> Sender {
        Sender { rel: "conversation", href: self.href.clone() }
    }

    /// Gives a new message its number. The first one is 2, as in SendAnIM.
    pub(crate) fn remember(&mut self, message: Message) -> u64 {
        self.last_message += 1;
        self.messages.insert(self.last_message, message);
        if self.messages.len() > REMEMBERED_MESSAGES {
            self.messages.pop_first();
        }
        self.last_message
    }
}

/// A message that was sent or came in.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Milliseconds since 1970.
    pub(crate) time: u128,
    /// The text, of an incoming message only.
    pub(crate) incoming: Option<Content>,
}

/// An outgoing invitation.
#[derive(Debug, Clone)]
pub(crate) struct Invitation {
    /// The id that `Location` shows; no other invitation ever has it.
    pub(crate) long_id: String,
    pub(crate) conversation: String,
    pub(crate) to: String,
    pub(crate) operation_id: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) importance: String,
    pub(crate) thread_id: String,
    /// Connecting, Connected or Failed.
    pub(crate) state: &'static str,
    pub(crate) content: Option<Content>,
    pub(crate) accepted_by: Option<String>,
    pub(crate) behaviour: Behaviour,
    pub(crate) manner: Manner,
}

/// Why an operation failed, as an event says it: code, subcode and a sentence (messagingInvitation_ref).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reason(pub(crate) &'static str, pub(crate) &'static str, pub(crate) &'static str);

impl Reason {
    pub(crate) const DECLINED: Self = Self("RemoteFailure", "Declined", "Your invitation was declined.");
    pub(crate) const NO_ANSWER: Self = Self("RemoteFailure", "Timeout", "Your invitation was not answered.");
    pub(crate) const DISTURB: Self =
        Self("RemoteFailure", "DoNotDisturb", "The person you invited does not want to be disturbed.");
    pub(crate) const OFFLINE: Self =
        Self("RemoteFailure", "TemporarilyUnavailable", "The person you invited is not available.");
    pub(crate) const UNKNOWN: Self =
        Self("NotFound", "DestinationNotFound", "The person you invited could not be found.");
    pub(crate) const NOT_ALLOWED: Self =
        Self("RemoteFailure", "NotAllowed", "The message could not be understood.");
    pub(crate) const CANCELED: Self = Self("LocalFailure", "Canceled", "The invitation was canceled.");
}
