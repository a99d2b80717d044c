//! What went wrong, as a problem of RFC 9457 with the members of the error.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use send_im::{Error, ErrorKind, Sent};
use serde::Serialize;

/// What `Retry-After` says where a server throttles and names no time.
const SOME_TIME: Duration = Duration::from_secs(30);

/// A refusal of this service, or an error of a send. Its status is decided once, here or by whom refuses.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) error: Error,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    #[serde(flatten)]
    error: &'a Error,
    exit_code: u8,
}

impl Problem {
    /// A refusal of this service: nothing was sent.
    pub(crate) fn refused(status: StatusCode, kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { status, error: Error::new(kind, detail) }
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.error = self.error.with_retry_after(Some(Duration::from_secs(seconds)));
        self
    }

    /// The request is wrong in a way that has a status of its own.
    pub(crate) fn wrong(status: StatusCode, detail: &str) -> Self {
        Self::refused(status, ErrorKind::InvalidInput, detail)
    }

    /// What is told of it.
    pub(crate) fn body(&self) -> impl Serialize {
        Body {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            error: &self.error,
            exit_code: self.error.kind().exit_code(),
        }
    }

    pub(crate) fn closing() -> Self {
        let detail = "The service is stopping; nothing was sent.";
        Self::refused(StatusCode::SERVICE_UNAVAILABLE, ErrorKind::Closed, detail)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let asked = error.retry_after().or((error.kind() == ErrorKind::Throttled).then_some(SOME_TIME));
        Self { status: status_of(&error), error: error.with_retry_after(asked) }
    }
}

/// The status that tells a caller what to do.
///
/// Programs and proxies repeat a request by themselves after 408, 429 and 5xx. So where the message may have arrived, the
/// status is 409 whatever the kind: looking comes before sending again.
fn status_of(error: &Error) -> StatusCode {
    if error.sent() == Sent::Maybe {
        return StatusCode::CONFLICT;
    }
    match error.kind() {
        ErrorKind::InvalidInput => StatusCode::BAD_REQUEST,
        // 401 would speak of the credentials of this request, and ask for others.
        ErrorKind::SignInRefused | ErrorKind::SignInUnsupported | ErrorKind::Forbidden => {
            StatusCode::FORBIDDEN
        }
        ErrorKind::RecipientNotFound => StatusCode::NOT_FOUND,
        ErrorKind::RecipientUnavailable
        | ErrorKind::Declined
        | ErrorKind::NoAnswer
        | ErrorKind::Busy
        | ErrorKind::OutcomeUnknown => StatusCode::CONFLICT,
        ErrorKind::Throttled => StatusCode::TOO_MANY_REQUESTS,
        // The credential of the service's own account is not at hand; nothing is wrong with the request.
        ErrorKind::CredentialUnavailable
        | ErrorKind::LimitReached
        | ErrorKind::Cancelled
        | ErrorKind::Closed => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        // Discovery, trust, TLS, network, the server's own failures, and kinds that are still to come.
        _ => StatusCode::BAD_GATEWAY,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = self.error.retry_after() {
            headers.insert(header::RETRY_AFTER, (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"send-im\""));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_arrived_is_never_a_status_that_programs_repeat() {
        for kind in ErrorKind::ALL {
            let problem = Problem::from(Error::new(*kind, "x").with_sent(Sent::Maybe));
            assert_eq!(problem.status, 409, "{kind}");
        }
    }

    #[test]
    fn every_kind_has_a_status_of_a_failure() {
        for kind in ErrorKind::ALL {
            let status = Problem::from(Error::new(*kind, "x")).status;
            assert!(status.is_client_error() || status.is_server_error(), "{kind}");
            assert_ne!(status, 401, "{kind}: that is about the token of this service");
        }
    }
}
