//! The server's reasons, and the error kind each stands for.
//!
//! Sources: ErrorsAndInformationalMessages, ErrorSubcode reference, messagingInvitation and message references
//! (July 2015, the last to list the reasons an operation may end with).

use serde_json::Value;

use super::hypermedia::Resource;
use super::limits::word;
use crate::error::{Error, ErrorKind, Sent};

/// A code and subcode as they came, from an error body or from an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// For example `RemoteFailure`.
    pub code: Option<String>,
    /// For example `DoNotDisturb`.
    pub subcode: Option<String>,
}

impl Reason {
    /// A reason by its words.
    pub fn new(code: &str, subcode: &str) -> Self {
        Self { code: Some(code.to_owned()), subcode: Some(subcode.to_owned()) }
    }

    /// Reads the `reason` of an event.
    pub fn from_value(value: &Value) -> Option<Self> {
        Resource::from_value(value).map(|r| Self::from_resource(&r))
    }

    /// Reads an error body. A body that is no JSON holds no reason: it comes from a proxy or from IIS.
    pub fn from_body(body: &[u8]) -> Self {
        Resource::parse(body).map(|r| Self::from_resource(&r)).unwrap_or_default()
    }

    fn from_resource(resource: &Resource) -> Self {
        let text = |name| resource.text(name).filter(|t| !t.is_empty()).map(word);
        Self { code: text("code"), subcode: text("subcode").filter(|s| s != "None") }
    }

    fn words(&self) -> (&str, &str) {
        (self.code.as_deref().unwrap_or_default(), self.subcode.as_deref().unwrap_or_default())
    }

    /// True when the application itself is gone, so that a new one may be created silently.
    pub fn is_application_not_found(&self) -> bool {
        self.words().1 == "ApplicationNotFound"
    }

    /// True when another request took over the event channel.
    pub fn is_pget_replaced(&self) -> bool {
        self.words().1 == "PGetReplaced"
    }

    /// True when the same request may succeed a moment later: something else goes on, or the resource is in a state that
    /// passes. Source: ErrorsAndInformationalMessages.
    pub fn is_transient(&self) -> bool {
        matches!(self.words(), (_, "AnotherOperationPending") | ("Conflict", ""))
    }

    /// True when an invitation that "failed" in fact reached the recipient at another device.
    pub fn is_delivered_elsewhere(&self) -> bool {
        self.words() == ("Informational", "ConnectedElsewhere")
    }

    /// `RemoteFailure/Declined`, for sentences.
    pub fn pair(&self) -> String {
        match self.words() {
            ("", "") => "no reason given".to_owned(),
            (code, "") => code.to_owned(),
            (code, subcode) => format!("{code}/{subcode}"),
        }
    }

    /// The error kind of an invitation or message to `to` that completed with Failure.
    pub fn kind_of_failure(&self) -> ErrorKind {
        use ErrorKind::*;
        match self.words() {
            ("RemoteFailure" | "LocalFailure", "Declined") => Declined,
            ("RemoteFailure", "RepliedWithOtherModality") => Declined,
            ("RemoteFailure" | "LocalFailure", "Timeout") | ("Timeout", _) | ("Informational", "Missed") => {
                NoAnswer
            }
            ("RemoteFailure", "Busy" | "DoNotDisturb") => Busy,
            (
                "RemoteFailure",
                "TemporarilyUnavailable" | "NotAcceptable" | "NotAllowed" | "UnsupportedMediaType",
            )
            | ("Forbidden", "Unreachable" | "ModalityNotSupported")
            | ("RemoteFailure", "Canceled")
            | ("Informational", "Ended") => RecipientUnavailable,
            ("NotFound", "DestinationNotFound" | "") => RecipientNotFound,
            (_, "Canceled") => Cancelled,
            ("EntityTooLarge", _) => InvalidInput,
            ("BadRequest", _) => InvalidInput,
            ("Forbidden", "LimitExceeded" | "TooManyContacts") => LimitReached,
            ("Forbidden", _) => Forbidden,
            (
                "Conflict",
                "TooManyGroups" | "TooManyConversations" | "TooManyOnlineMeetings" | "LimitExceeded",
            ) => LimitReached,
            ("TooManyRequests", _) => Throttled,
            _ => ServiceError,
        }
    }

    /// The error of a message to `to` that completed with Failure.
    ///
    /// Only a refusal proves that the text was not shown. Where the recipient's side or the server fell silent, or the
    /// reason is unheard of, it may have been. Source of the reasons: message reference.
    pub fn message_failure(&self, to: &str) -> Error {
        let error = self.failure(to);
        if !matches!(error.kind(), ErrorKind::NoAnswer | ErrorKind::ServiceError | ErrorKind::Cancelled) {
            return error;
        }
        let detail = format!(
            "It is not known whether the message reached {to}: its delivery failed midway ({}).",
            self.pair()
        );
        error.with_kind(ErrorKind::OutcomeUnknown, detail).with_sent(Sent::Maybe)
    }

    /// The error of an invitation to `to` that completed with Failure.
    pub fn failure(&self, to: &str) -> Error {
        let kind = self.kind_of_failure();
        let detail = match (kind, self.words().1) {
            (ErrorKind::Declined, "RepliedWithOtherModality") => {
                format!("{to} answered by another means than instant messaging.")
            }
            (ErrorKind::Declined, _) => format!("{to} declined the message."),
            (ErrorKind::NoAnswer, _) => format!("{to} did not answer before the invitation ran out."),
            (ErrorKind::Busy, "DoNotDisturb") => format!("{to} does not want to be disturbed."),
            (ErrorKind::Busy, _) => format!("{to} is busy."),
            (ErrorKind::RecipientUnavailable, "TemporarilyUnavailable" | "Unreachable") => {
                format!("{to} is not signed in at any device that takes instant messages.")
            }
            (ErrorKind::RecipientUnavailable, _) => {
                format!("The client of {to} did not take the message ({}).", self.pair())
            }
            (ErrorKind::RecipientNotFound, _) => {
                format!("The server knows no recipient {to}; check the address.")
            }
            (ErrorKind::Cancelled, _) => format!("The invitation to {to} was cancelled."),
            (ErrorKind::InvalidInput, _) => {
                format!("The server refuses the message to {to} as it stands ({}).", self.pair())
            }
            (ErrorKind::Forbidden, _) => {
                format!("The sender is not permitted to message {to} ({}).", self.pair())
            }
            (ErrorKind::LimitReached, _) => {
                format!("A limit of the server is reached ({}); close conversations or wait.", self.pair())
            }
            (ErrorKind::Throttled, _) => "The server asks to slow down; send again later.".to_owned(),
            _ => format!("The server could not deliver the message to {to} ({}).", self.pair()),
        };
        Error::new(kind, detail).with_code(self.code.clone(), self.subcode.clone())
    }

    /// The error kind of a request that was answered with `status` and this reason.
    pub fn kind_of_refusal(&self, status: u16) -> ErrorKind {
        use ErrorKind::*;
        match (status, self.words().1) {
            (404, "DestinationNotFound") => RecipientNotFound,
            (
                409 | 403,
                "TooManyConversations"
                | "TooManyGroups"
                | "TooManyOnlineMeetings"
                | "LimitExceeded"
                | "TooManyContacts",
            ) => LimitReached,
            (403, "Unreachable" | "ModalityNotSupported") => RecipientUnavailable,
            (410, "TooManyApplications") => LimitReached,
            (400 | 413, _) => InvalidInput,
            (401, _) => SignInRefused,
            (403, _) => Forbidden,
            (408, _) => Timeout,
            (404, "ApplicationNotFound") | (410, _) => Closed,
            (429, _) => Throttled,
            (500..=599, _) => ServiceError,
            // An answer with a reason of the protocol comes from the server itself, however odd.
            _ if self.code.is_some() => ServiceError,
            _ => Protocol,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_failure_has_its_kind() {
        use ErrorKind::*;
        for (code, subcode, kind) in [
            ("RemoteFailure", "Declined", Declined),
            ("LocalFailure", "Declined", Declined),
            ("RemoteFailure", "Timeout", NoAnswer),
            ("Timeout", "None", NoAnswer),
            ("Informational", "Missed", NoAnswer),
            ("RemoteFailure", "Busy", Busy),
            ("RemoteFailure", "DoNotDisturb", Busy),
            ("RemoteFailure", "TemporarilyUnavailable", RecipientUnavailable),
            ("Forbidden", "Unreachable", RecipientUnavailable),
            ("NotFound", "DestinationNotFound", RecipientNotFound),
            ("Forbidden", "FederationRequired", Forbidden),
            ("Conflict", "TooManyGroups", LimitReached),
            ("LocalFailure", "Canceled", Cancelled),
            ("EntityTooLarge", "None", InvalidInput),
            ("ServiceFailure", "CallbackChannelError", ServiceError),
            ("SomethingNew", "Unheard", ServiceError),
        ] {
            assert_eq!(Reason::new(code, subcode).kind_of_failure(), kind, "{code}/{subcode}");
        }
    }

    #[test]
    fn unknown_pairs_are_kept_as_they_came() {
        let error = Reason::new("SomethingNew", "Unheard").failure("lenea@contoso.com");
        assert_eq!((error.code(), error.subcode()), (Some("SomethingNew"), Some("Unheard")));
        assert!(error.to_string().contains("SomethingNew/Unheard"), "{error}");
    }

    #[test]
    fn an_html_body_holds_no_reason() {
        assert_eq!(Reason::from_body(b"<html>401 - Unauthorized</html>"), Reason::default());
        assert_eq!(
            Reason::from_body(br#"{"code":"NotFound","subcode":"None","debugInfo":{}}"#).subcode,
            None
        );
    }
}
