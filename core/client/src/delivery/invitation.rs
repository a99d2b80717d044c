//! The invitation: it opens the conversation, and a short text rides in it. Source: startMessaging reference, SendAnIM.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::Sending;
use super::conversation::{Conversation, LOOK};
use crate::address::without_scheme;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Request;
use crate::retry::Retry;
use crate::session::Background;
use crate::sign_in::Connection;
use crate::steps::{Step, StepLog};
use crate::ucwa::application::Application;
use crate::ucwa::data_uri::encode_plain;
use crate::ucwa::ledger::{End, Progress};
use crate::ucwa::reason::Reason;

/// Withdrawing an invitation in the background may take this long.
const CANCEL_DEADLINE: Duration = Duration::from_secs(5);

/// A posted invitation. Dropped before its end is known, it is withdrawn in the background.
pub(super) struct Invitation {
    session: Background,
    application: Arc<Application>,
    operation: String,
    progress: watch::Receiver<Progress>,
    settled: bool,
    posted_at: Instant,
}

/// Why no invitation came about.
pub(super) enum NotInvited {
    /// The server has dropped the application; nothing was processed.
    ApplicationGone,
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
            progress: ledger.expect_invitation(&operation),
            operation,
            settled: true,
            posted_at: Instant::now(),
        };
        let mut retry = Retry::new(sending.deadline);
        loop {
            let request = Request::new(
                Method::POST,
                application.start_messaging.clone(),
                Step::Invite,
                sending.deadline,
            )
            .body("application/json", body.clone());
            invitation.settled = false;
            sending.posted.fetch_or(text.is_some(), Ordering::AcqRel);
            if text.is_some() {
                sending.message.departure.begin();
            }
            let answered = sending.connection().call(request, &sending.log).await;
            invitation.posted_at = Instant::now();
            let lost = match answered {
                Ok(answer) if matches!(answer.status, 200..=299) => {
                    if let Some(location) = answer.location() {
                        ledger.locate_invitation(&invitation.operation, location);
                    }
                    ledger.wanted.notify_one();
                    return Ok(invitation);
                }
                Ok(answer) => {
                    let reason = Reason::from_body(&answer.body);
                    let error = invite_refused(
                        &answer.refusal(Step::Invite, "invite the recipient"),
                        &reason,
                        sending,
                    );
                    match answer.status {
                        500 | 502 | 504 => error,
                        status => {
                            invitation.settled = true;
                            match status {
                                404 if reason.is_application_not_found() || reason == Reason::default() => {
                                    return Err(NotInvited::ApplicationGone);
                                }
                                409 if reason.is_transient() => retry.after_busy(error).await?,
                                _ => retry.after_answer(&answer, error).await?,
                            }
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
        let until = (Instant::now() + LOOK).min(sending.deadline);
        match timeout_at(until, self.progress.wait_for(|p| p.seen || p.end.is_some())).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(super::unknown(sending, Step::Invite, lost)),
        }
    }

    /// Waits until the recipient's side has decided.
    ///
    /// Shortly before the deadline the invitation is withdrawn, so that the answer is still known: withdrawn, or accepted
    /// in the last moment.
    pub(super) async fn decided(mut self, sending: &Sending) -> Result<Conversation> {
        let ring_until = sending.deadline - sending.reserve();
        let mut withdrawn = false;
        let mut end = self.end_before(ring_until).await;
        if end.is_none() {
            withdrawn = true;
            self.cancel(&sending.log, sending.deadline).await;
            end = self.end_before(sending.deadline).await;
        }
        let progress = self.progress.borrow().clone();
        // Nobody waits for more: whatever came is the outcome, and a lost end cannot be withdrawn twice.
        self.settled = true;
        sending.log.add(
            Step::Confirm,
            &self.application.start_messaging,
            end.as_ref().map(|_| 200),
            self.posted_at.elapsed(),
        );
        let accepted_by = match end {
            Some(End::Done { by }) => {
                by.first().map_or_else(|| sending.to.to_string(), |uri| without_scheme(uri).to_owned())
            }
            Some(End::Failed(reason)) if reason.is_delivered_elsewhere() => sending.to.to_string(),
            Some(End::Failed(reason)) => return Err(refused(&reason, withdrawn, sending)),
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
                    format!("The invitation to {} was still ringing at the timeout.", sending.to),
                );
                return Err(super::unknown(sending, Step::Confirm, late));
            }
        };
        let messaging = progress.messaging.unwrap_or_default();
        Ok(Conversation::new(
            self.session.clone(),
            self.application.clone(),
            messaging,
            progress.conversation,
            accepted_by,
            progress.thread_id,
        ))
    }

    async fn end_before(&mut self, deadline: Instant) -> Option<End> {
        let ended = timeout_at(deadline, self.progress.wait_for(|p| p.end.is_some())).await;
        ended.ok()?.ok()?.end.clone()
    }

    async fn cancel(&mut self, log: &StepLog, deadline: Instant) {
        withdraw(&self.session.connection, &self.application, &mut self.progress, log, deadline).await;
    }
}

impl Drop for Invitation {
    fn drop(&mut self) {
        if self.settled {
            self.application.ledger.close_invitation(&self.operation);
            return;
        }
        let (connection, application) = (self.session.connection.clone(), self.application.clone());
        let (operation, mut progress) = (std::mem::take(&mut self.operation), self.progress.clone());
        self.session.runtime.spawn(async move {
            withdraw(
                &connection,
                &application,
                &mut progress,
                &StepLog::quiet(),
                Instant::now() + CANCEL_DEADLINE,
            )
            .await;
            application.ledger.close_invitation(&operation);
        });
    }
}

/// Posts to the invitation's cancel link, as soon as an event has told it.
async fn withdraw(
    connection: &Connection,
    application: &Application,
    progress: &mut watch::Receiver<Progress>,
    log: &StepLog,
    deadline: Instant,
) {
    let known = |p: &Progress| p.cancel.is_some() || p.end.is_some();
    if !matches!(timeout_at(deadline, progress.wait_for(known)).await, Ok(Ok(_))) {
        return;
    }
    let known = progress.borrow().clone();
    let url = known.cancel.as_deref().and_then(|href| application.ledger.url(href));
    if let Some(url) = url.filter(|_| known.end.is_none()) {
        let _ = connection.call(Request::new(Method::POST, url, Step::Invite, deadline), log).await;
    }
}

/// A refusal that names the recipient reads better than one that names the host.
fn invite_refused(error: &Error, reason: &Reason, sending: &Sending) -> Error {
    let detail = match error.kind() {
        ErrorKind::RecipientNotFound | ErrorKind::RecipientUnavailable => {
            reason.failure(sending.to.as_str()).detail().to_owned()
        }
        ErrorKind::InvalidInput => {
            format!("The server refuses the invitation to {} as it stands ({}).", sending.to, reason.pair())
        }
        _ => return error.clone(),
    };
    error.clone().with_kind(error.kind(), detail)
}

fn refused(reason: &Reason, withdrawn: bool, sending: &Sending) -> Error {
    let error = reason.failure(sending.to.as_str()).at(Step::Confirm);
    if withdrawn && matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::NoAnswer) {
        let detail = format!("{} had not answered at the timeout; the invitation was withdrawn.", sending.to);
        return error.with_kind(ErrorKind::Timeout, detail);
    }
    error
}
