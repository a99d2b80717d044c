//! What a caller knows who stops waiting for a send.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use send_im::{Message, Sent, Wait};
use send_im_sandbox::{Action, Fault, Route, Sandbox};

use common::{LENE, account, signed_in, until};

/// Sends, drops the future once the sandbox has been asked for `path`, and gives what the message says then.
async fn dropped_at(path: &str, message: Message, fault: Option<Fault>) -> Sent {
    let sandbox = Sandbox::start().await.unwrap();
    if let Some(fault) = fault {
        sandbox.add_fault(fault);
    }
    let sent_status = message.sent_status();
    let account = account(&sandbox);
    let sending = tokio::spawn(async move { send_im::send(&account, message).await });
    until(|| sandbox.journal().iter().any(|e| e.path.to_lowercase().ends_with(path))).await;
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());
    sent_status.sent()
}

#[tokio::test]
async fn a_send_dropped_while_it_signs_in_was_not_sent() {
    let slowly = Fault::on(Route::Applications, Action::Delay { time: Duration::from_secs(30) });
    let sent = dropped_at("/applications", Message::text(LENE, "x"), Some(slowly)).await;
    assert_eq!(sent, Sent::No);
}

#[tokio::test]
async fn a_text_that_rides_in_a_ringing_invitation_may_have_arrived() {
    let sent = dropped_at("/messaginginvitations", Message::text("silent@contoso.com", "x"), None).await;
    assert_eq!(sent, Sent::Maybe);
}

#[tokio::test]
async fn a_long_text_has_not_left_while_its_invitation_rings() {
    let message = Message::text("silent@contoso.com", "x".repeat(900));
    assert_eq!(dropped_at("/messaginginvitations", message, None).await, Sent::No);
}

#[tokio::test]
async fn a_submitted_message_that_nobody_waits_for_is_not_sent_before_its_turn() {
    let slowly = Fault::on(Route::Applications, Action::Delay { time: Duration::from_secs(30) });
    let message = Message::text(LENE, "x").wait(Wait::Submitted);
    assert_eq!(dropped_at("/applications", message, Some(slowly)).await, Sent::No);
}

#[tokio::test]
async fn a_text_posted_into_a_conversation_may_have_arrived() {
    let (_sandbox, client) = signed_in().await;
    let message = Message::text(LENE, "x".repeat(900));
    let sent_status = message.sent_status();
    assert_eq!(sent_status.sent(), Sent::No);
    client.send(message).await.unwrap();
    assert_eq!(sent_status.sent(), Sent::Maybe);
}
