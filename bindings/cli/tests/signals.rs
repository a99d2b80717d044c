//! Signals: what was begun is undone, and the truth about it is told.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use common::{AT_A_TERMINAL, Finished, TEXT, UNDER_NOHUP, World, finish, signal, started_by};
use serde_json::json;

mod common;

#[test]
fn a_send_that_is_cancelled_signs_out() {
    for name in ["TERM", "INT", "HUP"] {
        let world = World::new();
        let send = world.send(&["--json", "--to", "silent@contoso.com", TEXT]);
        let process = started_by(&AT_A_TERMINAL, &send).spawn().unwrap();
        world.wait_for_request("POST", "/messaginginvitations");
        signal(&process, name);
        let done = finish(process);
        assert_eq!((done.code, done.stderr.as_str()), (Some(130), ""), "{done}");
        let error = done.json();
        assert_eq!(json!([error["kind"], error["sent"]]), json!(["cancelled", "maybe"]));
        assert_eq!(world.sandbox.open_applications(), 0, "{name}");
        done.expect_no_secret();
    }
}

#[test]
fn under_nohup_the_end_of_the_terminal_ends_nothing() {
    let world = World::new();
    let slow = json!({"route": "start_messaging", "action": {"delay": {"ms": 1000}}});
    world.sandbox.add_fault(serde_json::from_value(slow).unwrap());
    let send = world.send(&["--json", "--to", "lenea@contoso.com", TEXT]);
    let process = started_by(&UNDER_NOHUP, &send).spawn().unwrap();
    world.wait_for_request("POST", "/messaginginvitations");
    signal(&process, "HUP");
    let done = finish(process);
    assert_eq!(done.code, Some(0), "{done}");
    assert_eq!(world.texts(), [TEXT]);
}

#[test]
fn the_sentence_says_it_too() {
    let world = World::new();
    let process = world.send(&["--to", "silent@contoso.com", TEXT]).spawn().unwrap();
    world.wait_for_request("POST", "/messaginginvitations");
    signal(&process, "TERM");
    let done = finish(process);
    assert_eq!((done.code, done.stdout.as_str()), (Some(130), ""), "{done}");
    assert!(done.stderr.contains("may have arrived"), "{done}");
}

#[test]
fn a_sign_in_that_is_cancelled_leaves_no_session() {
    for (route, end_of_path) in [("token", "/oauthtoken"), ("applications", "/applications")] {
        let world = World::new();
        let slow = json!({"route": route, "action": {"delay": {"ms": 1000}}});
        world.sandbox.add_fault(serde_json::from_value(slow).unwrap());
        let process = world.send(&["--json", "--to", "lenea@contoso.com", TEXT]).spawn().unwrap();
        world.wait_for_request("POST", end_of_path);
        signal(&process, "TERM");
        let done = finish(process);
        assert_eq!(done.code, Some(130), "{done}");
        let error = done.json();
        assert_eq!(json!([error["kind"], error["sent"]]), json!(["cancelled", "no"]));
        assert!(world.texts().is_empty());
        let journal = world.sandbox.journal();
        // A request for events that was on its way may come after it.
        let deleted = journal.iter().any(|e| (e.method.as_str(), e.status) == ("DELETE", Some(204)));
        assert!(deleted, "the session is deleted: {journal:?}");
        world.expect_signed_out();
    }
}

#[test]
fn a_command_that_waits_for_its_text_can_be_cancelled() {
    let world = World::new();
    let mut command = world.send(&["--json", "--verbose", "--to", "lenea@contoso.com", "-"]);
    let mut process = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = process.stdin.take().unwrap();
    // More than a pipe holds: when this returns, the command is reading, and it listens for signals before it reads.
    stdin.write_all(&[b'x'; 200_000]).unwrap();
    signal(&process, "INT");
    let done = finish(process);
    drop(stdin);
    assert_eq!(done.code, Some(130), "{done}");
    assert_eq!(done.json()["sent"], "no");
    assert!(world.sandbox.journal().is_empty());
}

#[test]
fn a_submitted_message_that_is_interrupted_is_no_success() {
    let world = World::new();
    let done = interrupted_after_the_receipt(&world);
    assert_eq!(done.code, Some(130), "{done}");
    assert!(done.stderr.contains("may not arrive"), "{done}");
}

#[test]
fn a_submitted_message_that_is_interrupted_signs_out() {
    let world = World::new();
    interrupted_after_the_receipt(&world);
    world.expect_signed_out();
}

fn interrupted_after_the_receipt(world: &World) -> Finished {
    let mut process =
        world.send(&["--json", "--wait", "submitted", "--to", "silent@contoso.com", TEXT]).spawn().unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert!(line.contains("\"submitted\""), "{line}");
    signal(&process, "TERM");
    finish(process)
}

#[test]
fn a_diagnosis_that_is_interrupted_leaves_no_session_and_says_no_more() {
    let world = World::new();
    let mut doctor = common::clean(world.home.path());
    doctor
        .env("SEND_IM_SERVER", world.sandbox.url())
        .env("SEND_IM_ADDRESS", "tosh@contoso.com")
        .env("SEND_IM_PASSWORD", common::PASSWORD)
        .arg("doctor");
    let process = doctor.spawn().unwrap();
    world.wait_until("a session is open", || world.sandbox.open_applications() == 1);
    signal(&process, "INT");
    let done = finish(process);
    assert_eq!(done.code, Some(130), "{done}");
    assert_eq!(done.stderr, "Interrupted; nothing was sent.\n", "{done}");
    assert!(!done.stdout.contains("sign_out"), "{done}");
    assert_eq!(world.sandbox.open_applications(), 0, "{done}");
    done.expect_no_secret();
}
