//! The token service (AuthenticationInUCWA).

use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use crate::challenge::diagnosed;
use crate::form;
use crate::input::Call;
use crate::layout::ChallengeStyle;
use crate::reply::{self, Problem, Reply};
use crate::world::World;

/// Answers a request to `/WebTicket/oauthtoken`.
pub(crate) fn request(world: &World, call: &Call) -> Reply {
    if call.method == Method::OPTIONS {
        let refusal = reply::empty(StatusCode::BAD_REQUEST);
        return diagnosed(refusal, 28020, call.pool, "No valid security token.");
    }
    if call.method != Method::POST {
        return Problem::MethodNotAllowed.into();
    }
    let fields = form::fields(content_type(&call.headers), &call.body);
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let style = *world.challenge.lock();
    match field("grant_type") {
        Some("password") if matches!(style, ChallengeStyle::WindowsOnly | ChallengeStyle::Passive) => {
            not_allowed(call.pool)
        }
        Some("password") => match (field("username"), field("password")) {
            (Some(name), Some(password)) => match world.config.users.sign_in(name, password) {
                Some(user) => granted(world, call.pool, user),
                None => wrong(call.pool),
            },
            _ => refused(json!({ "error": "invalid_request" })),
        },
        Some("urn:microsoft.rtc:windows") if style != ChallengeStyle::Passive => negotiate(),
        Some("urn:microsoft.rtc:passive") if style == ChallengeStyle::Passive => {
            let page = format!("{}/PassiveAuth/PassiveAuth.aspx", world.origin_for(call, call.pool));
            let body = json!({ "error": "invalid_grant", "ms_rtc_passiveauthuri": page });
            diagnosed(refused(body), 28020, call.pool, "No valid security token.")
        }
        // There is no conference here that a key could open.
        Some("urn:microsoft.rtc:anonmeeting") => wrong(call.pool),
        _ => not_allowed(call.pool),
    }
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn granted(world: &World, pool: usize, user: String) -> Reply {
    let lifetime = world.config.token_lifetime;
    let token = world.tickets.issue(user, Some(pool), lifetime);
    let body = json!({
        "access_token": token,
        "expires_in": lifetime.as_secs() + u64::from(lifetime > Duration::from_secs(lifetime.as_secs())),
        "ms_rtc_identityscope": "local",
        "token_type": "Bearer",
    });
    not_stored(reply::json(StatusCode::OK, &body))
}

fn wrong(pool: usize) -> Reply {
    diagnosed(refused(json!({ "error": "invalid_grant" })), 28020, pool, "No valid security token.")
}

fn not_allowed(pool: usize) -> Reply {
    let body = json!({ "error": "unsupported_grant_type" });
    diagnosed(refused(body), 28029, pool, "Authentication type not allowed.")
}

/// The Windows grant proves who asks below HTTP; the sandbox can only say that it wants to see that proof.
fn negotiate() -> Reply {
    let page = reply::page(StatusCode::UNAUTHORIZED, "401 - Unauthorized: Access is denied.");
    let page = reply::with(page, WWW_AUTHENTICATE, "Negotiate");
    reply::with(page, WWW_AUTHENTICATE, "NTLM")
}

fn refused(body: Value) -> Reply {
    not_stored(reply::json(StatusCode::BAD_REQUEST, &body))
}

fn not_stored(answer: Reply) -> Reply {
    let answer = reply::with(answer, CACHE_CONTROL, "no-store");
    let answer = reply::with(answer, PRAGMA, "no-cache");
    reply::with(answer, X_CONTENT_TYPE_OPTIONS, "nosniff")
}
