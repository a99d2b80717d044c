//! Events against what is expected.

use serde_json::json;

use super::*;
use crate::events::Event;
use crate::hypermedia::Resource;
use crate::limits::{MAX_LISTED, MAX_WORD};
use crate::reason::Reason;

fn router() -> EventRouter {
    EventRouter::new(Url::parse("https://pool.contoso.com/ucwa/oauth/v1/applications").unwrap())
}

/// Applies an event with the resource embedded in it.
fn apply(router: &mut EventRouter, event: &Event) {
    router.apply(event, event.resource.as_ref());
}

#[test]
fn a_conversation_that_ends_takes_its_messaging_with_it() {
    let mut router = router();
    for (conversation, messaging) in [
        ("/communication/conversations/1", "/communication/conversations/1/messaging"),
        (
            "/communication/conversations/2?endpointId=sip:a@b.c",
            "/communication/conversations/2/messaging?endpointId=sip:a@b.c",
        ),
    ] {
        let modality = router.follow_modality(messaging);
        let gone = json!({ "link": { "rel": "conversation", "href": conversation }, "type": "deleted" });
        let gone = Event::parse(&gone, &("communication".into(), "/communication".into())).unwrap();
        router.apply(&gone, None);
        assert!(router.modality(&modality).disconnected, "{conversation}");
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

#[test]
fn only_a_message_known_to_be_ours_stands_for_a_lost_one() {
    for (resource, ends) in [
        ("", false),
        (r#","_embedded":{"message":{"direction":"Incoming"}}"#, false),
        (r#","_embedded":{"message":{"direction":"Outgoing"}}"#, true),
    ] {
        let event = completed(resource);
        for before in [true, false] {
            let mut router = router();
            if before {
                apply(&mut router, &event);
            }
            let lost = router.expect_lost_message("/c/1");
            if !before {
                apply(&mut router, &event);
            }
            assert_eq!(router.message(&lost).is_some(), ends, "{resource} {before}");
        }
    }
}

const OUTGOING: &str = r#","_embedded":{"message":{"direction":"Outgoing"}}"#;

#[test]
fn the_late_end_of_a_message_nobody_waits_for_is_not_that_of_the_next_one() {
    for next_waits_already in [true, false] {
        let mut router = router();
        let abandoned = router.expect_message("/c/1/m/1");
        assert!(router.is_waiting());
        router.abandon(&abandoned);
        assert!(!router.is_waiting());
        let before = next_waits_already.then(|| router.expect_lost_message("/c/1"));
        apply(&mut router, &completed(OUTGOING));
        let next = before.unwrap_or_else(|| router.expect_lost_message("/c/1"));
        assert_eq!(router.message(&next), None, "{next_waits_already}");
    }
}

#[test]
fn what_a_conversation_left_is_nothing_to_a_new_one_of_its_id() {
    let mut router = router();
    apply(&mut router, &completed(OUTGOING));
    router.apply(&gone(), None);
    let lost = router.expect_lost_message("/c/1");
    assert_eq!(router.message(&lost), None);
    // Its own response may still be on the way.
    let late = router.expect_message("/c/1/m/1");
    assert!(router.message(&late).is_some());
    router.abandon(&late);
    router.abandon(&lost);
    router.apply(&gone(), None);
    assert!(router.messages.is_empty());
}

#[test]
fn messages_that_were_abandoned_are_bounded() {
    let mut router = router();
    let waiting = router.expect_message("/c/1/m");
    for n in 0..3 * MAX_MESSAGES {
        let by_href = router.expect_message(&format!("/c/1/m/{n}"));
        router.abandon(&by_href);
        let lost = router.expect_lost_message(&format!("/c/{n}"));
        router.abandon(&lost);
    }
    assert!(router.messages.len() <= MAX_MESSAGES && router.messages.contains_key(&waiting));
}

#[test]
fn an_outcome_of_an_unknown_name_is_none() {
    for (status, outcome) in [
        (r#""Success""#, Outcome::Accepted { by: Vec::new() }),
        ("null", Outcome::Accepted { by: Vec::new() }),
        (r#""Timeout""#, Outcome::Lost("the server told an outcome that nobody knows")),
        ("7", Outcome::Lost("the server told an outcome that nobody knows")),
        (r#""Failure""#, Outcome::Failed(Reason::default())),
    ] {
        let event = event(&format!(
            r#"{{"link":{{"rel":"message","href":"/c/1/m/1"}},"type":"completed","status":{status}}}"#
        ));
        let mut router = router();
        let message = router.expect_message("/c/1/m/1");
        router.apply(&event, None);
        assert_eq!(router.message(&message), Some(&outcome), "{status}");
    }
}

fn gone() -> Event {
    let gone = json!({ "link": { "rel": "conversation", "href": "/c/1" }, "type": "deleted" });
    Event::parse(&gone, &("communication".into(), "/communication".into())).unwrap()
}

#[test]
fn a_new_conversation_may_have_the_id_of_one_that_is_over() {
    let mut router = router();
    for _ in 0..2 {
        let message = router.expect_message("/c/1/m/1");
        apply(&mut router, &completed(OUTGOING));
        assert!(router.message(&message).is_some());
        router.apply(&gone(), None);
    }
}

#[test]
fn an_event_may_come_before_its_answer_and_twice() {
    let mut router = router();
    apply(&mut router, &completed(OUTGOING));
    let message = router.expect_message("/C/1/M/1");
    assert_eq!(router.message(&message), Some(&Outcome::Accepted { by: Vec::new() }));
    apply(&mut router, &completed(OUTGOING));
    let lost = router.expect_lost_message("/c/1");
    assert_eq!(router.message(&lost), None);
}

#[test]
fn what_is_expected_after_the_end_is_lost_at_once() {
    let mut router = router();
    // What was reported before stays true.
    apply(&mut router, &completed(OUTGOING));
    router.close("over");
    router.expect_invitation("1");
    assert_eq!(router.invitation("1").unwrap().outcome, Some(Outcome::Lost("over")));
    let (late, known) = (router.expect_message("/m/1"), router.expect_message("/c/1/m/1"));
    assert_eq!(router.message(&late), Some(&Outcome::Lost("over")));
    assert_eq!(router.message(&known), Some(&Outcome::Accepted { by: Vec::new() }));
    assert!(!router.is_waiting());
}

#[test]
fn a_doubtful_conversation_is_alive_until_events_tell_anew() {
    let mut router = router();
    let modality = router.follow_modality("/c/1/messaging");
    apply(&mut router, &connected());
    router.mark_conversations_stale();
    assert!(router.modality(&modality).stale && !router.modality(&modality).disconnected);
    apply(&mut router, &connected());
    assert!(!router.modality(&modality).stale);
    router.lose_conversations();
    assert!(router.modality(&modality).disconnected);
}

fn connected() -> Event {
    event(
        r#"{"link":{"rel":"messaging","href":"/c/1/messaging"},"type":"updated","_embedded":{"messaging":
            {"state":"Connected","_links":{"sendMessage":{"href":"/c/1/messages"}}}}}"#,
    )
}

#[test]
fn a_modality_that_ended_stays_so_when_a_new_one_has_its_href() {
    let mut router = router();
    let old = router.follow_modality("/c/1/messaging");
    apply(&mut router, &connected());
    router.apply(&gone(), None);
    let new = router.follow_modality("/c/1/messaging");
    apply(&mut router, &connected());
    assert!(router.modality(&old).disconnected && !router.modality(&new).disconnected);
    // Nor does whoever followed the old one take the new one with it.
    router.unfollow_modality(&old);
    assert!(!router.modality(&new).disconnected && router.concerns(&connected()));
    router.unfollow_modality(&new);
    assert!(router.modalities.is_empty());
}

#[test]
fn of_two_messages_of_one_href_the_first_is_lost() {
    let mut router = router();
    let (first, second) = (router.expect_message("/c/1/m/1"), router.expect_message("/c/1/m/1"));
    assert!(matches!(router.message(&first), Some(Outcome::Lost(_))));
    apply(&mut router, &completed(OUTGOING));
    assert_eq!(router.message(&second), Some(&Outcome::Accepted { by: Vec::new() }));
}

#[test]
fn what_is_expected_after_a_mark_is_not_lost_with_what_came_before() {
    let mut router = router();
    router.expect_invitation("before");
    let (before, abandoned) = (router.expect_message("/m/1"), router.expect_message("/m/2"));
    router.abandon(&abandoned);
    let mark = router.mark();
    router.expect_invitation("after");
    let after = router.expect_lost_message("/c/1");
    router.lose_before(mark, "gone");
    let outcome = |operation| router.invitation(operation).unwrap().outcome.clone();
    assert_eq!((outcome("before"), outcome("after")), (Some(Outcome::Lost("gone")), None));
    assert_eq!((router.message(&before), router.message(&after)), (Some(&Outcome::Lost("gone")), None));
    assert!(!router.messages.contains_key(&abandoned));
}

#[test]
fn events_that_nobody_waits_for_fill_no_memory() {
    let mut router = router();
    router.expect_invitation("1");
    let most = MAX_MODALITIES + MAX_UNCLAIMED + MAX_HREFS;
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
            apply(&mut router, &event);
        }
    }
    let EventRouter { modalities, unclaimed, settled, operations, .. } = &router;
    let size = modalities.len() + unclaimed.len() + settled.len() + operations.len();
    assert!(size <= most, "{size}");
}

#[test]
fn what_an_event_says_is_kept_short() {
    let long = "x".repeat(1 << 20);
    let link = json!({ "rel": "message", "href": "/m/1" });
    let event = json!({
        "link": link, "type": "completed", "status": "Failure", "reason": { "code": long, "subcode": long },
    });
    let event = Event::parse(&event, &("conversation".into(), "/c/1".into())).unwrap();
    assert_eq!(event.reason.unwrap().pair().len(), 2 * MAX_WORD + 1);
    let absurd = json!({ "link": { "rel": "message", "href": long }, "type": "completed" });
    assert_eq!(Event::parse(&absurd, &("conversation".into(), "/c/1".into())), None);
    let modality =
        Resource::parse(json!({ "negotiatedMessageFormats": vec![long; 100] }).to_string().as_bytes());
    let formats = Modality::of(&modality.unwrap()).formats;
    assert_eq!((formats.len(), formats[0].len()), (MAX_LISTED, MAX_WORD));
}
