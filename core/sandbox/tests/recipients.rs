//! Every recipient behaves as its address says.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use std::time::Duration;

use send_im_sandbox::{Behaviour, Sandbox};
use serde_json::{Value, json};
use support::{Session, href};

/// Sends a message in an invitation and returns the `completed` event.
async fn outcome(session: &Session, to: &str) -> Value {
    let mut events = session.events();
    session.invite_with(to, "disk full").await;
    events.find("messagingInvitation", "completed").await
}

async fn fails_with(to: &str, code: &str, subcode: &str) {
    let quick = Sandbox::builder().ring(Duration::from_millis(30));
    let (sandbox, session) = Session::on(quick).await;
    let mut events = session.events();
    session.invite_with(to, "disk full").await;
    let event = events.find("messagingInvitation", "completed").await;
    assert_eq!(event["status"], "Failure", "{to}");
    assert_eq!(
        (&event["reason"]["code"], &event["reason"]["subcode"]),
        (&json!(code), &json!(subcode)),
        "{to}"
    );
    assert!(event["_embedded"]["messagingInvitation"].get("reason").is_none(), "the reason is the event's");
    assert!(event["_embedded"]["messagingInvitation"].get("_embedded").is_none());
    events.find("conversation", "deleted").await;
    assert!(sandbox.messages().is_empty(), "{to}");
}

#[tokio::test]
async fn those_who_do_not_take_it_say_why() {
    fails_with("declines@contoso.com", "RemoteFailure", "Declined").await;
    fails_with("silent@contoso.com", "RemoteFailure", "Timeout").await;
    fails_with("busy@contoso.com", "RemoteFailure", "DoNotDisturb").await;
    fails_with("OFFLINE@contoso.com", "RemoteFailure", "TemporarilyUnavailable").await;
    fails_with("unknown@contoso.com", "NotFound", "DestinationNotFound").await;
    fails_with("drops@contoso.com", "RemoteFailure", "NotAllowed").await;
    // An answer after the ring time is none.
    fails_with("slow@contoso.com", "RemoteFailure", "Timeout").await;
}

/// The events about the invitation in each of these responses of the event channel.
fn invitation_events(answers: &[Vec<Value>]) -> Vec<Vec<&str>> {
    let invitation = |event: &&Value| event["link"]["rel"] == "messagingInvitation";
    let kinds = answers.iter().map(|events| events.iter().filter(invitation));
    kinds.map(|events| events.map(|event| event["type"].as_str().unwrap()).collect()).collect()
}

#[tokio::test]
async fn an_answer_that_takes_a_while_comes_in_another_batch_than_the_start() {
    for to in ["bob@contoso.com", "declines@contoso.com", "forwards@contoso.com"] {
        for asks_at_once in [true, false] {
            let patient = Sandbox::builder().answer_after(Duration::from_millis(30));
            let (_sandbox, session) = Session::on(patient).await;
            let mut events = session.events();
            let invitation = session.invite_with(to, "disk full").await;
            while !asks_at_once && session.read(&invitation).await["state"] == "Connecting" {}
            let answers = [events.batch().await, events.batch().await];
            assert_eq!(
                invitation_events(&answers),
                [["started"], ["completed"]],
                "{to}, asks at once: {asks_at_once}"
            );
        }
    }
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    session.invite_with("bob@contoso.com", "disk full").await;
    let at_once = [session.events().batch().await];
    assert_eq!(invitation_events(&at_once), [["started", "completed"]], "where no time passes");
    // An answer after the ring time is none.
    let slower = Sandbox::builder().answer_after(Duration::from_secs(60)).ring(Duration::from_millis(30));
    let (_sandbox, session) = Session::on(slower).await;
    let missed = outcome(&session, "bob@contoso.com").await;
    assert_eq!((&missed["status"], &missed["reason"]["subcode"]), (&json!("Failure"), &json!("Timeout")));
}

#[tokio::test]
async fn slow_rings_first_and_then_accepts() {
    let (sandbox, session) = Session::on(Sandbox::builder().slow(Duration::from_millis(80))).await;
    let mut events = session.events();
    session.invite_with("slow@contoso.com", "patience").await;
    let first = events.batch().await;
    assert_eq!(first.last().unwrap()["_embedded"]["messaging"]["state"], "Connecting");
    assert!(sandbox.messages().is_empty(), "nothing is delivered while it rings");
    let completed = events.find("messagingInvitation", "completed").await;
    assert_eq!(completed["status"], "Success");
    assert_eq!(sandbox.inbox("slow@contoso.com")[0].text, "patience");
}

#[tokio::test]
async fn an_invitation_can_be_canceled_while_it_rings() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let mut events = session.events();
    session.invite_with("silent@contoso.com", "never mind").await;
    let started = events.find("messagingInvitation", "started").await;
    let cancel = href(&started["_embedded"]["messagingInvitation"], "cancel");
    assert_eq!(session.post_empty(&cancel).await.status(), 204);
    let completed = events.find("messagingInvitation", "completed").await;
    assert_eq!(
        (&completed["status"], &completed["reason"]["code"], &completed["reason"]["subcode"]),
        (&json!("Failure"), &json!("LocalFailure"), &json!("Canceled"))
    );
    assert!(sandbox.messages().is_empty());
}

#[tokio::test]
async fn forwards_is_accepted_by_a_colleague() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let completed = outcome(&session, "forwards@fabrikam.com").await;
    let by = &completed["_embedded"]["messagingInvitation"]["_embedded"]["acceptedByParticipant"][0];
    assert_eq!(by["uri"], "sip:colleague@fabrikam.com");
    let got = &sandbox.inbox("colleague@fabrikam.com")[0];
    assert_eq!(
        (got.to.as_str(), got.accepted_by.as_str()),
        ("forwards@fabrikam.com", "colleague@fabrikam.com")
    );
    assert_eq!(sandbox.inbox("forwards@fabrikam.com").len(), 1);
}

#[tokio::test]
async fn drops_connects_and_loses_each_message() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let mut events = session.events();
    session.invite(json!({ "to": "sip:drops@contoso.com" })).await;
    let completed = events.find("messagingInvitation", "completed").await;
    assert_eq!(completed["status"], "Success");
    let messaging = session.read(&href(&completed["_embedded"]["messagingInvitation"], "messaging")).await;
    let sent = session.send(&href(&messaging, "sendMessage"), "text/plain", "gone").await;
    assert_eq!(sent.status(), 201);
    let event = events.find("message", "completed").await;
    assert_eq!((&event["status"], &event["reason"]["subcode"]), (&json!("Failure"), &json!("NotAllowed")));
    assert!(sandbox.messages().is_empty());
}

#[tokio::test]
async fn echo_sends_the_text_back() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let mut events = session.events();
    session.invite_with("echo@contoso.com", "a b").await;
    let back = events.find("message", "completed").await;
    let view = &back["_embedded"]["message"];
    assert_eq!(view["direction"], "Incoming");
    assert_eq!(href(view, "plainMessage"), "data:text/plain;charset=utf-8,a+b");
    assert_eq!(session.read(back["link"]["href"].as_str().unwrap()).await, *view);
    let messaging = session.read(&href(view, "messaging")).await;
    session.send(&href(&messaging, "sendMessage"), "text/plain", "c").await;
    assert_eq!(events.find("message", "completed").await["_embedded"]["message"]["direction"], "Outgoing");
    let back = events.find("message", "completed").await;
    assert_eq!(href(&back["_embedded"]["message"], "plainMessage"), "data:text/plain;charset=utf-8,c");
    assert_eq!(sandbox.messages().len(), 2, "what comes back is not a delivery");
}

#[tokio::test]
async fn one_address_can_be_given_another_behaviour() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    sandbox.recipient("Bob@contoso.com", Behaviour::Busy);
    sandbox.recipient("silent@contoso.com", Behaviour::Accept);
    let completed = outcome(&session, "bob@contoso.com").await;
    assert_eq!(completed["reason"]["subcode"], "DoNotDisturb");
    session.invite_with("silent@contoso.com", "hello").await;
    assert_eq!(sandbox.inbox("silent@contoso.com").len(), 1);
}

#[tokio::test]
async fn hundreds_of_refusals_leave_the_latest_to_fetch() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    let mut locations = Vec::new();
    for _ in 0..300 {
        locations.push(session.invite_with("declines@contoso.com", "hi").await);
    }
    assert_eq!(session.get(&locations[0]).await.status(), 404, "old ones are forgotten");
    for location in &locations[100..] {
        assert_eq!(session.read(location).await["state"], "Failed");
    }
}
