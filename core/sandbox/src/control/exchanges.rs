//! The exchanges that one message took, and which evidence its sender got.

use serde::Serialize;
use serde_json::Value;

use crate::state::contents::Contents;
use crate::state::inbox::Delivered;
use crate::state::journal::{Exchange, Journal};

/// One exchange with what it held, if that is still kept.
#[derive(Serialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    exchange: Exchange,
    #[serde(flatten)]
    contents: Option<Contents>,
}

/// A message, its evidence, and the exchanges that are about it.
#[derive(Serialize)]
pub(super) struct Story {
    message: Delivered,
    /// What the sender has been told; none where that is no longer known.
    evidence: Option<&'static str>,
    exchanges: Vec<Whole>,
}

/// The exchange with this number.
pub(super) fn whole(journal: &Journal, number: u64) -> Option<Whole> {
    Some(Whole { exchange: journal.get(number)?, contents: journal.contents(number) })
}

/// The request that brought a message, and the answers with events about it.
pub(super) fn story(journal: &Journal, message: Delivered) -> Story {
    let asked = journal.contents(message.request);
    let (event, needle) = match message.via.as_str() {
        "invitation" => ("messagingInvitation", Some(message.conversation.clone())),
        _ => ("message", asked.as_ref().and_then(location)),
    };
    let needle = needle.map(|href| format!("\"{href}\""));
    let told = |contents: &Contents| {
        needle.as_ref().is_some_and(|needle| body(contents).is_some_and(|body| body.contains(needle)))
    };
    let mut numbers = journal.numbers_with(told);
    numbers.push(message.request);
    numbers.sort_unstable();
    numbers.dedup();
    let exchanges: Vec<Whole> = numbers.into_iter().filter_map(|number| whole(journal, number)).collect();
    let answered = |whole: &Whole| whole.exchange.status.is_some_and(|status| (200..300).contains(&status));
    let confirmed = exchanges.iter().any(|whole| {
        let body = whole.contents.as_ref().and_then(body);
        answered(whole)
            && body.zip(needle.as_ref()).is_some_and(|(body, needle)| confirms(body, event, needle))
    });
    let submitted = exchanges.iter().any(|whole| whole.exchange.number == message.request && answered(whole));
    let evidence = match asked {
        None => None,
        Some(_) if confirmed && event == "message" => Some("message_confirmed"),
        Some(_) if confirmed => Some("invitation_accepted"),
        Some(_) if submitted => Some("submitted"),
        Some(_) => Some("none"),
    };
    Story { message, evidence, exchanges }
}

fn body(contents: &Contents) -> Option<&str> {
    contents.answer.as_ref()?.body.as_deref()
}

/// The path that the answer's `Location` leads to.
fn location(contents: &Contents) -> Option<String> {
    let headers = &contents.answer.as_ref()?.headers;
    headers.iter().find(|(name, _)| name == "location").and_then(|(_, value)| value.clone())
}

/// True where these events say that an invitation or a message about `needle` has succeeded.
fn confirms(body: &str, event: &str, needle: &str) -> bool {
    let events: Value = serde_json::from_str(body).unwrap_or_default();
    let senders = events["sender"].as_array().into_iter().flatten();
    senders.filter_map(|sender| sender["events"].as_array()).flatten().any(|one| {
        one["type"] == "completed"
            && one["status"] == "Success"
            && one["link"]["rel"] == event
            && one.to_string().contains(needle)
    })
}
