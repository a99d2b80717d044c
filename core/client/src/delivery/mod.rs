//! One message's way: into an open conversation or into an invitation, then to its confirmation.

mod conversation;
mod invitation;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use send_im_ucwa::html::html_to_plain;
use tokio::sync::{OwnedMutexGuard, oneshot};
use tokio::time::{Instant, timeout_at};

use self::conversation::{Conversation, LINK_FETCHES, Posted, end_of, look_for};
pub(crate) use self::conversation::{Conversations, Key};
use self::invitation::{Invitation, NotInvited};
use crate::address::Address;
use crate::error::{Error, ErrorKind, Result, Sent};
use crate::message::{Body, Message};
use crate::reasons;
use crate::receipt::{Evidence, Format, Receipt};
use crate::session::Session;
use crate::sign_in::Connection;
use crate::steps::{Step, StepLog};
use crate::ucwa::application::Application;
use crate::ucwa::ledger::{End, Modality};

/// The longest text that rides in an invitation, in UTF-16 units.
///
/// No limit is documented for UCWA; 800 is what the first message of a conversation was measured to take in Office
/// Communications Server 2007.
const MOST_IN_INVITATION: usize = 800;

/// How long after its timeout a send may take to withdraw its invitation and to learn what came of it.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(2);

/// One send under way.
pub(crate) struct Sending {
    pub(crate) session: Arc<Session>,
    pub(crate) message: Message,
    pub(crate) to: Address,
    pub(crate) log: StepLog,
    pub(crate) deadline: Instant,
    /// Taken when the server has the message, by a caller who waits for no more.
    pub(crate) submitted: Option<oneshot::Sender<Receipt>>,
}

impl Sending {
    fn connection(&self) -> &Connection {
        &self.session.connection
    }

    /// Until when the answer to a request is waited for. Then there is time left to look whether the request arrived, and to
    /// act on it.
    fn answer_by(&self) -> Instant {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.deadline - (left / 5).min(SETTLE_TIMEOUT)
    }

    /// Until when the truth about a message is looked for that is still on its way at the timeout.
    fn settled_by(&self) -> Instant {
        self.deadline + SETTLE_TIMEOUT
    }

    fn receipt(&self, evidence: Evidence, format: Format, conversation: Option<&Conversation>) -> Receipt {
        Receipt {
            to: self.to.to_string(),
            accepted_by: conversation.and_then(|c| c.accepted_by.clone()),
            evidence,
            format,
            thread_id: conversation.and_then(|c| c.thread_id.clone()),
            steps: self.log.records(),
        }
    }

    fn tell_submitted(&mut self, format: Format) {
        if let Some(submitted) = self.submitted.take() {
            let _ = submitted.send(self.receipt(Evidence::Submitted, format, None));
        }
    }

    /// Sends the message and waits for its confirmation, or until the client cancels everything.
    pub(crate) async fn run(mut self) -> Result<Receipt> {
        let session = self.session.clone();
        let finished = tokio::select! {
            biased;
            result = self.deliver() => Some(result),
            () = session.is_cancelled() => None,
        };
        let result = finished.unwrap_or_else(|| Err(self.cancelled()));
        self.session.note(&result);
        result
    }

    async fn deliver(&mut self) -> Result<Receipt> {
        let slot = self.session.conversations.slot(&Key::of(&self.message, &self.to));
        // Sends to one recipient go one after the other, so that they arrive in order.
        let mut place = timeout_at(self.deadline, slot.lock_owned()).await.map_err(|_| self.queued())?;
        // The one before it may have gone because everything is cancelled.
        if self.session.has_cancelled() {
            return Err(self.cancelled());
        }
        let begun = Instant::now();
        let (mut recreated, mut moved) = (false, false);
        loop {
            let application = self.session.application(&self.log, self.deadline).await?;
            let is_html = matches!(self.message.body, Body::Html(_));
            if let Some(conversation) =
                place.take().filter(|c| c.is_usable(&application) && (!is_html || c.suits_html()))
            {
                match self.send_into(conversation, place, None).await? {
                    Outcome::Done(receipt) => return Ok(receipt),
                    // If the session is gone too, the invitation will find that out.
                    Outcome::Over(empty) | Outcome::Gone(empty, _) => place = empty,
                    Outcome::Unreachable(empty, error) => {
                        place = empty;
                        self.follow(&application, begun, &mut moved, error).await?;
                        continue;
                    }
                }
            }
            let riding = self.riding_text();
            if is_html {
                application.declare_html(self.connection(), &self.log, self.deadline).await;
            }
            let invitation = match Invitation::post(self, &application, riding.as_deref()).await {
                Ok(invitation) => invitation,
                Err(NotInvited::ApplicationGone { certain }) if !recreated => {
                    recreated = true;
                    self.session.application_is_gone(&application, certain, self.deadline).await;
                    continue;
                }
                Err(NotInvited::ApplicationGone { .. }) => return Err(self.keeps_vanishing(Step::Invite)),
                Err(NotInvited::Failed(error)) if error.kind() == ErrorKind::Network => {
                    self.follow(&application, begun, &mut moved, error).await?;
                    continue;
                }
                Err(NotInvited::Failed(error)) => return Err(error),
            };
            if riding.is_some() {
                self.tell_submitted(Format::Plain);
                let conversation = invitation.decided(self).await?;
                let receipt = self.receipt(Evidence::InvitationAccepted, Format::Plain, Some(&conversation));
                self.keep(conversation, &mut place);
                return Ok(receipt);
            }
            let mut conversation = invitation.decided(self).await?;
            if conversation.withdrawn {
                return Err(self.accepted_too_late());
            }
            let modality = conversation.ready(self, LINK_FETCHES).await?;
            match self.send_into(conversation, place, Some(modality)).await? {
                Outcome::Done(receipt) => return Ok(receipt),
                Outcome::Over(_) => return Err(self.hung_up()),
                Outcome::Gone(..) if recreated => return Err(self.keeps_vanishing(Step::Send)),
                Outcome::Gone(empty, certain) => {
                    recreated = true;
                    self.session.application_is_gone(&application, certain, self.deadline).await;
                    place = empty;
                }
                Outcome::Unreachable(empty, error) => {
                    self.follow(&application, begun, &mut moved, error).await?;
                    place = empty;
                }
            }
        }
    }

    /// Nobody was there to take the message. Returns when the account has another home, where it can be sent.
    ///
    /// # Errors
    /// `error` when there is no other, or none that lasts.
    async fn follow(
        &self,
        lost: &Arc<Application>,
        begun: Instant,
        moved: &mut bool,
        error: Error,
    ) -> Result<()> {
        if std::mem::replace(moved, true)
            || !self.session.has_moved(lost, begun, &self.log, self.deadline).await
        {
            return Err(error);
        }
        Ok(())
    }

    /// Posts the text into a conversation and waits for its confirmation. The place is free for the next send as soon as
    /// the server has this text: the order is settled then.
    async fn send_into(
        &mut self,
        mut conversation: Conversation,
        mut place: OwnedMutexGuard<Option<Conversation>>,
        modality: Option<Modality>,
    ) -> Result<Outcome> {
        let modality = match modality {
            Some(modality) => modality,
            // A kept conversation that cannot be used is no reason to fail: the recipient is invited again.
            None => match conversation.ready(self, 1).await {
                Ok(modality) => modality,
                Err(error) if error.kind() == ErrorKind::Timeout => return Err(error),
                Err(_) => return Ok(Outcome::Over(place)),
            },
        };
        let Some(send_message) = modality.send_message.clone() else { return Ok(Outcome::Over(place)) };
        let (format, text) = self.text_for(&modality);
        let posted_at = Instant::now();
        let posted = match conversation.post(self, &send_message, format, &text).await {
            Err(error) if error.kind() == ErrorKind::Network => {
                drop(self.keep(conversation, &mut place));
                return Ok(Outcome::Unreachable(place, error));
            }
            posted => posted?,
        };
        let base = conversation.server().clone();
        let end = match posted {
            Posted::Over => return Ok(Outcome::Over(place)),
            Posted::Gone { certain } => return Ok(Outcome::Gone(place, certain)),
            Posted::Taken { end, named } => {
                self.tell_submitted(format);
                let receipt = self.receipt(Evidence::MessageConfirmed, format, Some(&conversation));
                // Another message in it would be told by the same sign as one without a name.
                let talk = if named { self.keep(conversation, &mut place) } else { Some(conversation) };
                drop(place);
                let end = end_of(end, self.deadline).await;
                drop(talk);
                self.log.add(Step::Confirm, &base, end.as_ref().map(|_| 200), posted_at.elapsed());
                match end {
                    Some(End::Done { .. }) => {
                        return Ok(Outcome::Done(Receipt { steps: self.log.records(), ..receipt }));
                    }
                    Some(end) => end,
                    None => {
                        let late = Error::new(
                            ErrorKind::Timeout,
                            format!(
                                "The server took the message to {} but did not confirm it before the timeout.",
                                self.to
                            ),
                        );
                        return Err(unknown(self, Step::Confirm, late));
                    }
                }
            }
            Posted::Lost(end, lost) => {
                let end = look_for(end, self.settled_by()).await;
                self.log.add(Step::Confirm, &base, end.as_ref().map(|_| 200), posted_at.elapsed());
                // Its messages can no longer be told apart with certainty, so the conversation is not used again.
                let receipt = self.receipt(Evidence::MessageConfirmed, format, Some(&conversation));
                drop(conversation);
                match end {
                    Some(End::Done { .. }) => return Ok(Outcome::Done(receipt)),
                    Some(end) => end,
                    None => return Err(unknown(self, Step::Send, lost)),
                }
            }
        };
        match end {
            End::Failed(reason) => Err(reasons::message_failure(&reason, self.to.as_str()).at(Step::Confirm)),
            End::Lost(why) => Err(unknown(
                self,
                Step::Confirm,
                Error::new(ErrorKind::OutcomeUnknown, format!("In between, {why}.")),
            )),
            End::Done { .. } => Err(self.hung_up()),
        }
    }

    /// Keeps a conversation for the next message. A talk that somebody else took is theirs and is given back: the next
    /// message asks for the recipient again.
    fn keep(&self, conversation: Conversation, place: &mut Option<Conversation>) -> Option<Conversation> {
        if conversation.can_be_kept_for(&self.to) {
            *place = Some(conversation);
            return None;
        }
        Some(conversation)
    }

    /// The text, when it is short and plain enough to ride in the invitation.
    fn riding_text(&self) -> Option<String> {
        match &self.message.body {
            Body::Text(text)
                if text.expose_secret().encode_utf16().take(MOST_IN_INVITATION + 1).count()
                    <= MOST_IN_INVITATION =>
            {
                Some(text.expose_secret().to_owned())
            }
            _ => None,
        }
    }

    /// The text in the form the other side takes.
    fn text_for(&self, modality: &Modality) -> (Format, Cow<'_, str>) {
        match &self.message.body {
            Body::Text(text) => (Format::Plain, text.expose_secret().into()),
            Body::Html(html) if modality.takes_html() => (Format::Html, html.expose_secret().into()),
            Body::Html(html) => (Format::Plain, html_to_plain(html.expose_secret()).into()),
        }
    }

    fn cancelled(&self) -> Error {
        if self.message.departure().sent() == Sent::Maybe {
            let detail = format!("The message to {} was cancelled on its way; it may have arrived.", self.to);
            return Error::cancelled(detail, Sent::Maybe).at(Step::Confirm);
        }
        let detail = format!("The message to {} was cancelled before it was sent.", self.to);
        Error::cancelled(detail, Sent::No).at(Step::Invite)
    }

    fn queued(&self) -> Error {
        let detail = format!("The message to {} waited for the ones before it until its timeout.", self.to);
        Error::new(ErrorKind::Timeout, detail).at(Step::Invite)
    }

    fn keeps_vanishing(&self, step: Step) -> Error {
        Error::new(
            ErrorKind::Closed,
            "The server ends each session as soon as it is opened; ask its administrator.",
        )
        .at(step)
    }

    fn accepted_too_late(&self) -> Error {
        let detail = format!("{} accepted too late: the invitation was withdrawn at the timeout.", self.to);
        Error::new(ErrorKind::Timeout, detail).at(Step::Confirm)
    }

    /// The conversation that was opened for this message ended before the message was in.
    fn hung_up(&self) -> Error {
        let detail = format!("{} accepted and ended the conversation before the message was sent.", self.to);
        Error::new(ErrorKind::RecipientUnavailable, detail).at(Step::Send)
    }
}

/// What came of sending into a conversation.
enum Outcome {
    Done(Receipt),
    /// The conversation is over and the text was not taken; the place goes back.
    Over(OwnedMutexGuard<Option<Conversation>>),
    /// As over, and the session seems to be gone as well; true when the server itself says so.
    Gone(OwnedMutexGuard<Option<Conversation>>, bool),
    /// Nobody took the text: the server is out of reach. The conversation may still be open on it.
    Unreachable(OwnedMutexGuard<Option<Conversation>>, Error),
}

/// The error of a message that may or may not have arrived; `lost` says what broke.
fn unknown(sending: &Sending, step: Step, lost: Error) -> Error {
    // What a refusal advises does not fit here: sending again may double the message.
    let what = match lost.http_status() {
        Some(status) => format!("the request was answered with HTTP {status} and no event tells more."),
        None => lost.detail().to_owned(),
    };
    let detail =
        format!("It is not known whether the message reached {}: {what} It was not sent again.", sending.to);
    lost.with_kind(ErrorKind::OutcomeUnknown, detail).at(step).with_sent(Sent::Maybe)
}
