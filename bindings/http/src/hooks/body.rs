//! The body of a hook: read as JSON, and held against what it should be.

use axum::extract::Request;
use axum::http::StatusCode;
use send_im::Error;
use send_im::bindings::decode_text;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::parameters::{media_type, whole};
use crate::problem::Problem;
use crate::service::Shared;

/// Reads the body.
///
/// # Errors
/// One that is too large (413), too slow (408), of another type (415) or no JSON (400).
pub(super) async fn read(request: Request, shared: &Shared) -> Result<Value, Problem> {
    let media = media_type(request.headers());
    let (body, _room) = whole(request.into_body(), shared.options.largest_body, &shared.bodies).await?;
    if media.as_deref() != Some("application/json") {
        let detail =
            "The body is of no type that is understood: the Content-Type of a hook is application/json.";
        return Err(Problem::wrong(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let text = decode_text(&body).ok_or_else(|| Error::invalid_input("The body is not JSON in UTF-8."))?;
    // The parser's own words may quote a value.
    let wrong = |e: serde_json::Error| {
        let (line, column) = (e.line(), e.column());
        Error::invalid_input(format!(
            "The body is not JSON: it is not understood at line {line}, column {column}."
        ))
    };
    Ok(serde_json::from_str(&text).map_err(wrong)?)
}

/// How many missing members are named.
const MAX_NAMED: usize = 5;

/// Those of these members that an object lacks; what is no object lacks none. `place` goes before their names.
pub(super) fn missing(object: &Value, place: &str, names: &[&str]) -> Vec<String> {
    let Some(object) = object.as_object() else { return Vec::new() };
    let lacking = names.iter().filter(|name| !object.contains_key(**name));
    lacking.map(|name| format!("{place}{name}")).collect()
}

/// Understands the body, of which these members are missing.
///
/// # Errors
/// A sentence that names the members that are missing, or the one that is of another type.
pub(super) fn fit<T: DeserializeOwned>(body: Value, missing: &[String]) -> Result<T, String> {
    if let Some(list) = list(missing) {
        let (members, are) = if missing.len() == 1 { ("member", "is") } else { ("members", "are") };
        return Err(format!("The body does not fit this hook: its {members} {list} {are} missing."));
    }
    serde_path_to_error::deserialize(body).map_err(|error| {
        let place = error.path().to_string();
        let told = error.inner().to_string();
        // What was found instead may quote a value.
        let expected = told.rsplit_once(", expected ").map_or("another value", |(_, expected)| expected);
        let subject = if place == "." { "it".to_owned() } else { format!("its member {place}") };
        format!("The body does not fit this hook: {subject} must be {expected}.")
    })
}

/// As a sentence lists them.
fn list(names: &[String]) -> Option<String> {
    let rest = names.len().saturating_sub(MAX_NAMED);
    let mut named: Vec<String> = names.iter().take(MAX_NAMED).cloned().collect();
    if rest > 0 {
        named.push(format!("{rest} more"));
    }
    let last = named.pop()?;
    Some(if named.is_empty() { last } else { format!("{} and {last}", named.join(", ")) })
}
