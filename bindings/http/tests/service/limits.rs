//! How large, how often and how many.

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::*;

#[tokio::test]
async fn a_body_has_a_largest_size() {
    let world = World::options(|options| options.largest_body(1000)).await;
    let fits = format!("recipient=lenea@contoso.com&message={}", "x".repeat(900));
    assert_eq!(status(world.form(fits.clone())).await, 200);
    let answer = answer(world.form(format!("{fits}{}", "x".repeat(100)))).await;
    assert_eq!(answer.verdict(), verdict(413, "invalid_input", "no"));
    // Nothing says beforehand how large this one is.
    let address = world.address();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = "POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n";
    let piece = format!("{:x}\r\n{}\r\n", 600, "x".repeat(600));
    stream.write_all(format!("{head}{piece}{piece}").as_bytes()).await.unwrap();
    let mut told = String::new();
    stream.read_to_string(&mut told).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 413 "), "{told}");
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_to_wait() {
    let world = World::options(|options| options.rate(1)).await;
    // At once, because each second that passes allows one more.
    let answers = join_all((0..60).map(|_| answer(world.form("recipient=lenea")))).await;
    assert!(
        answers.iter().filter(|answer| answer.status == 400).count() >= 10,
        "ten seconds' worth may come at once"
    );
    let refused = answers.iter().find(|answer| answer.status == 429).expect("none of sixty was one too many");
    assert_eq!(refused.verdict(), verdict(429, "throttled", "no"));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(status(world.get("healthz")).await, 200);
}

#[tokio::test]
async fn refused_requests_use_up_their_own_allowance_alone() {
    let world = World::options(|options| options.rate(20)).await;
    let cross_site =
        || world.get("?recipient=lenea@contoso.com&message=x").header("Sec-Fetch-Site", "cross-site");
    let answers = join_all((0..300).map(|_| status(cross_site()))).await;
    let count = |status: u16| answers.iter().filter(|answer| **answer == status).count();
    assert!(count(403) >= 20 && count(429) > 200 && count(403) + count(429) == 300, "{answers:?}");
    assert_eq!(status(world.message_to("lenea")).await, 200);
}

#[tokio::test]
async fn what_comes_to_no_path_of_ours_has_an_allowance_too() {
    let world = World::options(|options| options.rate(20)).await;
    let answers = join_all((0..100).map(|_| status(world.get("nowhere")))).await;
    let count = |status: u16| answers.iter().filter(|answer| **answer == status).count();
    assert!(count(404) >= 20 && count(429) > 50 && count(404) + count(429) == 100, "{answers:?}");
    assert_eq!(status(world.message_to("lenea")).await, 200);
    assert_eq!(status(world.get("healthz")).await, 200);
}

#[tokio::test]
async fn the_bodies_of_all_requests_have_so_much_room_together() {
    let world = World::options(|options| options.largest_body(40 << 20)).await;
    let address = world.address();
    let head = "POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 40000000\r\n\r\n";
    // Two bodies of 35 MB that do not end have no room in 64 MiB.
    let half = vec![b' '; 35_000_000];
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let _ = stream.write_all(&half).await;
        streams.push(stream);
    }
    let [first, second] = &mut streams[..] else { unreachable!() };
    let (mut one, mut other) = ([0; 12], [0; 12]);
    let told = tokio::select! {
        read = first.read_exact(&mut one) => read.map(|_| one),
        read = second.read_exact(&mut other) => read.map(|_| other),
    };
    assert_eq!(&told.unwrap(), b"HTTP/1.1 503");
    assert_eq!(status(world.message_to("lenea")).await, 200, "what is small has room");
}

#[tokio::test]
async fn only_so_many_sends_are_under_way() {
    let world = World::options(|options| options.most_sends(1)).await;
    let ringing = tokio::spawn(answer(world.message_to("silent")));
    world.ringing().await;
    let refused = answer(world.message_to("lenea")).await;
    assert_eq!(refused.verdict(), verdict(503, "limit_reached", "no"));
    assert_eq!(refused.header("retry-after"), "1");
    assert!(world.texts().is_empty());
    world.service.give_up();
    world.service.stop().await;
    assert_eq!(ringing.await.unwrap().verdict().0, 409);
}

#[tokio::test]
async fn a_timeout_longer_than_ten_minutes_is_refused() {
    let world = World::new().await;
    let body = json!({"recipient": LENE, "message": "hello", "timeout": 601});
    assert_eq!(answer(world.json(&body)).await.verdict(), verdict(400, "invalid_input", "no"));
}
