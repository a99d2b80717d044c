//! The step log: the steps of a send, where each was done and how long it took.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Serialize, Serializer};
use tokio::time::Instant;
use url::Url;

use crate::plain::plain_name;

/// A step on the way of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Finding the server of the sign-in domain.
    Discover,
    /// Fetching a challenge or a token.
    SignIn,
    /// Creating the application, the session on the server.
    OpenSession,
    /// Inviting the recipient to a conversation.
    Invite,
    /// Sending text into a connected conversation.
    Send,
    /// Waiting for the recipient's side to confirm.
    Confirm,
    /// Deleting the application.
    SignOut,
}

impl Step {
    /// Every step, in order.
    pub const ALL: &[Step] = &[
        Step::Discover,
        Step::SignIn,
        Step::OpenSession,
        Step::Invite,
        Step::Send,
        Step::Confirm,
        Step::SignOut,
    ];

    /// The stable name, for example `open_session`.
    ///
    /// ```
    /// assert_eq!(send_im::Step::OpenSession.as_str(), "open_session");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Discover => "discover",
            Step::SignIn => "sign_in",
            Step::OpenSession => "open_session",
            Step::Invite => "invite",
            Step::Send => "send",
            Step::Confirm => "confirm",
            Step::SignOut => "sign_out",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One finished step. It never holds a password, a token or message text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StepRecord {
    /// Which step.
    pub step: Step,
    /// The host of the request, with its port unless that is the default.
    pub host: String,
    /// The HTTP status of the answer; `None` where no answer came.
    pub status: Option<u16>,
    /// From the request to the end of the answer, in milliseconds when serialised (`elapsed_ms`).
    #[serde(rename = "elapsed_ms", serialize_with = "milliseconds")]
    pub elapsed: Duration,
}

pub(crate) fn milliseconds<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((value.as_secs_f64() * 1e6).round() / 1e3)
}

/// Called at the end of each step, on the thread of that step.
pub type OnStep = Arc<dyn Fn(&StepRecord) + Send + Sync>;

/// Collects the steps of one operation and hands each to `tracing` and to the program's callback.
#[derive(Clone, Default)]
pub(crate) struct StepLog {
    records: Arc<Mutex<Vec<StepRecord>>>,
    /// The last request, while it has no answer.
    unanswered: Arc<Mutex<Option<(Step, Url, Instant)>>>,
    callback: Option<OnStep>,
    quiet: bool,
}

impl StepLog {
    pub(crate) fn new(callback: Option<OnStep>) -> Self {
        Self { callback, ..Self::default() }
    }

    /// A log that records and reports nothing, for requests that belong to no message.
    pub(crate) fn quiet() -> Self {
        Self { quiet: true, ..Self::default() }
    }

    /// Records that a request begins.
    pub(crate) fn begin(&self, step: Step, url: &Url) {
        *self.unanswered.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((step, url.clone(), Instant::now()));
    }

    /// The last request, if it has no answer.
    pub(crate) fn unanswered(&self) -> Option<(Step, Url)> {
        let unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        unanswered.as_ref().map(|(step, url, _)| (*step, url.clone()))
    }

    /// When the request without an answer began.
    pub(crate) fn unanswered_since(&self) -> Option<Instant> {
        self.unanswered.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(.., since)| *since)
    }

    pub(crate) fn add(&self, step: Step, url: &Url, status: Option<u16>, elapsed: Duration) {
        if status.is_some() {
            self.unanswered.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        if self.quiet {
            return;
        }
        let record = StepRecord { step, host: host_of(url), status, elapsed };
        tracing::debug!(
            target: "send_im",
            step = record.step.as_str(),
            host = %record.host,
            status = record.status,
            elapsed_ms = elapsed.as_millis() as u64,
            "step"
        );
        // A callback that panics must not cost a message.
        if let Some(callback) = &self.callback
            && catch_unwind(AssertUnwindSafe(|| callback(&record))).is_err()
        {
            tracing::warn!(target: "send_im", "the program's callback for steps panicked");
        }
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    pub(crate) fn records(&self) -> Vec<StepRecord> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Host and port, even the scheme's default port.
pub(crate) fn with_port(url: &Url) -> String {
    let host = plain_name(url.host_str().unwrap_or_default());
    format!("{host}:{}", url.port_or_known_default().unwrap_or_default())
}

/// Host and, unless it is the scheme's default, port.
pub(crate) fn host_of(url: &Url) -> String {
    let host = plain_name(url.host_str().unwrap_or_default());
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// `https://host:port` of a URL.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
