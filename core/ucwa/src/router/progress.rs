//! What is known of an invitation, a message, a modality.

use crate::events::{Event, Status};
use crate::hypermedia::Resource;
use crate::limits::{MAX_HREF, MAX_LISTED, word};
use crate::reason::Reason;

/// How an invitation or a message ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The recipient's side took it.
    Accepted {
        /// The URIs of those who accepted, as the server wrote them; empty where it does not say.
        by: Vec<String>,
    },
    /// Refused, with the server's reason.
    Failed(Reason),
    /// Nobody will ever report it, and why. It may have been accepted.
    Lost(&'static str),
}

impl Outcome {
    /// How a completed event says its operation ended. One without a status and a reason is a success: servers leave the
    /// status out only there.
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

    /// Accepted, by whom an invitation says.
    pub(super) fn accepted(resource: &Resource) -> Self {
        let accepted = resource.all_embedded("acceptedByParticipant");
        let uris = accepted.iter().filter_map(|p| p.text("uri")).filter(|uri| uri.len() <= MAX_HREF);
        Self::Accepted { by: uris.take(MAX_LISTED).map(str::to_owned).collect() }
    }
}

/// What is known of an invitation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InvitationProgress {
    /// An event has named it: the server has processed the POST.
    pub seen: bool,
    /// The href of its messaging modality.
    pub messaging: Option<String>,
    /// The href of its conversation.
    pub conversation: Option<String>,
    /// Where it can be cancelled while it rings.
    pub cancel: Option<String>,
    /// The id of the thread.
    pub thread_id: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

impl InvitationProgress {
    /// Takes over what an invitation says of its parts. The first outcome counts.
    pub(super) fn learn(&mut self, invitation: Option<&Resource>, outcome: Option<Outcome>) {
        self.outcome = self.outcome.take().or(outcome);
        let Some(invitation) = invitation else { return };
        let link = |rel| invitation.link(rel).map(str::to_owned);
        // Where someone else took the call, the talk goes on in a derived conversation.
        keep(&mut self.messaging, link("derivedMessaging").or_else(|| link("messaging")));
        keep(&mut self.conversation, link("derivedConversation").or_else(|| link("conversation")));
        keep(&mut self.cancel, link("cancel"));
        keep(&mut self.thread_id, invitation.text("threadId").map(word));
    }
}

fn keep(known: &mut Option<String>, new: Option<String>) {
    if new.is_some() {
        *known = new;
    }
}

/// What is known of the messaging modality of a conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modality {
    /// It was connected and is not any more.
    pub disconnected: bool,
    /// The server lost track of what it reported: it may be connected, and is not used for another message.
    pub stale: bool,
    /// Where text is posted; there while it is connected.
    pub send_message: Option<String>,
    /// Where it is ended.
    pub stop: Option<String>,
    /// The formats negotiated.
    pub formats: Vec<String>,
}

impl Modality {
    /// Reads a messaging resource. Ready to send means: the sendMessage link is there. Source: SendAnIM.
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
