//! Answers of the event channel: where it goes on, and every event in its order.

use send_im_ucwa::events::{Batch, Continue, Event, EventType, Status};
use send_im_ucwa::hypermedia::{Resource, plain_rel};
use serde_json::Value;

use crate::plain::{self, PlainEvent};
use crate::verdict::Verdict;

/// Any JSON object is read as an answer of the channel: most hold no events.
pub(super) fn check_answer(bytes: &[u8], value: &Value, verdict: &mut Verdict) {
    let batch = match Batch::parse(bytes) {
        Ok(batch) => batch,
        Err(why) => return verdict.wrong.push(format!("no answer of the event channel: {why}")),
    };
    let expected = plain::events(value);
    verdict.equal("the number of events", batch.events.len(), expected.len());
    for (event, expected) in batch.events.iter().zip(&expected) {
        one(event, expected, verdict);
    }
    let onward = ["resync", "resume", "next"].into_iter().find(|rel| !plain::links(value, rel).is_empty());
    let (rel, href) = match &batch.then {
        Continue::Resync(href) => (Some("resync"), Some(href)),
        Continue::Resume(href) => (Some("resume"), Some(href)),
        Continue::Next(href) => (Some("next"), Some(href)),
        Continue::Same => (None, None),
    };
    verdict.equal("the way on", rel, onward);
    if let (Some(rel), Some(href)) = (rel, href) {
        verdict.holds(
            format_args!("{href} is the link {rel}"),
            plain::links(value, rel).contains(&href.as_str()),
        );
    }
    if value.get("sender").is_some() || onward.is_some() {
        verdict.checked("event channel");
    }
}

/// An event, or a sender with its events, that survived an elision.
pub(super) fn check_pieces(piece: &Value, verdict: &mut Verdict) {
    if plain::is_event(piece) {
        let expected = PlainEvent { sender: "", sender_href: "", event: piece };
        match Event::parse(piece, &(String::new(), String::new())) {
            Some(event) => one(&event, &expected, verdict),
            None => verdict.wrong.push(format!("{piece} is no event")),
        }
    } else if piece["events"].is_array() {
        let answer = serde_json::json!({ "sender": [piece] });
        check_answer(answer.to_string().as_bytes(), &answer, verdict);
    }
}

fn one(event: &Event, expected: &PlainEvent<'_>, verdict: &mut Verdict) {
    verdict.checked("events");
    let name = format!("{} {}", expected.rel(), expected.kind());
    verdict.equal(
        format_args!("the sender of {name}"),
        (event.sender.0.as_str(), event.sender.1.as_str()),
        (expected.sender, expected.sender_href),
    );
    verdict.equal(
        format_args!("what {name} is about"),
        (event.rel.as_str(), event.href.as_str()),
        (expected.rel(), expected.href()),
    );
    verdict.equal("a rel keeps no prefix", plain_rel(&event.rel), event.rel.as_str());
    let kind = match expected.kind().as_str() {
        "added" => EventType::Added,
        "updated" => EventType::Updated,
        "deleted" => EventType::Deleted,
        "started" => EventType::Started,
        "completed" => EventType::Completed,
        _ => EventType::Other,
    };
    verdict.equal(format_args!("what happened in {name}"), event.kind, kind);
    let status = match expected.status().as_str() {
        "success" => Some(Status::Success),
        "failure" => Some(Status::Failure),
        _ => None,
    };
    verdict.equal(format_args!("the status of {name}"), event.status, status);
    let reason = event.reason.as_ref().map(|r| (r.code.as_deref(), r.subcode.as_deref()));
    verdict.equal(format_args!("the reason of {name}"), reason, expected.reason());
    if reason.is_some() {
        verdict.checked("reason");
    }
    let resource = expected.resource().and_then(|r| Resource::parse(r.to_string().as_bytes()).ok());
    verdict.holds(format_args!("the resource of {name}"), event.resource == resource);
}
