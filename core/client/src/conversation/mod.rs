//! A conversation with one recipient: opened by an invitation, kept open for the next messages, reopened when it has ended.

mod invitation;
mod open;
mod pending_invitation;
mod sending;
mod text_gate;

use std::sync::Arc;

use tokio::time::Instant;
use tokio_util::task::task_tracker::TaskTrackerToken;
use url::Url;

use self::invitation::{Invitation, NotInvited};
use self::open::{MAX_LINK_FETCHES, OpenConversation, Posted, await_outcome, await_outcome_of_lost};
pub(crate) use self::sending::Sending;
use self::sending::unknown;
pub(crate) use self::text_gate::TextGate;
use crate::error::{Error, ErrorKind, Result};
use crate::reasons;
use crate::receipt::{Evidence, Format, Receipt};
use crate::session::application::Application;
use crate::session::awaited_events::AwaitedMessage;
use crate::steps::Step;
use send_im_ucwa::router::{Modality, Outcome};

/// One conversation, open or not.
#[derive(Default)]
pub(crate) struct Conversation {
    /// Shared with the confirmations that are awaited in it: it is ended after the last of them.
    open: Option<Arc<OpenConversation>>,
}

/// How far a message came. In both cases the next one of its conversation may go.
pub(crate) enum Delivery {
    Done(Receipt),
    /// The server has the message; its confirmation is awaited.
    Unconfirmed(Box<Confirmation>),
}

/// The result of an attempt in one session. Unless delivered, the text was not taken.
enum Attempt {
    Delivered(Delivery),
    /// The conversation is over.
    Over,
    /// The session seems to be gone as well.
    Gone {
        /// The step that found it gone.
        step: Step,
        /// The server itself says so.
        certain: bool,
    },
    /// The server is unreachable. The conversation may still be open on it.
    Unreachable(Error),
}

impl Conversation {
    /// Sends one message. Dropping the future withdraws an invitation that still rings, and ends the conversation.
    ///
    /// If the account has moved to another pool, a message that the old one did not take is sent there, once, with a new invitation.
    /// The messages that wait for this recipient follow, each by itself. What the old pool has taken is told by its events, or is
    /// unknown where it is unreachable (`session/moving.rs`).
    pub(crate) async fn send(&mut self, sending: &mut Sending) -> Result<Delivery> {
        let begun = Instant::now();
        let session = sending.session.clone();
        let (mut recreated, mut moved) = (false, false);
        loop {
            let application = session.application(&sending.log, sending.deadline).await?;
            match self.attempt(sending, &application).await? {
                Attempt::Delivered(delivery) => return Ok(delivery),
                Attempt::Over => return Err(sending.recipient_left()),
                Attempt::Gone { certain, .. } if !recreated => {
                    recreated = true;
                    // If only a proxy may have said so, sends in flight are left to wait: their events may still come.
                    let why = certain.then_some("the server has ended the session");
                    session.abandon(&application, why, sending.deadline).await;
                }
                Attempt::Gone { step, .. } => return Err(sending.session_keeps_ending(step)),
                Attempt::Unreachable(error) => {
                    let (log, deadline) = (&sending.log, sending.deadline);
                    if moved || !Box::pin(session.has_moved(&application, begun, log, deadline)).await {
                        return Err(error);
                    }
                    moved = true;
                }
            }
        }
    }

    async fn attempt(&mut self, sending: &mut Sending, application: &Arc<Application>) -> Result<Attempt> {
        let is_html = sending.is_html();
        let _use = application.uses.token();
        let open = self.open.take();
        if let Some(open) = open.filter(|c| c.is_usable(application) && (!is_html || c.accepts_html())) {
            match self.send_into(open, sending, None).await? {
                // If the session is gone as well, the invitation finds that out.
                Attempt::Over | Attempt::Gone { .. } => {}
                attempt => return Ok(attempt),
            }
        }
        let inline_text = sending.inline_text();
        if is_html {
            Box::pin(application.declare_html(sending.connection(), &sending.log, sending.deadline)).await;
        }
        let invitation = match Invitation::post(sending, application, inline_text.as_deref()).await {
            Ok(invitation) => invitation,
            Err(NotInvited::ApplicationGone { certain }) => {
                return Ok(Attempt::Gone { step: Step::Invite, certain });
            }
            Err(NotInvited::Unreachable(error)) => return Ok(Attempt::Unreachable(error)),
            Err(NotInvited::Failed(error)) => return Err(error),
        };
        if inline_text.is_some() {
            sending.report_submitted(Format::Plain);
            let open = invitation.accepted(sending).await?;
            let receipt = open.receipt(sending, Evidence::InvitationAccepted, Format::Plain);
            self.keep(&Arc::new(open), sending);
            return Ok(Attempt::Delivered(Delivery::Done(receipt)));
        }
        let open = invitation.accepted(sending).await?;
        if open.withdrawn {
            return Err(sending.accepted_too_late());
        }
        let modality = match open.ready(sending, MAX_LINK_FETCHES).await {
            Ok(modality) => modality,
            Err(error) if error.kind() == ErrorKind::Network => return Ok(Attempt::Unreachable(error)),
            Err(error) => return Err(error),
        };
        self.send_into(Arc::new(open), sending, Some(modality)).await
    }

    /// Posts the text into an open conversation.
    async fn send_into(
        &mut self,
        open: Arc<OpenConversation>,
        sending: &mut Sending,
        modality: Option<Modality>,
    ) -> Result<Attempt> {
        let modality = match modality {
            Some(modality) => modality,
            // If a kept conversation cannot be used, the recipient is invited again.
            None => match open.ready(sending, 1).await {
                Ok(modality) => modality,
                Err(error) if error.kind() == ErrorKind::Timeout => return Err(error),
                Err(_) => return Ok(Attempt::Over),
            },
        };
        let Some(send_message) = modality.send_message.clone() else {
            // With its session, each conversation ends.
            return Ok(match open.application().awaited.is_closed() {
                true => Attempt::Gone { step: Step::Send, certain: true },
                false => Attempt::Over,
            });
        };
        let (format, text) = sending.text_for(&modality);
        let posted = match open.post(sending, &send_message, format, &text).await {
            Ok(posted) => posted,
            // The text was not taken, and others may wait for their confirmations in this conversation.
            Err(error) => {
                self.keep(&open, sending);
                return match error.kind() {
                    ErrorKind::Network => Ok(Attempt::Unreachable(error)),
                    _ => Err(error),
                };
            }
        };
        drop(text);
        let posted_at = Instant::now();
        let receipt = open.receipt(sending, Evidence::MessageConfirmed, format);
        let server = open.server().clone();
        match posted {
            Posted::Over => Ok(Attempt::Over),
            Posted::Gone { certain } => Ok(Attempt::Gone { step: Step::Send, certain }),
            Posted::Taken { end, named } => {
                sending.report_submitted(format);
                // Without a Location, the confirmation is known by the conversation alone: it must not carry another message.
                if named {
                    self.keep(&open, sending);
                }
                let _use = open.application().uses.token();
                let confirmation = Confirmation { end, receipt, server, posted_at, conversation: open, _use };
                Ok(Attempt::Delivered(Delivery::Unconfirmed(Box::new(confirmation))))
            }
            Posted::Lost(end, lost) => {
                let end = await_outcome_of_lost(end, sending.settle_deadline()).await;
                sending.log_confirm(&server, end.as_ref(), posted_at);
                // Its messages can no longer be told apart, so the conversation is not used again.
                match end {
                    Some(end) => {
                        let receipt = confirmed(end, open.application(), receipt, sending)?;
                        Ok(Attempt::Delivered(Delivery::Done(receipt)))
                    }
                    None => Err(unknown(sending, Step::Send, lost)),
                }
            }
        }
    }

    /// Keeps a conversation for the next message, unless somebody else accepted it: then the recipient is invited again.
    fn keep(&mut self, open: &Arc<OpenConversation>, sending: &Sending) {
        self.open = open.can_be_reused_for(&sending.to).then(|| open.clone());
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

/// A message that the server has and has not confirmed.
pub(crate) struct Confirmation {
    end: AwaitedMessage,
    receipt: Receipt,
    server: Url,
    posted_at: Instant,
    /// Not ended before the confirmation.
    conversation: Arc<OpenConversation>,
    _use: TaskTrackerToken,
}

impl Confirmation {
    pub(crate) async fn wait(self, sending: &Sending) -> Result<Receipt> {
        let end = await_outcome(self.end, sending.deadline).await;
        sending.log_confirm(&self.server, end.as_ref(), self.posted_at);
        let Some(end) = end else {
            let detail = format!(
                "The server took the message to {} but did not confirm it before the timeout.",
                sending.to
            );
            return Err(unknown(sending, Step::Confirm, Error::new(ErrorKind::Timeout, detail)));
        };
        confirmed(end, self.conversation.application(), self.receipt, sending)
    }
}

/// The result of a message whose outcome the server has told.
fn confirmed(
    outcome: Outcome,
    application: &Application,
    receipt: Receipt,
    sending: &Sending,
) -> Result<Receipt> {
    match outcome {
        Outcome::Accepted { .. } => Ok(Receipt { steps: sending.log.records(), ..receipt }),
        Outcome::Failed(reason) => {
            Err(reasons::message_failure(&reason, sending.to.as_str()).at(Step::Confirm))
        }
        Outcome::Lost(why) => Err(unknown(sending, Step::Confirm, application.outcome_lost(why))),
    }
}
