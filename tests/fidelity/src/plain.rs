//! A second reading of UCWA's JSON, straight from the documents, to hold the client's reading against.
//!
//! It is written for clarity: no sharing with the client, no care for speed.

use serde_json::{Map, Value};

/// The prefix of rels in recordings of the Trusted Application API.
pub(crate) const PREFIX: &str = "ms:rtc:saas:";

/// A rel without that prefix.
pub(crate) fn bare(rel: &str) -> &str {
    rel.strip_prefix(PREFIX).unwrap_or(rel)
}

/// True when two spellings mean one rel.
pub(crate) fn same_rel(a: &str, b: &str) -> bool {
    bare(a).eq_ignore_ascii_case(bare(b))
}

/// The members that mean this rel. The exact spelling alone, where it is there.
fn named<'a>(members: &'a Map<String, Value>, rel: &str) -> Vec<&'a Value> {
    match members.get(rel) {
        Some(value) => vec![value],
        None => members.iter().filter(|(name, _)| same_rel(name, rel)).map(|(_, value)| value).collect(),
    }
}

/// The items of an array, or the one value.
fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// Every href that links of this rel may mean.
pub(crate) fn links<'a>(resource: &'a Value, rel: &str) -> Vec<&'a str> {
    let links = resource.get("_links").and_then(Value::as_object);
    let values = links.map(|links| named(links, rel)).unwrap_or_default();
    values.into_iter().flat_map(items).filter_map(|link| link.get("href")?.as_str()).collect()
}

/// Every resource embedded under this rel.
pub(crate) fn embedded<'a>(resource: &'a Value, rel: &str) -> Vec<&'a Value> {
    let embedded = resource.get("_embedded").and_then(Value::as_object);
    let values = embedded.map(|embedded| named(embedded, rel)).unwrap_or_default();
    values.into_iter().flat_map(items).filter(|item| item.is_object()).collect()
}

/// A member that is text, whatever the case of its name.
pub(crate) fn text<'a>(resource: &'a Value, name: &str) -> Option<&'a str> {
    named(resource.as_object()?, name).first()?.as_str()
}

/// An event with the sender it stands under.
#[derive(Clone, Debug)]
pub(crate) struct PlainEvent<'a> {
    /// The rel of the sender.
    pub(crate) sender: &'a str,
    /// The href of the sender.
    pub(crate) sender_href: &'a str,
    /// The event as it stands there.
    pub(crate) event: &'a Value,
}

impl<'a> PlainEvent<'a> {
    /// The rel of the resource.
    pub(crate) fn rel(&self) -> &'a str {
        bare(self.event["link"]["rel"].as_str().unwrap_or_default())
    }

    /// The href of the resource.
    pub(crate) fn href(&self) -> &'a str {
        self.event["link"]["href"].as_str().unwrap_or_default()
    }

    /// `added`, `updated`, `deleted`, `started`, `completed`, in lower case.
    pub(crate) fn kind(&self) -> String {
        self.event["type"].as_str().unwrap_or_default().to_ascii_lowercase()
    }

    /// `success` or `failure`, in lower case; empty when the event has no status.
    pub(crate) fn status(&self) -> String {
        self.event["status"].as_str().unwrap_or_default().to_ascii_lowercase()
    }

    /// The resource, where it is embedded.
    pub(crate) fn resource(&self) -> Option<&'a Value> {
        embedded(self.event, self.event["link"]["rel"].as_str()?).first().copied()
    }

    /// `Outgoing` or `Incoming`, in lower case; empty when the event does not say.
    pub(crate) fn direction(&self) -> String {
        self.resource().and_then(|r| text(r, "direction")).unwrap_or_default().to_ascii_lowercase()
    }

    /// The code and subcode of the reason.
    pub(crate) fn reason(&self) -> Option<(Option<&'a str>, Option<&'a str>)> {
        self.event.get("reason").filter(|reason| reason.is_object()).map(code_and_subcode)
    }
}

/// The code and subcode of an error body or of a reason. The subcode `None` says that there is none.
pub(crate) fn code_and_subcode(body: &Value) -> (Option<&str>, Option<&str>) {
    let word = |name| text(body, name).filter(|word| !word.is_empty());
    (word("code"), word("subcode").filter(|word| *word != "None"))
}

/// True for what has the form of an event.
pub(crate) fn is_event(value: &Value) -> bool {
    value["link"]["href"].as_str().is_some_and(|href| !href.is_empty()) && value["type"].is_string()
}

/// The events of an answer in their order. An event that names no resource is none.
pub(crate) fn events(answer: &Value) -> Vec<PlainEvent<'_>> {
    let mut all = Vec::new();
    for sender in answer.get("sender").map(items).unwrap_or_default() {
        for event in sender.get("events").map(items).unwrap_or_default() {
            if event["link"]["href"].as_str().is_some_and(|href| !href.is_empty()) {
                all.push(PlainEvent {
                    sender: bare(sender["rel"].as_str().unwrap_or_default()),
                    sender_href: sender["href"].as_str().unwrap_or_default(),
                    event,
                });
            }
        }
    }
    all
}

/// Every JSON object in a value, itself included, that is a resource: something is linked or embedded in it.
pub(crate) fn resources(value: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if members.contains_key("_links") || members.contains_key("_embedded") {
                    found.push(value);
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

/// Every href in a value.
pub(crate) fn hrefs(value: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                found.extend(members.get("href").and_then(Value::as_str));
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_exact_spelling_of_a_rel_goes_first() {
        let both = json!({"_links": {"ms:rtc:saas:a": {"href": "/1"}, "a": {"href": "/2"}}});
        assert_eq!(links(&both, "a"), ["/2"]);
        assert_eq!(links(&both, "ms:rtc:saas:a"), ["/1"]);
        let one = json!({"_links": {"ms:rtc:saas:A": [{"href": "/1"}, {"href": "/2"}, {}]}});
        assert_eq!(links(&one, "a"), ["/1", "/2"]);
    }

    #[test]
    fn events_keep_their_order_and_their_sender() {
        let answer = json!({"sender": [
            {"rel": "ms:rtc:saas:communication", "href": "/c", "events": [
                {"link": {"rel": "message", "href": "/m"}, "type": "Completed", "status": "SUCCESS"},
                {"link": {"rel": "nothing"}, "type": "added"}]},
            {"rel": "bare"},
            {"rel": "me", "href": "/me", "events": {"link": {"rel": "note", "href": "/n"}, "type": "added",
                "reason": {"code": "X", "subcode": "None"}}}]});
        let all = events(&answer);
        assert_eq!(
            all.iter().map(|e| (e.sender, e.href())).collect::<Vec<_>>(),
            [("communication", "/m"), ("me", "/n")]
        );
        assert_eq!((all[0].kind().as_str(), all[0].status().as_str()), ("completed", "success"));
        assert_eq!(all[1].reason(), Some((Some("X"), None)));
    }
}
