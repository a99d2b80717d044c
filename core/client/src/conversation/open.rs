//! An open conversation: text is sent by sendMessage, one POST after the other. Sources: SendAnIM, sendMessage reference.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use send_im_ucwa::hypermedia::{DecodeError, Resource};
use send_im_ucwa::router::{InvitationProgress, Modality, Outcome};
use send_im_ucwa::verdict::{self, Verdict};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;
use uuid::Uuid;

use super::sending::Sending;
use crate::address::Address;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Request;
use crate::receipt::{Evidence, Format, Receipt};
use crate::retry::Retry;
use crate::session::Cleanup;
use crate::session::application::Application;
use crate::session::awaited_events::{AwaitedMessage, FollowedModality};
use crate::steps::{Step, StepLog};

/// How long an event with the sendMessage link is awaited before the resource is fetched. Servers may skip states in events.
/// Source: EventsInUCWA.
const LINK_EVENT_TIMEOUT: Duration = Duration::from_millis(100);

/// How often the resource is fetched, after twice the time with each attempt.
pub(super) const MAX_LINK_FETCHES: u32 = 6;

/// How long an event is awaited for a request whose response was lost.
pub(super) const LOST_RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long ending a conversation may take.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A connected conversation with one recipient.
pub(crate) struct OpenConversation {
    session: Cleanup,
    application: Arc<Application>,
    messaging: String,
    conversation: Option<String>,
    modality: FollowedModality,
    ours: bool,
    /// It was accepted while its invitation was withdrawn, which may end it.
    pub(super) withdrawn: bool,
    /// `None` when the server did not say.
    pub(super) accepted_by: Option<String>,
    pub(super) thread_id: Option<String>,
}

/// The result of posting a text.
pub(super) enum Posted {
    /// The server has it; an event will tell its outcome.
    Taken {
        /// Its outcome.
        end: AwaitedMessage,
        /// The response named the message. Otherwise the event is known by its conversation alone.
        named: bool,
    },
    /// The response was lost; if the text arrived, an event will tell its outcome.
    Lost(AwaitedMessage, Error),
    /// The conversation is over; the text was not taken.
    Over,
    /// The session seems to be gone; the text was not taken.
    Gone {
        /// The server itself says so.
        certain: bool,
    },
}

impl OpenConversation {
    /// The conversation that an accepted invitation has opened.
    pub(super) fn of(
        session: &Cleanup,
        application: &Arc<Application>,
        progress: InvitationProgress,
        accepted_by: Option<String>,
    ) -> Self {
        let messaging = progress.messaging.unwrap_or_default();
        Self {
            session: session.clone(),
            application: application.clone(),
            modality: application.awaited.follow_modality(&messaging),
            messaging,
            conversation: progress.conversation,
            ours: true,
            withdrawn: false,
            accepted_by,
            thread_id: progress.thread_id,
        }
    }

    /// It was accepted on another device: text cannot be sent into it from here.
    pub(super) fn not_ours(mut self) -> Self {
        self.ours = false;
        self
    }

    pub(super) fn receipt(&self, sending: &Sending, evidence: Evidence, format: Format) -> Receipt {
        let (accepted_by, thread_id) = (self.accepted_by.clone(), self.thread_id.clone());
        Receipt { accepted_by, thread_id, ..sending.receipt(evidence, format) }
    }

    /// True when the next message to `to` can be sent into it.
    pub(super) fn can_be_reused_for(&self, to: &Address) -> bool {
        self.ours && self.accepted_by.as_deref().is_some_and(|who| who.eq_ignore_ascii_case(to.as_str()))
    }

    /// True while it is connected and belongs to the current session.
    pub(super) fn is_usable(&self, application: &Arc<Application>) -> bool {
        let modality = self.modality.get();
        Arc::ptr_eq(&self.application, application) && !modality.disconnected && !modality.stale
    }

    /// True when html was negotiated, or was declared and refused, so that a new invitation would not help.
    pub(super) fn accepts_html(&self) -> bool {
        self.modality.get().takes_html() || self.application.has_declared_html()
    }

    /// Waits until text can be sent: until the modality has its sendMessage link.
    ///
    /// At most this many `fetches` of the resource; the wait for an event before each is twice the one before.
    ///
    /// # Errors
    /// `network` where the last fetch had no answer.
    pub(super) async fn ready(&self, sending: &Sending, fetches: u32) -> Result<Modality> {
        let ready = |m: &Modality| m.disconnected || m.send_message.is_some();
        let known = self.modality.get();
        if ready(&known) {
            return Ok(known);
        }
        let url = self.application.url(&self.messaging).ok_or_else(|| self.no_link(sending))?;
        let mut failed = None;
        for fetch in 0..fetches {
            let patience = (Instant::now() + LINK_EVENT_TIMEOUT * 2_u32.pow(fetch)).min(sending.deadline);
            let polling = self.application.awaited.keep_polling();
            if let Ok(modality) = timeout_at(patience, self.modality.when(ready)).await {
                return Ok(modality);
            }
            drop(polling);
            let request = Request::new(Method::GET, url.clone(), Step::Send, sending.deadline);
            let answer = tokio::select! {
                biased;
                // The event may come all the same.
                modality = self.modality.when(ready) => return Ok(modality),
                answer = sending.connection().call(request, &sending.log) => answer,
            };
            let answer = match answer {
                Ok(answer) => answer,
                Err(failure) if failure.error.kind() == ErrorKind::Network => {
                    failed = Some(failure.error);
                    continue;
                }
                Err(failure) => return Err(failure.error),
            };
            failed = None;
            if matches!(answer.verdict(verdict::Request::Resource), Verdict::Gone { .. }) {
                break;
            }
            let modality = Resource::parse(&answer.body).map(|r| Modality::of(&r)).unwrap_or_default();
            if ready(&modality) {
                return Ok(modality);
            }
        }
        Err(failed.unwrap_or_else(|| self.no_link(sending)))
    }

    fn no_link(&self, sending: &Sending) -> Error {
        let detail = format!("The conversation with {} was accepted but takes no text.", sending.to);
        Error::new(ErrorKind::RecipientUnavailable, detail).at(Step::Send)
    }

    /// Posts one text.
    pub(super) async fn post(
        &self,
        sending: &Sending,
        send_message: &str,
        format: Format,
        text: &str,
    ) -> Result<Posted> {
        let awaited = &self.application.awaited;
        let Some(mut url) = self.application.url(send_message) else { return Err(self.no_link(sending)) };
        // The reference asks for operationId; live servers accept it and do not return it.
        url.query_pairs_mut().append_pair("operationId", &Uuid::new_v4().simple().to_string());
        let content_type = match format {
            Format::Plain => "text/plain; charset=UTF-8",
            Format::Html => "text/html; charset=UTF-8",
        };
        let _polling = self.application.multiplexed.then(|| awaited.keep_polling());
        let mut retry = Retry::new(sending.deadline);
        loop {
            let request = Request::new(Method::POST, url.clone(), Step::Send, sending.response_deadline())
                .body(content_type, text.to_owned())
                .at_most_once();
            sending.begin_text_request()?;
            let lost = match sending.connection().call(request, &sending.log).await {
                Ok(answer) => match answer.verdict(verdict::Request::Message) {
                    Verdict::Done => {
                        let location = answer.location();
                        let end = match &location {
                            Some(location) => awaited.expect_message(location),
                            None => awaited.expect_lost_message(self.reported_by()),
                        };
                        return Ok(Posted::Taken { end, named: location.is_some() });
                    }
                    Verdict::Gone { certain } => return Ok(Posted::Gone { certain }),
                    Verdict::Over => return Ok(Posted::Over),
                    Verdict::Unknown if answer.status < 300 => {
                        answer.not_understood(Step::Send, "a message", &DecodeError::Html)
                    }
                    Verdict::Unknown => answer.refusal(Step::Send, "take the message"),
                    verdict => {
                        let refused = answer.refusal(Step::Send, "take the message");
                        retry.after_answer(&answer, verdict, refused).await?;
                        continue;
                    }
                },
                Err(failure) if !failure.maybe_processed => {
                    retry.after_failure(failure.error).await?;
                    continue;
                }
                Err(failure) => failure.error,
            };
            let end = awaited.expect_lost_message(self.reported_by());
            return Ok(Posted::Lost(end, lost));
        }
    }

    pub(super) fn application(&self) -> &Application {
        &self.application
    }

    /// A URL of the pool that has the conversation, for the step log.
    pub(super) fn server(&self) -> &Url {
        &self.application.self_url
    }

    /// The href under which message events of this conversation report.
    fn reported_by(&self) -> &str {
        self.conversation.as_deref().unwrap_or_else(|| self.messaging.trim_end_matches("/messaging"))
    }
}

impl Drop for OpenConversation {
    /// Ends the conversation in the background. A one-call send leaves that to its sign-out.
    fn drop(&mut self) {
        let modality = self.modality.get();
        if self.session.one_call || modality.disconnected || self.application.is_closing() {
            return;
        }
        let link = |href: Option<&str>| href.and_then(|href| self.application.url(href));
        // Without a stopMessaging link the conversation itself is deleted.
        let end = link(modality.stop.as_deref()).map(|url| (Method::POST, url));
        let Some((method, url)) = end.or_else(|| Some((Method::DELETE, link(self.conversation.as_deref())?)))
        else {
            return;
        };
        let connection = self.session.connection.clone();
        self.session.runtime.spawn(async move {
            let request = Request::new(method, url, Step::Send, Instant::now() + STOP_TIMEOUT);
            let _ = connection.call(request, &StepLog::quiet()).await;
        });
    }
}

/// Waits for the outcome of a posted text.
pub(super) async fn await_outcome(end: AwaitedMessage, deadline: Instant) -> Option<Outcome> {
    timeout_at(deadline, end.outcome()).await.ok()
}

/// As [`await_outcome`], for at most [`LOST_RESPONSE_TIMEOUT`].
pub(super) async fn await_outcome_of_lost(end: AwaitedMessage, deadline: Instant) -> Option<Outcome> {
    timeout(LOST_RESPONSE_TIMEOUT, await_outcome(end, deadline)).await.ok().flatten()
}
