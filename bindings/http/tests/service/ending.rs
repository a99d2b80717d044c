//! Callers who go away, and a service that is to stop.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::*;

#[tokio::test]
async fn a_caller_who_goes_away_does_not_end_the_send() {
    let world = World::with(|sandbox| sandbox.slow(Duration::from_millis(500)), |options| options).await;
    let address = world.address();
    let mut caller = TcpStream::connect(&address).await.unwrap();
    let request =
        format!("GET /?recipient=slow@contoso.com&message=hello HTTP/1.1\r\nHost: {address}\r\n\r\n");
    caller.write_all(request.as_bytes()).await.unwrap();
    world.ringing().await;
    drop(caller);
    until("the message", || world.texts() == ["hello"]).await;
    let delivered = "send_im_sends_total{kind=\"delivered\"} 1";
    for _ in 0..1000 {
        if answer(world.get("metrics")).await.text.contains(delivered) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(answer(world.get("metrics")).await.text.contains(delivered));
    world.service.stop().await;
    assert_eq!((world.texts().len(), world.requests("POST", "/messaginginvitations")), (1, 1));
}

#[tokio::test]
async fn stopping_lets_sends_end_and_signs_out() {
    let world = World::with(|sandbox| sandbox.slow(Duration::from_millis(500)), |options| options).await;
    let under_way = tokio::spawn(answer(world.message_to("slow")));
    world.ringing().await;
    let url = world.url("healthz");
    world.service.stop().await;
    let answer = under_way.await.unwrap();
    assert_eq!((answer.status, answer.json()["accepted_by"].as_str()), (200, Some("slow@contoso.com")));
    assert_eq!((world.texts().len(), world.sandbox.open_applications()), (1, 0));
    assert!(client().get(url).send().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn no_send_begins_while_the_service_stops() {
    let world = World::with(|sandbox| sandbox.slow(Duration::from_secs(5)), |options| options).await;
    // A request whose body is not complete yet: its connection outlives the listener.
    let address = world.address();
    let mut half = TcpStream::connect(&address).await.unwrap();
    let body = "recipient=lenea@contoso.com&message=hello";
    let head = format!(
        "POST /send HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n",
        body.len()
    );
    half.write_all(head.as_bytes()).await.unwrap();
    let under_way = tokio::spawn(answer(world.message_to("slow")));
    world.ringing().await;
    let stopping = world.service.stop();
    let finish = async {
        let probe = || async { client().get(world.url("healthz")).send().await.is_err() };
        while !probe().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        half.write_all(body.as_bytes()).await.unwrap();
        let mut told = String::new();
        half.read_to_string(&mut told).await.unwrap();
        told
    };
    let ((), told) = tokio::join!(stopping, finish);
    assert!(told.starts_with("HTTP/1.1 503 ") && told.contains("\"kind\":\"closed\""), "{told}");
    assert_eq!(under_way.await.unwrap().status, 200);
    assert_eq!((world.texts().len(), world.sandbox.open_applications()), (1, 0));
}

#[tokio::test]
async fn a_body_that_does_not_come_does_not_keep_the_service() {
    let world = World::new().await;
    let mut half = TcpStream::connect(world.address()).await.unwrap();
    let head = "POST /send HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
    half.write_all(head.as_bytes()).await.unwrap();
    let mut told = [0; 25];
    half.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    world.service.stop().await;
    // A service that waited for the body would have told that it was slow.
    let mut rest = Vec::new();
    let _ = half.read_to_end(&mut rest).await;
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
}

#[tokio::test]
async fn stopping_is_bounded_and_tells_the_truth() {
    let world = World::options(|options| options.drain(Duration::from_millis(100))).await;
    let under_way = tokio::spawn(answer(world.message_to("silent")));
    world.ringing().await;
    world.service.stop().await;
    assert_eq!(under_way.await.unwrap().verdict(), verdict(409, "cancelled", "maybe"));
    until("no session is left", || world.sandbox.open_applications() == 0).await;
}

#[tokio::test]
async fn a_server_that_is_gone_does_not_keep_the_service() {
    for submitted in [false, true] {
        let world = World::options(|options| options.drain(Duration::from_millis(100))).await;
        let wait = if submitted { "submitted" } else { "delivered" };
        let under_way = tokio::spawn(answer(
            world.form(format!("recipient=silent@contoso.com&message=hello&timeout=600&wait={wait}")),
        ));
        let rings = || {
            let journal = world.sandbox.journal();
            journal.iter().any(|e| e.path.ends_with("/messagingInvitations") && e.status.is_some())
        };
        until("an invitation that rings", rings).await;
        let silent = json!({"route": "any", "times": 0, "action": {"delay": {"ms": 3_600_000}}});
        world.sandbox.add_fault(serde_json::from_value(silent).unwrap());
        let stopping = tokio::time::timeout(Duration::from_secs(60), world.service.stop()).await;
        assert!(stopping.is_ok(), "it hangs");
        let answer = under_way.await.unwrap();
        match submitted {
            true => assert_eq!((answer.status, answer.json()["evidence"].as_str()), (200, Some("submitted"))),
            false => assert_eq!(answer.verdict(), verdict(409, "cancelled", "maybe")),
        }
    }
}

#[tokio::test]
async fn a_second_wish_to_stop_does_not_wait() {
    let world = World::new().await;
    let under_way = tokio::spawn(answer(world.message_to("silent")));
    world.ringing().await;
    tokio::join!(world.service.stop(), async { world.service.give_up() });
    assert_eq!(under_way.await.unwrap().verdict(), verdict(409, "cancelled", "maybe"));
    until("no session is left", || world.sandbox.open_applications() == 0).await;
}

#[tokio::test]
async fn stopping_during_a_sign_in_leaves_no_session() {
    let world = World::options(|options| options.drain(Duration::from_millis(50))).await;
    let slow = json!({"route": "applications", "times": 0, "action": {"delay": {"ms": 5000}}});
    world.sandbox.add_fault(serde_json::from_value(slow).unwrap());
    let under_way = tokio::spawn(answer(world.message_to("lenea")));
    until("the session is being opened", || world.sessions_opened() > 0).await;
    world.service.stop().await;
    assert_eq!(under_way.await.unwrap().verdict(), verdict(503, "cancelled", "no"));
    until("no session is left", || world.sandbox.open_applications() == 0).await;
    assert!(world.texts().is_empty());
}

#[tokio::test]
async fn a_dropped_service_is_gone() {
    let world = World::new().await;
    let url = world.url("healthz");
    assert_eq!(status(world.get("healthz")).await, 200);
    drop(world.service);
    for _ in 0..1000 {
        if client().get(&url).send().await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it still answers");
}
