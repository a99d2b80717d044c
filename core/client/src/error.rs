//! What can go wrong, in the words of the person who has to act on it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};
use tokio::task::JoinError;

pub use self::kind::{ErrorKind, Sent};
use crate::plain::Plain;
use crate::steps::Step;

mod kind;
mod making;

/// The result of every fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One place the call went through before it failed: where, and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Hop {
    /// The URL without its query.
    pub url: String,
    /// What came back, for example `401` or `connection refused`.
    pub outcome: String,
}

/// A failed call: what failed, at which step, and what to do about it.
///
/// Its text ([`Display`](fmt::Display)) is one sentence that never holds a password, a token or the message. What a server
/// wrote into it, or into any other field, was made fit for a log and a terminal: line breaks are blanks, other characters that
/// cannot be seen are U+FFFD, and no text has more than 2,000 characters.
///
/// A program's own tests can make one:
///
/// ```
/// use send_im::{Error, ErrorKind, Sent, Step};
///
/// let lost = Error::new(ErrorKind::OutcomeUnknown, "The connection broke.").at(Step::Invite).with_sent(Sent::Maybe);
/// assert_eq!(lost.sent(), Sent::Maybe);
/// ```
#[derive(Clone)]
pub struct Error(Box<Fields>);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl StdError for Error {
    /// What caused it, where that is another error: the network's, that of TLS, or what the program's own token source failed
    /// with.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[derive(Clone, Serialize)]
struct Fields {
    kind: ErrorKind,
    step: Option<Step>,
    detail: Plain,
    sent: Sent,
    http_status: Option<u16>,
    code: Option<Plain>,
    subcode: Option<Plain>,
    diagnostics: Option<Plain>,
    #[serde(serialize_with = "seconds")]
    retry_after: Option<Duration>,
    hops: Vec<Hop>,
    #[serde(skip)]
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

fn seconds<S: Serializer>(value: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(|d| d.as_secs_f64()).serialize(serializer)
}

impl Error {
    /// What sort of failure it was.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Busy, "Lenea is busy.");
    /// assert_eq!(error.kind().exit_code(), 4);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The step that failed; `None` where no step had begun.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind, Step};
    ///
    /// let error = Error::new(ErrorKind::Network, "No route.").at(Step::Discover);
    /// assert_eq!(error.step().map(Step::as_str), Some("discover"));
    /// ```
    pub fn step(&self) -> Option<Step> {
        self.0.step
    }

    /// The sentence, the same as the error's text.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Busy, "Lenea is busy.");
    /// assert_eq!(error.detail(), error.to_string());
    /// ```
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Whether the message can have arrived all the same.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind, Sent};
    ///
    /// let error = Error::new(ErrorKind::Busy, "Lenea is busy.");
    /// assert_eq!(error.sent(), Sent::No);
    /// ```
    pub fn sent(&self) -> Sent {
        self.0.sent
    }

    /// The HTTP status of the answer that decided, if one did.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::ServiceError, "HTTP 503.").with_status(503);
    /// assert_eq!(error.http_status(), Some(503));
    /// ```
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The server's error code, for example `RemoteFailure`.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Busy, "No.").with_code(Some("RemoteFailure".into()), None);
    /// assert_eq!(error.code(), Some("RemoteFailure"));
    /// ```
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The server's subcode, for example `DoNotDisturb`.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Busy, "No.").with_code(None, Some("DoNotDisturb".into()));
    /// assert_eq!(error.subcode(), Some("DoNotDisturb"));
    /// ```
    pub fn subcode(&self) -> Option<&str> {
        self.0.subcode.as_deref()
    }

    /// The server's `X-Ms-diagnostics` header, for its administrator. Not stable.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// let error = send_im::send_im(&account, "busy@contoso.com", "hello world").await.unwrap_err();
    /// if let Some(diagnostics) = error.diagnostics() {
    ///     eprintln!("for the administrator: {diagnostics}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn diagnostics(&self) -> Option<&str> {
        self.0.diagnostics.as_deref()
    }

    /// How long the server asked to wait.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Throttled, "The server is busy.");
    /// assert_eq!(error.retry_after(), None);
    /// ```
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The way the call took, oldest first. Filled where the way explains the failure.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// let elsewhere = account.server(format!("{}nowhere", sandbox.url()));
    /// let error = send_im::send_im(&elsewhere, "lenea@contoso.com", "hello world").await.unwrap_err();
    /// for hop in error.hops() {
    ///     println!("{}: {}", hop.url, hop.outcome);
    /// }
    /// # assert!(!error.hops().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn hops(&self) -> &[Hop] {
        &self.0.hops
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("step", &self.0.step)
            .field("detail", &self.0.detail)
            .field("sent", &self.0.sent)
            .field("http_status", &self.0.http_status)
            .field("code", &self.0.code)
            .field("subcode", &self.0.subcode)
            .finish_non_exhaustive()
    }
}

/// A task of ours that did not come to its end: the runtime stops, or there is an error in this crate.
pub(crate) fn ended_early(ended: &JoinError, sent: Sent) -> Error {
    if ended.is_panic() { failed_inside(sent) } else { shutting_down(sent) }
}

/// There is an error in this crate.
pub(crate) fn failed_inside(sent: Sent) -> Error {
    let kind = if sent == Sent::Maybe { ErrorKind::OutcomeUnknown } else { ErrorKind::Protocol };
    Error::new(kind, "send-im failed inside; please report this with its log.").with_sent(sent)
}

/// The runtime stops.
pub(crate) fn shutting_down(sent: Sent) -> Error {
    Error::cancelled("The program is shutting down.", sent)
}

/// The session was not opened, as whoever wanted it has gone away.
pub(crate) fn nobody_waits() -> Error {
    Error::cancelled("Nobody waits for the session any more.", Sent::No)
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
