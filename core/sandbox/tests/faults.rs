//! Faults do what their documentation says, to the requests of their route and to no other.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use std::time::Duration;

use reqwest::{Response, StatusCode};
use send_im_sandbox::{Action, ErrorBody, Fault, Route, Sandbox};
use serde_json::json;
use support::{PATIENCE, Session, href, json_of, message, until};

fn status(http: u16, body: ErrorBody) -> Action {
    Action::Status { http, code: None, subcode: None, retry_after: None, body, diagnostics: None }
}

async fn invite(session: &Session, to: &str) -> reqwest::Result<Response> {
    let request = session.request(reqwest::Method::POST, &session.start_messaging_href());
    let input = json!({ "to": to, "operationId": "op", "_links": message("disk full") });
    request.header("content-type", "application/json").body(input.to_string()).send().await
}

#[tokio::test]
async fn a_status_is_answered_in_the_form_asked_for() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    sandbox.set_faults(vec![
        Fault::on(
            Route::StartMessaging,
            Action::Status {
                http: 429,
                code: None,
                subcode: Some("LimitExceeded".to_owned()),
                retry_after: Some(7),
                body: ErrorBody::Json,
                diagnostics: Some("1;reason=\"x\"".to_owned()),
            },
        ),
        Fault::on(Route::StartMessaging, status(503, ErrorBody::Html)),
        Fault::on(Route::StartMessaging, status(500, ErrorBody::Text)),
    ]);
    let first = invite(&session, "sip:bob@contoso.com").await.unwrap();
    assert_eq!((first.status().as_u16(), &first.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert_eq!(first.headers()["x-ms-diagnostics"], "1;reason=\"x\"");
    let body = json_of(first).await;
    assert_eq!((&body["code"], &body["subcode"]), (&json!("TooManyRequests"), &json!("LimitExceeded")));
    let second = invite(&session, "sip:bob@contoso.com").await.unwrap();
    assert_eq!(
        (second.status().as_u16(), &second.headers()["content-type"]),
        (503, &"text/html".parse().unwrap())
    );
    let third = invite(&session, "sip:bob@contoso.com").await.unwrap();
    assert_eq!(
        (third.status().as_u16(), &third.headers()["content-type"]),
        (500, &"text/plain".parse().unwrap())
    );
    assert!(sandbox.messages().is_empty(), "none of them was processed");
    assert_eq!(invite(&session, "sip:bob@contoso.com").await.unwrap().status(), 201);
    assert_eq!(sandbox.messages().len(), 1);
}

#[tokio::test]
async fn a_dropped_request_is_not_processed_and_a_dropped_answer_is() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::DropBefore));
    assert!(invite(&session, "sip:bob@contoso.com").await.is_err());
    assert!(sandbox.messages().is_empty());
    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::DropAfter));
    assert!(invite(&session, "sip:bob@contoso.com").await.is_err());
    assert_eq!(sandbox.messages().len(), 1);
    let completed = session.events().find("messagingInvitation", "completed").await;
    assert_eq!(completed["_embedded"]["messagingInvitation"]["operationId"], "op", "the channel can tell");
    let dropped: Vec<_> = sandbox.journal().iter().rev().skip(1).take(2).map(|e| e.status).collect();
    assert_eq!(dropped, [None, None]);
}

#[tokio::test]
async fn a_lost_answer_of_the_channel_comes_again() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    sandbox.add_fault(Fault::on(Route::Events, Action::DropAfter));
    session.invite_with("bob@contoso.com", "hi").await;
    let events = href(&session.application, "events");
    let request = session.request(reqwest::Method::GET, &events);
    assert!(request.send().await.is_err());
    assert_eq!(support::flat(&session.read(&events).await).len(), 10);
}

#[tokio::test]
async fn a_cut_body_ends_in_its_middle() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let whole = session.get(&session.self_href()).await.text().await.unwrap();
    sandbox.add_fault(Fault::on(Route::Any, Action::CutBody));
    let mut cut = session.get(&session.self_href()).await;
    assert_eq!(cut.status(), 200);
    let mut seen = Vec::new();
    let end = loop {
        match cut.chunk().await {
            Ok(Some(chunk)) => seen.extend_from_slice(&chunk),
            other => break other,
        }
    };
    assert!(end.is_err(), "it is not a proper end");
    assert_eq!(seen, whole.as_bytes()[..whole.len() / 2]);
}

#[tokio::test]
async fn answers_can_be_of_the_wrong_kind_or_size() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    sandbox.set_faults(vec![
        Fault::on(Route::Discovery, Action::HtmlInstead),
        Fault::on(Route::Discovery, Action::WrongContentType),
        Fault::on(Route::Discovery, Action::Oversized { bytes: 3_000_000 }),
    ]);
    let get = async || session.http.get(sandbox.url()).send().await.unwrap();
    let page = get().await;
    assert_eq!(
        (page.status(), &page.headers()["content-type"]),
        (StatusCode::OK, &"text/html".parse().unwrap())
    );
    let wrong = get().await;
    assert_eq!(wrong.headers()["content-type"], "text/plain");
    assert!(json_of(wrong).await["_links"]["user"].is_object());
    let large = get().await.text().await.unwrap();
    assert!(large.len() >= 3_000_000);
    assert!(serde_json::from_str::<serde_json::Value>(&large).unwrap()["_links"]["user"].is_object());
    assert!(sandbox.faults().is_empty());
}

#[tokio::test]
async fn events_come_twice_bare_late_or_only_at_the_end() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let mut events = session.events();

    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::DuplicateEvents));
    session.invite_with("bob@contoso.com", "1").await;
    let batch = events.batch().await;
    assert_eq!(batch.len(), 20);
    assert_eq!(batch[0], batch[1]);

    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::BareEvents));
    session.invite_with("bob@contoso.com", "2").await;
    let batch = events.batch().await;
    assert!(batch.iter().all(|event| event.get("_embedded").is_none()));
    let fetched = session.read(batch[0]["link"]["href"].as_str().unwrap()).await;
    assert_eq!((&fetched["operationId"], &fetched["state"]), (&json!("op"), &json!("Connected")));

    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::SkipStates));
    session.invite_with("bob@contoso.com", "3").await;
    let batch = events.batch().await;
    assert_eq!(batch.len(), 1);
    assert_eq!((&batch[0]["type"], &batch[0]["status"]), (&json!("completed"), &json!("Success")));

    let held = Action::DelayEvents { time: Duration::from_millis(50) };
    sandbox.add_fault(Fault::on(Route::StartMessaging, held));
    session.invite_with("bob@contoso.com", "4").await;
    assert_eq!(sandbox.messages().len(), 4, "the message is not late, its events are");
    assert_eq!(events.batch().await.len(), 10);

    sandbox.add_fault(Fault::on(Route::Events, Action::BareEvents));
    session.invite_with("bob@contoso.com", "5").await;
    assert!(events.batch().await.iter().all(|event| event.get("_embedded").is_none()));
    assert!(sandbox.faults().is_empty());
}

#[tokio::test]
async fn the_resources_of_bare_events_of_a_refusal_can_still_be_fetched() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::BareEvents));
    session.invite_with("declines@contoso.com", "hi").await;
    let completed = session.events().find("messagingInvitation", "completed").await;
    assert_eq!(completed["reason"]["subcode"], "Declined");
    let invitation = session.read(completed["link"]["href"].as_str().unwrap()).await;
    assert_eq!((&invitation["operationId"], &invitation["state"]), (&json!("op"), &json!("Failed")));
}

#[tokio::test]
async fn early_events_are_there_before_the_answer_to_the_post() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::EarlyEvents));
    let posting = session.clone();
    let post = tokio::spawn(async move { invite(&posting, "sip:bob@contoso.com").await.unwrap().status() });
    until("the message is delivered", || !sandbox.messages().is_empty()).await;
    assert!(!post.is_finished());
    let completed = session.events().find("messagingInvitation", "completed").await;
    assert_eq!(completed["status"], "Success");
    assert_eq!(tokio::time::timeout(PATIENCE, post).await.unwrap().unwrap(), 201);
}

#[tokio::test]
async fn a_delayed_request_is_processed_later() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::Delay { time: Duration::from_millis(100) }));
    let posting = session.clone();
    let post = tokio::spawn(async move { invite(&posting, "sip:bob@contoso.com").await.unwrap().status() });
    until("the fault has hit", || sandbox.faults().is_empty()).await;
    assert!(sandbox.messages().is_empty());
    assert_eq!(post.await.unwrap(), 201);
    assert_eq!(sandbox.messages().len(), 1);
}

/// True if some error in the chain is of this kind.
fn is_of_kind(error: &reqwest::Error, kind: std::io::ErrorKind) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == kind) {
            return true;
        }
        next = error.source();
    }
    false
}

#[tokio::test]
async fn a_reset_connection_is_reset_before_or_after_the_work() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    for (action, arrived) in [(Action::ResetBefore, 0), (Action::ResetAfter, 1)] {
        sandbox.add_fault(Fault::on(Route::StartMessaging, action.clone()));
        let error = invite(&session, "sip:bob@contoso.com").await.unwrap_err();
        assert!(is_of_kind(&error, std::io::ErrorKind::ConnectionReset), "{action:?}: {error:?}");
        assert_eq!(sandbox.messages().len(), arrived, "{action:?}");
    }
}

#[tokio::test]
async fn a_late_answer_is_of_a_request_that_was_processed_at_once() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let late = Action::DelayAnswer { time: Duration::from_secs(3600) };
    sandbox.add_fault(Fault::on(Route::StartMessaging, late));
    tokio::select! {
        _ = invite(&session, "sip:bob@contoso.com") => panic!("it was answered"),
        arrived = sandbox.wait_for(1, PATIENCE) => assert_eq!(arrived.unwrap().len(), 1),
    }
}

#[tokio::test]
async fn an_origin_refuses_connections_while_it_lives_and_takes_them_again() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let refused = async || {
        let error = session.http.get(sandbox.url()).send().await.err();
        error.is_some_and(|error| {
            error.is_connect() && is_of_kind(&error, std::io::ErrorKind::ConnectionRefused)
        })
    };
    let hour = Duration::from_secs(3600);
    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::ThenRefuse { time: hour }));
    assert_eq!(invite(&session, "sip:bob@contoso.com").await.unwrap().status(), 201);
    assert_eq!(sandbox.messages().len(), 1);
    assert!(refused().await);
    let comes = async |wanted: bool| {
        let comes = async { while refused().await != wanted {} };
        tokio::time::timeout(PATIENCE, comes).await.unwrap_or_else(|_| panic!("refused is to be {wanted}"));
    };
    sandbox.clear_faults();
    comes(false).await;
    // It also ends by itself. The client may first find its pooled connection closed.
    sandbox.refuse_connections(0, Duration::from_secs(1)).await;
    comes(true).await;
    comes(false).await;
    assert_eq!(session.events().find("messagingInvitation", "completed").await["status"], "Success");
}
