//! What goes to JavaScript as plain objects, with the core's own names, and messages that come from there.

use std::time::Duration;

use napi_derive::napi;
use send_im::{Error, Message, Receipt, Result};
use send_im_runtime::HostFailure;
use serde_json::{Value, json};

pub(crate) fn milliseconds(count: f64) -> Duration {
    // JavaScript has made it a whole number that fits.
    Duration::from_millis(count as u64)
}

/// As in index.d.ts; times are milliseconds.
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
        let form = if given.html == Some(true) { Message::html } else { Message::text };
        let mut message = form(to, text);
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

/// The error, and as `cause` the number that `TokenReply.fail` was given.
pub(crate) fn failure(error: &Error) -> Value {
    json!({ "failure": error, "cause": HostFailure::behind(error) })
}

pub(crate) fn outcome(result: Result<Receipt>) -> Value {
    result.map_or_else(|error| failure(&error), |receipt| json!({ "receipt": receipt }))
}
