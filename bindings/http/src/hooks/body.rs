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

/// Understands the body.
///
/// # Errors
/// A sentence that names the member that is missing or of another type.
pub(super) fn fit<T: DeserializeOwned>(body: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let place = error.path().to_string();
        let told = error.inner().to_string();
        if let Some(name) = told.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            let place = if place == "." { String::new() } else { format!("{place}.") };
            return format!("The body does not fit this hook: its member {place}{name} is missing.");
        }
        // What was found instead may quote a value.
        let expected = told.rsplit_once(", expected ").map_or("another value", |(_, expected)| expected);
        let subject = if place == "." { "it".to_owned() } else { format!("its member {place}") };
        format!("The body does not fit this hook: {subject} must be {expected}.")
    })
}
