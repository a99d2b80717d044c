//! Requests of one sender share a session, and nobody rides on another's.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::common::*;

fn as_tosh(world: &World, password: &str) -> reqwest::RequestBuilder {
    let sender =
        json!({"recipient": LENE, "message": "hello", "username": "tosh@contoso.com", "password": password});
    world.json(&sender)
}

#[tokio::test]
async fn one_session_serves_many_requests() {
    let world = World::new().await;
    let together = join_all((0..20).map(|_| status(world.message_to("lenea")))).await;
    assert_eq!(together, [200; 20]);
    for _ in 0..5 {
        assert_eq!(status(world.message_to("lenea")).await, 200);
    }
    assert_eq!((world.texts().len(), world.sessions_opened(), world.sandbox.open_applications()), (25, 1, 1));
    world.service.stop().await;
    assert_eq!(world.sandbox.open_applications(), 0);
}

#[tokio::test]
async fn a_wrong_password_never_rides_on_a_session_of_the_right_one() {
    let world = World::new().await;
    assert_eq!(status(as_tosh(&world, PASSWORD)).await, 200);
    assert_eq!(status(world.message_to("lenea")).await, 200);
    for password in ["guessed", "", "pa55word-of-tosh ", "pa55word-of-tos"] {
        let expected = if password.is_empty() { 400 } else { 403 };
        assert_eq!(status(as_tosh(&world, password)).await, expected, "{password}");
    }
    assert_eq!(world.texts().len(), 2);
    assert_eq!(status(as_tosh(&world, PASSWORD)).await, 200);

    let mixed = join_all((0..20).map(|n| {
        let password = if n % 2 == 0 { PASSWORD } else { "wrong at the same time" };
        status(as_tosh(&world, password))
    }))
    .await;
    assert_eq!(mixed, (0..20).map(|n| if n % 2 == 0 { 200 } else { 403 }).collect::<Vec<u16>>());
    assert_eq!(world.texts().len(), 13);
    assert_eq!(world.sandbox.open_applications(), 2, "that of the service and that of the requests");
}

#[tokio::test]
async fn another_name_to_sign_in_with_is_another_session() {
    let world = World::with(|sandbox| sandbox.user("lenea@contoso.com", PASSWORD), |options| options).await;
    assert_eq!(status(as_tosh(&world, PASSWORD)).await, 200);
    let other = json!({
        "recipient": LENE, "message": "hello", "username": r"CONTOSO\somebody", "address": "tosh@contoso.com", "password": PASSWORD,
    });
    assert_eq!(status(world.json(&other)).await, 403);
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn a_refused_password_is_not_tried_again_at_once() {
    let world = World::new().await;
    let together = join_all((0..10).map(|_| status(as_tosh(&world, "guessed")))).await;
    assert_eq!(together, [403; 10]);
    assert_eq!(status(as_tosh(&world, "guessed")).await, 403);
    assert_eq!(world.sign_ins(), 1);
    assert_eq!(status(as_tosh(&world, "guessed otherwise")).await, 403);
    assert_eq!(world.sign_ins(), 2);
}

#[tokio::test]
async fn a_failed_sign_in_is_tried_again_with_the_next_request() {
    let world = World::new().await;
    let failing = json!({"route": "applications", "times": 0, "action": {"status": {"http": 500}}});
    world.sandbox.set_faults(vec![serde_json::from_value(failing).unwrap()]);
    assert_eq!(status(world.message_to("lenea")).await, 502);
    world.sandbox.clear_faults();
    assert_eq!(status(world.message_to("lenea")).await, 200);
}

#[tokio::test]
async fn an_idle_session_is_signed_out_and_the_next_request_signs_in() {
    let world = World::options(|options| options.idle(Duration::from_millis(100))).await;
    for round in 1..=2 {
        assert_eq!(status(world.message_to("lenea")).await, 200);
        until("the session is signed out", || world.sandbox.open_applications() == 0).await;
        assert_eq!(world.sessions_opened(), round);
    }
}

#[tokio::test]
async fn a_session_in_use_is_not_idle() {
    let world = World::options(|options| options.idle(Duration::from_millis(50))).await;
    let ringing = tokio::spawn(answer(world.message_to("silent")));
    world.ringing().await;
    // Time enough to be taken for idle.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(status(world.message_to("lenea")).await, 200);
    assert_eq!(world.sessions_opened(), 1);
    world.service.give_up();
    world.service.stop().await;
    ringing.await.unwrap();
}

#[tokio::test]
async fn a_session_that_the_server_forgot_is_opened_anew() {
    let world = World::new().await;
    assert_eq!(status(world.message_to("lenea")).await, 200);
    world.sandbox.drop_applications();
    assert_eq!(status(world.message_to("lenea")).await, 200);
    assert_eq!((world.texts().len(), world.sandbox.open_applications()), (2, 1));
}

#[tokio::test]
async fn a_session_that_ended_for_good_is_replaced() {
    let world = World::new().await;
    let replaced = json!({"http": 409, "code": "Conflict", "subcode": "PGetReplaced"});
    let fault = json!({"route": "events", "action": {"status": replaced}});
    world.sandbox.add_fault(serde_json::from_value(fault).unwrap());
    // Its own events are asked for with the request that is hit.
    let first = answer(world.message_to("lenea")).await;
    until("the fault is used up", || world.sandbox.faults().is_empty()).await;
    let arrived = world.texts().len();
    assert_eq!(status(world.message_to("lenea")).await, 200, "after {}", first.text);
    assert_eq!(world.texts().len(), arrived + 1);
    assert!(world.sessions_opened() >= 2);
}

#[tokio::test]
async fn a_session_that_was_refused_is_replaced_by_the_next_request() {
    let world = World::new().await;
    let refused = json!({"http": 403, "code": "Forbidden", "subcode": "UserAgentNotAllowed"});
    let fault = json!({"route": "events", "action": {"status": refused}});
    world.sandbox.add_fault(serde_json::from_value(fault).unwrap());
    let first = answer(world.message_to("lenea")).await;
    until("the fault is used up", || world.sandbox.faults().is_empty()).await;
    // A person has to know why, so one request is told so: this one, or the first if it came to know.
    let told = answer(world.message_to("lenea")).await;
    assert!(told.status == 403 || first.status == 403, "{} {}", first.text, told.text);
    assert_eq!(status(world.message_to("lenea")).await, 200);
    assert_eq!(world.sessions_opened(), 2);
}

#[tokio::test]
async fn there_are_no_more_sessions_than_allowed() {
    let world = World::with(
        |sandbox| sandbox.user("lenea@contoso.com", "x").slow(Duration::from_secs(5)),
        |options| options.most_sessions(1),
    )
    .await;
    let as_lene = || {
        let sender = json!({"recipient": "a@contoso.com", "message": "hello", "username": "lenea@contoso.com", "password": "x"});
        world.json(&sender)
    };
    assert_eq!(status(world.message_to("lenea")).await, 200);
    assert_eq!(status(as_lene()).await, 200, "an idle session makes room");
    until("one session is left", || world.sandbox.open_applications() == 1).await;

    let slow = tokio::spawn(answer(world.message_to("slow")));
    world.ringing().await;
    until("the invitation", || world.requests("POST", "/messaginginvitations") == 3).await;
    let refused = answer(as_lene()).await;
    assert_eq!(refused.verdict(), verdict(503, "limit_reached", "no"));
    assert_eq!(slow.await.unwrap().status, 200, "one in use stays");
}
