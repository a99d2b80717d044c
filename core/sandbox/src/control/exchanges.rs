//! The exchanges that one message took, and which evidence its sender got.

use serde::Serialize;
use serde_json::Value;

use crate::state::contents::{Contents, Part};
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

/// The request that brought a message, then the answers with events about it: one to an earlier request follows it, too.
pub(super) fn story(journal: &Journal, message: Delivered) -> Story {
    let quoted = format!("\"{}\"", message.told_by);
    let told = journal.numbers_with(|contents| body(contents).is_some_and(|body| body.contains(&quoted)));
    let others = told.into_iter().filter(|number| *number != message.request);
    let numbers = std::iter::once(message.request).chain(others);
    let exchanges: Vec<Whole> = numbers.filter_map(|number| whole(journal, number)).collect();
    let answered = |whole: &&Whole| whole.exchange.status.is_some_and(|status| (200..300).contains(&status));
    let bodies = exchanges.iter().filter(answered).filter_map(|whole| body(whole.contents.as_ref()?));
    let submitted =
        || exchanges.iter().filter(answered).any(|whole| whole.exchange.number == message.request);
    // An answer of which only the beginning is kept may hold what the sender was told.
    let is_cut = |contents: &Contents| contents.answer.as_ref().is_some_and(Part::is_cut);
    let cut = !journal.numbers_with(is_cut).is_empty();
    let evidence = if journal.contents(message.request).is_none() {
        None
    } else if bodies.into_iter().any(|body| confirms(body, &message.told_by)) {
        Some(if message.via == "invitation" { "invitation_accepted" } else { "message_confirmed" })
    } else if cut {
        None
    } else {
        Some(if submitted() { "submitted" } else { "none" })
    };
    Story { message, evidence, exchanges }
}

fn body(contents: &Contents) -> Option<&str> {
    contents.answer.as_ref()?.body.as_deref()
}

/// True where these events say that the invitation or the message with this href has succeeded.
fn confirms(body: &str, href: &str) -> bool {
    let events: Value = serde_json::from_str(body).unwrap_or_default();
    let senders = events["sender"].as_array().into_iter().flatten();
    senders
        .filter_map(|sender| sender["events"].as_array())
        .flatten()
        .any(|one| one["type"] == "completed" && one["status"] == "Success" && one["link"]["href"] == href)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use axum::http::header::CONTENT_TYPE;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_its_own_success_confirms_a_message() {
        let event = |kind: &str, status: &str, href: &str| json!({ "type": kind, "status": status, "link": { "href": href } });
        let batch = json!({ "sender": [
            { "events": [event("started", "Success", "/a"), event("completed", "Success", "/b")] },
            { "events": [event("completed", "Failure", "/c")] },
            { "href": "/d" },
        ] })
        .to_string();
        assert_eq!(["/a", "/b", "/c", "/d"].map(|href| confirms(&batch, href)), [false, true, false, false]);
        assert!(!confirms("<html>/b</html>", "/b"));
    }
    #[test]
    fn evidence_is_not_known_where_an_answer_is_kept_in_part() {
        let journal = Journal::default();
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, "application/json".parse().unwrap())]);
        let exchange = |path: &str, body: &[u8]| {
            let number = journal.record_request("GET".into(), path.into(), "http://127.0.0.1:1".into(), 0, 1);
            journal.record_contents(number, Part::of(&headers, b"", false));
            journal.record_answer(number, 200, Part::of(&headers, body, false));
            number
        };
        let message = Delivered {
            number: 1,
            from: "tosh@contoso.com".into(),
            to: "lenea@contoso.com".into(),
            accepted_by: "lenea@contoso.com".into(),
            subject: None,
            importance: "Normal".into(),
            format: "plain".into(),
            text: "hello".into(),
            via: "invitation".into(),
            conversation: "c".into(),
            thread_id: "t".into(),
            received_at: std::time::SystemTime::UNIX_EPOCH,
            request: exchange("/invite", b"{}"),
            told_by: "/b".into(),
        };
        assert_eq!(story(&journal, message.clone()).evidence, Some("submitted"));
        exchange("/events", &vec![b' '; 1 << 20]);
        assert_eq!(story(&journal, message).evidence, None);
    }
}
