//! What Apprise posts to a `json://` URL (its JSON payload 1.0), and what is posted to its own API: `title`, `body`, `type`.

use serde::Deserialize;
use serde_json::Value;

use super::{Fields, body};

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Notification {
    title: Option<String>,
    /// `body` in what Apprise's API takes.
    #[serde(alias = "body")]
    message: String,
    r#type: Option<Type>,
    attachments: Option<Vec<Attachment>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    Info,
    Success,
    Warning,
    Failure,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Attachment {
    filename: Option<String>,
}

/// The message of a notification.
///
/// # Errors
/// Why the body is none.
pub(super) fn fields(body: Value) -> Result<Fields, String> {
    let has = |name: &str| body.get(name).is_some();
    let missing = match body.is_object() && !has("message") && !has("body") {
        true => vec!["message (or body)".to_owned()],
        false => Vec::new(),
    };
    let notification: Notification = body::fit(body, &missing)?;
    let lines = [notification.title, Some(notification.message), left_out(notification.attachments)];
    let lines: Vec<String> = lines.into_iter().flatten().filter(|line| !line.trim().is_empty()).collect();
    let importance = if notification.r#type == Some(Type::Failure) { "urgent" } else { "normal" };
    Ok(vec![("message", lines.join("\n")), ("importance", importance.to_owned())])
}

/// Says which attachments there were: an instant message has none.
fn left_out(attachments: Option<Vec<Attachment>>) -> Option<String> {
    let attachments = attachments.filter(|attachments| !attachments.is_empty())?;
    let name = |attachment: Attachment| attachment.filename.unwrap_or_else(|| "without a name".to_owned());
    let names: Vec<String> = attachments.into_iter().map(name).collect();
    Some(format!("(not sent along: {})", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn title_text_and_what_was_left_out() {
        let all = json!({
            "version": "1.0", "title": "Backup", "message": "failed\ntwice", "type": "failure",
            "attachments": [{"filename": "log.txt", "base64": "eA==", "mimetype": "text/plain"}, {"base64": ""}],
        });
        let text = "Backup\nfailed\ntwice\n(not sent along: log.txt, without a name)";
        assert_eq!(fields(all).unwrap(), [("message", text.into()), ("importance", "urgent".into())]);
        for (body, text) in [
            (json!({"title": "", "message": "m", "attachments": [], "type": "warning"}), "m"),
            (json!({"title": null, "body": "of the API", "tag": "all"}), "of the API"),
        ] {
            assert_eq!(fields(body).unwrap(), [("message", text.into()), ("importance", "normal".into())]);
        }
    }

    #[test]
    fn what_does_not_fit_is_named_and_not_repeated() {
        for (body, why) in [
            (json!({"title": "s3cret"}), "its member message (or body) is missing."),
            (json!({"message": ["s3cret"]}), "its member message must be a string."),
            (json!({"message": "m", "title": 1}), "its member title must be a string."),
            (
                json!({"message": "m", "type": "s3cret"}),
                "its member type must be one of `info`, `success`, `warning`, `failure`.",
            ),
            (
                json!({"message": "m", "attachments": ["s3cret"]}),
                "its member attachments[0] must be an object.",
            ),
            (json!("s3cret"), "it must be an object."),
        ] {
            assert_eq!(fields(body).unwrap_err(), format!("The body does not fit this hook: {why}"));
        }
    }
}
