//! Events against books.

use serde_json::json;

use super::*;
use crate::ucwa::events::Event;
use crate::ucwa::limits::LONGEST_WORD;

#[test]
fn a_conversation_that_ends_takes_its_messaging_with_it() {
    let ledger = Ledger::new(Url::parse("https://pool.contoso.com/ucwa/oauth/v1/applications").unwrap());
    for (conversation, messaging) in [
        ("/communication/conversations/1", "/communication/conversations/1/messaging"),
        (
            "/communication/conversations/2?endpointId=sip:a@b.c",
            "/communication/conversations/2/messaging?endpointId=sip:a@b.c",
        ),
    ] {
        let modality = ledger.modality(messaging);
        let gone = json!({ "link": { "rel": "conversation", "href": conversation }, "type": "deleted" });
        let gone = Event::parse(&gone, &("communication".into(), "/communication".into())).unwrap();
        ledger.book(&gone, None);
        assert!(modality.borrow().disconnected, "{conversation}");
    }
}

fn event(json: &str) -> Event {
    let sender = ("conversation".to_owned(), "/c/1".to_owned());
    Event::parse(&serde_json::from_str(json).unwrap(), &sender).unwrap()
}

fn completed(resource: &str) -> Event {
    event(&format!(
        r#"{{"link":{{"rel":"message","href":"/c/1/m/1"}},"type":"completed","status":"Success"{resource}}}"#
    ))
}

fn ledger() -> Ledger {
    Ledger::new(Url::parse("https://pool.contoso.com/applications").unwrap())
}

#[test]
fn only_a_message_known_to_be_ours_stands_for_a_lost_one() {
    for (resource, ends) in [
        ("", false),
        (r#","_embedded":{"message":{"direction":"Incoming"}}"#, false),
        (r#","_embedded":{"message":{"direction":"Outgoing"}}"#, true),
    ] {
        let event = completed(resource);
        for before in [true, false] {
            let ledger = ledger();
            if before {
                ledger.book(&event, event.resource.as_ref());
            }
            let mut orphan = ledger.expect_orphan("/c/1");
            if !before {
                ledger.book(&event, event.resource.as_ref());
            }
            assert_eq!(orphan.try_recv().is_ok(), ends, "{resource} {before}");
        }
    }
}

const OUTGOING: &str = r#","_embedded":{"message":{"direction":"Outgoing"}}"#;

#[test]
fn the_late_end_of_a_message_nobody_waits_for_is_not_that_of_the_next_one() {
    for next_waits_already in [true, false] {
        let (ledger, event) = (ledger(), completed(OUTGOING));
        drop(ledger.expect_message("/c/1/m/1"));
        assert!(!ledger.is_waiting());
        let before = next_waits_already.then(|| ledger.expect_orphan("/c/1"));
        ledger.book(&event, event.resource.as_ref());
        let mut next = before.unwrap_or_else(|| ledger.expect_orphan("/c/1"));
        assert!(next.try_recv().is_err(), "{next_waits_already}");
    }
}

#[test]
fn what_a_conversation_left_is_nothing_to_a_new_one_of_its_id() {
    let (ledger, event) = (ledger(), completed(OUTGOING));
    ledger.book(&event, event.resource.as_ref());
    ledger.book(&gone(), None);
    assert!(ledger.expect_orphan("/c/1").try_recv().is_err());
    // Its own answer may still be on the way.
    assert!(ledger.expect_message("/c/1/m/1").try_recv().is_ok());
    let abandoned = ledger.expect_orphan("/c/1");
    drop(abandoned);
    ledger.book(&gone(), None);
    assert!(ledger.books().orphans.is_empty());
}

#[test]
fn waits_that_were_given_up_are_bounded() {
    let ledger = ledger();
    for n in 0..3 * MOST_UNCLAIMED {
        drop(ledger.expect_message(&format!("/c/1/m/{n}")));
        drop(ledger.expect_orphan(&format!("/c/{n}")));
    }
    let books = ledger.books();
    assert!(books.messages.len() <= MOST_UNCLAIMED && books.orphans.len() <= MOST_UNCLAIMED);
}

#[test]
fn an_outcome_of_an_unknown_name_is_none() {
    for (status, end) in [
        (r#""Success""#, End::Done { by: Vec::new() }),
        ("null", End::Done { by: Vec::new() }),
        (r#""Timeout""#, End::Lost("the server told an outcome that nobody knows")),
        ("7", End::Lost("the server told an outcome that nobody knows")),
        (r#""Failure""#, End::Failed(Reason::default())),
    ] {
        let event = event(&format!(
            r#"{{"link":{{"rel":"message","href":"/c/1/m/1"}},"type":"completed","status":{status}}}"#
        ));
        let ledger = ledger();
        let mut message = ledger.expect_message("/c/1/m/1");
        ledger.book(&event, None);
        assert_eq!(message.try_recv(), Ok(end), "{status}");
    }
}

fn gone() -> Event {
    let gone = json!({ "link": { "rel": "conversation", "href": "/c/1" }, "type": "deleted" });
    Event::parse(&gone, &("communication".into(), "/communication".into())).unwrap()
}

#[test]
fn a_new_conversation_may_have_the_id_of_one_that_is_over() {
    let (ledger, event) = (ledger(), completed(OUTGOING));
    for _ in 0..2 {
        let mut message = ledger.expect_message("/c/1/m/1");
        ledger.book(&event, event.resource.as_ref());
        assert!(message.try_recv().is_ok());
        ledger.book(&gone(), None);
    }
}

#[test]
fn an_event_may_come_before_its_answer_and_twice() {
    let (ledger, event) = (ledger(), completed(OUTGOING));
    ledger.book(&event, event.resource.as_ref());
    assert_eq!(ledger.expect_message("/C/1/M/1").try_recv(), Ok(End::Done { by: Vec::new() }));
    ledger.book(&event, event.resource.as_ref());
    assert!(ledger.expect_orphan("/c/1").try_recv().is_err());
}

#[test]
fn what_is_expected_after_the_end_is_lost_at_once() {
    let ledger = ledger();
    ledger.close("over");
    assert_eq!(ledger.expect_invitation("1").borrow().end, Some(End::Lost("over")));
    assert_eq!(ledger.expect_message("/m/1").try_recv(), Ok(End::Lost("over")));
    assert!(!ledger.is_waiting());
}

#[test]
fn a_doubtful_conversation_is_alive_until_events_tell_anew() {
    let ledger = ledger();
    let modality = ledger.modality("/c/1/messaging");
    let connected = event(
        r#"{"link":{"rel":"messaging","href":"/c/1/messaging"},"type":"updated","_embedded":{"messaging":
            {"state":"Connected","_links":{"sendMessage":{"href":"/c/1/messages"}}}}}"#,
    );
    ledger.book(&connected, connected.resource.as_ref());
    ledger.doubt_conversations();
    assert!(modality.borrow().stale && !modality.borrow().disconnected);
    ledger.book(&connected, connected.resource.as_ref());
    assert!(!modality.borrow().stale);
    ledger.lose_conversations();
    assert!(modality.borrow().disconnected);
}

/// Entries in all books that events fill.
fn size(ledger: &Ledger) -> usize {
    let books = ledger.books();
    books.modalities.len() + books.unclaimed.len() + books.settled.len() + books.operations.len()
}

#[test]
fn events_that_nobody_waits_for_fill_no_books() {
    let ledger = ledger();
    let _invitation = ledger.expect_invitation("1");
    let most = MOST_MODALITIES + MOST_UNCLAIMED + MOST_HREFS;
    for n in 0..most + 200 {
        for (rel, resource) in [
            ("messaging", json!({ "state": "Connected" })),
            ("message", json!({ "direction": "Outgoing" })),
            // One invitation, called by ever new names.
            ("messagingInvitation", json!({ "operationId": "1", "state": "Connecting" })),
            ("conversation", json!({ "state": "Connected" })),
            ("unheard", json!({})),
        ] {
            let kind = if rel == "message" { "completed" } else { "updated" };
            let link = json!({ "rel": rel, "href": format!("/{rel}/{n}") });
            let event = json!({ "link": link, "type": kind, "_embedded": { rel: resource } });
            let event = Event::parse(&event, &("communication".into(), "/c".into())).unwrap();
            ledger.book(&event, event.resource.as_ref());
        }
    }
    assert!(size(&ledger) <= most, "{}", size(&ledger));
}

#[test]
fn what_an_event_says_is_kept_short() {
    let long = "x".repeat(1 << 20);
    let link = json!({ "rel": "message", "href": "/m/1" });
    let event = json!({
        "link": link, "type": "completed", "status": "Failure", "reason": { "code": long, "subcode": long },
    });
    let event = Event::parse(&event, &("conversation".into(), "/c/1".into())).unwrap();
    assert_eq!(event.reason.unwrap().pair().len(), 2 * LONGEST_WORD + 1);
    let absurd = json!({ "link": { "rel": "message", "href": long }, "type": "completed" });
    assert_eq!(Event::parse(&absurd, &("conversation".into(), "/c/1".into())), None);
    let modality =
        Resource::parse(json!({ "negotiatedMessageFormats": vec![long; 100] }).to_string().as_bytes());
    let formats = Modality::of(&modality.unwrap()).formats;
    assert_eq!((formats.len(), formats[0].len()), (MOST_LISTED, LONGEST_WORD));
}

#[test]
fn links_to_unprotected_places_lead_nowhere() {
    assert_eq!(ledger().url("http://evil.test/send"), None);
    assert!(ledger().url("/send").is_some());
}
