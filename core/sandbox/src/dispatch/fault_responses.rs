//! The responses that faults send instead of the resource's own.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, RETRY_AFTER};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::http::response::{self, DIAGNOSTICS, Response};
use crate::values::fault::{ErrorBody, GatewayBody};

/// The response of [`Action::Status`](crate::Action).
pub(super) fn error(http: u16, code: Option<&str>, subcode: Option<&str>, body: ErrorBody) -> Response {
    let status = StatusCode::from_u16(http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = code.unwrap_or_else(|| usual_code(status.as_u16()));
    let subcode = subcode.unwrap_or("None");
    let sentence = "A fault of the sandbox.";
    match body {
        ErrorBody::Json => response::failure(status.as_u16(), code, subcode, sentence),
        ErrorBody::Html => response::page(status, &format!("{} - {code}", status.as_u16())),
        ErrorBody::Text => response::typed(status, "text/plain", format!("{code}: {sentence}")),
    }
}

/// The response of [`Action::GatewayError`](crate::Action).
pub(super) fn gateway_error(http: u16, body: GatewayBody) -> Response {
    let status = StatusCode::from_u16(http).unwrap_or(StatusCode::BAD_GATEWAY);
    let sentence = "A fault of the sandbox: a gateway answers.";
    let json = |value: Value| response::json(status, &value);
    let mut response = match body {
        GatewayBody::Html => response::page(status, &format!("{http} - {}", usual_code(http))),
        GatewayBody::JsonCode => json(json!({ "code": "UNAVAILABLE", "message": sentence })),
        GatewayBody::JsonNumber => json(json!({ "code": http, "message": sentence })),
        GatewayBody::UcwaError => {
            let problem = json!({ "type": "about:blank", "title": sentence, "status": http });
            response::typed(status, "application/problem+json", problem.to_string())
        }
        GatewayBody::Xml => {
            let xml = format!(
                "<?xml version=\"1.0\"?><error><code>{http}</code><reason>{sentence}</reason></error>"
            );
            response::typed(status, "application/xml", xml)
        }
        GatewayBody::Empty => response::empty(status),
    };
    response.extensions_mut().insert(response::FromGateway);
    response
}

/// The code that goes with a status (ErrorsAndInformationalMessages).
fn usual_code(status: u16) -> &'static str {
    match status {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        408 => "ClientTimeout",
        409 => "Conflict",
        410 => "Gone",
        412 => "PreconditionFailed",
        413 => "EntityTooLarge",
        415 => "UnsupportedMediaType",
        428 => "PreconditionRequired",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => "ServiceFailure",
    }
}

/// Adds the headers of [`Action::Status`](crate::Action) that are given.
pub(super) fn with_headers(
    response: Response,
    retry_after: Option<u64>,
    diagnostics: Option<&str>,
) -> Response {
    let seconds = retry_after.map(|seconds| seconds.to_string());
    let headers = [(RETRY_AFTER, seconds.as_deref()), (DIAGNOSTICS, diagnostics)];
    headers.into_iter().fold(response, |response, (name, value)| match value {
        Some(value) => response::with(response, name, value),
        None => response,
    })
}

/// The head and the whole body.
pub(super) async fn read_body(response: Response) -> (axum::http::response::Parts, Bytes) {
    let (head, body) = response.into_parts();
    // The body is in memory, so this cannot fail.
    (head, axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default())
}

/// Makes the body at least this long: a JSON object by one more member, anything else by spaces.
pub(super) async fn oversized(response: Response, bytes: usize) -> Response {
    let (mut head, whole) = read_body(response).await;
    head.headers.remove(CONTENT_LENGTH);
    let missing = bytes.saturating_sub(whole.len());
    let grown = match serde_json::from_slice::<Value>(&whole) {
        Ok(Value::Object(mut members)) => {
            members.insert("padding".to_owned(), Value::String(String::new()));
            // Inserted into the text: serializing many megabytes would be slow.
            let whole = Value::Object(members).to_string();
            let (before, after) = whole.split_once("\"padding\":\"").unwrap_or((&whole, ""));
            [before, "\"padding\":\"", &"x".repeat(missing), after].concat().into_bytes()
        }
        _ => [whole.as_ref(), &vec![b' '; missing]].concat(),
    };
    Response::from_parts(head, Body::from(grown))
}
