//! A session through what servers do to it.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::*;
use send_im::{Client, ErrorKind, Evidence, Message, Sent};
use send_im_sandbox::{Action, Behaviour, Fault, Route, Sandbox};

#[tokio::test]
async fn an_application_that_is_gone_is_replaced_silently() {
    let (sandbox, client) = signed_in().await;
    client.send(hello()).await.unwrap();
    sandbox.drop_applications();
    client.send(hello()).await.unwrap();
    assert_eq!(sandbox.messages().len(), 2);
    client.sign_out().await.unwrap();
    assert_eq!(sandbox.open_applications(), 0);
}

#[tokio::test]
async fn an_application_that_vanishes_under_a_ring_leaves_the_outcome_unknown() {
    let (sandbox, client) = signed_in().await;
    let ringing = tokio::spawn({
        let client = client.clone();
        async move { client.send(Message::text("silent@contoso.com", "x")).await }
    });
    until(|| {
        sandbox.journal().iter().any(|e| e.path.ends_with("/messagingInvitations") && e.status.is_some())
    })
    .await;
    sandbox.drop_applications();
    let error = ringing.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::OutcomeUnknown, Sent::Maybe));
    client.send(hello()).await.unwrap();
}

#[tokio::test]
async fn resume_and_resync_are_followed() {
    let (sandbox, client) = signed_in().await;
    client.send(hello()).await.unwrap();
    sandbox.force_resync();
    client.send(hello()).await.unwrap();
    sandbox.force_resume();
    client.send(Message::text("johndoe@contoso.com", "x")).await.unwrap();
    client.send(hello()).await.unwrap();
    assert_eq!(sandbox.messages().len(), 4);
}

#[tokio::test]
async fn empty_answers_and_broken_polls_are_lived_through() {
    let sandbox = Sandbox::builder().poll_timeout(Duration::from_millis(20)).start().await.unwrap();
    let client = Client::sign_in(account(&sandbox)).await.unwrap();
    until(|| sandbox.journal().iter().filter(|e| e.path.contains("/events")).count() > 5).await;
    for action in [
        Action::DropBefore,
        Action::DropAfter,
        Action::CutBody,
        Action::HtmlInstead,
        status(500),
        status(503),
        Action::Oversized { bytes: 9 << 20 },
    ] {
        sandbox.add_fault(Fault::on(Route::Events, action.clone()));
        client.send(hello()).await.unwrap_or_else(|e| panic!("{action:?}: {e}"));
    }
    assert_eq!(sandbox.messages().len(), 7);
}

#[tokio::test]
async fn there_is_exactly_one_pending_get() {
    let (sandbox, client) = signed_in().await;
    for _ in 0..5 {
        client.send(hello()).await.unwrap();
    }
    until(|| sandbox.pending_gets() == 1).await;
    let replaced = sandbox.journal().iter().filter(|e| e.status == Some(409)).count();
    assert_eq!(replaced, 0);
    client.sign_out().await.unwrap();
    until(|| sandbox.pending_gets() == 0).await;
}

#[tokio::test]
async fn a_channel_taken_over_by_another_program_ends_the_client() {
    let (sandbox, client) = signed_in().await;
    until(|| sandbox.pending_gets() == 1).await;
    sandbox.add_fault(Fault::on(Route::Events, coded(409, "Conflict", "PGetReplaced")));
    client.send(hello()).await.unwrap();
    let error = loop {
        match client.send(hello()).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Closed, "{error:?}");
}

#[tokio::test]
async fn an_application_ended_for_good_is_not_replaced() {
    let (sandbox, client) = signed_in().await;
    until(|| sandbox.pending_gets() == 1).await;
    sandbox.add_fault(Fault::on(Route::Events, coded(410, "Gone", "InactiveApplicationExpired")).times(0));
    client.send(hello()).await.unwrap();
    let error = loop {
        match client.send(hello()).await {
            Err(error) if error.kind() != ErrorKind::OutcomeUnknown => break error,
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    assert_eq!((error.kind(), error.subcode()), (ErrorKind::Closed, Some("InactiveApplicationExpired")));
    let sessions =
        sandbox.journal().iter().filter(|e| e.path.ends_with("/applications") && e.method == "POST").count();
    assert_eq!(sessions, 1);
}

#[tokio::test]
async fn too_many_applications_is_told_and_not_retried() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_fault(Fault::on(Route::Applications, coded(410, "Gone", "TooManyApplications")).times(0));
    let error = Client::sign_in(account(&sandbox)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitReached, "{error:?}");
    assert_eq!(sandbox.journal().iter().filter(|e| e.path.ends_with("/applications")).count(), 1);
}

#[tokio::test]
async fn a_lost_answer_to_the_sign_in_leaves_one_session() {
    for action in [Action::DropAfter, Action::CutBody] {
        let sandbox = Sandbox::start().await.unwrap();
        sandbox.add_fault(Fault::on(Route::Applications, action));
        let client = Client::sign_in(account(&sandbox)).await.unwrap();
        assert_eq!(sandbox.open_applications(), 1);
        client.sign_out().await.unwrap();
        assert_eq!(sandbox.open_applications(), 0);
    }
}

#[tokio::test]
async fn a_cancelled_sign_in_leaves_no_session() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_fault(Fault::on(Route::Applications, Action::Delay { time: Duration::from_millis(100) }));
    let signing_in = tokio::spawn(Client::sign_in(account(&sandbox)));
    until(|| sandbox.journal().iter().any(|e| e.path.ends_with("/applications"))).await;
    signing_in.abort();
    until(|| sandbox.journal().iter().any(|e| e.method == "DELETE" && e.status == Some(204))).await;
    assert_eq!(sandbox.open_applications(), 0);
}

#[tokio::test]
async fn a_page_of_a_proxy_in_place_of_the_server_ends_no_other_send() {
    let (sandbox, client) = signed_in().await;
    sandbox.recipient("ringing@contoso.com", Behaviour::AcceptAfter(Duration::from_secs(1)));
    let other = {
        let client = client.clone();
        tokio::spawn(async move { client.send(Message::text("ringing@contoso.com", "one")).await })
    };
    until(|| {
        sandbox.journal().iter().any(|e| e.path.ends_with("/messagingInvitations") && e.status.is_some())
    })
    .await;
    sandbox.add_fault(Fault::on(Route::StartMessaging, page(404)));
    client.send(hello()).await.unwrap();
    let receipt = other.await.unwrap().unwrap();
    assert_eq!(receipt.evidence, Evidence::InvitationAccepted);
    until(|| sandbox.open_applications() == 1).await;
    client.sign_out().await.unwrap();
    assert_eq!((sandbox.open_applications(), sandbox.messages().len()), (0, 2));
}

#[tokio::test]
async fn no_header_of_a_browser_is_sent() {
    // The sandbox answers 403 to Origin, X-Ms-Origin and the like; see its own tests.
    let (_sandbox, client) = signed_in().await;
    assert_eq!(client.send(hello()).await.unwrap().evidence, Evidence::InvitationAccepted);
}

#[tokio::test]
async fn fifty_tasks_share_one_client() {
    let (sandbox, client) = signed_in().await;
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(async move {
                for m in 0..4 {
                    client
                        .send(Message::text(format!("user{}@contoso.com", n % 10), format!("{n}.{m}")))
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut texts: Vec<_> = sandbox.messages().into_iter().map(|m| m.text).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 200);
}

/// As above; the other send has a text on its way, whose answer and event are still to come.
#[tokio::test]
async fn a_page_of_a_proxy_ends_no_text_that_is_on_its_way() {
    let (sandbox, client) = signed_in().await;
    client.send(hello()).await.unwrap();
    sandbox.clear_journal();
    let slow = Action::DelayAnswer { time: Duration::from_secs(1) };
    sandbox.add_fault(Fault::on(Route::SendMessage, slow));
    sandbox.add_fault(Fault::on(Route::SendMessage, Action::DelayEvents { time: Duration::from_secs(2) }));
    let text = tokio::spawn(client.send(hello()));
    until(|| sandbox.journal().iter().any(|e| e.path.contains("/messages"))).await;
    sandbox.add_fault(Fault::on(Route::StartMessaging, page(404)));
    client.send(Message::text("johndoe@contoso.com", "x")).await.unwrap();
    let receipt = text.await.unwrap().unwrap();
    assert_eq!(receipt.evidence, Evidence::MessageConfirmed);
    until(|| sandbox.open_applications() == 1).await;
}

#[tokio::test]
async fn an_invitation_that_rings_when_its_channel_ends_is_withdrawn() {
    let (sandbox, client) = signed_in().await;
    until(|| sandbox.pending_gets() == 1).await;
    let rings = tokio::spawn(client.send(Message::text("silent@contoso.com", "x".repeat(900))));
    let count = |end: &str| sandbox.journal().iter().filter(|e| e.path.ends_with(end)).count();
    // Its first event has come, with the link that withdraws it.
    until(|| count("/messagingInvitations") == 1 && sandbox.pending_gets() == 1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let taken_over = coded(409, "Conflict", "PGetReplaced");
    sandbox.add_fault(Fault::on(Route::Events, taken_over).times(0));
    client.send(hello()).await.unwrap();
    let error = rings.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Closed, Sent::No), "{error:?}");
    until(|| count("/terminate") == 1).await;
}

/// What rang there has ended with it: nothing asks for it any more.
#[tokio::test]
async fn nothing_is_withdrawn_in_a_session_that_the_server_has_ended() {
    let (sandbox, client) = signed_in().await;
    until(|| sandbox.pending_gets() == 1).await;
    // Without its first event, the link that withdraws it would have to be fetched.
    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::SkipStates));
    let rings = tokio::spawn(client.send(Message::text("silent@contoso.com", "x".repeat(900))));
    let asked = || sandbox.journal().iter().filter(|e| e.path.contains("/messagingInvitations")).count();
    until(|| asked() == 1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    sandbox.drop_applications();
    let error = rings.await.unwrap().unwrap_err();
    assert_eq!(error.sent(), Sent::No, "{error:?}");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(asked(), 1);
}
