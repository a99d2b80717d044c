//! An open conversation: text goes in by sendMessage, one POST after the other. Source: SendAnIM, sendMessage reference.

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
use crate::session::Background;
use crate::session::application::Application;
use crate::session::awaited_events::{AwaitedMessage, FollowedModality};
use crate::steps::{Step, StepLog};

/// How long an accepted invitation may take to show its sendMessage link in an event before the resource is fetched.
/// States in between may never be told. Source: EventsInUCWA.
const LINK_PATIENCE: Duration = Duration::from_millis(100);

/// How often the resource is fetched, with a doubled patience each time.
pub(super) const LINK_FETCHES: u32 = 6;

/// How long the event channel is watched for a request whose answer was lost.
pub(super) const LOOK: Duration = Duration::from_secs(10);

/// Ending a conversation is a courtesy; it may take this long.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// A connected conversation with one recipient.
pub(crate) struct OpenConversation {
    session: Background,
    application: Arc<Application>,
    messaging: String,
    conversation: Option<String>,
    modality: FollowedModality,
    ours: bool,
    /// It was accepted while its invitation was withdrawn, which may end it.
    pub(super) withdrawn: bool,
    /// `None` where the server did not say.
    pub(super) accepted_by: Option<String>,
    pub(super) thread_id: Option<String>,
}

/// What became of a posted text.
pub(super) enum Posted {
    /// The server has it; its end will be told.
    Taken {
        /// Its end.
        end: AwaitedMessage,
        /// The server has told where it is. Otherwise its end is known by the conversation alone.
        named: bool,
    },
    /// The answer was lost; if the text arrived, its end will be told.
    Lost(AwaitedMessage, Error),
    /// The conversation is over; the text was not taken.
    Over,
    /// The whole session is over, as it seems; the text was not taken.
    Gone {
        /// The server itself says so.
        certain: bool,
    },
}

impl OpenConversation {
    /// The conversation that an accepted invitation has opened.
    pub(super) fn of(
        session: &Background,
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

    /// The recipient took it at another device: text cannot be sent into it from here.
    pub(super) fn not_ours(mut self) -> Self {
        self.ours = false;
        self
    }

    /// True when the next message to `to` can go in.
    pub(super) fn can_be_kept_for(&self, to: &Address) -> bool {
        self.ours && self.accepted_by.as_deref().is_some_and(|who| who.eq_ignore_ascii_case(to.as_str()))
    }

    pub(super) fn receipt(&self, sending: &Sending, evidence: Evidence, format: Format) -> Receipt {
        let (accepted_by, thread_id) = (self.accepted_by.clone(), self.thread_id.clone());
        Receipt { accepted_by, thread_id, ..sending.receipt(evidence, format) }
    }

    /// A URL of the server that has the conversation, for the step log.
    pub(super) fn server(&self) -> &Url {
        &self.application.this
    }

    /// True when html can go in, or never could: it has been declared and was not negotiated.
    pub(super) fn suits_html(&self) -> bool {
        self.modality.get().takes_html() || self.application.has_declared_html()
    }

    /// True while the other side is there and the session is the one it was opened in.
    pub(super) fn is_usable(&self, application: &Arc<Application>) -> bool {
        let modality = self.modality.get();
        Arc::ptr_eq(&self.application, application) && !modality.disconnected && !modality.stale
    }

    /// Waits until text can be sent: until the modality has its sendMessage link.
    ///
    /// `fetches` is how often the resource may be fetched where no event tells.
    pub(super) async fn ready(&mut self, sending: &Sending, fetches: u32) -> Result<Modality> {
        let ready = |m: &Modality| m.disconnected || m.send_message.is_some();
        let known = self.modality.get();
        if ready(&known) {
            return Ok(known);
        }
        let url = self.application.url(&self.messaging).ok_or_else(|| self.no_link(sending))?;
        for fetch in 0..fetches {
            let patience = (Instant::now() + LINK_PATIENCE * 2_u32.pow(fetch)).min(sending.deadline);
            let polling = self.application.awaited.keep_polling();
            if let Ok(modality) = timeout_at(patience, self.modality.when(ready)).await {
                return Ok(modality);
            }
            drop(polling);
            let request = Request::new(Method::GET, url.clone(), Step::Send, sending.deadline);
            let answer = sending.connection().call(request, &sending.log).await?;
            if matches!(answer.verdict(verdict::Request::Resource), Verdict::Gone { .. }) {
                break;
            }
            let modality = Resource::parse(&answer.body).map(|r| Modality::of(&r)).unwrap_or_default();
            if ready(&modality) {
                return Ok(modality);
            }
        }
        Err(self.no_link(sending))
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
        // The reference wants operationId; live servers take it and do not give it back.
        url.query_pairs_mut().append_pair("operationId", &Uuid::new_v4().simple().to_string());
        let content_type = match format {
            Format::Plain => "text/plain; charset=UTF-8",
            Format::Html => "text/html; charset=UTF-8",
        };
        let _polling = self.application.multiplexed.then(|| awaited.keep_polling());
        let mut retry = Retry::new(sending.deadline);
        loop {
            let request = Request::new(Method::POST, url.clone(), Step::Send, sending.answer_by())
                .body(content_type, text.to_owned())
                .at_most_once();
            sending.text_leaves()?;
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

    /// The href under which message events of this conversation report.
    fn reported_by(&self) -> &str {
        self.conversation.as_deref().unwrap_or_else(|| self.messaging.trim_end_matches("/messaging"))
    }
}

impl Drop for OpenConversation {
    /// A conversation that is used no more is ended in the background. A one-call send leaves that to its sign-out.
    fn drop(&mut self) {
        let modality = self.modality.get();
        if self.session.one_call || modality.disconnected || self.application.is_closing() {
            return;
        }
        let link = |href: Option<&str>| href.and_then(|href| self.application.url(href));
        // The conversation itself can be left where nobody told how its messaging is stopped.
        let end = link(modality.stop.as_deref()).map(|url| (Method::POST, url));
        let Some((method, url)) = end.or_else(|| Some((Method::DELETE, link(self.conversation.as_deref())?)))
        else {
            return;
        };
        let connection = self.session.connection.clone();
        self.session.runtime.spawn(async move {
            let request = Request::new(method, url, Step::Send, Instant::now() + STOP_DEADLINE);
            let _ = connection.call(request, &StepLog::quiet()).await;
        });
    }
}

/// Waits for the end of a posted text.
pub(super) async fn end_of(end: AwaitedMessage, deadline: Instant) -> Option<Outcome> {
    timeout_at(deadline, end.outcome()).await.ok()
}

/// As [`end_of`], but only as long as looking for a lost answer makes sense.
pub(super) async fn look_for(end: AwaitedMessage, deadline: Instant) -> Option<Outcome> {
    timeout(LOOK, end_of(end, deadline)).await.ok().flatten()
}
