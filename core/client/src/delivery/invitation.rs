//! The invitation: it opens the conversation, and a short text rides in it. Source: startMessaging reference, SendAnIM.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use send_im_ucwa::data_uri::encode_plain;
use send_im_ucwa::hypermedia::{DecodeError, Resource};
use send_im_ucwa::reason::Reason;
use send_im_ucwa::verdict::{self, Verdict};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use url::Url;
use uuid::Uuid;

use super::Sending;
use super::conversation::{Conversation, LOOK};
use crate::address::without_scheme;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Request;
use crate::plain::plain_name;
use crate::reasons::{self, invitation_refused};
use crate::retry::Retry;
use crate::session::Background;
use crate::steps::{Step, StepLog};
use crate::ucwa::application::Application;
use crate::ucwa::channel::Ended;
use crate::ucwa::ledger::{End, Progress};

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
    operation: String,
    /// Where the invitation can be fetched, once the answer has told it.
    location: Option<String>,
    progress: watch::Receiver<Progress>,
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
        let ledger = &application.ledger;
        let mut invitation = Self {
            session: sending.session.background(),
            application: application.clone(),
            location: None,
            progress: ledger.expect_invitation(&operation),
            operation,
            carries_text: text.is_some(),
            settled: true,
            posted_at: Instant::now(),
        };
        // The GET that will tell the end goes out beside the POST where that costs no connection.
        if application.multiplexed {
            ledger.wanted.notify_one();
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
            .once();
            invitation.settled = false;
            if text.is_some() {
                sending.message.departure.begin();
            }
            let answered = sending.connection().call(request, &sending.log).await;
            invitation.posted_at = Instant::now();
            let lost = match answered {
                Ok(answer) => {
                    let verdict = answer.verdict(verdict::Request::Invitation);
                    invitation.settled = !matches!(verdict, Verdict::Done | Verdict::Unknown);
                    match verdict {
                        Verdict::Done => {
                            if let Some(location) = answer.location() {
                                ledger.locate_invitation(&invitation.operation, &location);
                                invitation.location = Some(location.into_owned());
                            }
                            ledger.wanted.notify_one();
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
            ledger.wanted.notify_one();
            invitation.look(sending, lost).await?;
            return Ok(invitation);
        }
    }

    /// Watches the channel for an invitation whose answer was lost.
    async fn look(&mut self, sending: &Sending, lost: Error) -> Result<()> {
        let until = (Instant::now() + LOOK).min(sending.settled_by());
        match timeout_at(until, self.progress.wait_for(|p| p.seen || p.end.is_some())).await {
            Ok(Ok(_)) => Ok(()),
            _ if !self.carries_text => Err(lost.at(Step::Invite)),
            _ => Err(super::unknown(sending, Step::Invite, lost)),
        }
    }

    /// Waits until the recipient's side has decided.
    ///
    /// At the deadline the invitation is withdrawn. What came of it is waited for a little longer: withdrawn, or accepted in
    /// the last moment.
    pub(super) async fn decided(mut self, sending: &Sending) -> Result<Conversation> {
        let mut withdrawn = false;
        let mut end = self.end_at(&sending.log, sending.deadline).await;
        if end.is_none() {
            withdrawn = true;
            self.ringing().withdraw(&sending.log, sending.settled_by()).await;
            end = self.end_before(sending.settled_by()).await;
        }
        // Without an end it may ring on: it is withdrawn in the background.
        self.settled = end.is_some();
        let progress = self.progress.borrow().clone();
        sending.log.add(
            Step::Confirm,
            &self.application.start_messaging,
            end.as_ref().map(|_| 200),
            self.posted_at.elapsed(),
        );
        let elsewhere = matches!(&end, Some(End::Failed(reason)) if reason.is_delivered_elsewhere());
        let accepted_by = match end {
            Some(End::Done { by }) => by.first().map(|uri| plain_name(without_scheme(uri))),
            Some(End::Failed(reason)) if reason.is_delivered_elsewhere() => Some(sending.to.to_string()),
            Some(End::Failed(reason)) => return Err(refused(&reason, withdrawn, sending)),
            Some(End::Lost(why)) if !self.carries_text => return Err(self.broke_off(why, sending)),
            None if !self.carries_text => {
                let detail = format!(
                    "The server told no outcome of the invitation before the timeout; the message to {} was not sent.",
                    sending.to
                );
                return Err(Error::new(ErrorKind::Timeout, detail).at(Step::Confirm));
            }
            Some(End::Lost(why)) => {
                return Err(super::unknown(
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
                return Err(super::unknown(sending, Step::Confirm, late));
            }
        };
        let mut conversation = Conversation::of(&self.session, &self.application, progress, accepted_by);
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
            operation: self.operation.clone(),
            location: self.location.clone(),
            progress: self.progress.clone(),
        }
    }

    /// The end of the invitation before `deadline`. A channel that says nothing may be silent for good, so the invitation
    /// itself is asked from time to time; it says who accepted. A text that is still to be sent needs the channel anyway.
    async fn end_at(&mut self, log: &StepLog, deadline: Instant) -> Option<End> {
        while self.carries_text {
            let told = self.progress.borrow().seen;
            let patience = if told { RING_CHECK_INTERVAL } else { MAX_SILENCE };
            let until = (Instant::now() + patience).min(deadline);
            if let Some(end) = self.end_before(until).await {
                return Some(end);
            }
            if !told && self.progress.borrow().seen && until < deadline {
                continue;
            }
            self.ringing().ask(log, deadline + ASK_TIMEOUT).await;
            if until == deadline {
                break;
            }
        }
        self.end_before(deadline).await
    }

    async fn end_before(&mut self, deadline: Instant) -> Option<End> {
        let ended = timeout_at(deadline, self.progress.wait_for(|p| p.end.is_some())).await;
        ended.ok()?.ok()?.end.clone()
    }
}

impl Drop for Invitation {
    fn drop(&mut self) {
        // A one-call send deletes its application at once, and the invitation with it.
        if self.settled || self.session.one_call || self.application.is_closing() {
            self.application.ledger.close_invitation(&self.operation);
            return;
        }
        let mut ringing = self.ringing();
        self.session.runtime.spawn(async move {
            ringing.withdraw(&StepLog::quiet(), Instant::now() + RING).await;
            ringing.end_what_was_accepted().await;
            ringing.application.ledger.close_invitation(&ringing.operation);
        });
    }
}

/// An invitation that nobody waits for any more.
struct Ringing {
    session: Background,
    application: Arc<Application>,
    operation: String,
    location: Option<String>,
    progress: watch::Receiver<Progress>,
}

impl Ringing {
    /// Asks the invitation itself. What it tells should have come as an event, so the event channel is opened anew.
    async fn ask(&self, log: &StepLog, deadline: Instant) {
        let ledger = &self.application.ledger;
        let Some(url) = self.location.as_deref().and_then(|href| ledger.url(href)) else { return };
        let request = Request::new(Method::GET, url, Step::Confirm, deadline);
        let Ok(answer) = self.session.connection.call(request, log).await else { return };
        let Ok(resource) = Resource::parse(&answer.body) else { return };
        let done = answer.verdict(verdict::Request::Resource) == Verdict::Done;
        if done && ledger.book_fetched_invitation(&self.operation, &resource) {
            self.application.distrust_events();
        }
    }

    /// Posts to the invitation's cancel link, as soon as an event or the invitation itself has told it.
    async fn withdraw(&mut self, log: &StepLog, deadline: Instant) {
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
    async fn cancel_link(&mut self, log: &StepLog, deadline: Instant) -> Option<Url> {
        let told = |p: &Progress| p.cancel.is_some() || p.end.is_some();
        loop {
            let patience = (Instant::now() + EVENT_PATIENCE).min(deadline);
            if let Ok(told) = timeout_at(patience, self.progress.wait_for(told)).await {
                let told = told.ok()?.clone();
                let link = told.cancel.filter(|_| told.end.is_none())?;
                return self.application.ledger.url(&link);
            }
            if Instant::now() >= deadline {
                return None;
            }
            self.ask(log, deadline).await;
        }
    }

    /// An invitation accepted in the last moment has opened a conversation that nobody will use.
    async fn end_what_was_accepted(&mut self) {
        let ended =
            timeout_at(Instant::now() + EVENT_PATIENCE, self.progress.wait_for(|p| p.end.is_some())).await;
        let accepted = matches!(&ended, Ok(Ok(progress)) if matches!(progress.end, Some(End::Done { .. })));
        drop(ended);
        if accepted {
            let progress = self.progress.borrow().clone();
            drop(Conversation::of(&self.session, &self.application, progress, None));
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
