//! A conversation with one other person: its invitations and messages.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::state::channel::Sender;
use crate::values::behaviour::Behaviour;
use crate::values::data_uri::Content;
use crate::values::event_faults::EventFaults;

/// The messages of a conversation that can still be fetched.
const MAX_MESSAGES: usize = 256;
/// The longest operationId, in characters (startMessaging_ref).
pub(crate) const MAX_OPERATION_ID: usize = 50;
/// The invitations of ended conversations that can still be fetched, by clients whose events carried no resource.
pub(crate) const MAX_ENDED_INVITATIONS: usize = 256;

/// The state of a conversation or of its messaging modality (ConversationState_ref); only those that two participants meet.
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
    /// The negotiated formats, once messaging is connected.
    pub(crate) formats: Vec<String>,
    /// The address that was invited.
    pub(crate) to: String,
    /// The address of the other participant, once the invitation is accepted.
    pub(crate) remote: Option<String>,
    pub(crate) behaviour: Behaviour,
    /// The invitation that is ringing.
    pub(crate) ringing: Option<String>,
    /// The short ids of all its invitations.
    pub(crate) invitations: Vec<String>,
    pub(crate) event_faults: EventFaults,
    pub(crate) messages: BTreeMap<u64, Message>,
    pub(crate) last_message: u64,
}

impl Conversation {
    /// The conversation that this invitation opens.
    pub(crate) fn new(href: String, invitation: &Invitation) -> Self {
        Self {
            href,
            thread_id: invitation.thread_id.clone(),
            subject: invitation.subject.clone(),
            importance: invitation.importance.clone(),
            phase: Phase::Connecting,
            messaging: Phase::Connecting,
            formats: Vec::new(),
            to: invitation.to.clone(),
            remote: None,
            behaviour: invitation.behaviour.clone(),
            ringing: None,
            invitations: Vec::new(),
            event_faults: invitation.event_faults,
            messages: BTreeMap::new(),
            last_message: 1,
        }
    }

    /// An invitation with this short id rings.
    pub(crate) fn ring(&mut self, id: String, invitation: &Invitation) {
        self.messaging = Phase::Connecting;
        self.ringing = Some(id.clone());
        self.invitations.push(id);
        self.behaviour = invitation.behaviour.clone();
        self.event_faults = invitation.event_faults;
    }

    pub(crate) fn sender(&self) -> Sender {
        Sender { rel: "conversation", href: self.href.clone() }
    }

    /// Adds a message and returns its number. The first one is 2, as in SendAnIM.
    pub(crate) fn add_message(&mut self, message: Message) -> u64 {
        self.last_message += 1;
        self.messages.insert(self.last_message, message);
        if self.messages.len() > MAX_MESSAGES {
            self.messages.pop_first();
        }
        self.last_message
    }
}

/// A message that was sent or came in.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) time: SystemTime,
    /// The text, of an incoming message only.
    pub(crate) incoming: Option<Content>,
}

/// An outgoing invitation.
#[derive(Debug, Clone)]
pub(crate) struct Invitation {
    /// The id in `Location`; it is never used again.
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
    /// The number of its request in the journal.
    pub(crate) request: u64,
    pub(crate) accepted_by: Option<String>,
    pub(crate) behaviour: Behaviour,
    pub(crate) event_faults: EventFaults,
}

/// The `reason` of an event: code, subcode and message (messagingInvitation_ref).
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
