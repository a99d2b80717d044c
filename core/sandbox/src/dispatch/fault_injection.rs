//! The faults that lie on a request: what they do to it and to its response.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use crate::connection::http2::ResetStream;
use crate::dispatch::fault_responses::{error, gateway_error, oversized, read_body, with_headers};
use crate::dispatch::router;
use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::state::shared::SharedState;
use crate::values::fault::{Action, Route};

/// How long bytes have to be sent before their connection is closed.
const FLUSH_DELAY: Duration = Duration::from_millis(50);

/// Answers a request with the fault that is to hit it, if any.
pub(super) async fn answer(shared: &Arc<SharedState>, request: &Request, route: Option<Route>) -> Response {
    let process = || router::process(shared, request);
    let process_if = async |processed: bool| {
        if processed {
            drop(process().await);
        }
    };
    match shared.faults.for_answer(route) {
        Some(Action::Status { http, code, subcode, retry_after, body, diagnostics }) => {
            let response = error(http, code.as_deref(), subcode.as_deref(), body);
            with_headers(response, retry_after, diagnostics.as_deref())
        }
        Some(Action::Delay { time }) => {
            tokio::time::sleep(time).await;
            process().await
        }
        Some(Action::DelayAnswer { time }) => {
            let response = process().await;
            tokio::time::sleep(time).await;
            response
        }
        Some(Action::GatewayError { http, body, processed }) => {
            process_if(processed).await;
            gateway_error(http, body)
        }
        Some(action @ (Action::DropBefore | Action::DropAfter)) => {
            process_if(action == Action::DropAfter).await;
            hang_up(request).await
        }
        Some(action @ (Action::ResetBefore | Action::ResetAfter)) => {
            process_if(action == Action::ResetAfter).await;
            reset(request).await
        }
        Some(Action::ResetStream { error, processed }) if request.stream.is_some() => {
            process_if(processed).await;
            reset_stream(error)
        }
        Some(Action::GoAway { error, processed }) if request.stream.is_some() => {
            process_if(processed).await;
            send_go_away(request, error, processed).await
        }
        Some(Action::ThenRefuse { time }) => {
            let response = process().await;
            shared.listener(request.pool).refuse(time, Some(&request.connection)).await;
            with_header(response, CONNECTION, "close")
        }
        Some(Action::ThenDistrust { connections }) => {
            let response = process().await;
            shared.listener(request.pool).distrust(connections, Some(&request.connection));
            with_header(response, CONNECTION, "close")
        }
        Some(Action::CutBody) => cut(process().await, request).await,
        Some(Action::HtmlInstead) => response::page(StatusCode::OK, "Please sign in to this network."),
        Some(Action::WrongContentType) => with_header(process().await, CONTENT_TYPE, "text/plain"),
        Some(Action::Oversized { bytes }) => oversized(process().await, bytes).await,
        // No fault, or one that HTTP/1.1 does not know. Those about events are applied where events are queued.
        _ => process().await,
    }
}

/// Ends the connection without a response: the connection's task drops this future.
async fn hang_up(request: &Request) -> Response {
    request.connection.hang_up();
    std::future::pending().await
}

/// As [`hang_up`], with a TCP reset.
async fn reset(request: &Request) -> Response {
    request.connection.reset();
    std::future::pending().await
}

/// Sends GOAWAY and ends the connection. The stream of a processed request is the last one that the frame names.
async fn send_go_away(request: &Request, error: u32, processed: bool) -> Response {
    let stream = request.stream.unwrap_or_default();
    // A client's streams have odd numbers.
    let last = if processed { stream } else { stream.saturating_sub(2) };
    request.connection.go_away(last, error);
    tokio::time::sleep(FLUSH_DELAY).await;
    hang_up(request).await
}

/// A response whose stream is reset in its place.
fn reset_stream(error: u32) -> Response {
    let mut response = response::empty(StatusCode::SERVICE_UNAVAILABLE);
    response.extensions_mut().insert(ResetStream(error.into()));
    response
}

/// The same response with this header, instead of one with the same name.
fn with_header(mut response: Response, name: HeaderName, value: &'static str) -> Response {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

/// Announces the whole body, sends half of it and ends the connection.
async fn cut(response: Response, request: &Request) -> Response {
    let (mut head, whole) = read_body(response).await;
    if whole.is_empty() {
        return hang_up(request).await;
    }
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = whole.slice(..whole.len() / 2);
    let connection = request.connection.clone();
    let rest = async move {
        tokio::time::sleep(FLUSH_DELAY).await;
        connection.hang_up();
        std::future::pending::<Result<Bytes, std::io::Error>>().await
    };
    let body = stream::once(async move { Ok(half) }).chain(stream::once(rest));
    Response::from_parts(head, Body::from_stream(body))
}
