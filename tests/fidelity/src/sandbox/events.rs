//! Recorded answers of the event channel, held against all that the sandbox's channel tells in a session.

use serde_json::{Value, json};

use super::shape::{Difference, bodies, heads};
use crate::plain::{self, PlainEvent};
use crate::recordings::Response;

/// Every recorded event has to have its like in the sandbox's stream, and in the same order.
pub(super) fn compare(recorded: &Response, body: &Value, stream: &[(Response, Value)]) -> Vec<Difference> {
    let Some((first, answer)) = stream.first() else {
        return vec![Difference::new("missing", "sender", "the sandbox's channel told nothing")];
    };
    let mut found = heads(recorded, first);
    if body.is_null() {
        return found;
    }
    found.extend(envelope(body, answer));
    found.extend(stream.iter().flat_map(|(_, answer)| together(body, answer)));
    let ours: Vec<PlainEvent<'_>> = stream.iter().flat_map(|(_, answer)| plain::events(answer)).collect();
    let mut last = 0;
    for event in plain::events(body) {
        let path = format!("sender/{}/{} {}", event.sender, event.rel(), event.kind());
        let Some((at, differences)) = closest(&event, &ours, &path) else {
            found.push(Difference::new("missing", path, "no such event"));
            continue;
        };
        found.extend(differences);
        if at < last {
            found.push(Difference::new(
                "order",
                path,
                "the sandbox tells it earlier than what is recorded before it",
            ));
        }
        last = last.max(at);
    }
    found
}

/// An operation's start and its end in one answer, where the recorded server tells the start alone.
fn together(recorded: &Value, ours: &Value) -> Option<Difference> {
    let tells = |answer: &Value, kind: &str| {
        plain::events(answer).iter().any(|e| e.rel() == "messagingInvitation" && e.kind() == kind)
    };
    let both = |answer| tells(answer, "started") && tells(answer, "completed");
    let start_alone = tells(recorded, "started") && !tells(recorded, "completed");
    (start_alone && both(ours)).then(|| {
        Difference::new(
            "order",
            "sender/communication/messagingInvitation",
            "started and completed in one answer",
        )
    })
}

/// The answer without its events.
fn envelope(recorded: &Value, sandbox: &Value) -> Vec<Difference> {
    let without_events = |answer: &Value| {
        let senders = answer["sender"].as_array().into_iter().flatten();
        let senders: Vec<Value> = senders
            .map(|sender| {
                let members = sender.as_object().into_iter().flatten();
                // An event's own shape is compared with its like, not with any event.
                Value::Object(
                    members
                        .map(|(n, v)| (n.clone(), if n == "events" { json!([]) } else { v.clone() }))
                        .collect(),
                )
            })
            .collect();
        let mut answer = answer.clone();
        answer["sender"] = Value::Array(senders);
        answer
    };
    bodies("", &without_events(recorded), &without_events(sandbox))
}

/// The sandbox's event that is most like a recorded one: the same sender, resource and type, and then the state that
/// the resource is in.
fn closest(event: &PlainEvent<'_>, ours: &[PlainEvent<'_>], path: &str) -> Option<(usize, Vec<Difference>)> {
    let key = |event: &PlainEvent<'_>| {
        let within = event.event["in"]["rel"].as_str().unwrap_or_default().to_owned();
        (event.sender.to_owned(), event.rel().to_owned(), event.kind(), event.status(), within)
    };
    let state = |event: &PlainEvent<'_>| {
        let word = |name| event.resource().and_then(|r| r[name].as_str()).map(str::to_owned);
        (word("state"), word("direction"))
    };
    let alike = ours.iter().enumerate().filter(|(_, other)| key(other) == key(event));
    let judged = alike.map(|(at, other)| {
        let other_state = event.resource().is_some() && state(other) != state(event);
        (at, other_state, bodies(path, event.event, other.event))
    });
    let best = judged.min_by_key(|(_, other_state, differences)| (*other_state, differences.len()))?;
    let (at, other_state, mut differences) = best;
    if other_state {
        differences.push(Difference::new("missing", format!("{path}/state"), format!("{:?}", state(event))));
    }
    Some((at, differences))
}
