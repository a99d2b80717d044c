//! The first message, its cost in requests, and what is left behind.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::time::Duration;

use send_im::{Account, Client, ErrorKind, Evidence, Message, Step, Wait};
use send_im_sandbox::Sandbox;

fn account(sandbox: &Sandbox) -> Account {
    Account::with_password("tosh@contoso.com", "x").server(sandbox.url())
}

#[tokio::test]
async fn one_call_delivers_and_signs_out() {
    let sandbox = Sandbox::start().await.unwrap();
    let receipt = send_im::send_im(&account(&sandbox), "lenea@contoso.com", "hello world").await.unwrap();

    assert_eq!(receipt.accepted_by.as_deref(), Some("lenea@contoso.com"));
    assert_eq!(receipt.evidence, Evidence::InvitationAccepted);
    let inbox = sandbox.inbox("lenea@contoso.com");
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].text, "hello world");
    assert_eq!(sandbox.open_applications(), 0);
    let steps: Vec<_> = receipt.steps.iter().map(|s| s.step).collect();
    assert_eq!(
        steps,
        [
            Step::Discover,
            Step::SignIn,
            Step::SignIn,
            Step::Discover,
            Step::OpenSession,
            Step::Invite,
            Step::Confirm
        ]
    );
}

#[tokio::test]
async fn a_first_message_takes_seven_exchanges_and_one_to_sign_out() {
    let sandbox = Sandbox::start().await.unwrap();
    send_im::send_im(&account(&sandbox), "lenea@contoso.com", "hello world").await.unwrap();

    let journal = sandbox.journal();
    let methods: Vec<_> = journal.iter().map(|e| e.method.as_str()).collect();
    assert_eq!(methods, ["GET", "GET", "POST", "GET", "POST", "POST", "GET", "DELETE"], "{journal:#?}");
}

#[tokio::test]
async fn the_second_message_of_a_session_takes_one_post() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::sign_in(account(&sandbox)).await.unwrap();
    client.send(Message::text("lenea@contoso.com", "one")).await.unwrap();
    for to in ["lenea@contoso.com", "johndoe@contoso.com"] {
        let before = sandbox.journal().len();
        client.send(Message::text(to, "two")).await.unwrap();
        let journal = sandbox.journal();
        let posts: Vec<_> = journal[before..].iter().filter(|e| e.method == "POST").collect();
        assert_eq!(posts.len(), 1, "{to}: {posts:#?}");
    }
    client.sign_out().await.unwrap();
    assert_eq!(sandbox.open_applications(), 0);
}

#[tokio::test]
async fn a_client_that_is_dropped_signs_out() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::sign_in(account(&sandbox)).await.unwrap();
    assert_eq!(sandbox.open_applications(), 1);
    drop(client);
    while sandbox.open_applications() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn after_signing_out_a_send_is_refused() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::sign_in(account(&sandbox)).await.unwrap();
    client.sign_out().await.unwrap();
    client.sign_out().await.unwrap();
    let error = client.send(Message::text("lenea@contoso.com", "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn submitted_returns_while_it_rings_and_signs_out_later() {
    let sandbox = Sandbox::builder().slow(Duration::from_secs(3)).start().await.unwrap();
    let message = Message::text("slow@contoso.com", "hello").wait(Wait::Submitted);
    let receipt = send_im::send(&account(&sandbox), message).await.unwrap();
    assert_eq!((receipt.evidence, receipt.accepted_by), (Evidence::Submitted, None));
    assert!(sandbox.messages().is_empty());
    sandbox.wait_for(1, Duration::from_secs(30)).await.unwrap();
    while sandbox.open_applications() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn long_text_and_html_go_by_send_message() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::sign_in(account(&sandbox)).await.unwrap();
    let long = "x".repeat(20_000);
    let receipt = client.send(Message::text("lenea@contoso.com", &long)).await.unwrap();
    assert_eq!(receipt.evidence, Evidence::MessageConfirmed);
    assert_eq!(sandbox.inbox("lenea@contoso.com")[0].text, long);
    let receipt = client.send(Message::html("johndoe@contoso.com", "<b>hi</b>")).await.unwrap();
    assert_eq!(receipt.format, send_im::Format::Html);
    assert_eq!(sandbox.inbox("johndoe@contoso.com")[0].text, "<b>hi</b>");
    client.sign_out().await.unwrap();
}
