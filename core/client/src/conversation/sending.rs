//! One message on its way into its conversation: its deadlines, its text, and the errors that name its recipient.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use send_im_ucwa::html::html_to_plain;
use send_im_ucwa::router::{Modality, Outcome};
use tokio::sync::oneshot;
use tokio::time::Instant;
use url::Url;

use super::text_gate::TextGate;
use crate::address::Address;
use crate::error::{Error, ErrorKind, Result, Sent};
use crate::message::{Body, Message};
use crate::receipt::{Evidence, Format, Receipt};
use crate::session::Session;
use crate::sign_in::AuthenticatedHttp;
use crate::steps::{Step, StepLog};

/// The longest text that is sent inside an invitation, in UTF-16 units.
///
/// No limit is documented for UCWA; 800 is what the first message of a conversation was measured to take in Office
/// Communications Server 2007.
const MAX_INLINE_TEXT: usize = 800;

/// How long after its timeout a send may take to withdraw its invitation and to learn the outcome.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(2);

/// One send in flight.
pub(crate) struct Sending {
    pub(crate) session: Arc<Session>,
    pub(crate) message: Message,
    pub(crate) to: Address,
    pub(crate) log: StepLog,
    pub(crate) deadline: Instant,
    /// Sent when the server has the message, to a caller who waits for no more.
    pub(crate) submitted: Option<oneshot::Sender<Receipt>>,
    pub(crate) text_gate: TextGate,
}

impl Sending {
    pub(super) fn is_html(&self) -> bool {
        matches!(self.message.body, Body::Html(_))
    }

    /// The text, if it is plain and short enough for the invitation.
    pub(super) fn inline_text(&self) -> Option<String> {
        match &self.message.body {
            Body::Text(text)
                if text.expose_secret().encode_utf16().take(MAX_INLINE_TEXT + 1).count()
                    <= MAX_INLINE_TEXT =>
            {
                Some(text.expose_secret().to_owned())
            }
            _ => None,
        }
    }

    pub(super) fn connection(&self) -> &AuthenticatedHttp {
        &self.session.connection
    }

    /// Until when the response to a request is awaited. At most a fifth of what is left, and at most [`SETTLE_TIMEOUT`], is kept to
    /// find out whether the request arrived.
    pub(super) fn response_deadline(&self) -> Instant {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.deadline - (left / 5).min(SETTLE_TIMEOUT)
    }

    /// Until when the outcome of a message is awaited that is still in flight at the timeout.
    pub(super) fn settle_deadline(&self) -> Instant {
        self.deadline + SETTLE_TIMEOUT
    }

    /// Called before each request that carries the text.
    ///
    /// # Errors
    /// `cancelled` when the caller has gone away: no request with the text begins after that.
    pub(super) fn begin_text_request(&self) -> Result<()> {
        if self.text_gate.pass() { Ok(()) } else { Err(self.cancelled()) }
    }

    pub(super) fn report_submitted(&mut self, format: Format) {
        if let Some(submitted) = self.submitted.take() {
            let _ = submitted.send(self.receipt(Evidence::Submitted, format));
        }
    }

    /// The text in the negotiated format.
    pub(super) fn text_for(&self, modality: &Modality) -> (Format, Cow<'_, str>) {
        match &self.message.body {
            Body::Text(text) => (Format::Plain, text.expose_secret().into()),
            Body::Html(html) if modality.takes_html() => (Format::Html, html.expose_secret().into()),
            Body::Html(html) => (Format::Plain, html_to_plain(html.expose_secret()).into()),
        }
    }

    /// Writes the confirm step into the log; without an outcome from the server it has no status.
    pub(super) fn log_confirm(&self, server: &Url, outcome: Option<&Outcome>, posted_at: Instant) {
        let status = outcome.filter(|outcome| !outcome.is_lost()).map(|_| 200);
        self.log.add(Step::Confirm, server, status, posted_at.elapsed());
    }

    pub(super) fn receipt(&self, evidence: Evidence, format: Format) -> Receipt {
        Receipt {
            to: self.to.to_string(),
            accepted_by: None,
            evidence,
            format,
            thread_id: None,
            steps: self.log.records(),
        }
    }

    pub(crate) fn cancelled(&self) -> Error {
        if self.text_gate.sent() == Sent::Maybe {
            let detail = format!("The message to {} was cancelled on its way; it may have arrived.", self.to);
            return Error::cancelled(detail, Sent::Maybe).at(Step::Confirm);
        }
        let detail = format!("The message to {} was cancelled before it was sent.", self.to);
        Error::cancelled(detail, Sent::No).at(Step::Invite)
    }

    pub(super) fn session_keeps_ending(&self, step: Step) -> Error {
        Error::new(
            ErrorKind::Closed,
            "The server ends each session as soon as it is opened; ask its administrator.",
        )
        .at(step)
    }

    pub(super) fn accepted_too_late(&self) -> Error {
        let detail = format!("{} accepted too late: the invitation was withdrawn at the timeout.", self.to);
        Error::new(ErrorKind::Timeout, detail).at(Step::Confirm)
    }

    /// The conversation that was opened for this message ended before the message was sent.
    pub(super) fn recipient_left(&self) -> Error {
        let detail = format!("{} accepted and ended the conversation before the message was sent.", self.to);
        Error::new(ErrorKind::RecipientUnavailable, detail).at(Step::Send)
    }
}

/// The error of a message that may or may not have arrived; `lost` is what failed.
pub(super) fn unknown(sending: &Sending, step: Step, lost: Error) -> Error {
    // The advice of a refusal does not fit: sending again may deliver the message twice.
    let what = match lost.http_status() {
        Some(status) => format!("the request was answered with HTTP {status} and no event tells more."),
        None => lost.detail().to_owned(),
    };
    let detail =
        format!("It is not known whether the message reached {}: {what} It was not sent again.", sending.to);
    lost.with_kind(ErrorKind::OutcomeUnknown, detail).at(step).with_sent(Sent::Maybe)
}
