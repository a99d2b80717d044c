//! One exchange: the request is read and recorded, answered, and the response recorded.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{self, Uri};
use bytes::Bytes;
use hyper::body::Body as _;

use crate::connection::handle::ConnectionHandle;
use crate::dispatch::fault_injection;
use crate::dispatch::route::route;
use crate::http::request::Request;
use crate::http::response::{self, Response, UcwaError};
use crate::state::contents::Part;
use crate::state::journal::ClosedBy;
use crate::state::shared::SharedState;
use crate::values::fault::Route;
use crate::values::origin::RequestedHost;

/// The longest body that is read, in bytes. A longer one has its connection closed.
const MAX_READ_BODY: usize = 16 * 1024 * 1024;
/// The longest body that is accepted, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// Answers a UCWA request. `number` is that of its connection.
pub(crate) async fn answer(
    shared: Arc<SharedState>,
    pool: usize,
    number: u64,
    (connection, stream): (ConnectionHandle, Option<u32>),
    request: http::Request<Body>,
) -> Response {
    let (head, body) = request.into_parts();
    let segments = Request::split(head.uri.path());
    let mut request = Request {
        number: 0,
        method: head.method,
        segments,
        query: head.uri.query().unwrap_or_default().to_owned(),
        requested_host: RequestedHost::of(&head.uri, &head.headers),
        headers: head.headers,
        body: Bytes::new(),
        pool,
        connection,
        stream,
    };
    request.number = shared.journal.record_request(
        request.method.to_string(),
        journal_path(&head.uri, &request),
        shared.origin(pool).url().to_owned(),
        pool,
        number,
    );
    let _unanswered =
        Unanswered { shared: &shared, number: request.number, connection: request.connection.clone() };
    let route = route(&request);
    let secret = route == Some(Route::Token);
    let mut response = match axum::body::to_bytes(body, MAX_READ_BODY).await {
        // The connection is about to end, and with it this future.
        Ok(_) if request.connection.has_refused(request.stream) => std::future::pending().await,
        Ok(body) if body.len() <= MAX_BODY => {
            request.body = body;
            shared.journal.record_contents(request.number, Part::of(&request.headers, &request.body, secret));
            fault_injection::answer(&shared, &request, route).await
        }
        _ => UcwaError::TooLarge.into(),
    };
    response::add_server_headers(&mut response, pool);
    response::add_date(&mut response, shared.config.clock_ahead);
    let (number, status) = (request.number, response.status().as_u16());
    let (response, answer) = read(response, secret).await;
    shared.journal.record_answer(number, status, answer);
    tracing::debug!(number, pool, method = %request.method, status, "answered");
    response
}

/// A request from its arrival on. It is dropped with its connection or its stream, and then had no answer.
struct Unanswered<'a> {
    shared: &'a SharedState,
    number: u64,
    connection: ConnectionHandle,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let by = if self.connection.is_ending() { ClosedBy::Sandbox } else { ClosedBy::Client };
        self.shared.journal.record_closed(self.number, by);
    }
}

/// The response, and its contents. A body of unknown or great length is made by a fault, and not read.
async fn read(response: Response, secret: bool) -> (Response, Part) {
    let (head, body) = response.into_parts();
    if body.size_hint().exact().is_none_or(|bytes| bytes > MAX_READ_BODY as u64) {
        let answer = Part::of(&head.headers, b"", secret);
        return (Response::from_parts(head, body), answer);
    }
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let answer = Part::of(&head.headers, &body, secret);
    (Response::from_parts(head, Body::from(body)), answer)
}

/// The path and query for the journal; no query of token requests, which may have a password in it.
fn journal_path(uri: &Uri, request: &Request) -> String {
    let secret = route(request) == Some(Route::Token);
    let whole = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
    if secret { uri.path().to_owned() } else { whole.to_owned() }
}
