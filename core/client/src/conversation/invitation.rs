//! The invitation: it opens the conversation and carries a short text. Sources: startMessaging reference, SendAnIM.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use send_im_ucwa::data_uri::encode_plain;
use send_im_ucwa::hypermedia::DecodeError;
use send_im_ucwa::reason::Reason;
use send_im_ucwa::verdict::{self, Verdict};
use serde_json::json;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::open::{LOST_RESPONSE_TIMEOUT, OpenConversation};
use super::pending_invitation::PendingInvitation;
use super::sending::{Sending, unknown};
use crate::address::without_scheme;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Request;
use crate::plain::plain_name;
use crate::reasons::{self, invitation_refused};
use crate::retry::Retry;
use crate::session::application::{Application, ChannelEnd};
use crate::steps::{Step, StepLog};
use send_im_ucwa::router::Outcome;

/// How long withdrawing is tried in the background: longer than a server lets an invitation ring, about 30 s. Source:
/// messagingInvitation reference.
const WITHDRAW_TIMEOUT: Duration = Duration::from_secs(35);

/// How long after its response an invitation may go without its first event, before the invitation itself is fetched.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(2);

/// How often it is fetched while it rings.
const RING_CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// How long fetching it may take beyond the timeout.
const FETCH_TIMEOUT: Duration = Duration::from_millis(500);

/// A posted invitation. Dropped before its outcome is known, it is withdrawn in the background.
pub(super) struct Invitation {
    pending: PendingInvitation,
    /// It carries the text. Without it nothing was sent, whatever the outcome.
    carries_text: bool,
    may_ring: bool,
    posted_at: Instant,
}

/// Why no invitation was created.
pub(super) enum NotInvited {
    /// The server seems to have dropped the application; nothing was processed.
    ApplicationGone {
        /// The server itself says so.
        certain: bool,
    },
    /// The server was not reached; nothing was processed.
    Unreachable(Error),
    /// Anything else.
    Failed(Error),
}

impl From<Error> for NotInvited {
    fn from(error: Error) -> Self {
        NotInvited::Failed(error)
    }
}

impl Invitation {
    /// Posts the invitation, with `text` inline.
    ///
    /// A request that was certainly not processed is posted again. One that may have been is not: an event with its operation id
    /// is awaited instead.
    pub(super) async fn post(
        sending: &Sending,
        application: &Arc<Application>,
        text: Option<&str>,
    ) -> Result<Self, NotInvited> {
        let operation = Uuid::new_v4().simple().to_string();
        let body = body(sending, &operation, text);
        let pending = PendingInvitation {
            session: sending.session.cleanup(),
            application: application.clone(),
            awaited: Arc::new(application.awaited.expect_invitation(operation)),
            location: None,
        };
        let mut invitation =
            Self { pending, carries_text: text.is_some(), may_ring: false, posted_at: Instant::now() };
        // The poll for the outcome is sent beside the POST where that costs no connection.
        if application.multiplexed {
            application.awaited.poll_requested.notify_one();
        }
        let mut retry = Retry::new(sending.deadline);
        while !invitation.post_once(sending, &body, &mut retry).await? {}
        Ok(invitation)
    }

    /// True once it is known to be at the server; false when it was certainly not processed and may be posted again.
    async fn post_once(
        &mut self,
        sending: &Sending,
        body: &str,
        retry: &mut Retry,
    ) -> Result<bool, NotInvited> {
        let application = self.pending.application.clone();
        let url = application.start_messaging.clone();
        let request = Request::new(Method::POST, url, Step::Invite, sending.response_deadline())
            .body("application/json", body.to_owned())
            .at_most_once();
        if self.carries_text {
            sending.begin_text_request()?;
        }
        self.may_ring = true;
        let answered = sending.connection().call(request, &sending.log).await;
        self.posted_at = Instant::now();
        let lost = match answered {
            Ok(answer) => {
                let verdict = answer.verdict(verdict::Request::Invitation);
                self.may_ring = matches!(verdict, Verdict::Done | Verdict::Unknown);
                match verdict {
                    Verdict::Done => {
                        if let Some(location) = answer.location() {
                            self.pending.awaited.locate(&location);
                            self.pending.location = Some(location.into_owned());
                        }
                        application.awaited.poll_requested.notify_one();
                        return Ok(true);
                    }
                    Verdict::Gone { certain } => return Err(NotInvited::ApplicationGone { certain }),
                    Verdict::Unknown if answer.status < 300 => {
                        answer.not_understood(Step::Invite, "an invitation", &DecodeError::Html)
                    }
                    Verdict::Unknown => answer.refusal(Step::Invite, "invite the recipient"),
                    verdict => {
                        let refused = invitation_refused(&answer, sending.to.as_str());
                        retry.after_answer(&answer, verdict, refused).await?;
                        return Ok(false);
                    }
                }
            }
            Err(failure) if !failure.maybe_processed => {
                self.may_ring = false;
                let again = retry.after_failure(failure.error).await;
                return again.map(|()| false).map_err(|error| match error.kind() {
                    ErrorKind::Network => NotInvited::Unreachable(error),
                    _ => NotInvited::Failed(error),
                });
            }
            Err(failure) => failure.error,
        };
        application.awaited.poll_requested.notify_one();
        self.await_lost_response(sending, lost).await?;
        Ok(true)
    }

    /// Waits for an event of an invitation whose response was lost.
    async fn await_lost_response(&self, sending: &Sending, lost: Error) -> Result<()> {
        let until = (Instant::now() + LOST_RESPONSE_TIMEOUT).min(sending.settle_deadline());
        let found = self.pending.awaited.when(|p| p.seen || p.outcome.is_some());
        match timeout_at(until, found).await {
            // Without its session, no event reports it any more.
            Ok(progress) if progress.seen || !self.carries_text => Ok(()),
            Ok(progress) if progress.outcome.as_ref().is_some_and(|end| !end.is_lost()) => Ok(()),
            _ if !self.carries_text => Err(lost.at(Step::Invite)),
            _ => Err(unknown(sending, Step::Invite, lost)),
        }
    }

    /// Waits until the invitation is accepted or refused.
    ///
    /// At the deadline it is withdrawn, and the outcome is awaited a little longer: it may be accepted at the last moment.
    pub(super) async fn accepted(mut self, sending: &Sending) -> Result<OpenConversation> {
        let mut withdrawn = false;
        let mut end = self.outcome_by(&sending.log, sending.deadline).await;
        if end.is_none() {
            withdrawn = true;
            self.pending.withdraw(&sending.log, sending.settle_deadline()).await;
            end = self.next_outcome(sending.settle_deadline()).await;
        }
        // Without an outcome it may ring on, so it is withdrawn in the background.
        self.may_ring = end.as_ref().is_none_or(Outcome::is_lost);
        let progress = self.pending.awaited.progress();
        sending.log_confirm(&self.pending.application.start_messaging, end.as_ref(), self.posted_at);
        let elsewhere = matches!(&end, Some(Outcome::Failed(reason)) if reason.is_delivered_elsewhere());
        let accepted_by = match end {
            Some(Outcome::Accepted { by }) => by.first().map(|uri| plain_name(without_scheme(uri))),
            Some(Outcome::Failed(reason)) if reason.is_delivered_elsewhere() => Some(sending.to.to_string()),
            Some(Outcome::Failed(reason)) => return Err(self.refused(&reason, withdrawn, sending)),
            Some(Outcome::Lost(why)) if !self.carries_text => return Err(self.session_lost(why, sending)),
            None if !self.carries_text => {
                let detail = format!(
                    "The server told no outcome of the invitation before the timeout; the message to {} was not sent.",
                    sending.to
                );
                return Err(Error::new(ErrorKind::Timeout, detail).at(Step::Confirm));
            }
            Some(Outcome::Lost(why)) => {
                return Err(unknown(sending, Step::Confirm, self.pending.application.outcome_lost(why)));
            }
            None => {
                let late = Error::new(
                    ErrorKind::Timeout,
                    "The server told no outcome of the invitation before the timeout.",
                );
                return Err(unknown(sending, Step::Confirm, late));
            }
        };
        let mut conversation =
            OpenConversation::of(&self.pending.session, &self.pending.application, progress, accepted_by);
        conversation.withdrawn = withdrawn;
        Ok(if elsewhere { conversation.not_ours() } else { conversation })
    }

    /// The error of an invitation without a text whose session was lost.
    fn session_lost(&self, why: &str, sending: &Sending) -> Error {
        let error = match self.pending.application.channel_end.get() {
            Some(ChannelEnd::ForGood(error) | ChannelEnd::Failed(error)) => error.clone(),
            _ => Error::closed(format!("The message to {} was not sent, because {why}.", sending.to)),
        };
        error.at(Step::Confirm)
    }

    /// The error of an invitation that was not accepted.
    fn refused(&self, reason: &Reason, withdrawn: bool, sending: &Sending) -> Error {
        let failure = if self.carries_text { reasons::inline_text_failure } else { reasons::failure };
        let error = failure(reason, sending.to.as_str()).at(Step::Confirm);
        if withdrawn && matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::NoAnswer) {
            let detail =
                format!("{} had not answered at the timeout; the invitation was withdrawn.", sending.to);
            return error.with_kind(ErrorKind::Timeout, detail);
        }
        error
    }

    /// The outcome by `deadline`. A silent event channel may be dead, so the invitation itself is fetched from time to time. Not
    /// where a text is still to be sent: that needs the event channel anyway.
    async fn outcome_by(&self, log: &StepLog, deadline: Instant) -> Option<Outcome> {
        if !self.carries_text {
            return self.next_outcome(deadline).await;
        }
        loop {
            let told = self.pending.awaited.progress().seen;
            let patience = if told { RING_CHECK_INTERVAL } else { SILENCE_TIMEOUT };
            let until = (Instant::now() + patience).min(deadline);
            if let Some(end) = self.next_outcome(until).await {
                return Some(end);
            }
            // Its first event has just come: the longer patience holds from now on.
            if !told && self.pending.awaited.progress().seen && until < deadline {
                continue;
            }
            // The event may come all the same.
            let fetch = self.pending.fetch(log, deadline + FETCH_TIMEOUT);
            tokio::select! {
                end = self.pending.awaited.outcome() => return Some(end),
                () = fetch => {}
            }
            if until == deadline {
                return self.next_outcome(deadline).await;
            }
        }
    }

    async fn next_outcome(&self, deadline: Instant) -> Option<Outcome> {
        timeout_at(deadline, self.pending.awaited.outcome()).await.ok()
    }
}

impl Drop for Invitation {
    fn drop(&mut self) {
        // A one-call send deletes its application at once, and the invitation with it.
        if !self.may_ring || self.pending.session.one_call || self.pending.application.has_ended() {
            return;
        }
        let pending = self.pending.clone();
        self.pending.session.runtime.spawn(async move {
            pending.withdraw(&StepLog::quiet(), Instant::now() + WITHDRAW_TIMEOUT).await;
            pending.end_accepted_conversation().await;
        });
    }
}

fn body(sending: &Sending, operation: &str, text: Option<&str>) -> String {
    let mut body = json!({
        "operationId": operation,
        "to": sending.to.to_sip(),
        "importance": sending.message.importance.on_the_wire(),
    });
    if let Some(subject) = &sending.message.subject {
        body["subject"] = json!(subject);
    }
    if let Some(text) = text {
        body["_links"] = json!({ "message": { "href": encode_plain(text) } });
    }
    body.to_string()
}
