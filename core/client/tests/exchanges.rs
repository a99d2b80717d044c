//! What a message costs: requests, connections, and what is under way at the same time. `make bench` measures how long
//! that takes; these fail when it becomes more.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::collections::HashMap;
use std::time::Duration;

use common::*;
use send_im::{Account, Client, Message};
use send_im_sandbox::{Action, Exchange, Fault, Layout, Route, Sandbox};

/// A sandbox with https, and an account that trusts it.
async fn secure(layout: Layout, http2: bool) -> (Sandbox, Account) {
    let sandbox = Sandbox::builder().https(true).http2(http2).layout(layout).start().await.unwrap();
    let account = account(&sandbox).ca_file(sandbox.ca_file().unwrap());
    (sandbox, account)
}

/// How many connections each origin was asked over.
fn connections(journal: &[Exchange]) -> HashMap<&str, usize> {
    let mut seen: HashMap<&str, Vec<u64>> = HashMap::new();
    for exchange in journal {
        seen.entry(&exchange.origin).or_default().push(exchange.connection);
    }
    seen.into_iter()
        .map(|(origin, mut numbers)| {
            numbers.sort_unstable();
            numbers.dedup();
            (origin, numbers.len())
        })
        .collect()
}

fn posts(journal: &[Exchange]) -> usize {
    journal.iter().filter(|exchange| exchange.method == "POST").count()
}

#[tokio::test]
async fn a_one_call_send_needs_one_connection_an_origin() {
    for layout in [Layout::OnePool, Layout::TwoPools, Layout::Redirect] {
        for http2 in [true, false] {
            let (sandbox, account) = secure(layout, http2).await;
            send_im::send(&account, hello()).await.unwrap();
            let journal = sandbox.journal();
            for (origin, count) in connections(&journal) {
                assert_eq!(count, 1, "{layout:?}, HTTP/2 {http2}, {origin}: {journal:#?}");
            }
        }
    }
}

#[tokio::test]
async fn over_http2_a_first_message_takes_as_many_exchanges() {
    let (sandbox, account) = secure(Layout::OnePool, true).await;
    send_im::send(&account, hello()).await.unwrap();
    assert_eq!(sandbox.journal().len(), 8, "{:#?}", sandbox.journal());
}

#[tokio::test]
async fn over_http2_the_get_for_events_waits_for_no_post() {
    // Short text rides in the invitation; long text follows it. The GET is there before either is answered.
    for (route, message) in [(Route::StartMessaging, hello()), (Route::SendMessage, long())] {
        let (sandbox, account) = secure(Layout::OnePool, true).await;
        sandbox.add_fault(Fault::on(route, Action::Delay { time: Duration::from_secs(3600) }));
        let sending = tokio::spawn(async move { send_im::send(&account, message).await });
        let is_post = |e: &Exchange| match route {
            Route::StartMessaging => e.path.ends_with("/messagingInvitations"),
            _ => e.path.contains("/messages"),
        };
        until(|| sandbox.journal().iter().any(|e| is_post(e) && e.status.is_none())).await;
        let waits = until(|| sandbox.pending_gets() == 1);
        tokio::time::timeout(Duration::from_secs(30), waits).await.expect("the GET goes beside the POST");
        assert!(sandbox.messages().is_empty(), "{route:?}");
        sending.abort();
    }
}

#[tokio::test]
async fn over_http1_the_get_for_events_opens_no_second_connection() {
    let (sandbox, account) = secure(Layout::OnePool, false).await;
    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::Delay { time: Duration::from_millis(100) }));
    send_im::send(&account, hello()).await.unwrap();
    let journal = sandbox.journal();
    let at = |found: &dyn Fn(&Exchange) -> bool| journal.iter().position(found).unwrap();
    let (post, get) =
        (at(&|e| e.path.ends_with("/messagingInvitations")), at(&|e| e.path.contains("/events")));
    assert!(post < get, "{journal:#?}");
    assert_eq!(connections(&journal).into_values().collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn the_next_message_is_one_post_and_one_answered_get() {
    let (sandbox, account) = secure(Layout::OnePool, true).await;
    let client = Client::sign_in(account).await.unwrap();
    client.send(hello()).await.unwrap();
    for to in [LENE, "johndoe@contoso.com"] {
        until(|| sandbox.pending_gets() == 1).await;
        let before = sandbox.journal().len();
        client.send(Message::text(to, "next")).await.unwrap();
        until(|| sandbox.pending_gets() == 1).await;
        let journal = sandbox.journal();
        // The GET is the one for the time after: that of this message's events was pending before.
        let mut methods: Vec<_> = journal[before..].iter().map(|e| e.method.as_str()).collect();
        methods.sort_unstable();
        assert_eq!(methods, ["GET", "POST"], "{to}: {journal:#?}");
    }
    assert_eq!(connections(&sandbox.journal()).into_values().collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn a_new_recipient_each_costs_two_posts_a_message() {
    let (sandbox, client) = signed_in().await;
    sandbox.clear_journal();
    let messages = (0..200).map(|n| Message::text(format!("user{n}@contoso.com"), "x"));
    assert!(client.send_all(messages).await.iter().all(Result::is_ok));
    client.sign_out().await.unwrap();
    // An invitation each, and an end for every conversation but those that are kept until the session ends.
    let posts = posts(&sandbox.journal());
    assert!((200..=400).contains(&posts), "{posts}");
    assert_eq!(sandbox.messages().len(), 200);
}

#[tokio::test]
async fn many_messages_to_some_recipients_share_their_conversations() {
    let (sandbox, client) = signed_in().await;
    sandbox.clear_journal();
    // More recipients than conversations are kept open, and their messages are mixed.
    let messages = (0..384).map(|n| Message::text(format!("user{}@contoso.com", n % 64), format!("{n}")));
    assert!(client.send_all(messages).await.iter().all(Result::is_ok));
    client.sign_out().await.unwrap();
    let posts = posts(&sandbox.journal());
    assert!(posts <= 64 * 7, "an invitation, five texts and an end for each of 64 recipients, not {posts}");
    for recipient in 0..64 {
        let texts: Vec<_> =
            sandbox.inbox(&format!("user{recipient}@contoso.com")).into_iter().map(|m| m.text).collect();
        let wanted: Vec<_> = (0..6).map(|n| (n * 64 + recipient).to_string()).collect();
        assert_eq!(texts, wanted, "in the order they were given");
    }
}
