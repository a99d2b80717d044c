//! A caller who asks for events is told each step as it happens, then the outcome, once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::RequestBuilder;
use reqwest::header::ACCEPT;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::*;

const EVENTS: &str = "text/event-stream";

/// The names and the data of a stream that has ended.
async fn events(request: RequestBuilder) -> Vec<(String, Value)> {
    let answer = answer(request.header(ACCEPT, EVENTS)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, EVENTS), "{}", answer.text);
    assert_eq!((answer.header("cache-control"), answer.header("x-accel-buffering")), ("no-store", "no"));
    parsed(&answer.text)
}

fn parsed(text: &str) -> Vec<(String, Value)> {
    let event = |block: &str| {
        let (name, data) = block.split_once('\n').unwrap();
        let data = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        (name.strip_prefix("event: ").unwrap().to_owned(), data)
    };
    text.split_terminator("\n\n").filter(|block| !block.starts_with(':')).map(event).collect()
}

/// The steps that were told, and the last event.
fn told(mut events: Vec<(String, Value)>) -> (Vec<String>, String, Value) {
    let (name, data) = events.pop().unwrap();
    let step = |(name, data): (String, Value)| {
        assert_eq!(name, "step");
        assert!(
            data["elapsed_ms"].as_f64().unwrap() >= 0.0 && data.as_object().unwrap().len() == 2,
            "{data}"
        );
        data["step"].as_str().unwrap().to_owned()
    };
    (events.into_iter().map(step).collect(), name, data)
}

fn of_receipt(receipt: &Value) -> Vec<String> {
    let steps = receipt["steps"].as_array().unwrap();
    steps.iter().map(|step| step["step"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn steps_and_a_receipt() {
    let world = World::new().await;
    let (steps, name, receipt) = told(events(world.message_to("lenea")).await);
    assert_eq!((name.as_str(), receipt["accepted_by"].as_str()), ("receipt", Some(LENE)));
    let own = of_receipt(&receipt);
    let (signing_in, sending) = steps.split_at(steps.len() - own.len());
    assert_eq!(sending, own, "the message's steps are those of its receipt");
    assert!(["discover", "sign_in", "open_session"].iter().all(|step| signing_in.iter().any(|s| s == step)));

    let (steps, _, receipt) = told(events(world.message_to("lenea")).await);
    assert_eq!(steps, of_receipt(&receipt), "nobody signs in for the second one");
    assert_eq!(world.texts(), ["hello", "hello"]);
}

#[tokio::test]
async fn steps_and_a_problem_that_is_the_usual_one() {
    let world = World::new().await;
    let usual = answer(world.message_to("busy")).await;
    let (steps, name, problem) = told(events(world.message_to("busy")).await);
    assert_eq!((name.as_str(), &problem), ("problem", &usual.json()));
    assert!(steps.iter().any(|step| step == "invite"), "{steps:?}");
    assert_eq!(problem["status"], 409);
}

#[tokio::test]
async fn what_the_service_refuses_itself_is_no_stream() {
    let world = World::options(|options| options.tokens(tokens()).most_sends(1)).await;
    let ask = |request: RequestBuilder| answer(request.header(ACCEPT, EVENTS).bearer_auth(TOKEN));
    let anonymous = answer(world.message_to("lenea").header(ACCEPT, EVENTS)).await;
    assert_eq!(anonymous.verdict(), verdict(401, "forbidden", "no"));
    assert_eq!(ask(world.form("recipient=lenea")).await.verdict(), verdict(400, "invalid_input", "no"));
    let ringing = tokio::spawn(ask(world.message_to("silent")));
    world.ringing().await;
    assert_eq!(ask(world.message_to("lenea")).await.verdict(), verdict(503, "limit_reached", "no"));
    world.service.give_up();
    world.service.stop().await;
    let (_, name, problem) = told(parsed(&ringing.await.unwrap().text));
    assert_eq!((name.as_str(), problem["kind"].as_str()), ("problem", Some("cancelled")));
}

#[tokio::test]
async fn a_get_is_answered_as_ever() {
    let world = World::new().await;
    let got =
        answer(world.get("send?recipient=lenea@contoso.com&message=hello").header(ACCEPT, EVENTS)).await;
    assert_eq!((got.status, got.header("content-type")), (200, "application/json"));
}

#[tokio::test]
async fn each_caller_of_a_shared_session_hears_its_own_steps() {
    let world = World::new().await;
    let callers = (0..12).map(|n| {
        let wait = if n % 2 == 0 { "submitted" } else { "delivered" };
        let body = format!("recipient=lenea@contoso.com&message={n}&subject={n}&wait={wait}");
        events(world.form(body))
    });
    let all = join_all(callers).await;
    assert_eq!((world.sessions_opened(), all.len()), (1, 12), "they have one session");
    for (n, events) in all.into_iter().enumerate() {
        let (steps, name, receipt) = told(events);
        assert_eq!(name, "receipt");
        let own = of_receipt(&receipt);
        assert_eq!(own.iter().any(|step| step == "confirm"), n % 2 == 1, "{own:?}");
        let (signing_in, sending) = steps.split_at(steps.len() - own.len());
        assert_eq!(sending, own);
        let before = |step: &String| matches!(step.as_str(), "discover" | "sign_in" | "open_session");
        assert!(!signing_in.is_empty() && signing_in.iter().all(before), "each waited for it: {steps:?}");
    }
}

#[tokio::test]
async fn a_step_is_told_when_it_happens_and_who_goes_away_ends_nothing() {
    let world = World::with(|sandbox| sandbox.slow(Duration::from_millis(500)), |options| options).await;
    let address = world.address();
    let mut caller = TcpStream::connect(&address).await.unwrap();
    let body = "recipient=slow@contoso.com&message=hello";
    let request = format!(
        "POST /send HTTP/1.1\r\nHost: {address}\r\nAccept: {EVENTS}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    caller.write_all(request.as_bytes()).await.unwrap();
    let mut told = String::new();
    while !told.contains("\"open_session\"") {
        let mut piece = [0; 4096];
        let length = caller.read(&mut piece).await.unwrap();
        assert_ne!(length, 0, "{told}");
        told += std::str::from_utf8(&piece[..length]).unwrap();
    }
    assert!(world.texts().is_empty() && !told.contains("receipt"), "{told}");
    drop(caller);
    until("the message", || world.texts() == ["hello"]).await;
    world.service.stop().await;
    assert_eq!((world.texts().len(), world.requests("POST", "/messaginginvitations")), (1, 1));
}

#[tokio::test]
async fn the_program_around_the_service_hears_every_step_too() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = heard.clone();
    let world = World::new().await;
    let account = send_im::Account::with_password("tosh@contoso.com", PASSWORD)
        .server(world.sandbox.url())
        .on_step(move |step| listener.lock().unwrap().push(step.step.as_str().to_owned()));
    let service = send_im_http::Service::start(send_im_http::Options::new().account(account)).await.unwrap();
    let request = world.http.post(format!("{}send?recipient={LENE}&message=hello", service.url()));
    let (steps, ..) = told(events(request).await);
    assert_eq!(*heard.lock().unwrap(), steps);
}
