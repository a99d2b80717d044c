//! Answers in the forms a pool gives them.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, SERVER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

/// An answer of the sandbox.
pub(crate) type Reply = Response<Body>;

/// A body as JSON.
pub(crate) fn json(status: StatusCode, body: &Value) -> Reply {
    typed(status, "application/json", body.to_string())
}

/// A resource of an application; the samples name the character set for these.
pub(crate) fn resource(body: &Value) -> Reply {
    typed(StatusCode::OK, "application/json; charset=utf-8", body.to_string())
}

/// No body at all.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Reply::new(Body::empty());
    *reply.status_mut() = status;
    reply
}

/// 201 with a `Location` and no body.
pub(crate) fn created(location: &str) -> Reply {
    with(empty(StatusCode::CREATED), LOCATION, location)
}

/// A page of the web server itself, which is what a pool sends when the request never reached UCWA.
pub(crate) fn page(status: StatusCode, heading: &str) -> Reply {
    with(typed(status, "text/html", page_text(heading)), X_CONTENT_TYPE_OPTIONS, "nosniff")
}

/// The text of such a page.
fn page_text(heading: &str) -> String {
    format!(
        "<!DOCTYPE html>\r\n<html><head><title>{heading}</title></head>\r\n<body>\r\n\
         <div id=\"header\"><h1>Server Error</h1></div>\r\n<div id=\"content\"><h2>{heading}</h2></div>\r\n\
         </body></html>\r\n"
    )
}

/// A body of any type.
pub(crate) fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Reply {
    let mut reply = Reply::new(body.into());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// The same answer with one more header line. A value no header can hold is left out.
pub(crate) fn with(mut reply: Reply, name: impl Into<HeaderName>, value: &str) -> Reply {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().append(name.into(), value);
    }
    reply
}

/// Marks an answer that is not a pool's.
#[derive(Clone, Copy)]
pub(crate) struct Unsigned;

/// Adds what every sample of a pool's answer carries.
pub(crate) fn sign(reply: &mut Reply, server: &str) {
    if reply.extensions_mut().remove::<Unsigned>().is_some() {
        return;
    }
    let headers = reply.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    headers.insert(SERVER, HeaderValue::from_static("Microsoft-IIS/7.5"));
    headers.insert("x-aspnet-version", HeaderValue::from_static("4.0.30319"));
    headers.insert("x-powered-by", HeaderValue::from_static("ASP.NET"));
    if let Ok(server) = HeaderValue::from_str(server) {
        headers.insert("x-ms-server-fqdn", server);
    }
}

/// The errors of UCWA: status, `code` and `subcode` (ErrorsAndInformationalMessages).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    Deserialization,
    NotPermitted,
    ApplicationGone,
    ConversationGone,
    NoSuchResource,
    VersionUnknown,
    MethodNotAllowed,
    PollReplaced,
    AlreadyExists,
    MakeMeAvailableRequired,
    WrongState,
    EtagStale,
    EtagMissing,
    TooLarge,
    MediaType,
    Stopping,
}

impl Problem {
    fn parts(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::Deserialization => {
                (400, "BadRequest", "DeserializationFailure", "The request body could not be read.")
            }
            Self::NotPermitted => (403, "Forbidden", "None", "This action is not permitted."),
            Self::ApplicationGone => {
                (404, "NotFound", "ApplicationNotFound", "The application was not found.")
            }
            Self::ConversationGone => {
                (404, "NotFound", "ConversationNotFound", "The conversation was not found.")
            }
            Self::NoSuchResource => (404, "NotFound", "None", "The resource was not found."),
            Self::VersionUnknown => {
                (404, "NotFound", "APIVersionNotSupported", "No resource has so high a revision here.")
            }
            Self::MethodNotAllowed => {
                (405, "MethodNotAllowed", "None", "The resource does not offer this method.")
            }
            Self::PollReplaced => {
                (409, "Conflict", "PGetReplaced", "Another event request took the place of this one.")
            }
            Self::AlreadyExists => (409, "Conflict", "AlreadyExists", "The resource already exists."),
            Self::MakeMeAvailableRequired => {
                (409, "Conflict", "MakeMeAvailableRequired", "The user has not been made available yet.")
            }
            Self::WrongState => (409, "Conflict", "None", "The resource is not in a state that allows this."),
            Self::EtagStale => {
                (412, "PreconditionFailed", "None", "The resource has changed since it was read.")
            }
            Self::EtagMissing => {
                (428, "PreconditionRequired", "None", "The request needs an If-Match header.")
            }
            Self::TooLarge => (413, "EntityTooLarge", "None", "The request body is too large."),
            Self::MediaType => (415, "UnsupportedMediaType", "None", "The media type is not supported here."),
            Self::Stopping => (503, "ServiceUnavailable", "None", "The service is shutting down."),
        }
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        let (status, code, subcode, message) = problem.parts();
        failure(status, code, subcode, message)
    }
}

/// An error body of UCWA with any status.
pub(crate) fn failure(status: u16, code: &str, subcode: &str, message: &str) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(status, &json!({ "code": code, "subcode": subcode, "message": message }))
}

/// 400 that names the input members at fault. `parameters` is an array, as live servers send it.
pub(crate) fn invalid(parameters: &[(&str, String)]) -> Reply {
    let parameters: Vec<Value> =
        parameters.iter().map(|(name, reason)| json!({ "name": name, "reason": reason })).collect();
    json(
        StatusCode::BAD_REQUEST,
        &json!({
            "code": "BadRequest",
            "subcode": "ParameterValidationFailure",
            "message": "One or more parameters are not valid.",
            "parameters": parameters,
        }),
    )
}
