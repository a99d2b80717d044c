//! Messages, receipts and failures as plain objects. Times are milliseconds. What each member means is in index.d.ts.

use std::time::Duration;

use napi_derive::napi;
use send_im::{Error, Message, Result};

pub(crate) fn milliseconds(count: f64) -> Duration {
    // JavaScript has made it a whole number that fits.
    Duration::from_millis(count as u64)
}

#[napi(object, object_to_js = false)]
pub struct MessageOptions {
    pub to: String,
    pub text: String,
    pub html: Option<bool>,
    pub subject: Option<String>,
    pub importance: Option<String>,
    pub wait: Option<String>,
    pub timeout: Option<f64>,
}

impl TryFrom<MessageOptions> for Message {
    type Error = Error;

    fn try_from(given: MessageOptions) -> Result<Self> {
        let (to, text) = (given.to, given.text);
        let html = given.html.unwrap_or_default();
        let mut message = if html { Message::html(to, text) } else { Message::text(to, text) };
        if let Some(subject) = given.subject {
            message = message.subject(subject);
        }
        if let Some(importance) = given.importance {
            message = message.importance(importance.parse()?);
        }
        if let Some(wait) = given.wait {
            message = message.wait(wait.parse()?);
        }
        if let Some(timeout) = given.timeout {
            message = message.timeout(milliseconds(timeout));
        }
        Ok(message)
    }
}

#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Step {
    pub step: &'static str,
    pub host: String,
    pub status: Option<u16>,
    pub elapsed: f64,
}

impl From<&send_im::StepRecord> for Step {
    fn from(record: &send_im::StepRecord) -> Self {
        Step {
            step: record.step.as_str(),
            host: record.host.clone(),
            status: record.status,
            elapsed: record.elapsed.as_secs_f64() * 1e3,
        }
    }
}

#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Receipt {
    pub to: String,
    pub accepted_by: Option<String>,
    pub evidence: &'static str,
    pub format: &'static str,
    pub thread_id: Option<String>,
    pub steps: Vec<Step>,
}

impl From<send_im::Receipt> for Receipt {
    fn from(receipt: send_im::Receipt) -> Self {
        Receipt {
            evidence: receipt.evidence.as_str(),
            format: receipt.format.as_str(),
            steps: receipt.steps.iter().map(Step::from).collect(),
            to: receipt.to,
            accepted_by: receipt.accepted_by,
            thread_id: receipt.thread_id,
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct Hop {
    pub url: String,
    pub outcome: String,
}

/// The members of a `SendImError`; `cause` is the number that `TokenReply.fail` was given.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Failure {
    pub kind: &'static str,
    pub step: Option<&'static str>,
    pub detail: String,
    pub sent: &'static str,
    pub http_status: Option<u16>,
    pub code: Option<String>,
    pub subcode: Option<String>,
    pub diagnostics: Option<String>,
    pub retry_after: Option<f64>,
    pub hops: Vec<Hop>,
    pub exit_code: u8,
    pub cause: Option<f64>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let hop = |hop: &send_im::Hop| Hop { url: hop.url.clone(), outcome: hop.outcome.clone() };
        Failure {
            kind: error.kind().as_str(),
            step: error.step().map(|step| step.as_str()),
            detail: error.detail().to_owned(),
            sent: error.sent().as_str(),
            http_status: error.http_status(),
            code: error.code().map(str::to_owned),
            subcode: error.subcode().map(str::to_owned),
            diagnostics: error.diagnostics().map(str::to_owned),
            // Rounded up: a wait the server asked for is not cut short.
            retry_after: error.retry_after().map(|wait| (wait.as_secs_f64() * 1e3).ceil()),
            hops: error.hops().iter().map(hop).collect(),
            exit_code: error.kind().exit_code(),
            cause: send_im_runtime::HostFailure::behind(&error).map(|number| number as f64),
        }
    }
}

/// What became of one message of many: a receipt or a failure.
#[napi(object, object_from_js = false)]
pub struct Outcome {
    pub receipt: Option<Receipt>,
    pub failure: Option<Failure>,
}
