//! The command ends within its timeout plus 5 s, whatever the server does.
//!
//! The server answers what it holds back a while later, so a command that waits for the answer is told from one that does not.
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::Duration;

use common::{Finished, TEXT, World, finish};
use serde_json::{Value, json};

mod common;

/// Enough on a busy machine to get to what is held back.
const TIMEOUT: &str = "10s";

fn hold(world: &World, route: &str, ms: u64) {
    let fault = json!({"route": route, "times": 0, "action": {"delay": {"ms": ms}}});
    world.sandbox.add_fault(serde_json::from_value(fault).unwrap());
}

/// For longer than the 3 s that closing a session may take.
fn hold_delete(world: &World) {
    hold(world, "delete_application", 8_000);
}

/// For longer than the timeout and all that may follow it.
fn hold_for_long(world: &World, route: &str) {
    hold(world, route, 30_000);
}

/// Runs the command to its end; one that hangs is a failure.
fn end_of(mut command: Command) -> Finished {
    let mut process = command.spawn().unwrap();
    for _ in 0..1200 {
        if process.try_wait().unwrap().is_some() {
            return finish(process);
        }
        thread::sleep(Duration::from_millis(50));
    }
    process.kill().unwrap();
    panic!("it hangs: {}", finish(process));
}

/// How many requests of this kind there were, if none of them has got its answer.
fn unanswered(world: &World, method: &str, end_of_path: &str) -> usize {
    let journal = world.sandbox.journal();
    let fits = |path: &str| path.split('?').next().unwrap().to_ascii_lowercase().ends_with(end_of_path);
    let held: Vec<_> = journal.iter().filter(|e| e.method == method && fits(&e.path)).collect();
    assert!(held.iter().all(|e| e.status.is_none()), "it has waited for the answer: {journal:#?}");
    held.len()
}

#[test]
fn a_session_that_the_server_does_not_close_is_left_to_it() {
    let world = World::new();
    hold_delete(&world);
    let done = end_of(world.send(&["--timeout", TIMEOUT, "--to", "lenea@contoso.com", TEXT]));
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (Some(0), "lenea@contoso.com accepted the message.\n"),
        "{done}"
    );
    assert!(done.stderr.contains("signing out failed"), "{done}");
    let journal = world.sandbox.journal();
    let delete = journal.iter().find(|e| e.method == "DELETE").unwrap();
    assert_eq!(delete.status, None, "it has waited for the answer");
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for() {
    let long = "x".repeat(900);
    // What is held back besides the DELETE, to whom which text goes, and what is told.
    let cases = [
        ("discovery", "lenea", TEXT, "GET", "/", 5, "no"),
        ("token", "lenea", TEXT, "POST", "/oauthtoken", 5, "no"),
        ("applications", "lenea", TEXT, "POST", "/applications", 5, "no"),
        ("start_messaging", "lenea", TEXT, "POST", "/messaginginvitations", 6, "maybe"),
        // Of a short text the invitation itself would tell who accepted.
        ("events", "lenea", &long, "GET", "/events", 5, "no"),
        ("send_message", "lenea", &long, "POST", "/messages", 6, "maybe"),
        ("stop_messaging", "silent", TEXT, "POST", "/cancel", 6, "maybe"),
        ("stop_messaging", "silent", &long, "POST", "/cancel", 5, "no"),
    ];
    thread::scope(|threads| {
        for (route, to, text, method, path, code, sent) in cases {
            threads.spawn(move || {
                let world = World::new();
                hold_for_long(&world, route);
                hold_delete(&world);
                let to = format!("{to}@contoso.com");
                let done = end_of(world.send(&["--json", "--timeout", TIMEOUT, "--to", &to, text]));
                assert_eq!(
                    (done.code, &done.json()["sent"]),
                    (Some(code), &Value::from(sent)),
                    "{route}: {done}"
                );
                if path != "/cancel" {
                    assert!(unanswered(&world, method, path) > 0, "{route}: {:#?}", world.sandbox.journal());
                }
                let journal = world.sandbox.journal();
                // That of the session, not of a conversation.
                let closing =
                    |path: &str, method: &str| method == "DELETE" && !path.contains("/conversations/");
                assert!(
                    journal.iter().all(|e| !closing(&e.path, &e.method) || e.status.is_none()),
                    "{route}: {journal:#?}"
                );
            });
        }
    });
}

#[test]
fn a_submitted_message_is_not_waited_for_longer() {
    let world = World::new();
    hold_for_long(&world, "stop_messaging");
    hold_delete(&world);
    let done = end_of(world.send(&[
        "--timeout",
        TIMEOUT,
        "--wait",
        "submitted",
        "--to",
        "silent@contoso.com",
        TEXT,
    ]));
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stderr.contains("signing out failed"), "{done}");
    assert!(world.sandbox.journal().iter().all(|e| e.method != "DELETE" || e.status.is_none()));
}

#[test]
fn a_server_that_says_nothing_at_all_is_not_waited_for() {
    let world = World::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let done = end_of(world.send(&[
        "--json",
        "--timeout",
        TIMEOUT,
        "--server",
        &url,
        "--to",
        "lenea@contoso.com",
        TEXT,
    ]));
    let error = done.json();
    assert_eq!(
        (done.code, &error["kind"], &error["sent"]),
        (Some(5), &json!("timeout"), &json!("no")),
        "{done}"
    );
}
