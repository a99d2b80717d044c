//! The invitation: it opens the conversation, and a short text rides in it. Source: startMessaging reference, SendAnIM.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use send_im_ucwa::data_uri::encode_plain;
use send_im_ucwa::hypermedia::{DecodeError, Resource};
use send_im_ucwa::reason::Reason;
use send_im_ucwa::verdict::{self, Verdict};
use serde_json::json;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;
use uuid::Uuid;

use super::open::{LOOK, OpenConversation};
use super::sending::{Sending, unknown};
use crate::address::without_scheme;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Request;
use crate::plain::plain_name;
use crate::reasons::{self, invitation_refused};
use crate::retry::Retry;
use crate::session::Background;
use crate::session::application::Application;
use crate::session::awaited_events::AwaitedInvitation;
use crate::session::ending::Ended;
use crate::steps::{Step, StepLog};
use send_im_ucwa::router::Outcome;

/// An invitation rings for about 30 s; longer it need not be withdrawn. Source: messagingInvitation reference.
const RING: Duration = Duration::from_secs(35);

/// How long after its answer an invitation may go without an event that it rings, before the invitation itself is asked.
const MAX_SILENCE: Duration = Duration::from_secs(2);

/// How often it is asked while it rings.
const RING_CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// How long it may take to answer at the timeout.
const ASK_TIMEOUT: Duration = Duration::from_millis(500);

/// How long the event channel may take to tell something before the resource itself is asked.
const EVENT_PATIENCE: Duration = Duration::from_secs(1);

/// A posted invitation. Dropped before its end is known, it is withdrawn in the background.
pub(super) struct Invitation {
    session: Background,
    application: Arc<Application>,
    awaited: Arc<AwaitedInvitation>,
    /// Where the invitation can be fetched, once the answer has told it.
    location: Option<String>,
    /// The text rides in it. Without it nothing was sent, whatever became of the invitation.
    carries_text: bool,
    settled: bool,
    posted_at: Instant,
}

/// Why no invitation came about.
pub(super) enum NotInvited {
    /// The server has dropped the application, as it seems; nothing was processed.
    ApplicationGone {
        /// The server itself says so.
        certain: bool,
    },
    /// Anything else.
    Failed(Error),
}

impl From<Error> for NotInvited {
    fn from(error: Error) -> Self {
        NotInvited::Failed(error)
    }
}

impl Invitation {
    /// Posts the invitation, with `text` riding in it.
    ///
    /// A request that certainly was not processed is posted again. One that may have been is not: the event channel is
    /// watched for the operation id instead.
    pub(super) async fn post(
        sending: &Sending,
        application: &Arc<Application>,
        text: Option<&str>,
    ) -> Result<Self, NotInvited> {
        let operation = Uuid::new_v4().simple().to_string();
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
        let body = body.to_string();
        let events = &application.awaited;
        let mut invitation = Self {
            session: sending.session.background(),
            application: application.clone(),
            awaited: Arc::new(events.expect_invitation(operation)),
            location: None,
            carries_text: text.is_some(),
            settled: true,
            posted_at: Instant::now(),
        };
        // The GET that will tell the end goes out beside the POST where that costs no connection.
        if application.multiplexed {
            events.poll_requested.notify_one();
        }
        let mut retry = Retry::new(sending.deadline);
        loop {
            let request = Request::new(
                Method::POST,
                application.start_messaging.clone(),
                Step::Invite,
                sending.answer_by(),
            )
            .body("application/json", body.clone())
            .at_most_once();
            if text.is_some() {
                sending.text_leaves()?;
            }
            invitation.settled = false;
            let answered = sending.connection().call(request, &sending.log).await;
            invitation.posted_at = Instant::now();
            let lost = match answered {
                Ok(answer) => {
                    let verdict = answer.verdict(verdict::Request::Invitation);
                    invitation.settled = !matches!(verdict, Verdict::Done | Verdict::Unknown);
                    match verdict {
                        Verdict::Done => {
                            if let Some(location) = answer.location() {
                                invitation.awaited.locate(&location);
                                invitation.location = Some(location.into_owned());
                            }
                            events.poll_requested.notify_one();
                            return Ok(invitation);
                        }
                        Verdict::Gone { certain } => return Err(NotInvited::ApplicationGone { certain }),
                        Verdict::Unknown if answer.status < 300 => {
                            answer.not_understood(Step::Invite, "an invitation", &DecodeError::Html)
                        }
                        Verdict::Unknown => answer.refusal(Step::Invite, "invite the recipient"),
                        verdict => {
                            let refused = invitation_refused(&answer, sending.to.as_str());
                            retry.after_answer(&answer, verdict, refused).await?;
                            continue;
                        }
                    }
                }
                Err(failure) if !failure.maybe_processed => {
                    invitation.settled = true;
                    retry.after_failure(failure.error).await?;
                    continue;
                }
                Err(failure) => failure.error,
            };
            events.poll_requested.notify_one();
            invitation.look(sending, lost).await?;
            return Ok(invitation);
        }
    }

    /// Watches the channel for an invitation whose answer was lost.
    async fn look(&self, sending: &Sending, lost: Error) -> Result<()> {
        let until = (Instant::now() + LOOK).min(sending.settled_by());
        let found = self.awaited.when(|p| p.seen || p.outcome.is_some());
        match timeout_at(until, found).await {
            Ok(_) => Ok(()),
            _ if !self.carries_text => Err(lost.at(Step::Invite)),
            _ => Err(unknown(sending, Step::Invite, lost)),
        }
    }

    /// Waits until the recipient's side has decided.
    ///
    /// At the deadline the invitation is withdrawn. What came of it is waited for a little longer: withdrawn, or accepted in
    /// the last moment.
    pub(super) async fn decided(mut self, sending: &Sending) -> Result<OpenConversation> {
        let mut withdrawn = false;
        let mut end = self.end_at(&sending.log, sending.deadline).await;
        if end.is_none() {
            withdrawn = true;
            self.ringing().withdraw(&sending.log, sending.settled_by()).await;
            end = self.end_before(sending.settled_by()).await;
        }
        // Without an end it may ring on: it is withdrawn in the background.
        self.settled = end.is_some();
        let progress = self.awaited.progress();
        sending.log.add(
            Step::Confirm,
            &self.application.start_messaging,
            end.as_ref().map(|_| 200),
            self.posted_at.elapsed(),
        );
        let elsewhere = matches!(&end, Some(Outcome::Failed(reason)) if reason.is_delivered_elsewhere());
        let accepted_by = match end {
            Some(Outcome::Accepted { by }) => by.first().map(|uri| plain_name(without_scheme(uri))),
            Some(Outcome::Failed(reason)) if reason.is_delivered_elsewhere() => Some(sending.to.to_string()),
            Some(Outcome::Failed(reason)) => return Err(refused(&reason, withdrawn, sending)),
            Some(Outcome::Lost(why)) if !self.carries_text => return Err(self.broke_off(why, sending)),
            None if !self.carries_text => {
                let detail = format!(
                    "The server told no outcome of the invitation before the timeout; the message to {} was not sent.",
                    sending.to
                );
                return Err(Error::new(ErrorKind::Timeout, detail).at(Step::Confirm));
            }
            Some(Outcome::Lost(why)) => {
                return Err(unknown(
                    sending,
                    Step::Confirm,
                    Error::new(ErrorKind::OutcomeUnknown, format!("In between, {why}.")),
                ));
            }
            None => {
                let late = Error::new(
                    ErrorKind::Timeout,
                    "The server told no outcome of the invitation before the timeout.",
                );
                return Err(unknown(sending, Step::Confirm, late));
            }
        };
        let mut conversation = OpenConversation::of(&self.session, &self.application, progress, accepted_by);
        conversation.withdrawn = withdrawn;
        Ok(if elsewhere { conversation.not_ours() } else { conversation })
    }

    /// The error of an invitation without a text that was lost with its session.
    fn broke_off(&self, why: &str, sending: &Sending) -> Error {
        let error = match self.application.ending.get() {
            Some(Ended::ForGood(error) | Ended::Failed(error)) => error,
            _ => Error::closed(format!("The message to {} was not sent, because {why}.", sending.to)),
        };
        error.at(Step::Confirm)
    }

    fn ringing(&self) -> Ringing {
        Ringing {
            session: self.session.clone(),
            application: self.application.clone(),
            awaited: self.awaited.clone(),
            location: self.location.clone(),
        }
    }

    /// The end of the invitation before `deadline`. A channel that says nothing may be silent for good, so the invitation
    /// itself is asked from time to time; it says who accepted. A text that is still to be sent needs the channel anyway.
    async fn end_at(&self, log: &StepLog, deadline: Instant) -> Option<Outcome> {
        if !self.carries_text {
            return self.end_before(deadline).await;
        }
        loop {
            let told = self.awaited.progress().seen;
            let patience = if told { RING_CHECK_INTERVAL } else { MAX_SILENCE };
            let until = (Instant::now() + patience).min(deadline);
            if let Some(end) = self.end_before(until).await {
                return Some(end);
            }
            if !told && self.awaited.progress().seen && until < deadline {
                continue;
            }
            self.ringing().ask(log, deadline + ASK_TIMEOUT).await;
            if until == deadline {
                return self.end_before(deadline).await;
            }
        }
    }

    async fn end_before(&self, deadline: Instant) -> Option<Outcome> {
        timeout_at(deadline, self.awaited.outcome()).await.ok()
    }
}

impl Drop for Invitation {
    fn drop(&mut self) {
        // A one-call send deletes its application at once, and the invitation with it.
        if self.settled || self.session.one_call || self.application.is_closing() {
            return;
        }
        let ringing = self.ringing();
        self.session.runtime.spawn(async move {
            ringing.withdraw(&StepLog::quiet(), Instant::now() + RING).await;
            ringing.end_what_was_accepted().await;
        });
    }
}

/// An invitation that nobody waits for any more.
struct Ringing {
    session: Background,
    application: Arc<Application>,
    awaited: Arc<AwaitedInvitation>,
    location: Option<String>,
}

impl Ringing {
    /// Asks the invitation itself. What it tells should have come as an event, so the event channel is opened anew.
    async fn ask(&self, log: &StepLog, deadline: Instant) {
        let Some(url) = self.location.as_deref().and_then(|href| self.application.url(href)) else { return };
        let request = Request::new(Method::GET, url, Step::Confirm, deadline);
        let Ok(answer) = self.session.connection.call(request, log).await else { return };
        let Ok(resource) = Resource::parse(&answer.body) else { return };
        let done = answer.verdict(verdict::Request::Resource) == Verdict::Done;
        if done && self.awaited.apply_fetched(&resource) {
            self.application.distrust_events();
        }
    }

    /// Posts to the invitation's cancel link, as soon as an event or the invitation itself has told it.
    async fn withdraw(&self, log: &StepLog, deadline: Instant) {
        let Some(url) = self.cancel_link(log, deadline).await else { return };
        let mut retry = Retry::new(deadline);
        loop {
            let request = Request::new(Method::POST, url.clone(), Step::Invite, deadline);
            let again = match self.session.connection.call(request, log).await {
                Ok(answer) => match answer.verdict(verdict::Request::Withdrawal) {
                    Verdict::Done => return,
                    verdict => {
                        let refused = answer.refusal(Step::Invite, "withdraw the invitation");
                        retry.after_answer(&answer, verdict, refused).await
                    }
                },
                Err(failure) => retry.after_failure(failure.error).await,
            };
            if again.is_err() {
                return;
            }
        }
    }

    /// `None` when the invitation has ended, or nobody tells.
    async fn cancel_link(&self, log: &StepLog, deadline: Instant) -> Option<Url> {
        loop {
            let patience = (Instant::now() + EVENT_PATIENCE).min(deadline);
            let told = self.awaited.when(|p| p.cancel.is_some() || p.outcome.is_some());
            if let Ok(told) = timeout_at(patience, told).await {
                let link = told.cancel.filter(|_| told.outcome.is_none())?;
                return self.application.url(&link);
            }
            if Instant::now() >= deadline {
                return None;
            }
            self.ask(log, deadline).await;
        }
    }

    /// An invitation accepted in the last moment has opened a conversation that nobody will use.
    async fn end_what_was_accepted(&self) {
        if let Ok(Outcome::Accepted { .. }) = timeout(EVENT_PATIENCE, self.awaited.outcome()).await {
            let progress = self.awaited.progress();
            drop(OpenConversation::of(&self.session, &self.application, progress, None));
        }
    }
}

fn refused(reason: &Reason, withdrawn: bool, sending: &Sending) -> Error {
    let error = reasons::failure(reason, sending.to.as_str()).at(Step::Confirm);
    if withdrawn && matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::NoAnswer) {
        let detail = format!("{} had not answered at the timeout; the invitation was withdrawn.", sending.to);
        return error.with_kind(ErrorKind::Timeout, detail);
    }
    error
}
