//! The state of an invitation, a message, a modality.

use crate::events::{Event, Status};
use crate::hypermedia::Resource;
use crate::limits::{MAX_HREF, MAX_LISTED, word};
use crate::reason::Reason;

/// How an invitation or a message ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The recipient's side accepted it.
    Accepted {
        /// The URIs of those who accepted, as the server wrote them; empty where it does not say.
        by: Vec<String>,
    },
    /// Refused, with the server's reason.
    Failed(Reason),
    /// No event will report it, for this reason. It may have been accepted.
    Lost(&'static str),
}

impl Outcome {
    /// True when the server has not told it.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }

    /// The outcome of a completed event. Without a status and a reason it is a success, as servers omit the status only then.
    pub(super) fn of(event: &Event, resource: Option<&Resource>) -> Self {
        let failed = match event.status {
            Some(Status::Success) => false,
            Some(Status::Failure) => true,
            Some(Status::Other) if event.reason.is_none() => {
                return Self::Lost("the server told an outcome that nobody knows");
            }
            Some(Status::Other) => true,
            None => {
                let state = resource.and_then(|r| r.text("state")).unwrap_or_default();
                event.reason.is_some()
                    || ["Failed", "Declined", "Cancelled"].iter().any(|s| s.eq_ignore_ascii_case(state))
            }
        };
        if failed {
            return Self::Failed(event.reason.clone().unwrap_or_default());
        }
        resource.map_or_else(|| Self::Accepted { by: Vec::new() }, Self::accepted)
    }

    /// Accepted, by those whom the invitation names.
    pub(super) fn accepted(resource: &Resource) -> Self {
        let accepted = resource.all_embedded("acceptedByParticipant");
        let uris = accepted.iter().filter_map(|p| p.text("uri")).filter(|uri| uri.len() <= MAX_HREF);
        Self::Accepted { by: uris.take(MAX_LISTED).map(str::to_owned).collect() }
    }
}

/// The state of an invitation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InvitationProgress {
    /// An event has reported it, so the server has processed the POST.
    pub seen: bool,
    /// The href of its messaging modality.
    pub messaging: Option<String>,
    /// The href of its conversation.
    pub conversation: Option<String>,
    /// Where it can be cancelled while it is pending.
    pub cancel: Option<String>,
    /// The id of the thread.
    pub thread_id: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

impl InvitationProgress {
    /// Copies what the invitation says. The first outcome counts.
    pub(super) fn update(&mut self, invitation: Option<&Resource>, outcome: Option<Outcome>) {
        self.outcome = self.outcome.take().or(outcome);
        let Some(invitation) = invitation else { return };
        let link = |rel| invitation.link(rel).map(str::to_owned);
        // If someone else accepts, the conversation continues in a derived one.
        set_if_some(&mut self.messaging, link("derivedMessaging").or_else(|| link("messaging")));
        set_if_some(&mut self.conversation, link("derivedConversation").or_else(|| link("conversation")));
        set_if_some(&mut self.cancel, link("cancel"));
        set_if_some(&mut self.thread_id, invitation.text("threadId").map(word));
    }
}

fn set_if_some(field: &mut Option<String>, value: Option<String>) {
    if value.is_some() {
        *field = value;
    }
}

/// The state of the messaging modality of a conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modality {
    /// It is no longer connected.
    pub disconnected: bool,
    /// The server lost events about it: it may be connected, but is not used for another message.
    pub stale: bool,
    /// Where text is posted, while it is connected.
    pub send_message: Option<String>,
    /// Where it is ended, if it can be.
    pub stop: Option<String>,
    /// The negotiated formats.
    pub formats: Vec<String>,
}

impl Modality {
    /// Reads a messaging resource. With a sendMessage link it is ready to send. Source: SendAnIM.
    pub fn of(resource: &Resource) -> Self {
        let state = resource.text("state").unwrap_or_default();
        let formats = resource.texts("negotiatedMessageFormats").into_iter();
        Self {
            stale: false,
            disconnected: state.eq_ignore_ascii_case("Disconnected"),
            send_message: resource.link("sendMessage").map(str::to_owned),
            stop: resource.link("stopMessaging").map(str::to_owned),
            formats: formats.take(MAX_LISTED).map(word).collect(),
        }
    }

    /// True when html was negotiated.
    pub fn takes_html(&self) -> bool {
        self.formats.iter().any(|f| f.eq_ignore_ascii_case("Html"))
    }
}
