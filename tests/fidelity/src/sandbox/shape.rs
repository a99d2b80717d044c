//! The shape of an answer: members, types, links, header forms. Ids and values are left aside.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::recordings::Response;

/// Headers of the transport, which no UCWA client looks at.
const TRANSPORT: [&str; 5] = ["connection", "content-length", "date", "keep-alive", "transfer-encoding"];

/// Headers that mean something to a client, so that one too many is a difference.
const MEANINGFUL: [&str; 7] =
    ["etag", "location", "retry-after", "set-cookie", "warning", "www-authenticate", "x-ms-diagnostics"];

/// One way in which the sandbox's answer is not like the recorded one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    /// `missing`, `extra`, `type`, `form`, `order` or `status`.
    pub(crate) kind: &'static str,
    /// Where, its parts joined by `/`. Headers stand under `header`.
    pub(crate) path: String,
    /// What is recorded and what the sandbox answers, for people.
    pub(crate) detail: String,
}

impl Difference {
    pub(crate) fn new(kind: &'static str, path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind, path: path.into(), detail: detail.into() }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({})", self.kind, self.path, self.detail)
    }
}

/// Status and headers.
pub(crate) fn heads(recorded: &Response, sandbox: &Response) -> Vec<Difference> {
    let mut found = Vec::new();
    if recorded.status.is_some() && recorded.status != sandbox.status {
        found.push(Difference::new(
            "status",
            "status",
            format!("{:?}, sandbox {:?}", recorded.status, sandbox.status),
        ));
    }
    let names = |response: &Response| -> BTreeSet<String> {
        let names = response.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
        names.filter(|name| !TRANSPORT.contains(&name.as_str())).collect()
    };
    let shown = names(recorded);
    for name in &shown {
        let (ours, theirs) = (sandbox.header(name), recorded.header(name));
        let path = format!("header/{name}");
        if ours.is_empty() {
            found.push(Difference::new("missing", path, theirs.join(" | ")));
        } else if header_form(name, &ours) != header_form(name, &theirs) {
            found.push(Difference::new(
                "form",
                path,
                format!("{}, sandbox {}", theirs.join(" | "), ours.join(" | ")),
            ));
        }
    }
    // A recording without the name of the server shows a choice of the headers.
    if shown.contains("server") {
        let unshown = names(sandbox)
            .into_iter()
            .filter(|name| MEANINGFUL.contains(&name.as_str()) && !shown.contains(name));
        found.extend(unshown.map(|name| {
            Difference::new("extra", format!("header/{name}"), sandbox.header(&name).join(" | "))
        }));
    }
    found
}

/// What of a header's value has to be the same.
fn header_form(name: &str, values: &[&str]) -> Vec<String> {
    let forms = values.iter().map(|value| match name {
        "content-type" => value.to_ascii_lowercase().replace(' ', ""),
        "cache-control" | "pragma" | "expires" | "x-content-type-options" => value.to_ascii_lowercase(),
        "location" => path_form(value),
        "www-authenticate" => blanked(value, "grant_type"),
        "x-ms-diagnostics" => format!(
            "{};{}",
            value.split(';').next().unwrap_or_default(),
            blanked(value.split_once(';').unwrap_or_default().1, "")
        ),
        "set-cookie" => {
            let parts = value
                .split(';')
                .map(|part| part.split('=').next().unwrap_or_default().trim().to_ascii_lowercase());
            parts.collect::<Vec<_>>().join(";")
        }
        _ => String::new(),
    });
    forms.collect()
}

/// A path with its ids left out.
fn path_form(path: &str) -> String {
    const LISTS: [&str; 7] = [
        "applications",
        "conversations",
        "invitations",
        "messages",
        "messagingInvitations",
        "participants",
        "people",
    ];
    let mut after_list = false;
    let segments = path.split('/').map(|segment| {
        let form = if after_list { "{id}" } else { segment };
        after_list = LISTS.contains(&segment);
        form
    });
    segments.collect::<Vec<_>>().join("/")
}

/// A list of parameters with blank values, but for the one named. Quotes and separators stay.
fn blanked(parameters: &str, kept: &str) -> String {
    let mut form = String::new();
    let mut rest = parameters;
    while let Some((before, after)) = rest.split_once('=') {
        let name = before.rsplit([',', ' ', ';']).next().unwrap_or_default();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.find('"').map_or(quoted.len(), |end| end + 1);
                after.split_at(end + 1)
            }
            None => after.split_at(after.find([',', ';', ' ']).unwrap_or(after.len())),
        };
        let shown = match (name == kept, value.starts_with('"')) {
            (true, _) => value,
            (false, true) => "\"…\"",
            (false, false) => "…",
        };
        form.push_str(&format!("{before}={shown}"));
        rest = next;
    }
    form + rest
}

/// Two JSON values.
pub(crate) fn bodies(path: &str, recorded: &Value, sandbox: &Value) -> Vec<Difference> {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    match (recorded, sandbox) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let mut found = Vec::new();
            for (name, value) in theirs {
                match ours.iter().find(|(our_name, _)| member(our_name) == member(name)) {
                    Some((_, our_value)) => found.extend(bodies(&below(member(name)), value, our_value)),
                    None => found.push(Difference::new("missing", below(member(name)), shortened(value))),
                }
            }
            let unshown = ours
                .iter()
                .filter(|(name, _)| !theirs.keys().any(|their_name| member(their_name) == member(name)));
            found.extend(
                unshown.map(|(name, value)| Difference::new("extra", below(member(name)), shortened(value))),
            );
            found
        }
        (Value::Array(theirs), Value::Array(ours)) if !theirs.is_empty() && !ours.is_empty() => {
            // Each recorded item has to have its like.
            let closest =
                |item: &Value| ours.iter().map(|our_item| bodies(path, item, our_item)).min_by_key(Vec::len);
            theirs.iter().filter_map(closest).flatten().collect()
        }
        (Value::Array(_), Value::Array(_)) => Vec::new(),
        _ if kind(recorded) != kind(sandbox) => {
            vec![Difference::new("type", path, format!("{}, sandbox {}", kind(recorded), kind(sandbox)))]
        }
        (Value::String(theirs), Value::String(ours)) if text_form(path, theirs) != text_form(path, ours) => {
            vec![Difference::new("form", path, format!("{theirs}, sandbox {ours}"))]
        }
        _ => Vec::new(),
    }
}

/// A member's name; the one that servers name by a random id has one name for all.
fn member(name: &str) -> &str {
    let is_id = name.len() == 36 && name.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    if is_id { "{id}" } else { name }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What of a text has to be the same: whether an href is relative, and how dates and addresses are written.
fn text_form(path: &str, text: &str) -> &'static str {
    let is_href = path.ends_with("/href");
    match text {
        _ if is_href && text.starts_with('/') => "a path",
        _ if is_href && text.starts_with("data:") => "a data URI",
        _ if is_href => "a URL",
        _ if text.starts_with("/Date(") => "a date",
        _ if text.starts_with("sip:") => "a SIP address",
        _ => "text",
    }
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    let cut = text.char_indices().nth(60).map_or(text.len(), |(at, _)| at);
    text[..cut].to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(recorded: &Value, sandbox: &Value) -> Vec<String> {
        bodies("", recorded, sandbox).iter().map(|d| format!("{} {}", d.kind, d.path)).collect()
    }

    #[test]
    fn equal_shapes_with_other_values_do_not_differ() {
        let recorded = json!({"4d221db7-4af0-476b-9443-8bc874283085": "x", "a": [], "n": 1, "_links": {"self": {"href": "/1"}}});
        let sandbox = json!({"56de7bbf-1081-43e6-bbf2-1cabf3224c83": "y", "a": ["z"], "n": 2, "_links": {"self": {"href": "/2"}}});
        assert_eq!(found(&recorded, &sandbox), Vec::<String>::new());
    }

    #[test]
    fn every_kind_of_difference_is_seen() {
        let recorded = json!({"_links": {"self": {"href": "https://h/1"}, "next": {}}, "when": "/Date(1)/", "n": "1", "x": [{"a": 1}]});
        let sandbox = json!({"_links": {"self": {"href": "/1"}}, "when": "2013-01-12", "n": 1, "x": [{"b": 1}], "more": null});
        let expected = [
            "missing _links/next",
            "form _links/self/href",
            "type n",
            "form when",
            "missing x/a",
            "extra x/b",
            "extra more",
        ];
        assert_eq!(found(&recorded, &sandbox), expected);
    }

    #[test]
    fn headers_are_compared_by_their_form() {
        let response = |status, headers: &[(&str, &str)]| Response {
            status: Some(status),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: None,
        };
        let recorded = response(
            401,
            &[
                ("Server", "IIS"),
                ("Content-Type", "application/json; charset=utf-8"),
                (
                    "Location",
                    "/ucwa/oauth/v1/applications/102/communication/conversations/21a1/messaging/messages/2",
                ),
                ("WWW-Authenticate", "MsRtcOAuth href=https://h/t,grant_type=\"a,b\""),
            ],
        );
        let mut other = recorded.clone();
        other.headers[2].1 =
            "/ucwa/oauth/v1/applications/9/communication/conversations/face/messaging/messages/3".to_owned();
        other.headers[3].1 = "MsRtcOAuth href=https://other/t,grant_type=\"a,b\"".to_owned();
        assert_eq!(heads(&recorded, &other), []);
        other.headers[3].1 = "MsRtcOAuth href=\"https://other/t\",grant_type=\"a\"".to_owned();
        other.headers.push(("Warning".to_owned(), "120".to_owned()));
        other.status = Some(403);
        let kinds: Vec<_> =
            heads(&recorded, &other).into_iter().map(|d| format!("{} {}", d.kind, d.path)).collect();
        assert_eq!(kinds, ["status status", "form header/www-authenticate", "extra header/warning"]);
    }
}
