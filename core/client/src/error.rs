//! What can go wrong, in the words of the person who has to act on it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};
use tokio::task::JoinError;

use crate::plain::{Plain, plain};
use crate::steps::Step;

/// The result of every fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, exit $exit:literal;)*) => {
        /// What sort of failure it was. The snake_case name is stable and the same in every language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind { $($(#[$doc])* $variant,)* }

        impl ErrorKind {
            /// Every kind, in the order of the documentation.
            pub const ALL: &[ErrorKind] = &[$(ErrorKind::$variant,)*];

            /// The stable name, for example `recipient_not_found`.
            pub fn as_str(self) -> &'static str {
                match self { $(ErrorKind::$variant => $name,)* }
            }

            /// The exit code a program should end with: 2 input, 3 sign-in, 4 not delivered, 6 unknown, 130 cancelled, else 5.
            pub fn exit_code(self) -> u8 {
                match self { $(ErrorKind::$variant => $exit,)* }
            }
        }
    };
}

kinds! {
    /// An argument, the environment or the profile file is not usable, or the server refuses the message as it stands.
    /// Nothing was sent.
    InvalidInput = "invalid_input", exit 2;
    /// No server answered for the sign-in domain, or what answered was not a Lync or Skype for Business server.
    DiscoveryFailed = "discovery_failed", exit 5;
    /// The server pointed to a host outside the trust rule. No credential was sent there.
    UntrustedHost = "untrusted_host", exit 5;
    /// The TLS handshake failed: unknown certificate authority, wrong name, expired certificate.
    Tls = "tls", exit 5;
    /// The server refused the user name, the password or the token.
    SignInRefused = "sign_in_refused", exit 3;
    /// The server does not offer a way of signing in that this account can use.
    SignInUnsupported = "sign_in_unsupported", exit 3;
    /// The program's own token source gave no token. No server refused anything; the cause is the error's source.
    CredentialUnavailable = "credential_unavailable", exit 3;
    /// The account is signed in but not permitted to do this.
    Forbidden = "forbidden", exit 3;
    /// A limit of the server is reached: applications, conversations, participants.
    LimitReached = "limit_reached", exit 5;
    /// The server knows no such recipient.
    RecipientNotFound = "recipient_not_found", exit 4;
    /// The recipient is offline or cannot take instant messages now.
    RecipientUnavailable = "recipient_unavailable", exit 4;
    /// The recipient declined.
    Declined = "declined", exit 4;
    /// The invitation rang and nobody answered.
    NoAnswer = "no_answer", exit 4;
    /// The recipient is busy or does not want to be disturbed.
    Busy = "busy", exit 4;
    /// The server asked to slow down, and the deadline came first.
    Throttled = "throttled", exit 5;
    /// The server failed.
    ServiceError = "service_error", exit 5;
    /// The network failed: name not found, connection refused or broken.
    Network = "network", exit 5;
    /// The deadline passed.
    Timeout = "timeout", exit 5;
    /// The answer could not be understood.
    Protocol = "protocol", exit 5;
    /// The message may or may not have arrived. It was not sent a second time.
    OutcomeUnknown = "outcome_unknown", exit 6;
    /// The call was cancelled.
    Cancelled = "cancelled", exit 130;
    /// The client is signed out, or its session was ended by the server.
    Closed = "closed", exit 5;
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Whether the message can have reached the recipient although the call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// It was not accepted, so it does not stand in the recipient's conversation. A notification may have shown it while
    /// the invitation rang.
    No,
    /// It may have arrived. Sending again may double it.
    Maybe,
}

impl Sent {
    /// `no` or `maybe`.
    pub fn as_str(self) -> &'static str {
        match self {
            Sent::No => "no",
            Sent::Maybe => "maybe",
        }
    }
}

/// One place the call went through before it failed: where, and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// What the program's own code failed with, for example its token source.
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
    /// An error of this kind whose sentence is `detail`. The message was not sent, unless [`with_sent`](Self::with_sent) says
    /// otherwise.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Error(Box::new(Fields {
            kind,
            step: None,
            detail: Plain::from(detail),
            sent: Sent::No,
            http_status: None,
            code: None,
            subcode: None,
            diagnostics: None,
            retry_after: None,
            hops: Vec::new(),
            source: None,
        }))
    }

    /// An argument that is refused before the first request.
    ///
    /// Public for the language bindings, which check their own arguments.
    pub fn invalid_input(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, detail)
    }

    /// A call that ended because its caller went away: cancelled, or the program is shutting down.
    pub fn cancelled(detail: impl Into<String>, sent: Sent) -> Self {
        Self::new(ErrorKind::Cancelled, detail).with_sent(sent)
    }

    /// A client that is no longer signed in.
    pub fn closed(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Closed, detail)
    }

    /// The same at this step, where none was named before.
    pub fn at(mut self, step: Step) -> Self {
        self.0.step.get_or_insert(step);
        self
    }

    /// The same, saying whether the message can have arrived.
    pub fn with_sent(mut self, sent: Sent) -> Self {
        self.0.sent = sent;
        self
    }

    /// The same with the HTTP status that decided.
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// The same with the server's code and subcode.
    pub fn with_code(mut self, code: Option<String>, subcode: Option<String>) -> Self {
        self.0.code = code.map(Plain::from);
        self.0.subcode = subcode.map(Plain::from);
        self
    }

    pub(crate) fn with_diagnostics(mut self, diagnostics: Option<String>) -> Self {
        self.0.diagnostics = diagnostics.map(Plain::from);
        self
    }

    /// The same with what it was caused by.
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// The same with the time the server asked to wait.
    pub fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    pub(crate) fn with_hops(mut self, hops: Vec<Hop>) -> Self {
        if self.0.hops.is_empty() {
            self.0.hops = hops
                .into_iter()
                .map(|hop| Hop { url: plain(hop.url), outcome: plain(hop.outcome) })
                .collect();
        }
        self
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind, detail: impl Into<String>) -> Self {
        self.0.kind = kind;
        self.0.detail = Plain::from(detail);
        self
    }

    /// What sort of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The step that failed; `None` where no step had begun.
    pub fn step(&self) -> Option<Step> {
        self.0.step
    }

    /// The sentence, the same as the error's text.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Whether the message can have arrived all the same.
    pub fn sent(&self) -> Sent {
        self.0.sent
    }

    /// The HTTP status of the answer that decided, if one did.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The server's error code, for example `RemoteFailure`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The server's subcode, for example `DoNotDisturb`.
    pub fn subcode(&self) -> Option<&str> {
        self.0.subcode.as_deref()
    }

    /// The server's `X-Ms-diagnostics` header, for its administrator. Not stable.
    pub fn diagnostics(&self) -> Option<&str> {
        self.0.diagnostics.as_deref()
    }

    /// How long the server asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The way the call took, oldest first. Filled where the way explains the failure.
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
mod tests {
    use super::*;

    #[test]
    fn the_sentence_is_the_text() {
        let error = Error::invalid_input("The recipient is empty.");
        assert_eq!(error.to_string(), "The recipient is empty.");
        assert_eq!(error.kind().as_str(), "invalid_input");
        assert_eq!(error.sent(), Sent::No);
    }

    #[test]
    fn json_has_every_field_of_the_design() {
        let json = serde_json::to_value(Error::invalid_input("x").at(Step::Discover)).unwrap();
        let mut names: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        names.sort();
        assert_eq!(
            names,
            [
                "code",
                "detail",
                "diagnostics",
                "hops",
                "http_status",
                "kind",
                "retry_after",
                "sent",
                "step",
                "subcode"
            ]
        );
        assert_eq!(json["step"], "discover");
    }

    #[test]
    fn the_first_step_named_is_kept() {
        assert_eq!(Error::invalid_input("x").at(Step::SignIn).at(Step::Invite).step(), Some(Step::SignIn));
    }

    #[tokio::test]
    async fn a_failure_inside_says_whether_the_message_can_have_left() {
        for (sent, kind) in [(Sent::No, ErrorKind::Protocol), (Sent::Maybe, ErrorKind::OutcomeUnknown)] {
            let ended = tokio::spawn(async { panic!("as an error of ours would") }).await;
            let error = ended_early(&ended.unwrap_err(), sent);
            assert_eq!((error.kind(), error.sent()), (kind, sent));
            let stopped = tokio::spawn(std::future::pending::<()>());
            stopped.abort();
            let error = ended_early(&stopped.await.unwrap_err(), sent);
            assert_eq!((error.kind(), error.sent()), (ErrorKind::Cancelled, sent));
        }
    }
}
