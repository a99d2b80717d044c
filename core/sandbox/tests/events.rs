//! The event channel, request by request.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use std::time::Duration;

use reqwest::Response;
use send_im_sandbox::Sandbox;
use serde_json::{Value, json};
use support::{PATIENCE, Session, flat, href, json_of, until};
use tokio::task::JoinHandle;

/// A request for events in a task of its own, once the sandbox has received it.
async fn waiting(sandbox: &Sandbox, session: &Session, href: &str) -> JoinHandle<Response> {
    let before = sandbox.journal().len();
    let (session, href) = (session.clone(), href.to_owned());
    let request = tokio::spawn(async move { session.get(&href).await });
    until("the request waits", || sandbox.journal().len() > before && sandbox.pending_gets() > 0).await;
    request
}

fn ack(session: &Session, number: u64) -> String {
    format!("{}/events?ack={number}", session.self_href())
}

#[tokio::test]
async fn a_batch_is_repeated_until_it_is_confirmed() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    session.invite_with("bob@contoso.com", "hi").await;
    let first = session.read(&ack(&session, 1)).await;
    assert_eq!(href(&first, "self"), ack(&session, 1));
    assert_eq!(flat(&first).len(), 10);
    session.invite_with("amy@contoso.com", "hi").await;
    assert_eq!(session.read(&ack(&session, 1)).await, first, "the answer was lost: it comes again");
    let second = session.read(&href(&first, "next")).await;
    assert!(second["sender"].to_string().contains("amy@contoso.com"));
    assert!(!second["sender"].to_string().contains("bob@contoso.com"));
}

#[tokio::test]
async fn an_unknown_ack_leads_to_a_resync() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    session.invite_with("bob@contoso.com", "hi").await;
    let first = session.read(&ack(&session, 1)).await;
    for wrong in [0, 99] {
        let answer = session.read(&ack(&session, wrong)).await;
        assert_eq!(answer.as_object().unwrap().len(), 1, "neither next nor sender");
        assert_eq!(answer["_links"].as_object().unwrap().len(), 2);
        assert_eq!(session.read(&href(&answer, "resync")).await, first, "the first unconfirmed batch");
    }
    assert_eq!(session.get(&format!("{}/events", session.self_href())).await.status(), 400);
}

#[tokio::test]
async fn ack_numbers_have_gaps() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    let mut events = session.events();
    let mut numbers = Vec::new();
    for _ in 0..4 {
        session.invite_with("bob@contoso.com", "hi").await;
        events.answer().await;
        numbers.push(events.next.rsplit('=').next().unwrap().parse::<u64>().unwrap());
    }
    assert_eq!(numbers, [2, 3, 5, 6]);
}

#[tokio::test]
async fn a_second_request_replaces_the_first() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let first = waiting(&sandbox, &session, &ack(&session, 1)).await;
    let second = waiting(&sandbox, &session, &ack(&session, 1)).await;
    let replaced = first.await.unwrap();
    assert_eq!(replaced.status(), 409);
    let body = json_of(replaced).await;
    assert_eq!((&body["code"], &body["subcode"]), (&json!("Conflict"), &json!("PGetReplaced")));
    let strong = waiting(&sandbox, &session, &format!("{}&priority=5", ack(&session, 1))).await;
    assert_eq!(second.await.unwrap().status(), 409);
    let weak = session.get(&format!("{}&priority=1", ack(&session, 1))).await;
    assert_eq!(weak.status(), 409, "the stronger one stays");
    session.invite_with("bob@contoso.com", "hi").await;
    assert_eq!(flat(&json_of(strong.await.unwrap()).await).len(), 10);
}

#[tokio::test]
async fn without_events_the_answer_is_an_empty_list() {
    let quick = Sandbox::builder().poll_timeout(Duration::from_millis(20));
    let (_sandbox, session) = Session::on(quick).await;
    let empty = session.read(&ack(&session, 1)).await;
    assert_eq!(empty["sender"], json!([]));
    let links: Vec<&String> = empty["_links"].as_object().unwrap().keys().collect();
    assert_eq!(links, ["next", "self"]);
    let again = session.read(&href(&empty, "next")).await;
    assert_ne!(href(&again, "next"), href(&empty, "next"));
}

#[tokio::test]
async fn quiet_events_wait_and_leave_with_the_first_urgent_one() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let make = href(&session.application["_embedded"]["me"], "makeMeAvailable");
    let request = waiting(&sandbox, &session, &format!("{}&medium=1800", ack(&session, 1))).await;
    assert_eq!(session.post(&make, &json!({ "supportedModalities": ["Messaging"] })).await.status(), 204);
    assert_eq!(sandbox.pending_gets(), 1, "nothing is urgent yet");
    session.invite_with("bob@contoso.com", "hi").await;
    let events = flat(&json_of(request.await.unwrap()).await);
    let rels: Vec<&str> = events.iter().map(|event| event["link"]["rel"].as_str().unwrap()).take(6).collect();
    assert_eq!(rels, ["communication", "me", "presence", "note", "location", "messagingInvitation"]);
    assert_eq!(events[0]["_embedded"]["communication"]["supportedModalities"], json!(["Messaging"]));
}

#[tokio::test]
async fn a_resync_comes_alone_and_loses_nothing() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let request = waiting(&sandbox, &session, &ack(&session, 1)).await;
    sandbox.force_resync();
    let answer = json_of(request.await.unwrap()).await;
    assert!(answer.get("sender").is_none());
    session.invite_with("bob@contoso.com", "hi").await;
    sandbox.force_resync();
    let answer = session.read(&href(&answer, "resync")).await;
    let batch = session.read(&href(&answer, "resync")).await;
    assert_eq!(flat(&batch).len(), 10);
}

#[tokio::test]
async fn resume_ends_the_conversations_but_not_the_application() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    session.invite_with("bob@contoso.com", "hi").await;
    let batch = session.read(&ack(&session, 1)).await;
    let request = waiting(&sandbox, &session, &href(&batch, "next")).await;
    sandbox.force_resume();
    let answer = json_of(request.await.unwrap()).await;
    assert!(answer["_links"].get("next").is_none());
    let conversation = flat(&batch)[1]["link"]["href"].as_str().unwrap().to_owned();
    assert_eq!(session.get(&conversation).await.status(), 404);
    session.invite_with("amy@contoso.com", "hi").await;
    let batch: Value = session.read(&href(&answer, "resume")).await;
    assert_eq!(flat(&batch).len(), 10);
    assert!(batch["_links"].get("next").is_some());
}

#[tokio::test]
async fn a_client_that_disconnects_is_no_longer_pending() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let request = waiting(&sandbox, &session, &ack(&session, 1)).await;
    request.abort();
    drop(request.await);
    until("its place is free", || sandbox.pending_gets() == 0).await;
    session.invite_with("bob@contoso.com", "hi").await;
    assert_eq!(flat(&session.read(&ack(&session, 1)).await).len(), 10, "its events are still there");
}

#[tokio::test]
async fn stopping_answers_those_who_wait() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let request = waiting(&sandbox, &session, &ack(&session, 1)).await;
    sandbox.stop().await;
    assert_eq!(request.await.unwrap().status(), 503);
    assert!(session.http.get(&session.origin).send().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn dropping_cuts_everything_off() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let pending = session.clone();
    let href = ack(&session, 1);
    let request = tokio::spawn(async move { pending.request(reqwest::Method::GET, &href).send().await });
    until("the request waits", || sandbox.pending_gets() > 0).await;
    drop(sandbox);
    assert!(request.await.unwrap().is_err(), "the connection ends without an answer");
    let gone = async { while session.http.get(&session.origin).send().await.is_ok() {} };
    tokio::time::timeout(PATIENCE, gone).await.expect("nobody listens any more");
}
