//! Responses in the forms a pool sends.

use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, LOCATION, SERVER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

/// A response of the sandbox.
pub(crate) type Response = axum::http::Response<Body>;

/// A body as JSON.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response {
    typed(status, "application/json", body.to_string())
}

/// A resource of an application; the samples name the character set for these.
pub(crate) fn resource(body: &Value) -> Response {
    typed(StatusCode::OK, "application/json; charset=utf-8", body.to_string())
}

/// No body at all.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// 201 with a `Location` and no body.
pub(crate) fn created(location: &str) -> Response {
    with(empty(StatusCode::CREATED), LOCATION, location)
}

/// A page of the web server, which a pool sends where the request did not reach UCWA.
pub(crate) fn page(status: StatusCode, heading: &str) -> Response {
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
pub(crate) fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The same response with one more header line. An invalid value is left out.
pub(crate) fn with(mut response: Response, name: impl Into<HeaderName>, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(name.into(), value);
    }
    response
}

/// An extension of a response: a gateway sends it, so the server's headers are left out.
#[derive(Clone, Copy)]
pub(crate) struct FromGateway;

/// Adds the headers that every response of a pool has.
pub(crate) fn add_server_headers(response: &mut Response, pool: usize) {
    if response.extensions_mut().remove::<FromGateway>().is_some() {
        return;
    }
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    headers.insert(SERVER, HeaderValue::from_static("Microsoft-IIS/7.5"));
    headers.insert("x-aspnet-version", HeaderValue::from_static("4.0.30319"));
    headers.insert("x-powered-by", HeaderValue::from_static("ASP.NET"));
    headers.insert("x-ms-server-fqdn", HeaderValue::from_static(server_name(pool)));
}

/// Adds the time of a clock that is ahead by so many seconds. A right one needs no word: hyper adds its time.
pub(crate) fn add_date(response: &mut Response, ahead: i64) {
    if ahead == 0 {
        return;
    }
    let (now, difference) = (SystemTime::now(), Duration::from_secs(ahead.unsigned_abs()));
    let time = if ahead < 0 { now - difference } else { now + difference };
    if let Ok(value) = HeaderValue::from_str(&httpdate::fmt_http_date(time)) {
        response.headers_mut().insert(DATE, value);
    }
}

/// The name an origin gives itself in `X-MS-Server-Fqdn` and in diagnostics.
pub(crate) fn server_name(pool: usize) -> &'static str {
    if pool == 0 { "SANDBOX-FE1.contoso.com" } else { "SANDBOX-FE2.contoso.com" }
}

/// The header that carries diagnostics (AuthenticationInUCWA).
pub(crate) const DIAGNOSTICS: HeaderName = HeaderName::from_static("x-ms-diagnostics");

/// The same response with an `X-Ms-diagnostics` header.
pub(crate) fn diagnosed(response: Response, id: u32, pool: usize, reason: &str) -> Response {
    let value = format!("{id};source=\"{}\";reason=\"{reason}\"", server_name(pool));
    with(response, DIAGNOSTICS, &value)
}

/// The errors of UCWA: status, `code` and `subcode` (ErrorsAndInformationalMessages).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UcwaError {
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

impl UcwaError {
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

impl From<UcwaError> for Response {
    fn from(problem: UcwaError) -> Self {
        let (status, code, subcode, message) = problem.parts();
        failure(status, code, subcode, message)
    }
}

/// An error body of UCWA.
pub(crate) fn failure(status: u16, code: &str, subcode: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(status, &json!({ "code": code, "subcode": subcode, "message": message }))
}

/// 400 that names the invalid members of the input. `parameters` is an array, as live servers send it.
pub(crate) fn invalid(parameters: &[(&str, String)]) -> Response {
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
