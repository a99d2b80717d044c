//! Tokens and the refusals of token services.

use std::time::Duration;

use secrecy::ExposeSecret;
use send_im_ucwa::token::{TokenRefusal, decode_refusal, decode_token};
use serde_json::Value;

use super::headers::diagnostics_id;
use crate::recordings::Exchange;
use crate::verdict::Verdict;

pub(super) fn check(exchange: &Exchange, bytes: &[u8], value: &Value, verdict: &mut Verdict) {
    token(bytes, value, verdict);
    refusal(exchange, bytes, value, verdict);
}

fn token(bytes: &[u8], value: &Value, verdict: &mut Verdict) {
    let recorded = value["access_token"].as_str().filter(|token| !token.is_empty());
    let Some(recorded) = recorded else {
        return verdict.holds("an answer without access_token gives no token", decode_token(bytes).is_err());
    };
    verdict.checked("token");
    match decode_token(bytes) {
        Ok((token, lifetime)) => {
            verdict.holds("the token is the recorded one", token.expose_secret() == recorded);
            verdict.holds("a token's Debug output hides it", !format!("{token:?}").contains(recorded));
            verdict.equal("the lifetime", lifetime, seconds(&value["expires_in"]));
        }
        Err(why) => verdict.wrong.push(format!("no token: {why}")),
    }
}

/// A number, or the same as text.
fn seconds(value: &Value) -> Option<Duration> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.trim().parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

/// A body with `error` is what token services refuse with. Source: AuthenticationInUCWA.
fn refusal(exchange: &Exchange, bytes: &[u8], value: &Value, verdict: &mut Verdict) {
    let answer = exchange.answer();
    let (Some(status), Some(error)) = (answer.status, value["error"].as_str()) else { return };
    let id = diagnostics_id(&answer);
    let expected = match error {
        "unsupported_grant_type" => TokenRefusal::Grant,
        "invalid_grant" if value["ms_rtc_passiveauthuri"].is_string() => TokenRefusal::Passive,
        _ if id == Some(28029) => TokenRefusal::Grant,
        "invalid_grant" => TokenRefusal::Credentials,
        _ if matches!(status, 401 | 403) => TokenRefusal::Credentials,
        other => TokenRefusal::Other(Some(other.to_owned())),
    };
    verdict.equal("the token service's refusal", decode_refusal(status, id, bytes), expected);
    verdict.checked("token refusal");
}
