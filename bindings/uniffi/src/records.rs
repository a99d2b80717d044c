//! Messages and receipts as plain data.

use std::time::Duration;

use send_im::{DEFAULT_TIMEOUT, Message, Receipt};

use crate::failure::{Failure, Result};

/// A message to one recipient. Everything is checked before the first request.
#[derive(Clone, uniffi::Record)]
pub struct MessageOptions {
    /// The recipient's address, `user@domain`; `sip:` is optional.
    pub to: String,
    /// The text, or html with `html`.
    pub text: String,
    /// True if `text` is html.
    #[uniffi(default = false)]
    pub html: bool,
    /// The subject, at most 250 UTF-16 units.
    #[uniffi(default = None)]
    pub subject: Option<String>,
    /// `normal`, `urgent` or `emergency`.
    #[uniffi(default = "normal")]
    pub importance: String,
    /// How long the send may take, in milliseconds. None: 60 s.
    #[uniffi(default = None)]
    pub timeout_ms: Option<u64>,
    /// When the send is done: `delivered` or `submitted`.
    #[uniffi(default = "delivered")]
    pub wait: String,
}

impl std::fmt::Debug for MessageOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageOptions")
            .field("to", &self.to)
            .field("html", &self.html)
            .finish_non_exhaustive()
    }
}

impl MessageOptions {
    pub(crate) fn into_message(self) -> Result<Message> {
        let mut message = match self.html {
            true => Message::html(self.to, self.text),
            false => Message::text(self.to, self.text),
        };
        if let Some(subject) = self.subject {
            message = message.subject(subject);
        }
        let timeout = self.timeout_ms.map_or(DEFAULT_TIMEOUT, Duration::from_millis);
        Ok(message.importance(self.importance.parse()?).wait(self.wait.parse()?).timeout(timeout))
    }
}

/// One finished step of a call.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct StepRecord {
    /// Which step, for example `open_session`.
    pub step: String,
    /// The host that was asked, with its port where it is not the usual one.
    pub host: String,
    /// The HTTP status of the answer. None where no answer came.
    pub status: Option<u16>,
    /// From the request to the end of the answer, in milliseconds.
    pub elapsed_ms: f64,
}

impl From<&send_im::StepRecord> for StepRecord {
    fn from(record: &send_im::StepRecord) -> Self {
        StepRecord {
            step: record.step.as_str().to_owned(),
            host: record.host.clone(),
            status: record.status,
            elapsed_ms: record.elapsed.as_secs_f64() * 1e3,
        }
    }
}

/// Proof of a send.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct ReceiptRecord {
    /// The recipient's address as asked, without `sip:`.
    pub to: String,
    /// Who accepted. Someone else than `to` after a call-forward, None when only submitted, or where
    /// the server does not say.
    pub accepted_by: Option<String>,
    /// `invitation_accepted`, `message_confirmed` or `submitted`.
    pub evidence: String,
    /// The form in which the text went: `plain` or `html`.
    pub format: String,
    /// The server's id of the conversation's thread.
    pub thread_id: Option<String>,
    /// Each step in order.
    pub steps: Vec<StepRecord>,
}

impl From<Receipt> for ReceiptRecord {
    fn from(receipt: Receipt) -> Self {
        ReceiptRecord {
            evidence: receipt.evidence.as_str().to_owned(),
            format: receipt.format.as_str().to_owned(),
            steps: receipt.steps.iter().map(StepRecord::from).collect(),
            to: receipt.to,
            accepted_by: receipt.accepted_by,
            thread_id: receipt.thread_id,
        }
    }
}

/// What became of one message of many: a receipt or a failure, never both.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct SendOutcome {
    /// The receipt, if the message was sent.
    pub receipt: Option<ReceiptRecord>,
    /// The failure, if it was not.
    pub failure: Option<Failure>,
}

impl From<Result<ReceiptRecord>> for SendOutcome {
    fn from(result: Result<ReceiptRecord>) -> Self {
        match result {
            Ok(receipt) => SendOutcome { receipt: Some(receipt), failure: None },
            Err(error) => SendOutcome { receipt: None, failure: Some(error.into_failure()) },
        }
    }
}

/// Whole milliseconds, rounded up: a wait the server asked for is not cut short.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> MessageOptions {
        MessageOptions {
            to: "lenea@contoso.com".into(),
            text: "s3cret".into(),
            html: false,
            subject: Some("also s3cret".into()),
            importance: "normal".into(),
            timeout_ms: None,
            wait: "delivered".into(),
        }
    }

    #[test]
    fn refuses_words_it_does_not_know() {
        for bad in [
            MessageOptions { importance: "huge".into(), ..options() },
            MessageOptions { wait: "forever".into(), ..options() },
        ] {
            assert_eq!(bad.into_message().unwrap_err().into_failure().kind, "invalid_input");
        }
    }

    #[test]
    fn debug_shows_neither_text_nor_subject() {
        let shown = format!("{:?} {:?}", options(), options().into_message());
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn a_part_of_a_millisecond_counts_as_one() {
        assert_eq!(milliseconds(Duration::from_micros(1)), 1);
        assert_eq!(milliseconds(Duration::from_secs(2)), 2000);
    }
}
