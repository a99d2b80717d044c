//! Faults at work: what they do to a request and to its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::dispatch;
use crate::faults::{Action, ErrorBody, GatewayBody, Route};
use crate::frames;
use crate::input::Call;
use crate::reply::{self, Reply};
use crate::world::World;

/// So long the first half of a cut body has to leave before the connection is closed.
const LEAVING: Duration = Duration::from_millis(50);

/// Answers a request with the fault that waits for it, if any.
pub(crate) async fn answer(world: &Arc<World>, call: &Call, route: Option<Route>) -> Reply {
    match world.faults.for_answer(route) {
        None => dispatch::process(world, call).await,
        Some(Action::Status { http, code, subcode, retry_after, body, diagnostics }) => {
            let reply = error(http, code.as_deref(), subcode.as_deref(), body);
            let reply = match retry_after {
                Some(seconds) => reply::with(reply, RETRY_AFTER, &seconds.to_string()),
                None => reply,
            };
            match diagnostics {
                Some(value) => reply::with(reply, HeaderName::from_static("x-ms-diagnostics"), &value),
                None => reply,
            }
        }
        Some(Action::Delay { time }) => {
            tokio::time::sleep(time).await;
            dispatch::process(world, call).await
        }
        Some(Action::DelayAnswer { time }) => {
            let reply = dispatch::process(world, call).await;
            tokio::time::sleep(time).await;
            reply
        }
        Some(Action::GatewayError { http, body, processed }) => {
            if processed {
                drop(dispatch::process(world, call).await);
            }
            gateway_error(http, body)
        }
        Some(Action::DropBefore) => hang_up(call).await,
        Some(Action::DropAfter) => {
            drop(dispatch::process(world, call).await);
            hang_up(call).await
        }
        Some(Action::ResetBefore) => reset(call).await,
        Some(Action::ResetAfter) => {
            drop(dispatch::process(world, call).await);
            reset(call).await
        }
        Some(Action::ResetStream { error, processed }) if call.stream.is_some() => {
            if processed {
                drop(dispatch::process(world, call).await);
            }
            let mut reply = reply::empty(StatusCode::SERVICE_UNAVAILABLE);
            reply.extensions_mut().insert(frames::Reset(error.into()));
            reply
        }
        Some(Action::GoAway { error, processed }) if call.stream.is_some() => {
            if processed {
                drop(dispatch::process(world, call).await);
            }
            let stream = call.stream.unwrap_or_default();
            // Those of a client have odd numbers.
            let last = if processed { stream } else { stream.saturating_sub(2) };
            call.connection.say(frames::go_away(last, error));
            tokio::time::sleep(LEAVING).await;
            hang_up(call).await
        }
        Some(Action::ThenRefuse { time }) => {
            let reply = dispatch::process(world, call).await;
            world.door(call.pool).refuse(time, Some(&call.connection)).await;
            last(reply)
        }
        Some(Action::ThenDistrust { connections }) => {
            let reply = dispatch::process(world, call).await;
            world.door(call.pool).distrust(connections, Some(&call.connection));
            last(reply)
        }
        Some(Action::CutBody) => cut(dispatch::process(world, call).await, call).await,
        Some(Action::HtmlInstead) => reply::page(StatusCode::OK, "Please sign in to this network."),
        Some(Action::WrongContentType) => {
            let mut reply = dispatch::process(world, call).await;
            reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            reply
        }
        Some(Action::Oversized { bytes }) => oversized(dispatch::process(world, call).await, bytes).await,
        // Faults about events are taken where the events are made.
        Some(_) => dispatch::process(world, call).await,
    }
}

/// Ends the connection without an answer. The connection's task drops this one.
async fn hang_up(call: &Call) -> Reply {
    call.connection.hang_up();
    std::future::pending().await
}

/// As [`hang_up`], with a TCP reset.
async fn reset(call: &Call) -> Reply {
    call.connection.reset();
    std::future::pending().await
}

/// The last answer of its connection.
fn last(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

fn error(http: u16, code: Option<&str>, subcode: Option<&str>, body: ErrorBody) -> Reply {
    let status = StatusCode::from_u16(http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = code.unwrap_or_else(|| usual_code(status.as_u16()));
    let subcode = subcode.unwrap_or("None");
    let sentence = "The sandbox was asked to answer so.";
    match body {
        ErrorBody::Json => reply::failure(status.as_u16(), code, subcode, sentence),
        ErrorBody::Html => reply::page(status, &format!("{} - {code}", status.as_u16())),
        ErrorBody::Text => reply::typed(status, "text/plain", format!("{code}: {sentence}")),
    }
}

/// What a gateway says in the server's place.
fn gateway_error(http: u16, body: GatewayBody) -> Reply {
    let status = StatusCode::from_u16(http).unwrap_or(StatusCode::BAD_GATEWAY);
    let sentence = "The sandbox was asked to answer as a gateway.";
    let json = |value: Value| reply::json(status, &value);
    let mut reply = match body {
        GatewayBody::Html => reply::page(status, &format!("{http} - {}", usual_code(http))),
        GatewayBody::JsonCode => json(json!({ "code": "UNAVAILABLE", "message": sentence })),
        GatewayBody::JsonNumber => json(json!({ "code": http, "message": sentence })),
        GatewayBody::Problem => {
            let problem = json!({ "type": "about:blank", "title": sentence, "status": http });
            reply::typed(status, "application/problem+json", problem.to_string())
        }
        GatewayBody::Xml => {
            let xml = format!(
                "<?xml version=\"1.0\"?><error><code>{http}</code><reason>{sentence}</reason></error>"
            );
            reply::typed(status, "application/xml", xml)
        }
        GatewayBody::Empty => reply::empty(status),
    };
    reply.extensions_mut().insert(reply::Unsigned);
    reply
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

/// The whole body of an answer of the sandbox.
async fn body_of(reply: Reply) -> (axum::http::response::Parts, Bytes) {
    let (head, body) = reply.into_parts();
    // Bodies made here are in memory, so reading them cannot fail.
    (head, axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default())
}

/// Announces the whole body, sends half of it and ends the connection.
async fn cut(reply: Reply, call: &Call) -> Reply {
    let (mut head, whole) = body_of(reply).await;
    if whole.is_empty() {
        return hang_up(call).await;
    }
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = whole.slice(..whole.len() / 2);
    let connection = call.connection.clone();
    let rest = async move {
        tokio::time::sleep(LEAVING).await;
        connection.hang_up();
        std::future::pending::<Result<Bytes, std::io::Error>>().await
    };
    let body = futures_util::stream::once(async move { Ok(half) });
    let body = futures_util::StreamExt::chain(body, futures_util::stream::once(rest));
    Reply::from_parts(head, Body::from_stream(body))
}

/// Lets the body grow: a JSON object by one more member, anything else by blanks.
async fn oversized(reply: Reply, bytes: usize) -> Reply {
    let (mut head, whole) = body_of(reply).await;
    head.headers.remove(CONTENT_LENGTH);
    let missing = bytes.saturating_sub(whole.len());
    let grown = match serde_json::from_slice::<Value>(&whole) {
        Ok(Value::Object(mut members)) => {
            members.insert("padding".to_owned(), Value::String(String::new()));
            // Put in by hand: to write many megabytes as JSON takes its time.
            let whole = Value::Object(members).to_string();
            let (before, after) = whole.split_once("\"padding\":\"").unwrap_or((&whole, ""));
            [before, "\"padding\":\"", &"x".repeat(missing), after].concat().into_bytes()
        }
        _ => [whole.as_ref(), &vec![b' '; missing]].concat(),
    };
    Reply::from_parts(head, Body::from(grown))
}
