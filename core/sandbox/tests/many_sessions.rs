//! Hundreds of sessions and thousands of pending requests at once.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use std::collections::HashSet;
use std::sync::Arc;

use send_im_sandbox::Sandbox;
use support::{PATIENCE, Session, flat, href, until};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const SESSIONS: usize = 200;
/// Applications that only wait, next to those that send as well. Under wine a single-threaded server watches every socket of
/// every process: with 2,000 it takes minutes until all of them wait.
const WAITING: usize = if cfg!(windows) { 500 } else { 2_000 };

/// How many file descriptors this process may open; a connection takes one on either side.
fn descriptors() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_sessions_send_while_many_more_requests_wait() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let all = WAITING;
    if let Some(descriptors) = descriptors().filter(|limit| *limit < 2 * (all + SESSIONS) + 200) {
        println!("skipped: {descriptors} file descriptors are too few for {all} connections");
        return;
    }
    let gate = Arc::new(Semaphore::new(32));
    let http = support::http();
    let mut opening = JoinSet::new();
    for number in 0..all {
        let (http, sandbox, gate) = (http.clone(), Arc::clone(&sandbox), Arc::clone(&gate));
        opening.spawn(async move {
            let _permit = gate.acquire().await.unwrap();
            Session::open_with(http, &sandbox, &format!("user{number}@contoso.com")).await
        });
    }
    let sessions = opening.join_all().await;
    assert_eq!(sandbox.open_applications(), all);

    let mut waiting = JoinSet::new();
    for session in sessions.clone() {
        waiting.spawn(async move { session.read(&href(&session.application, "events")).await });
    }
    until("all requests wait", || sandbox.pending_gets() == all).await;

    let mut sending = JoinSet::new();
    for session in sessions.into_iter().take(SESSIONS) {
        sending.spawn(async move { session.invite_with("bob@contoso.com", &session.self_href()).await });
    }
    sending.join_all().await;
    let delivered = sandbox.wait_for(SESSIONS, PATIENCE).await.unwrap();
    let texts: HashSet<String> = delivered.into_iter().map(|message| message.text).collect();
    assert_eq!(texts.len(), SESSIONS, "each session's own text arrived once");

    for _ in 0..SESSIONS {
        let answer = waiting.join_next().await.unwrap().unwrap();
        assert_eq!(flat(&answer).len(), 10, "a sender sees its own ten events and no others");
    }
    assert_eq!(sandbox.pending_gets(), all - SESSIONS, "nobody else was woken");
}
