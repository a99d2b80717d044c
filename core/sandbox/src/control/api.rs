//! The control interface: its resources, the same at every origin. Its page is in `page`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{self, HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::control::{access, exchanges, live, page};
use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::resources::conversation::stop;
use crate::state::shared::SharedState;
use crate::values::from_json;

/// The longest body that is read, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// True for what [`answer`] answers; the rest is a pool's.
pub(crate) fn is_control(path: &str) -> bool {
    let segments = Request::split(path);
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    path.starts_with(&["sandbox", "api"]) || page::is_page(&path)
}

/// Answers a request for the page, or one below `/sandbox/api/`, that this origin received.
pub(crate) async fn answer(shared: Arc<SharedState>, pool: usize, request: http::Request<Body>) -> Response {
    let segments = Request::split(request.uri().path());
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let checked = match page::is_page(&path) {
        // Its files are the same everywhere and hold no message, so a link may lead to it.
        true => access::check_host(shared.origin(pool), &request).map(drop),
        false => access::check(shared.origin(pool), &request),
    };
    let mut response = match checked {
        Err(why) => refused(StatusCode::FORBIDDEN, why),
        Ok(()) if page::is_page(&path) => page::answer(&request, &path),
        Ok(()) if request.method() == Method::GET && path == ["sandbox", "api", "events"] => {
            live::stream(shared)
        }
        Ok(()) => route(shared, request).await,
    };
    // Messages contain what any client sent: a browser must not show a response as a page.
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The page has a policy of its own.
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    response
}

/// Answers a request that is known to be permitted.
pub(crate) async fn route(shared: Arc<SharedState>, request: http::Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long");
    };
    if !body.is_empty() && !access::is_json(&head.headers) {
        let why = "a body is JSON here, and its Content-Type is application/json";
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
    }
    let segments = Request::split(head.uri.path());
    let path: Vec<&str> = segments.iter().skip(2).map(String::as_str).collect();
    let answer = match head.method {
        Method::GET => read(&shared, &path, head.uri.query().unwrap_or_default()).await,
        method => change(&shared, &method, &path, &body),
    };
    answer.unwrap_or_else(|| refused(StatusCode::NOT_FOUND, "there is no such resource or method"))
}

/// Answers a GET; none where there is no such resource.
async fn read(shared: &SharedState, path: &[&str], query: &str) -> Option<Response> {
    let query = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let number = |name, usual| query(name).map_or(Some(usual), |text| text.parse::<u64>().ok());
    let last = || number("last", u64::MAX).map(|last| usize::try_from(last).unwrap_or(usize::MAX));
    let invalid = |names: &str| refused(StatusCode::BAD_REQUEST, names);
    Some(match path {
        ["messages"] => match (query("to"), last()) {
            (_, None) => invalid("last is a whole number"),
            (Some(to), Some(last)) => found(&ending(shared.inbox.of(&to), last)),
            (None, Some(last)) => found(&ending(shared.inbox.all(), last)),
        },
        ["messages", "wait"] => match (number("count", 1), number("timeout_ms", 10_000)) {
            (Some(count), Some(timeout)) => wait(shared, count, timeout).await,
            _ => invalid("count and timeout_ms are whole numbers"),
        },
        ["messages", number] => {
            let message = shared.inbox.get(number.parse().ok()?);
            found_if(message.map(|message| exchanges::story(&shared.journal, message)), "message")
        }
        ["journal"] => match last() {
            Some(last) => found(&shared.journal.last(last)),
            None => invalid("last is a whole number"),
        },
        ["journal", number] => found_if(exchanges::whole(&shared.journal, number.parse().ok()?), "request"),
        ["faults"] => found(&shared.faults.all()),
        ["recipients"] => found(&shared.recipients.all()),
        ["state"] => found(&json!({
            "open_applications": shared.open_applications(),
            "pending_gets": shared.pending_gets(),
        })),
        _ => return None,
    })
}

/// The last of these, so many at most.
fn ending<T>(mut list: Vec<T>, most: usize) -> Vec<T> {
    list.split_off(list.len().saturating_sub(most))
}

/// Carries out any other request; none where there is no such resource or method.
fn change(shared: &SharedState, method: &Method, path: &[&str], body: &[u8]) -> Option<Response> {
    Some(match (method.as_str(), path) {
        ("DELETE", ["messages"]) => done(|| shared.inbox.clear()),
        ("DELETE", ["journal"]) => done(|| shared.journal.clear()),
        ("DELETE", ["faults"]) => done(|| {
            shared.faults.set(Vec::new());
            shared.reopen_listeners();
        }),
        ("PUT", ["faults"]) => apply(from_json::faults(body), "a fault", |faults| shared.faults.set(faults)),
        ("POST", ["faults"]) => apply(from_json::faults(body), "a fault", |faults| shared.faults.add(faults)),
        ("PUT", ["challenge"]) => {
            apply(from_json::challenge(body), "a challenge", |style| *shared.challenge.lock() = style)
        }
        ("PUT", ["recipients", address]) => apply(from_json::behaviour(body), "a behaviour", |behaviour| {
            shared.recipients.set(address, behaviour);
        }),
        ("DELETE", ["recipients"]) => done(|| shared.recipients.clear()),
        ("DELETE", ["recipients", address]) => done(|| shared.recipients.unset(address)),
        ("POST", ["tokens", address]) => found(&json!({ "token": shared.issue_token(address) })),
        ("POST", ["actions", action]) => act(shared, action),
        _ => return None,
    })
}

async fn wait(shared: &SharedState, count: u64, timeout: u64) -> Response {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let waited = tokio::select! {
        waited = shared.inbox.wait_for(count, Duration::from_millis(timeout)) => waited,
        () = shared.closing.cancelled() => {
            return refused(StatusCode::SERVICE_UNAVAILABLE, "the sandbox is shutting down");
        }
    };
    match waited {
        Ok(messages) => found(&messages),
        Err(timeout) => refused(StatusCode::REQUEST_TIMEOUT, &timeout.to_string()),
    }
}

fn act(shared: &SharedState, action: &str) -> Response {
    match action {
        "revoke-tokens" => done(|| shared.tickets.revoke_all()),
        "drop-applications" => done(|| shared.end_applications()),
        "resync" => done(|| shared.force_resync()),
        "resume" => done(|| shared.force_resume()),
        "end-conversations" => done(|| stop::end_conversations(shared)),
        "disconnect-messaging" => done(|| stop::disconnect_messaging(shared)),
        _ => refused(
            StatusCode::NOT_FOUND,
            "there is no such action; the actions are revoke-tokens, drop-applications, resync, resume, end-conversations and disconnect-messaging",
        ),
    }
}

/// Applies the parsed body, or refuses it.
fn apply<T>(parsed: Result<T, String>, what: &str, apply: impl FnOnce(T)) -> Response {
    match parsed {
        Ok(value) => done(|| apply(value)),
        Err(why) => refused(StatusCode::BAD_REQUEST, &format!("This is not {what}: {why}.")),
    }
}

fn found(value: &impl Serialize) -> Response {
    match serde_json::to_value(value) {
        Ok(value) => response::json(StatusCode::OK, &value),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// The value, or that there is none with this number.
fn found_if(value: Option<impl Serialize>, what: &str) -> Response {
    match value {
        Some(value) => found(&value),
        None => refused(StatusCode::NOT_FOUND, &format!("there is no {what} of this number")),
    }
}

fn done(act: impl FnOnce()) -> Response {
    act();
    response::empty(StatusCode::NO_CONTENT)
}

fn refused(status: StatusCode, reason: &str) -> Response {
    response::json(status, &json!({ "error": reason }))
}
