//! Servers that send too much, too slowly, too often or for ever: the error says so, and memory stays bounded.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test that cannot go on fails; a child tells by printing.

mod common;
mod hostile_server;

use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::until;
use futures_util::future::join_all;
use hostile_server::*;
use send_im::{Account, Client, ErrorKind, Message, Sent};

const MIB: usize = 1 << 20;

/// So much more memory than before may a process take that meets a hostile server.
const MOST_GROWTH_KIB: u64 = 40 << 10;

/// Where a child process sends to.
const ORIGIN: &str = "SEND_IM_TEST_HOSTILE_ORIGIN";

/// How long it tries to sign in, and then to send, in seconds.
const SECONDS: [&str; 2] = ["SEND_IM_TEST_SIGN_IN_SECONDS", "SEND_IM_TEST_SEND_SECONDS"];

fn account(origin: &str) -> Account {
    Account::with_password("tosh@contoso.com", "x").server(format!("{origin}/root"))
}

/// For what has to end by itself, however busy the machine is.
const LONG: Duration = Duration::from_secs(30);

/// For what ends with the timeout alone.
const SHORT: Duration = Duration::from_secs(5);

fn hello(timeout: Duration) -> Message {
    Message::text("lenea@contoso.com", "hello").timeout(timeout)
}

/// The most memory this process has had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// What a send in a process of its own ended with, and how much its memory grew.
#[derive(Debug)]
struct Ended {
    kind: String,
    step: String,
    sent: String,
    growth: u64,
}

/// Runs [`a_send_in_a_process_of_its_own`] against this server.
async fn send_apart(origin: &str, to_sign_in: Duration, to_send: Duration) -> Ended {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "a_send_in_a_process_of_its_own", "--nocapture"]);
    child.env(ORIGIN, origin);
    for (name, time) in SECONDS.iter().zip([to_sign_in, to_send]) {
        child.env(name, time.as_secs().to_string());
    }
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let ended = told.lines().find_map(|line| line.strip_prefix("ended: "));
    let mut words = ended.unwrap_or_else(|| panic!("{output:?}")).split(' ').map(str::to_owned);
    let mut next = || words.next().unwrap();
    Ended { kind: next(), step: next(), sent: next(), growth: next().parse().unwrap() }
}

/// Sends where the environment says, and tells what came of it. By itself it sends to a server that behaves.
#[tokio::test]
async fn a_send_in_a_process_of_its_own() {
    let (server, origin) = match std::env::var(ORIGIN) {
        Ok(origin) => (None, origin),
        Err(_) => {
            let server = Hostile::start(|_| None).await;
            let origin = server.origin.clone();
            (Some(server), origin)
        }
    };
    let before = peak();
    let time = |name| std::env::var(name).map_or(LONG, |s| Duration::from_secs(s.parse().unwrap()));
    let [to_sign_in, to_send] = SECONDS.map(time);
    let result = match Client::sign_in(account(&origin).timeout(to_sign_in)).await {
        Ok(client) => {
            let result = client.send(hello(to_send)).await;
            let _ = client.sign_out().await;
            result
        }
        Err(error) => Err(error),
    };
    let growth = peak() - before;
    match result {
        Ok(_) => println!("\nended: ok - - {growth}"),
        Err(error) => {
            let step = error.step().map_or("-", |step| step.as_str());
            println!("\nended: {} {step} {} {growth}", error.kind(), error.sent().as_str());
            assert!(error.to_string().len() < 4096, "a sentence of {} bytes", error.to_string().len());
            assert!(server.is_none(), "{error}");
        }
    }
}

/// The way to a message, by the route of each hop, and what a send says when that hop is broken in content.
const HOPS: [(&str, &str); 6] = [
    ("GET /root", "discovery_failed discover no"),
    ("GET /user", "discovery_failed discover no"),
    ("POST /token", "protocol sign_in no"),
    ("POST /applications", "protocol open_session no"),
    // Whether an invitation whose answer is nonsense has arrived, its event tells.
    ("POST /invite", "ok - -"),
    // Nothing is known, and nothing is claimed.
    ("GET /events", "outcome_unknown confirm maybe"),
];

/// Lets `attack` answer on each hop in turn.
async fn on_each_hop(to_sign_in: Duration, attack: fn() -> Reply, may_differ: &[(&str, &str)]) {
    let sends = HOPS.map(|(hop, _)| async move {
        let server = Hostile::start(move |seen| {
            // What the user resource says counts after the sign-in.
            (seen.route() == hop && (hop != "GET /user" || seen.has_token())).then(attack)
        })
        .await;
        // Whatever the channel says, the invitation may be accepted until the timeout.
        let to_send = if hop == "GET /events" { SHORT } else { to_sign_in };
        let ended = send_apart(&server.origin, to_sign_in, to_send).await;
        assert!(ended.growth < MOST_GROWTH_KIB, "{hop}: {ended:?}");
        assert!(server.count("POST /invite") <= 1, "{hop}: the message went twice");
        (hop, format!("{} {} {}", ended.kind, ended.step, ended.sent), ended.growth)
    });
    let ended = join_all(sends).await;
    println!(
        "most memory on each hop, in KiB: {:?}",
        ended.iter().map(|(.., growth)| growth).collect::<Vec<_>>()
    );
    let told: Vec<(&str, &str)> = ended.iter().map(|(hop, told, _)| (*hop, told.as_str())).collect();
    let expected =
        HOPS.map(|(hop, usual)| *may_differ.iter().find(|(other, _)| *other == hop).unwrap_or(&(hop, usual)));
    assert_eq!(told, expected);
}

fn endless(head: &str, piece: Vec<u8>, times: usize) -> Reply {
    Reply::Pieces { head: format!("HTTP/1.1 200 OK\r\n{head}"), piece, times, pause: Duration::ZERO }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_64_mib_is_not_read() {
    // The size announced, and the size found out.
    on_each_hop(
        LONG,
        || {
            let head = format!("Content-Length: {}\r\n\r\n{{\"a\":\"", 64 * MIB);
            endless(&head, vec![b'x'; MIB], 64)
        },
        // Too large is told before it is known what it would have been.
        &[("GET /user", "protocol discover no")],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_many_small_values_does_not_grow_in_memory() {
    on_each_hop(
        LONG,
        || {
            let mut body = br#"{"sender":["#.to_vec();
            while body.len() < 2 * MIB {
                body.extend_from_slice(b"[[0]],");
            }
            body.extend_from_slice(b"0]}");
            Reply::Whole(200, String::new(), body)
        },
        &[],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_levels_of_nesting_are_refused() {
    on_each_hop(
        LONG,
        || {
            let json = format!("{}{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
            Reply::json(200, json)
        },
        &[],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_packed_stays_packed() {
    on_each_hop(
        LONG,
        || {
            // The beginning of a gzip stream: whoever unpacked it would find that it is none.
            let packed = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0; 4000]].concat();
            Reply::Whole(200, "Content-Encoding: gzip\r\n".to_owned(), packed)
        },
        &[],
    )
    .await;
    let server = Hostile::start(|_| None).await;
    send_im::send(&account(&server.origin), hello(LONG)).await.unwrap();
    for seen in server.seen() {
        assert!(!seen.head.to_ascii_lowercase().contains("accept-encoding"), "{}", seen.head);
    }
}

/// What a send says of a hop that does not answer in time.
const LATE: [(&str, &str); 5] = [
    ("GET /root", "timeout discover no"),
    ("GET /user", "timeout discover no"),
    ("POST /token", "timeout sign_in no"),
    ("POST /applications", "timeout open_session no"),
    // Its event has told what the answer never does.
    ("POST /invite", "ok - -"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_ends_ends_with_the_timeout() {
    on_each_hop(
        SHORT,
        || Reply::Pieces {
            head: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
            piece: b"1\r\n \r\n".to_vec(),
            times: usize::MAX,
            pause: Duration::from_millis(20),
        },
        &LATE,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_end_are_cut_off() {
    on_each_hop(
        LONG,
        || endless("", [b"X-More: ".as_slice(), &[b'x'; 1000], b"\r\n"].concat(), usize::MAX),
        &[
            ("GET /user", "network discover no"),
            ("POST /token", "network sign_in no"),
            ("POST /applications", "network open_session no"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_events_in_one_answer_are_refused() {
    on_each_hop(
        LONG,
        || {
            let event = br#"{"link":{"rel":"x","href":"/x"},"type":"added"},"#;
            endless("Content-Length: 90000000\r\n\r\n{\"sender\":[{\"events\":[", event.repeat(1000), 1000)
        },
        &[("GET /user", "protocol discover no")],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_without_end_are_followed_ten_times() {
    let count = |n: &str| n.rsplit('/').next().unwrap_or_default().parse::<usize>().unwrap_or(0) + 1;
    for link in ["redirect", "user"] {
        let server = Hostile::start(move |seen| {
            (seen.method == "GET").then(|| {
                let n = count(&seen.path);
                Reply::json(200, format!(r#"{{"_links":{{"{link}":{{"href":"/again/{n}"}}}}}}"#))
            })
        })
        .await;
        let error = send_im::send(&account(&server.origin), hello(LONG)).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::DiscoveryFailed, Sent::No), "{link}: {error:?}");
        assert!(server.seen().len() <= 12, "{link}: {}", server.seen().len());
    }
    // An HTTP redirect on each hop, for ever.
    for (hop, kind) in [
        ("GET /root", ErrorKind::DiscoveryFailed),
        ("GET /user", ErrorKind::Protocol),
        ("POST /token", ErrorKind::Protocol),
        ("POST /applications", ErrorKind::Protocol),
    ] {
        let server = Hostile::start(move |seen| {
            let on_the_way = seen.path.starts_with("/again");
            (seen.route() == hop || on_the_way)
                .then(|| Reply::redirect(&format!("/again/{}", count(&seen.path))))
        })
        .await;
        let error = send_im::send(&account(&server.origin), hello(LONG)).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (kind, Sent::No), "{hop}: {error:?}");
        assert!(server.seen().len() <= 20, "{hop}: {}", server.seen().len());
        let followed = server.seen().iter().any(|seen| seen.path.starts_with("/again"));
        assert_eq!(followed, hop == "GET /root", "{hop}");
    }
    // This server has the message, whoever redirects: its events say so.
    let server =
        Hostile::start(|seen| (seen.route() == "POST /invite").then(|| Reply::redirect("/again"))).await;
    send_im::send(&account(&server.origin), hello(LONG)).await.unwrap();
    assert_eq!(
        (server.count("POST /invite"), server.count("POST /again"), server.count("GET /again")),
        (1, 0, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_of_ages_is_told_and_not_waited() {
    for (ages, told) in [
        (u64::MAX.to_string(), Duration::from_secs(365 * 24 * 3600)),
        ("Fri, 31 Dec 9999 23:59:59 GMT".to_owned(), Duration::from_secs(365 * 24 * 3600)),
    ] {
        let server = Hostile::start(move |seen| {
            let refusal = Reply::Whole(
                429,
                format!("Retry-After: {ages}\r\n"),
                br#"{"code":"TooManyRequests","subcode":"None"}"#.to_vec(),
            );
            (seen.route() == "POST /invite").then_some(refusal)
        })
        .await;
        let error = send_im::send(&account(&server.origin), hello(LONG)).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Throttled, Sent::No), "{error:?}");
        assert_eq!(error.retry_after(), Some(told));
        assert_eq!(server.count("POST /invite"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_answers_at_once_with_nothing_is_not_asked_without_end() {
    let asked = AtomicUsize::new(1);
    let server = Hostile::start(move |seen| {
        (seen.route() == "GET /events")
            .then(|| Reply::json(200, batch(asked.fetch_add(1, Ordering::Relaxed) + 1, "")))
    })
    .await;
    let client = Client::sign_in(account(&server.origin)).await.unwrap();
    let error = client.send(hello(SHORT)).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::OutcomeUnknown, Sent::Maybe), "{error:?}");
    // A few at once, then one a second.
    assert!(server.count("GET /events") < 40, "{}", server.count("GET /events"));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_mean_nothing_are_not_asked_for_without_end() {
    let of = |rel: &str, href: &str, kind: &str, resource: &str| {
        format!(
            r#"{{"link":{{"rel":"{rel}","href":"{href}"}},"type":"{kind}","_embedded":{{"{rel}":{resource}}}}}"#
        )
    };
    // What each answer tells, by the operation of the send and the number of the answer.
    type Telling = Box<dyn Fn(&str, usize) -> String + Send + Sync>;
    let tellings: [(&str, Telling); 7] = [
        ("an unknown resource", Box::new(move |_, n| of("unheard", &format!("/x/{n}"), "added", "{}"))),
        ("an unknown type", Box::new(move |_, _| of("me", "/me", "unheard", "{}"))),
        (
            "a conversation of nobody",
            Box::new(move |_, n| of("conversation", &format!("/c/{n}"), "updated", "{}")),
        ),
        (
            "a modality of nobody",
            Box::new(move |_, n| {
                of("messaging", &format!("/c/{n}/m"), "updated", r#"{"state":"Connected"}"#)
            }),
        ),
        (
            "a message of somebody",
            Box::new(move |_, n| {
                of("message", &format!("/c/m/{n}"), "completed", r#"{"direction":"Incoming"}"#)
            }),
        ),
        (
            "an invitation of somebody",
            Box::new(move |_, n| {
                of("messagingInvitation", &format!("/i/9{n}"), "started", r#"{"operationId":"other"}"#)
            }),
        ),
        (
            "the same invitation again",
            Box::new(move |operation, n| {
                let resource =
                    format!(r#"{{"operationId":"{operation}","_links":{{"cancel":{{"href":"/i/1/{n}"}}}}}}"#);
                of("messagingInvitation", "/i/1", "updated", &resource)
            }),
        ),
    ];
    join_all(tellings.map(|(what, telling)| async move {
        let (asked, operation) = (AtomicUsize::new(1), Mutex::new(String::new()));
        let server = Hostile::start(move |seen| {
            if seen.route() == "POST /invite" {
                let request: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
                *operation.lock().unwrap() = request["operationId"].as_str().unwrap().to_owned();
            }
            (seen.route() == "GET /events").then(|| {
                let n = asked.fetch_add(1, Ordering::Relaxed) + 1;
                Reply::json(200, batch(n, &telling(&operation.lock().unwrap(), n)))
            })
        })
        .await;
        let client = Client::sign_in(account(&server.origin)).await.unwrap();
        let error = client.send(hello(SHORT)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{what}: {error:?}");
        let told = server.count("GET /events");
        println!("{what}: {told}");
        // Some at once, then one a second; somewhat more where they are about the send.
        assert!(
            told > 3 && told < if what == "the same invitation again" { 100 } else { 40 },
            "{what}: {told}"
        );
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_unknown_resources_for_ever_fill_nothing() {
    let asked = AtomicUsize::new(1);
    let server = Hostile::start(move |seen| {
        (seen.route() == "GET /events").then(|| {
            let n = asked.fetch_add(1, Ordering::Relaxed) + 1;
            let long = "x".repeat(3000);
            let events: Vec<String> = (0..20)
                .map(|i| {
                    let rel = ["messaging", "message", "messagingInvitation", "conversation", "unheard"][i % 5];
                    format!(
                        r#"{{"link":{{"rel":"{rel}","href":"/{n}/{i}/{long}"}},"type":"completed","reason":{{"code":"{long}"}},"_embedded":{{"{rel}":{{"direction":"Outgoing","state":"Connected","negotiatedMessageFormats":["{long}"]}}}}}}"#
                    )
                })
                .collect();
            Reply::json(200, batch(n, &events.join(",")))
        })
    })
    .await;
    let ended = send_apart(&server.origin, LONG, SHORT).await;
    assert_eq!((ended.kind.as_str(), ended.sent.as_str()), ("outcome_unknown", "maybe"), "{ended:?}");
    assert!(ended.growth < MOST_GROWTH_KIB, "{ended:?}");
    let told = server.count("GET /events");
    println!("{told} answers, most memory {} KiB", ended.growth);
    assert!(told > 3, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_links_and_conversations_are_read_past() {
    let server = Hostile::start(|seen| {
        (seen.route() == "POST /applications").then(|| {
            let links: Vec<String> =
                (0..9_000).map(|n| format!(r#""more{n}":[{{"href":"/{n}"}}]"#)).collect();
            let json =
                application().replacen(r#""_links":{"#, &format!(r#""_links":{{{},"#, links.join(",")), 1);
            Reply::json(201, json)
        })
    })
    .await;
    send_im::send(&account(&server.origin), hello(LONG)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_survives_a_channel_that_is_hostile_for_a_while() {
    let asked = AtomicUsize::new(0);
    let server = Hostile::start(move |seen| {
        (seen.route() == "GET /events" && asked.fetch_add(1, Ordering::Relaxed) < 2)
            .then(|| Reply::json(200, "[".repeat(10_000)))
    })
    .await;
    let client = Client::sign_in(account(&server.origin)).await.unwrap();
    until(|| server.count("GET /events") > 2).await;
    client.send(hello(LONG)).await.unwrap();
    client.sign_out().await.unwrap();
}
