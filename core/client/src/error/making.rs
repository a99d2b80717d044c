//! Making errors: here, and in the tests of programs.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use super::{Error, ErrorKind, Fields, Hop, Sent};
use crate::plain::{Plain, plain};
use crate::steps::Step;

impl Error {
    /// An error of this kind whose sentence is `detail`. The message was not sent, unless [`with_sent`](Self::with_sent) says
    /// otherwise.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Busy, "Lenea is busy.");
    /// assert_eq!(error.to_string(), "Lenea is busy.");
    /// ```
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
    ///
    /// ```
    /// use send_im::{Error, ErrorKind};
    ///
    /// let error = Error::invalid_input("The priority is none of low and high.");
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// ```
    pub fn invalid_input(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, detail)
    }

    /// A call that ended because its caller went away: cancelled, or the program is shutting down.
    ///
    /// ```
    /// use send_im::{Error, Sent};
    ///
    /// let error = Error::cancelled("The program is ending.", Sent::Maybe);
    /// assert_eq!(error.sent(), Sent::Maybe);
    /// ```
    pub fn cancelled(detail: impl Into<String>, sent: Sent) -> Self {
        Self::new(ErrorKind::Cancelled, detail).with_sent(sent)
    }

    /// A client that is no longer signed in.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind};
    ///
    /// assert_eq!(Error::closed("The client is signed out.").kind(), ErrorKind::Closed);
    /// ```
    pub fn closed(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Closed, detail)
    }

    /// The same at this step, where none was named before.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind, Step};
    ///
    /// let error = Error::new(ErrorKind::NoAnswer, "It rang.").at(Step::Invite);
    /// assert_eq!(error.step(), Some(Step::Invite));
    /// ```
    pub fn at(mut self, step: Step) -> Self {
        self.0.step.get_or_insert(step);
        self
    }

    /// The same, saying whether the message can have arrived.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind, Sent};
    ///
    /// let error = Error::new(ErrorKind::OutcomeUnknown, "It may have arrived.").with_sent(Sent::Maybe);
    /// assert_eq!(error.sent(), Sent::Maybe);
    /// ```
    pub fn with_sent(mut self, sent: Sent) -> Self {
        self.0.sent = sent;
        self
    }

    /// The same with the HTTP status that decided.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Forbidden, "No.").with_status(403);
    /// assert_eq!(error.http_status(), Some(403));
    /// ```
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// The same with the server's code and subcode.
    ///
    /// ```
    /// use send_im::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Busy, "No.").with_code(Some("RemoteFailure".into()), Some("DoNotDisturb".into()));
    /// assert_eq!((error.code(), error.subcode()), (Some("RemoteFailure"), Some("DoNotDisturb")));
    /// ```
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
    ///
    /// ```
    /// use std::error::Error as _;
    /// use send_im::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::CredentialUnavailable, "The vault gave no token.").with_source("it is sealed");
    /// assert_eq!(error.source().unwrap().to_string(), "it is sealed");
    /// ```
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// The same with the time the server asked to wait.
    ///
    /// ```
    /// use std::time::Duration;
    /// use send_im::{Error, ErrorKind};
    ///
    /// let wait = Some(Duration::from_secs(30));
    /// let error = Error::new(ErrorKind::Throttled, "The server is busy.").with_retry_after(wait);
    /// assert_eq!(error.retry_after(), wait);
    /// ```
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
}
