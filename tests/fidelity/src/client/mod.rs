//! The client's decoders, held against a recorded answer.
//!
//! What an answer means is decided by its content. The recorder's word for it is not needed.

mod body;
mod damage;
mod data_uris;
mod discovery;
mod events;
mod headers;
mod platform;
mod resource;
mod router;
mod tokens;

use serde_json::Value;

pub(crate) use self::router::in_order;

use crate::content::Content;
use crate::plain;
use crate::recordings::Exchange;
use crate::verdict::Verdict;

/// What the body of the answer is.
pub(crate) fn content(exchange: &Exchange) -> Content {
    let answer = exchange.answer();
    Content::of(answer.body.as_deref(), answer.header("content-type").first().copied())
}

/// Holds every decoder against one recorded answer.
pub(crate) fn check(exchange: &Exchange) -> Verdict {
    let mut verdict = Verdict::default();
    let answer = exchange.answer();
    let content = content(exchange);
    headers::check(exchange, &answer, &mut verdict);
    let bytes = answer.body.as_deref().unwrap_or_default();
    damage::check(bytes, &mut verdict);
    match &content {
        Content::Json(value) if value.is_object() => whole(exchange, bytes, value, &mut verdict),
        Content::Elided(pieces) => {
            body::no_resource(&content, bytes, &mut verdict);
            for piece in pieces {
                piece_of(exchange, piece, &mut verdict);
            }
            router::check(exchange, &loose_events(pieces), &mut verdict);
        }
        _ => body::no_resource(&content, bytes, &mut verdict),
    }
    if exchange.body_is_json == Some(true) && content != Content::Nothing {
        verdict.holds(
            "the recorder says that the body is JSON, and serde_json reads it",
            matches!(content, Content::Json(_)),
        );
    }
    if let Some(sent) = exchange.request.as_ref().and_then(|r| r.body.as_deref())
        && let Ok(sent) = serde_json::from_slice::<Value>(sent)
    {
        data_uris::check(&sent, &mut verdict);
    }
    compare_with_name(exchange, &content, &mut verdict);
    verdict
}

/// What the recorder calls it has no say in what is checked. Where the content shows nothing of it, that is told.
fn compare_with_name(exchange: &Exchange, content: &Content, verdict: &mut Verdict) {
    let names: [(&str, &[&str]); 4] = [
        ("challenge", &["challenge"]),
        ("autodiscover", &["discovery"]),
        ("events", &["event channel", "events"]),
        ("token", &["token", "token refusal"]),
    ];
    if matches!(content, Content::Html | Content::Xml | Content::Markup) {
        return;
    }
    for (_, checks) in names.into_iter().filter(|(name, _)| exchange.kind.contains(name)) {
        if !checks.iter().any(|check| verdict.checked.contains(check)) {
            verdict.notes.push(format!(
                "{} is called {}, and shows nothing of it",
                exchange.name(),
                exchange.kind
            ));
        }
    }
}

/// An answer that is whole JSON.
fn whole(exchange: &Exchange, bytes: &[u8], value: &Value, verdict: &mut Verdict) {
    discovery::check(bytes, value, verdict);
    tokens::check(exchange, bytes, value, verdict);
    body::applications(bytes, value, verdict);
    body::reason(exchange, bytes, value, verdict);
    events::check_answer(bytes, value, verdict);
    router::check(exchange, &plain::events(value), verdict);
    platform::check(bytes, value, verdict);
    resource::check(value, verdict);
    data_uris::check(value, verdict);
}

/// A piece that survived an elision: an event, a resource, or a link.
fn piece_of(exchange: &Exchange, piece: &Value, verdict: &mut Verdict) {
    let bytes = piece.to_string().into_bytes();
    events::check_pieces(piece, verdict);
    body::reason(exchange, &bytes, piece, verdict);
    platform::check(&bytes, piece, verdict);
    resource::check(piece, verdict);
    data_uris::check(piece, verdict);
}

/// The events among the pieces, or in senders that stayed whole. Whose events the first are, the elision hides.
fn loose_events(pieces: &[Value]) -> Vec<plain::PlainEvent<'_>> {
    let mut all = Vec::new();
    for piece in pieces {
        if plain::is_event(piece) {
            all.push(plain::PlainEvent { sender: "", sender_href: "", event: piece });
        }
        let answer = piece.get("events").and_then(Value::as_array);
        for event in answer.into_iter().flatten().filter(|event| plain::is_event(event)) {
            let sender_href = piece["href"].as_str().unwrap_or_default();
            all.push(plain::PlainEvent {
                sender: plain::bare(piece["rel"].as_str().unwrap_or_default()),
                sender_href,
                event,
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::recordings::read_folder;

    #[derive(Deserialize)]
    struct File {
        exchanges: Vec<Made>,
    }

    #[derive(Deserialize)]
    struct Made {
        expects: Vec<String>,
    }

    /// Recordings made up by hand, of kinds that live servers are known to send: nothing is wrong, and what is
    /// expected to be held against each one is.
    #[test]
    fn made_up_recordings_are_checked_for_what_they_are() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let exchanges = read_folder(&folder).unwrap().exchanges;
        let made: File = serde_json::from_str(include_str!("../../fixtures/made_up.json")).unwrap();
        assert_eq!(exchanges.len(), made.exchanges.len());
        for (exchange, made) in exchanges.iter().zip(made.exchanges) {
            let verdict = check(exchange);
            assert_eq!(verdict.outcome(), Ok(()), "{} ({})", exchange.name(), exchange.kind);
            for expected in made.expects {
                let checked = verdict.checked.contains(&expected.as_str());
                assert!(
                    checked,
                    "{} ({}): no {expected} in {:?}",
                    exchange.name(),
                    exchange.kind,
                    verdict.checked
                );
            }
        }
    }
}
