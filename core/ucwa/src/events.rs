//! A batch of events: one answer of the event channel. Sources: EventChannelDetails, EventsInUCWA.

use serde_json::Value;

use crate::hypermedia::{DecodeError, Resource, plain_rel};
use crate::limits::{MAX_HREF, word};
use crate::reason::Reason;

/// The link for the next request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Continue {
    /// The usual next request.
    Next(String),
    /// As next, but the server has ended conversations after a long silence.
    Resume(String),
    /// The server lost events, and offers the first batch that it still has.
    Resync(String),
    /// No link: request the same URL again.
    Same,
}

/// What happened to the resource of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// A resource came into being.
    Added,
    /// A resource changed.
    Updated,
    /// A resource is gone.
    Deleted,
    /// An operation began.
    Started,
    /// An operation ended.
    Completed,
    /// An unknown word.
    Other,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It succeeded.
    Success,
    /// It failed; the event's reason says why.
    Failure,
    /// An unknown word.
    Other,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The resource that sent the event: its rel and href.
    pub sender: (String, String),
    /// The rel of the resource the event is about.
    pub rel: String,
    /// Its href, as given.
    pub href: String,
    /// What happened to it.
    pub kind: EventType,
    /// How the operation ended; only on completed events, and not on all of them.
    pub status: Option<Status>,
    /// Why it ended so.
    pub reason: Option<Reason>,
    /// The resource itself, where the server embedded it.
    pub resource: Option<Resource>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// How to continue.
    pub then: Continue,
    /// The events in the server's order.
    pub events: Vec<Event>,
}

impl Batch {
    /// Reads the body of an answer. Events without a link to their resource are left out.
    ///
    /// # Errors
    /// [`DecodeError`] when the body is no JSON object.
    pub fn parse(body: &[u8]) -> Result<Self, DecodeError> {
        let mut answer = Resource::parse(body)?;
        let then = [
            ("resync", Continue::Resync as fn(String) -> Continue),
            ("resume", Continue::Resume),
            ("next", Continue::Next),
        ]
        .into_iter()
        .find_map(|(rel, make)| answer.link(rel).map(|href| make(href.to_owned())))
        .unwrap_or(Continue::Same);
        let mut events = Vec::new();
        for mut sender in list(answer.take("sender")) {
            let href = Some(text(&sender, "href")).filter(|href| href.len() <= MAX_HREF);
            let name = (word(plain_rel(text(&sender, "rel"))), href.unwrap_or_default().to_owned());
            let listed = list(sender.get_mut("events").map(Value::take));
            events.extend(listed.into_iter().filter_map(|event| Event::read(event, &name)));
        }
        Ok(Self { then, events })
    }
}

impl Event {
    /// Reads one event of a sender's list.
    pub fn parse(event: &Value, sender: &(String, String)) -> Option<Self> {
        Self::read(event.clone(), sender)
    }

    /// The same without copying the embedded resource: a busy channel has thousands of events a second.
    fn read(mut event: Value, sender: &(String, String)) -> Option<Self> {
        let link = event.get("link")?;
        let rel = word(plain_rel(text(link, "rel")));
        let href = text(link, "href").to_owned();
        if href.is_empty() || href.len() > MAX_HREF {
            return None;
        }
        Some(Self {
            sender: sender.clone(),
            kind: EventType::from_word(text(&event, "type")),
            status: event.get("status").filter(|status| !status.is_null() && *status != "").map(Status::of),
            reason: event.get("reason").and_then(Reason::from_value),
            resource: event.as_object_mut().and_then(|members| Resource::take_embedded(members, &rel)),
            rel,
            href,
        })
    }
}

impl EventType {
    fn from_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "added" => Self::Added,
            "updated" => Self::Updated,
            "deleted" => Self::Deleted,
            "started" => Self::Started,
            "completed" => Self::Completed,
            _ => Self::Other,
        }
    }
}

impl Status {
    fn of(status: &Value) -> Self {
        match status.as_str().map(str::to_ascii_lowercase).as_deref() {
            Some("success") => Self::Success,
            Some("failure") => Self::Failure,
            _ => Self::Other,
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(json: &str) -> Batch {
        Batch::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn the_same_sender_twice_keeps_the_order() {
        let batch = parse(
            r#"{"_links":{"next":{"href":"/e?ack=4"}},"sender":[
                {"rel":"communication","href":"/c","events":[{"link":{"rel":"conversation","href":"/1"},"type":"updated"}]},
                {"rel":"conversation","href":"/1","events":[{"link":{"rel":"messaging","href":"/2"},"type":"updated"}]},
                {"rel":"communication","href":"/c","events":[{"link":{"rel":"messagingInvitation","href":"/3"},"type":"completed","status":"success"}]}]}"#,
        );
        let hrefs: Vec<_> = batch.events.iter().map(|e| e.href.as_str()).collect();
        assert_eq!(hrefs, ["/1", "/2", "/3"]);
        assert_eq!(batch.events[2].status, Some(Status::Success));
        assert_eq!(batch.then, Continue::Next("/e?ack=4".into()));
    }

    #[test]
    fn resync_goes_before_resume_before_next() {
        let links = |rels: &[&str]| {
            let links: Vec<_> = rels.iter().map(|rel| format!(r#""{rel}":{{"href":"/{rel}"}}"#)).collect();
            parse(&format!(r#"{{"_links":{{{}}}}}"#, links.join(","))).then
        };
        assert_eq!(links(&["next", "resume"]), Continue::Resume("/resume".into()));
        assert_eq!(links(&["next", "resync"]), Continue::Resync("/resync".into()));
        assert_eq!(links(&[]), Continue::Same);
    }

    #[test]
    fn senders_may_be_absent_empty_or_without_events() {
        for sender in ["", r#","sender":[]"#, r#","sender":[{"rel":"communication"}]"#, r#","sender":null"#] {
            assert!(parse(&format!(r#"{{"_links":{{}}{sender}}}"#)).events.is_empty());
        }
    }

    #[test]
    fn the_reason_is_a_member_of_the_event() {
        let batch = parse(
            r#"{"sender":{"rel":"communication","href":"/c","events":{"link":{"rel":"messagingInvitation","href":"/i"},
                "type":"completed","status":"Failure","reason":{"code":"RemoteFailure","subcode":"Declined","message":null}}}}"#,
        );
        assert_eq!(batch.events[0].reason.as_ref().unwrap().subcode.as_deref(), Some("Declined"));
        assert_eq!(batch.events[0].resource, None);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Batch::parse(&bytes);
        }

        #[test]
        fn never_panics_on_json_of_the_right_words(json in r#"[\[\]{}:,"a ]{0,20}|\{"sender":[\[{] ?("link"|"events")?:? ?.{0,20}"#) {
            let _ = Batch::parse(json.as_bytes());
        }
    }
}
