//! The error kind and the sentence for each refusal and reason of a pool, decided here alone.
//!
//! Sources: ErrorsAndInformationalMessages, ErrorSubcode reference, messagingInvitation and message references
//! (July 2015, the last to list the reasons an operation may end with).

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use send_im_ucwa::hypermedia::DecodeError;
use send_im_ucwa::reason::Reason;
use send_im_ucwa::verdict::Speaker;

use crate::error::{Error, ErrorKind, Sent};
use crate::http::Answer;
use crate::steps::{Step, host_of};

impl Answer {
    /// The error of an answer that refuses the request; `doing` completes "… refused to".
    pub(crate) fn refusal(&self, step: Step, doing: &str) -> Error {
        let reason = Reason::from_body(&self.body);
        let host = host_of(&self.url);
        let kind = match kind_of_refusal(&reason, self.status) {
            ErrorKind::Closed if !may_end_a_session(step, self.status) => ErrorKind::ServiceError,
            // No other request carries the message, so the input is not at fault.
            ErrorKind::InvalidInput if !matches!(step, Step::Invite | Step::Send) => ErrorKind::ServiceError,
            // A gateway's refusal says nothing about the account or the message.
            _ if matches!(step, Step::Invite | Step::Send)
                && self.status < 500
                && !matches!(self.status, 408 | 429)
                && !self.speaker().is_pool() =>
            {
                ErrorKind::Protocol
            }
            kind => kind,
        };
        let pair = if reason == Reason::default() { String::new() } else { format!(" ({})", reason.pair()) };
        let status = self.status;
        let detail = match kind {
            ErrorKind::Throttled => format!("{host} asks to slow down; send again later."),
            ErrorKind::ServiceError => {
                format!("{host} failed to {doing}: HTTP {status}{pair}. Try again, or ask its administrator.")
            }
            ErrorKind::LimitReached => {
                format!("{host} refused to {doing}: a limit is reached{pair}; try again later.")
            }
            ErrorKind::Forbidden if self.diagnostics().is_some_and(|d| d.contains("cross domain")) => {
                format!(
                    "{host} refused to {doing}: a proxy in between adds an Origin header that it does not allow."
                )
            }
            ErrorKind::Forbidden => {
                format!("{host} does not permit this account to {doing}{pair}; ask its administrator.")
            }
            ErrorKind::Closed => {
                format!(
                    "{host} has ended this session: HTTP {status}{pair}; sign in again when that is settled."
                )
            }
            ErrorKind::Timeout => format!("{host} waited too long for the request to {doing}; try again."),
            ErrorKind::Protocol => format!(
                "{host} answered HTTP {status} to the request to {doing}; a proxy may answer in its place, or it is no Skype for Business server."
            ),
            _ => format!("{host} refused to {doing}: HTTP {status}{pair}."),
        };
        Error::new(kind, detail)
            .at(step)
            .with_status(self.status)
            .with_code(reason.code, reason.subcode)
            .with_diagnostics(self.diagnostics().map(Cow::into_owned))
            .with_retry_after(self.retry_after())
    }

    /// The error of an answer whose body is not `what` was asked for.
    pub(crate) fn not_understood(&self, step: Step, what: &str, why: &dyn std::fmt::Display) -> Error {
        let host = host_of(&self.url);
        let detail = match self.content_encoding() {
            Some(encoding) => format!(
                "{host} answered the request for {what} with a body that is compressed ({encoding}), which was not asked for; a proxy in between may do that: its administrator must leave answers as they are."
            ),
            None => {
                format!("{host} answered the request for {what} with {why}; a proxy may answer in its place.")
            }
        };
        Error::new(ErrorKind::Protocol, detail).at(step).with_status(self.status)
    }
}

/// True when this status at this step can mean that the session has ended. A 410 when it is opened counts too: a person has to
/// settle both (ApplicationDashboard).
fn may_end_a_session(step: Step, status: u16) -> bool {
    match step {
        Step::Discover | Step::SignIn => false,
        Step::OpenSession => status == 410,
        _ => true,
    }
}

/// The error of an answer that refuses to create an application.
pub(crate) fn session_refused(answer: &Answer) -> Error {
    let error = answer.refusal(Step::OpenSession, "open a session");
    match (answer.status, error.subcode()) {
        (410, Some("TooManyApplications")) => error.with_kind(
            ErrorKind::LimitReached,
            "This account has too many open sessions; sign out others or wait 15 minutes.",
        ),
        _ => error,
    }
}

/// The error of an answer that refuses to delete the application.
pub(crate) fn session_not_closed(answer: &Answer) -> Error {
    match (answer.status, answer.speaker()) {
        (200..=299 | 404 | 410, Speaker::Page | Speaker::PoolPage) => {
            answer.not_understood(Step::SignOut, "the session's end", &DecodeError::Html)
        }
        _ => answer.refusal(Step::SignOut, "close the session"),
    }
}

/// The error of an answer to a pending GET that ends the session for good.
pub(crate) fn session_ended(answer: &Answer) -> Error {
    let reason = Reason::from_body(&answer.body);
    let refusal = answer.refusal(Step::Confirm, "go on with the session");
    match answer.status {
        409 => Error::closed("Another program has taken over this session's event channel; sign in again.")
            .with_status(409)
            .with_code(reason.code, reason.subcode),
        410 => refusal.with_kind(
            kind_of_refusal(&reason, 410),
            format!(
                "The server has ended this session for good ({}); sign in again when that is settled.",
                reason.pair()
            ),
        ),
        _ => refusal,
    }
}

/// The error of a refused invitation. Where the recipient is the reason, it names the recipient and not the host.
pub(crate) fn invitation_refused(answer: &Answer, to: &str) -> Error {
    let (error, reason) =
        (answer.refusal(Step::Invite, "invite the recipient"), Reason::from_body(&answer.body));
    let detail = match error.kind() {
        ErrorKind::RecipientNotFound | ErrorKind::RecipientUnavailable => {
            failure(&reason, to).detail().to_owned()
        }
        ErrorKind::InvalidInput => {
            format!("The server refuses the invitation to {to} as it stands ({}).", reason.pair())
        }
        _ => return error,
    };
    let kind = error.kind();
    error.with_kind(kind, detail)
}

/// The error kind of an invitation or message to `to` that completed with Failure.
fn kind_of_failure(reason: &Reason) -> ErrorKind {
    use ErrorKind::*;
    match reason.words() {
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
/// Only a refusal proves that the text was not shown. After a timeout, a server failure or an unknown reason it may have been.
/// Source of the reasons: message reference.
pub(crate) fn message_failure(reason: &Reason, to: &str) -> Error {
    let error = failure(reason, to);
    match error.kind() {
        ErrorKind::NoAnswer | ErrorKind::ServiceError | ErrorKind::Cancelled => {
            may_have_arrived(error, reason, to)
        }
        _ => error,
    }
}

/// The error of an invitation to `to`, with the text in it, that completed with Failure.
///
/// It was not accepted, so the text was not delivered. An informational reason that is not known as a refusal may mean otherwise, as
/// ConnectedElsewhere does.
pub(crate) fn inline_text_failure(reason: &Reason, to: &str) -> Error {
    let error = failure(reason, to);
    match (reason.words().0, error.kind()) {
        ("Informational", ErrorKind::ServiceError) => may_have_arrived(error, reason, to),
        _ => error,
    }
}

fn may_have_arrived(error: Error, reason: &Reason, to: &str) -> Error {
    let detail = format!(
        "It is not known whether the message reached {to}: its delivery failed midway ({}).",
        reason.pair()
    );
    error.with_kind(ErrorKind::OutcomeUnknown, detail).with_sent(Sent::Maybe)
}

/// The error of an invitation to `to` that completed with Failure.
pub(crate) fn failure(reason: &Reason, to: &str) -> Error {
    let kind = kind_of_failure(reason);
    let detail = match (kind, reason.words().1) {
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
            format!("The client of {to} did not take the message ({}).", reason.pair())
        }
        (ErrorKind::RecipientNotFound, _) => {
            format!("The server knows no recipient {to}; check the address.")
        }
        (ErrorKind::Cancelled, _) => format!("The invitation to {to} was cancelled."),
        (ErrorKind::InvalidInput, _) => {
            format!("The server refuses the message to {to} as it stands ({}).", reason.pair())
        }
        (ErrorKind::Forbidden, _) => {
            format!("The sender is not permitted to message {to} ({}).", reason.pair())
        }
        (ErrorKind::LimitReached, _) => {
            format!("A limit of the server is reached ({}); close conversations or wait.", reason.pair())
        }
        (ErrorKind::Throttled, _) => "The server asks to slow down; send again later.".to_owned(),
        _ => format!("The server could not deliver the message to {to} ({}).", reason.pair()),
    };
    Error::new(kind, detail).with_code(reason.code.clone(), reason.subcode.clone())
}

/// The error kind of a request that was answered with `status` and this reason.
fn kind_of_refusal(reason: &Reason, status: u16) -> ErrorKind {
    use ErrorKind::*;
    match (status, reason.words().1) {
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
        // A reason of the protocol comes from the server itself, whatever the status.
        _ if reason.code.is_some() => ServiceError,
        _ => Protocol,
    }
}
