//! The log says what happened, and at no level what nobody else may see.
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

mod common;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::authority::Authority;
use common::*;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tracing_subscriber::fmt::MakeWriter;

const TEXT: &str = "text-for-lene-alone";
const SUBJECT: &str = "subject-for-lene-alone";
const WRONG: &str = "wr0ng-password";
const WRONG_TOKEN: &str = "wr0ng-token-of-a-stranger";

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Captured;

    fn make_writer(&'a self) -> Captured {
        self.clone()
    }
}

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// One request written by hand: what is logged of it is the service's.
async fn raw(world: &World, head: &str, body: &str) -> String {
    let address = world.address();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "{head} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\nContent-Length: {}\r\nContent-Type: application/json\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut told = String::new();
    stream.read_to_string(&mut told).await.unwrap();
    told
}

#[tokio::test]
async fn everything_at_trace_shows_no_secret() {
    let captured = Captured::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .init();
    let world = World::with(
        |sandbox| sandbox.slow(Duration::from_millis(300)),
        |options| options.tokens(tokens()).query_credentials(true),
    )
    .await;
    let mut told = String::new();
    let as_tosh = |password: &str| {
        format!(
            "recipient=lenea@contoso.com&message={TEXT}&subject={SUBJECT}&username=tosh@contoso.com&password={password}"
        )
    };
    for query in [as_tosh(PASSWORD), as_tosh(WRONG), format!("message={TEXT}&{WRONG}={WRONG}")] {
        told += &raw(&world, &format!("GET /?{query}"), "").await;
        told += &raw(&world, &format!("GET /{WRONG}/{TEXT}?{query}"), "").await;
    }
    let json = |to: &str| json!({"recipient": to, "message": TEXT, "subject": SUBJECT, "username": "tosh@contoso.com", "password": PASSWORD});
    for to in ["lenea@contoso.com", "busy@contoso.com", "nonsense"] {
        told += &raw(&world, "POST /send", &json(to).to_string()).await;
    }
    for broken in [
        format!("{{\"message\": {TEXT}}}"),
        format!("{{\"{TEXT}\": \"{PASSWORD}\"}}"),
        format!("[\"{TEXT}\"]"),
    ] {
        told += &raw(&world, "POST /send", &broken).await;
    }

    // Hooks: a member that is missing, one of another type below a name of the sender's own, no recipient, and no such hook.
    let wrong = json!({"status": "firing", "alerts": [{"status": "firing", "labels": {WRONG: [TEXT]}}]});
    for (path, body) in [
        ("apprise?recipient=lenea@contoso.com", json!({"title": TEXT, WRONG: TEXT})),
        ("alertmanager?recipient=lenea@contoso.com", wrong),
        ("apprise", json!({"message": TEXT})),
        (&format!("{WRONG}?recipient=lenea@contoso.com"), json!({"message": TEXT})),
    ] {
        told += &raw(&world, &format!("POST /hooks/{path}"), &body.to_string()).await;
    }

    // A caller who goes away, and what became of the send.
    let address = world.address();
    let invitations = || world.requests("POST", "/messaginginvitations");
    let before = invitations();
    let mut caller = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "GET /?recipient=slow@contoso.com&message={TEXT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    );
    caller.write_all(request.as_bytes()).await.unwrap();
    until("it rings", || invitations() > before).await;
    drop(caller);
    until("the outcome is logged", || captured.text().contains("whose caller had gone away")).await;
    let mut caller = TcpStream::connect(&address).await.unwrap();
    let stranger = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {WRONG_TOKEN}\r\n\r\n"
    );
    caller.write_all(stranger.as_bytes()).await.unwrap();
    caller.read_to_string(&mut told).await.unwrap();
    told += &answer(world.get("metrics").bearer_auth(TOKEN)).await.text;
    told += &format!("{:?}", world.service);
    world.service.stop().await;

    // HTTP/2 and TLS have logs of their own.
    let authority = Authority::new();
    let (chain, key) = authority.server();
    let world =
        World::options(|options| options.tokens(tokens()).certificate(chain, key).query_credentials(true))
            .await;
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(authority.pem.as_bytes()).unwrap()])
        .build()
        .unwrap();
    for request in [
        http.get(world.url(&format!("?{}", as_tosh(PASSWORD)))),
        http.get(world.url(&format!("?{}", as_tosh(WRONG)))),
    ] {
        told += &answer(request.bearer_auth(TOKEN)).await.text;
    }
    world.service.stop().await;

    let log = captured.text();
    assert!(log.contains("TRACE"), "nothing was logged at TRACE");
    for (what, level) in [
        ("a session is signed in", "INFO"),
        ("a session is signed out", "INFO"),
        ("a sign-in failed kind=\"sign_in_refused\"", "WARN"),
        ("a send has ended to=lenea@contoso.com outcome=\"delivered\" sent=\"yes\"", "INFO"),
        ("a send has ended to=busy@contoso.com outcome=\"busy\" sent=\"no\"", "INFO"),
        (
            "a send has ended whose caller had gone away to=slow@contoso.com outcome=\"delivered\" sent=\"yes\"",
            "WARN",
        ),
        ("answered path=\"/send\" status=200 peer=127.0.0.1", "INFO"),
        ("answered path=\"other\" status=404", "INFO"),
        ("answered path=\"/hooks/apprise\" status=422", "INFO"),
        (
            "a hook has sent nothing hook=\"apprise\" status=422 reason=\"The body does not fit this hook: its member message (or body) is missing.\"",
            "WARN",
        ),
        (
            "reason=\"The body does not fit this hook: its member alerts[0].labels must be an object of strings.\"",
            "WARN",
        ),
        ("hook=\"apprise\" status=400 reason=\"There is no recipient", "WARN"),
        ("answered path=\"/hooks\" status=404", "INFO"),
        ("answered path=\"/\" status=401", "INFO"),
        ("answered path=\"/metrics\" status=200", "DEBUG"),
    ] {
        assert!(log.lines().any(|line| line.contains(what) && line.contains(level)), "{level} {what}");
    }
    for (name, shown) in [("log", &log), ("answers", &told)] {
        for secret in [PASSWORD, TEXT, SUBJECT, WRONG, TOKEN, WRONG_TOKEN, "cwt="] {
            if let Some(line) = shown.lines().find(|line| line.contains(secret)) {
                panic!("{secret} in the {name}: {line}");
            }
        }
    }
}
