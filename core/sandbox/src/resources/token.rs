//! The token service (AuthenticationInUCWA).

use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use crate::http::request::Request;
use crate::http::response::{self, Response, UcwaError};
use crate::state::shared::SharedState;
use crate::values::challenge_style::ChallengeStyle;
use crate::values::form;

/// Answers a request to `/WebTicket/oauthtoken`.
pub(crate) fn request(shared: &SharedState, request: &Request) -> Response {
    if request.method != Method::POST {
        return UcwaError::MethodNotAllowed.into();
    }
    let fields = form::fields(content_type(&request.headers), &request.body);
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let style = *shared.challenge.lock();
    match field("grant_type") {
        Some("password") if matches!(style, ChallengeStyle::WindowsOnly | ChallengeStyle::Passive) => {
            not_allowed(request.pool)
        }
        Some("password") => match (field("username"), field("password")) {
            (Some(name), Some(password)) => match shared.config.accounts.sign_in(name, password) {
                Some(user) => granted(shared, request.pool, user),
                None => wrong(request.pool),
            },
            _ => refused(json!({ "error": "invalid_request" })),
        },
        Some("urn:microsoft.rtc:windows") if style != ChallengeStyle::Passive => negotiate(),
        Some("urn:microsoft.rtc:passive") if style == ChallengeStyle::Passive => {
            let page = format!("{}/PassiveAuth/PassiveAuth.aspx", shared.origin_for(request, request.pool));
            let body = json!({ "error": "invalid_grant", "ms_rtc_passiveauthuri": page });
            response::diagnosed(refused(body), 28020, request.pool, "No valid security token.")
        }
        // There are no meetings, so no key is valid.
        Some("urn:microsoft.rtc:anonmeeting") => wrong(request.pool),
        _ => not_allowed(request.pool),
    }
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn granted(shared: &SharedState, pool: usize, user: String) -> Response {
    let lifetime = shared.config.token_lifetime;
    let token = shared.tickets.issue(user, Some(pool), lifetime);
    let body = json!({
        "access_token": token,
        "expires_in": lifetime.as_secs() + u64::from(lifetime > Duration::from_secs(lifetime.as_secs())),
        "ms_rtc_identityscope": "local",
        "token_type": "Bearer",
    });
    not_stored(response::json(StatusCode::OK, &body))
}

fn wrong(pool: usize) -> Response {
    response::diagnosed(refused(json!({ "error": "invalid_grant" })), 28020, pool, "No valid security token.")
}

fn not_allowed(pool: usize) -> Response {
    let body = json!({ "error": "unsupported_grant_type" });
    response::diagnosed(refused(body), 28029, pool, "Authentication type not allowed.")
}

/// The Windows grant authenticates by NTLM or Kerberos. The sandbox does not: it only sends the challenge.
fn negotiate() -> Response {
    let page = response::page(StatusCode::UNAUTHORIZED, "401 - Unauthorized: Access is denied.");
    let page = response::with(page, WWW_AUTHENTICATE, "Negotiate");
    response::with(page, WWW_AUTHENTICATE, "NTLM")
}

fn refused(body: Value) -> Response {
    not_stored(response::json(StatusCode::BAD_REQUEST, &body))
}

fn not_stored(answer: Response) -> Response {
    let answer = response::with(answer, CACHE_CONTROL, "no-store");
    let answer = response::with(answer, PRAGMA, "no-cache");
    response::with(answer, X_CONTENT_TYPE_OPTIONS, "nosniff")
}
