//! The HTTP interface of the sandbox itself, under `/sandbox/api/` on every origin.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method, Request, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::guard;
use crate::input::Call;
use crate::read;
use crate::reply::{self, Reply};
use crate::world::World;

/// The longest body read here.
const READABLE: usize = 1024 * 1024;

/// Answers a request below `/sandbox/api/` that this origin received.
pub(crate) async fn answer(world: Arc<World>, pool: usize, request: Request<Body>) -> Reply {
    let mut reply = match guard::check(world.origin(pool), &request) {
        Ok(()) => found_or_done(world, request).await,
        Err(why) => refused(StatusCode::FORBIDDEN, why),
    };
    // The texts of messages are anybody's: a browser is not to take an answer for a page.
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply
}

async fn found_or_done(world: Arc<World>, request: Request<Body>) -> Reply {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, READABLE).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long");
    };
    if !body.is_empty() && !guard::is_json(&head.headers) {
        let why = "a body is JSON here, and its Content-Type is application/json";
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
    }
    let query = |name: &str| {
        let mut pairs = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let segments = Call::split(head.uri.path());
    let path: Vec<&str> = segments.iter().skip(2).map(String::as_str).collect();
    match (head.method.clone(), path.as_slice()) {
        (Method::GET, ["messages"]) => found(&match query("to") {
            Some(to) => world.inbox.of(&to),
            None => world.inbox.all(),
        }),
        (Method::GET, ["messages", "wait"]) => {
            let number = |name, usual| query(name).map_or(Some(usual), |text| text.parse::<u64>().ok());
            match (number("count", 1), number("timeout_ms", 10_000)) {
                (Some(count), Some(timeout)) => wait(&world, count, timeout).await,
                _ => refused(StatusCode::BAD_REQUEST, "count and timeout_ms are whole numbers"),
            }
        }
        (Method::DELETE, ["messages"]) => done(|| world.inbox.clear()),
        (Method::GET, ["journal"]) => found(&world.journal.all()),
        (Method::DELETE, ["journal"]) => done(|| world.journal.clear()),
        (Method::GET, ["faults"]) => found(&world.faults.all()),
        (Method::DELETE, ["faults"]) => done(|| {
            world.faults.set(Vec::new());
            world.open_doors();
        }),
        (Method::PUT, ["faults"]) => read(read::faults(&body), "a fault", |faults| world.faults.set(faults)),
        (Method::POST, ["faults"]) => read(read::faults(&body), "a fault", |faults| world.faults.add(faults)),
        (Method::PUT, ["challenge"]) => {
            read(read::challenge(&body), "a challenge", |style| *world.challenge.lock() = style)
        }
        (Method::PUT, ["recipients", address]) => {
            read(read::behaviour(&body), "a behaviour", |behaviour| world.set_behaviour(address, behaviour))
        }
        (Method::GET, ["state"]) => found(&json!({
            "open_applications": world.open_applications(),
            "pending_gets": world.pending_gets(),
        })),
        (Method::POST, ["actions", action]) => act(&world, action),
        _ => refused(StatusCode::NOT_FOUND, "there is no such resource or method"),
    }
}

async fn wait(world: &World, count: u64, timeout: u64) -> Reply {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let waited = tokio::select! {
        waited = world.inbox.wait_for(count, Duration::from_millis(timeout)) => waited,
        () = world.closing.cancelled() => {
            return refused(StatusCode::SERVICE_UNAVAILABLE, "the sandbox is shutting down");
        }
    };
    match waited {
        Ok(messages) => found(&messages),
        Err(timeout) => refused(StatusCode::REQUEST_TIMEOUT, &timeout.to_string()),
    }
}

fn act(world: &World, action: &str) -> Reply {
    match action {
        "revoke-tokens" => done(|| world.tickets.revoke_all()),
        "drop-applications" => done(|| world.end_applications()),
        "resync" => done(|| world.force_resync()),
        "resume" => done(|| world.force_resume()),
        "end-conversations" => done(|| world.end_conversations()),
        "disconnect-messaging" => done(|| world.disconnect_messaging()),
        _ => refused(
            StatusCode::NOT_FOUND,
            "there is no such action; the actions are revoke-tokens, drop-applications, resync, resume, end-conversations and disconnect-messaging",
        ),
    }
}

/// Takes what was read, or says why it is none.
fn read<T>(read: Result<T, String>, what: &str, take: impl FnOnce(T)) -> Reply {
    match read {
        Ok(read) => done(|| take(read)),
        Err(why) => refused(StatusCode::BAD_REQUEST, &format!("This is not {what}: {why}.")),
    }
}

fn found(value: &impl Serialize) -> Reply {
    match serde_json::to_value(value) {
        Ok(value) => reply::json(StatusCode::OK, &value),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn done(act: impl FnOnce()) -> Reply {
    act();
    reply::empty(StatusCode::NO_CONTENT)
}

fn refused(status: StatusCode, reason: &str) -> Reply {
    reply::json(status, &json!({ "error": reason }))
}
