//! A server that puts line breaks, escapes and marks that turn text around wherever it can. Nothing of that may stand in a
//! log, an error or a receipt, and nothing there may grow without end.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod hostile_server;

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hostile_server::*;
use send_im::{Account, Client, Error, ErrorKind, Message};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// No text of an error, a receipt or a line of our log is longer, in characters.
const LONGEST: usize = 2_500;

fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// What forges a line, steers a terminal or cannot be seen, and then too much of it.
fn forged() -> String {
    let marks = "\r\n2026-01-01 WARN forged\u{0}\u{1b}[2J\u{7}\u{7f}\u{85}\u{9b}31m\u{2028}\u{2029}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{ad}\u{feff}\u{fff9}\u{e0041}";
    format!("F{marks}{}", format!("{marks}x").repeat(500))
}

/// The same as far as a header can hold it: a TAB, letters that are not ASCII, and much.
fn header() -> String {
    format!("28000;source=\"a\tb\";reason=\"{}\"", "forged\t".repeat(2_000))
}

fn coded() -> Vec<u8> {
    json!({
        "code": forged(), "subcode": forged(), "message": forged(), "debugInfo": { "why": forged() },
        "parameters": [{ "name": forged(), "reason": forged() }],
    })
    .to_string()
    .into_bytes()
}

fn refusal(status: u16) -> Reply {
    let lines = format!(
        "X-Ms-diagnostics: {0}\r\nX-MS-Server-Fqdn: {0}\r\nRetry-After: {0}\r\nX-Ms-Correlation-Id: é\u{202e}é\r\n",
        header()
    );
    Reply::Whole(status, lines, coded())
}

/// The lines of the log as a subscriber gets them, before any of its own escaping.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(String, String)>>>);

impl<S: tracing::Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Line(String);

        impl Visit for Line {
            fn record_str(&mut self, field: &Field, value: &str) {
                let _ = write!(self.0, "{}={value} ", field.name());
            }

            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                let _ = write!(self.0, "{}={value:?} ", field.name());
            }
        }

        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push((event.metadata().target().to_owned(), line.0));
    }
}

fn check(what: &str, text: &str) {
    if let Some(c) = text.chars().find(|c| is_forbidden(*c)) {
        panic!("U+{:04X} in {what}: {}", u32::from(c), text.escape_debug());
    }
    let length = text.chars().count();
    assert!(length <= LONGEST, "{length} characters in {what}");
}

fn check_json(what: &str, value: &Value) {
    match value {
        Value::String(text) => check(what, text),
        Value::Array(list) => list.iter().for_each(|one| check_json(what, one)),
        Value::Object(members) => {
            members.iter().for_each(|(name, one)| check_json(&format!("{what}.{name}"), one))
        }
        _ => {}
    }
}

fn check_error(what: &str, error: &Error) {
    check(what, &error.to_string());
    check_json(what, &serde_json::to_value(error).unwrap());
    let debug = format!("{error:?}");
    assert!(!debug.contains(is_forbidden), "{what}: {debug}");
    for text in [error.code(), error.subcode(), error.diagnostics()].into_iter().flatten() {
        check(what, text);
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        check(what, &cause.to_string());
        source = cause.source();
    }
}

async fn send(what: &str, server: &Hostile, text: &str) -> Option<Error> {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let seen = steps.clone();
    let account = Account::with_password("tosh@contoso.com", "x")
        .server(format!("{}/root", server.origin))
        .on_step(move |step| seen.lock().unwrap().push(step.host.clone()));
    let message = Message::text("lenea@contoso.com", text).timeout(Duration::from_secs(3));
    let result = send_im::send(&account, message).await;
    steps.lock().unwrap().iter().for_each(|host| check(what, host));
    match result {
        Ok(receipt) => {
            check_json(what, &serde_json::to_value(&receipt).unwrap());
            None
        }
        Err(error) => {
            check_error(what, &error);
            Some(error)
        }
    }
}

fn token_refused(error: &str) -> Reply {
    Reply::json(400, json!({ "error": error, "error_description": forged() }).to_string())
}

fn leading_to(href: &str) -> Reply {
    Reply::json(200, json!({ "_links": { "redirect": { "href": href } } }).to_string())
}

/// The events that end the invitation of this operation, each text of theirs forged.
fn told(operation: &str, status: &str) -> String {
    let resource = json!({
        "operationId": operation, "direction": "Outgoing", "threadId": forged(), "subject": forged(),
        "_embedded": { "acceptedByParticipant": [{ "uri": format!("sip:{}", forged().chars().take(1_000).collect::<String>()), "name": forged() }] },
    });
    let event = json!({
        "link": { "rel": "messagingInvitation", "href": "/i/1", "title": forged() }, "type": "completed", "status": status,
        "reason": if status == "Success" { Value::Null } else { json!({ "code": forged(), "subcode": forged(), "message": forged() }) },
        "_embedded": { "messagingInvitation": resource },
    });
    let unknown = json!({ "link": { "rel": forged(), "href": "/x" }, "type": forged(), "status": forged() });
    format!("{unknown},{event}")
}

#[tokio::test]
async fn no_text_of_a_server_forges_a_line_or_grows_without_end() {
    let lines = Lines::default();
    tracing_subscriber::registry().with(lines.clone()).init();

    type Case = (&'static str, &'static str, fn() -> Reply, ErrorKind);
    use ErrorKind::*;
    let long_host = || leading_to(&format!("http://{}.test/", "a".repeat(3_000)));
    let cases: [Case; 19] = [
        ("a token's error", "POST /token", || token_refused(&forged()), SignInRefused),
        ("a refused password", "POST /token", || token_refused("invalid_grant"), SignInRefused),
        ("a token's refusal", "POST /token", || refusal(403), SignInRefused),
        (
            "a token that is none",
            "POST /token",
            || Reply::json(200, json!({ "access_token": forged() }).to_string()),
            Protocol,
        ),
        (
            "the grants of a challenge",
            "GET /user",
            || {
                let grants: Vec<String> = (0..32).map(|n| format!("{n}\t{}", "g".repeat(240))).collect();
                let line = format!(
                    "WWW-Authenticate: MsRtcOAuth href=\"/t\",grant_type=\"{}\"\r\n",
                    grants.join(",")
                );
                Reply::Whole(401, line, coded())
            },
            SignInUnsupported,
        ),
        ("a challenge's service", "GET /user", || challenge("https://evil.test\t/t"), UntrustedHost),
        (
            "a challenge that is none",
            "GET /user",
            || Reply::Whole(401, format!("WWW-Authenticate: {}\r\n", header()), coded()),
            SignInUnsupported,
        ),
        ("a user's refusal", "GET /user", || refusal(403), Forbidden),
        ("a user that is not found", "GET /user", || refusal(404), SignInRefused),
        ("an application's refusal", "POST /applications", || refusal(403), Forbidden),
        ("an application's conflict", "POST /applications", || refusal(409), ServiceError),
        ("an application that is gone", "POST /applications", || refusal(410), Closed),
        ("an invitation that is wrong", "POST /invite", || refusal(400), InvalidInput),
        ("an invitation's refusal", "POST /invite", || refusal(403), Forbidden),
        ("an invitation's throttling", "POST /invite", || refusal(429), Throttled),
        (
            "a redirect to nobody's name",
            "GET /root",
            || leading_to("http://evil\u{202e}.\u{200b}test\u{7}/\u{1b}[2J"),
            DiscoveryFailed,
        ),
        (
            "a redirect to a mark",
            "GET /root",
            || leading_to("http://evil.test/\u{1b}[2J\u{202e}?\u{2028}"),
            UntrustedHost,
        ),
        ("a redirect to a long name", "GET /root", long_host, UntrustedHost),
        (
            "a redirect by header",
            "GET /root",
            || Reply::redirect(&format!("http://evil.test/\t{}", "x".repeat(3_000))),
            DiscoveryFailed,
        ),
    ];
    for (what, route, reply, kind) in cases {
        let server = Hostile::start(move |seen| {
            // What the user resource says counts after the sign-in, but for its challenge.
            let early = what.contains("challenge") || seen.has_token();
            (seen.route() == route && (route != "GET /user" || early)).then(reply)
        })
        .await;
        let error = send(what, &server, "hello").await.unwrap_or_else(|| panic!("{what}: delivered"));
        assert_eq!(error.kind(), kind, "{what}: {error:?}");
    }

    // Events: who accepted, and why nobody did; for a text that rides along and for one that follows.
    for status in ["Success", "Failure"] {
        let server = Hostile::start(move |seen| {
            let request: Value = serde_json::from_str(&seen.body).unwrap_or_default();
            (seen.route() == "POST /invite").then(|| {
                let events = by(
                    "communication",
                    &"/c".repeat(900),
                    &told(request["operationId"].as_str().unwrap(), status),
                );
                let taken = Reply::Whole(201, "Location: /i/1\r\n".to_owned(), Vec::new());
                Reply::Telling(Box::new(taken), events)
            })
        })
        .await;
        let error = send(status, &server, "hello").await;
        assert_eq!(error.map(|error| error.kind()), (status == "Failure").then_some(ServiceError));
    }

    // The channel of a client, and the end of its session.
    let server = Hostile::start(|seen| {
        matches!(seen.route().as_str(), "GET /events" | "DELETE /app").then(|| refusal(410))
    })
    .await;
    let client = Client::sign_in(
        Account::with_password("tosh@contoso.com", "x").server(format!("{}/root", server.origin)),
    )
    .await
    .unwrap();
    let error =
        client.send(Message::text("lenea@contoso.com", "hello").timeout(Duration::from_secs(3))).await;
    check_error("a channel that is gone", &error.unwrap_err());
    let _ = client.sign_out().await.inspect_err(|error| check_error("a sign-out", error));

    let lines = lines.0.lock().unwrap();
    let ours: Vec<_> = lines.iter().filter(|(target, _)| target.starts_with("send_im")).collect();
    assert!(ours.iter().any(|(_, line)| line.contains("the event channel ended")), "{ours:?}");
    ours.iter().for_each(|(_, line)| check("the log", line));
    for (target, line) in lines.iter() {
        assert!(!line.contains(is_forbidden), "{target}: {}", line.escape_debug());
    }
}
