//! The truth about delivery: outcomes, lost answers, odd event orders, time-outs.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;
mod hostile_server;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::*;
use futures_util::future::join_all;
use hostile_server::{Hostile, Reply, by};
use send_im::{Account, Client, ErrorKind, Evidence, Message, Sent, Step};
use send_im_sandbox::{Action, Fault, Route, Sandbox};

#[tokio::test]
async fn every_recipient_of_the_table_gives_its_outcome() {
    let sandbox = Sandbox::builder()
        .ring(Duration::from_millis(200))
        .slow(Duration::from_millis(100))
        .start()
        .await
        .unwrap();
    let client = Client::sign_in(account(&sandbox)).await.unwrap();
    for (who, kind) in [
        ("declines", ErrorKind::Declined),
        ("silent", ErrorKind::NoAnswer),
        ("busy", ErrorKind::Busy),
        ("offline", ErrorKind::RecipientUnavailable),
        ("unknown", ErrorKind::RecipientNotFound),
        ("drops", ErrorKind::RecipientUnavailable),
    ] {
        for text in ["short".to_owned(), "long ".repeat(300)] {
            let error = client.send(Message::text(format!("{who}@contoso.com"), text)).await.unwrap_err();
            assert_eq!((error.kind(), error.sent()), (kind, Sent::No), "{who}: {error:?}");
            assert_eq!(error.step(), Some(Step::Confirm), "{who}");
            assert!(error.code().is_some(), "{who}");
        }
    }
    for who in ["lenea", "slow", "echo"] {
        let receipt = client.send(Message::text(format!("{who}@contoso.com"), "x")).await.unwrap();
        assert_eq!(receipt.accepted_by, Some(format!("{who}@contoso.com")));
    }
    for text in ["short".to_owned(), "long ".repeat(300)] {
        let receipt = client.send(Message::text("forwards@contoso.com", text)).await.unwrap();
        assert_eq!(receipt.accepted_by.as_deref(), Some("colleague@contoso.com"));
    }
    client.sign_out().await.unwrap();
}

#[tokio::test]
async fn events_in_any_order_and_shape_are_understood() {
    for action in [
        Action::EarlyEvents,
        Action::BareEvents,
        Action::SkipStates,
        Action::DuplicateEvents,
        Action::DelayEvents { time: Duration::from_millis(50) },
    ] {
        for (message, evidence) in
            [(hello(), Evidence::InvitationAccepted), (long(), Evidence::MessageConfirmed)]
        {
            let sandbox = Sandbox::start().await.unwrap();
            for route in [Route::StartMessaging, Route::SendMessage] {
                sandbox.add_fault(Fault::on(route, action.clone()).times(0));
            }
            // A one-call send asks for events after the answer, so there they cannot be early.
            if action != Action::EarlyEvents {
                let receipt = send_im::send(&account(&sandbox), message.clone()).await;
                let receipt = receipt.unwrap_or_else(|e| panic!("{action:?}: {e}"));
                assert_eq!(
                    (receipt.evidence, receipt.accepted_by.as_deref()),
                    (evidence, Some(LENE)),
                    "{action:?}"
                );
                sandbox.clear_messages();
            }
            let client = Client::sign_in(account(&sandbox)).await.unwrap();
            for n in 0..3 {
                let receipt =
                    client.send(message.clone()).await.unwrap_or_else(|e| panic!("{action:?}: {e}"));
                let expected = if n == 0 { evidence } else { Evidence::MessageConfirmed };
                assert_eq!(
                    (receipt.evidence, receipt.accepted_by.as_deref()),
                    (expected, Some(LENE)),
                    "{action:?}"
                );
            }
            client.sign_out().await.unwrap();
            assert_eq!(sandbox.messages().len(), 3, "{action:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_nothing_is_sent_twice() {
    let (result, arrived) = send_with(Route::StartMessaging, Action::DropAfter, hello()).await;
    assert_eq!((result.unwrap().evidence, arrived), (Evidence::InvitationAccepted, 1));
    let (result, arrived) = send_with(Route::SendMessage, Action::DropAfter, long()).await;
    let receipt = result.unwrap();
    assert_eq!((receipt.evidence, arrived), (Evidence::MessageConfirmed, 1));
    assert_eq!(receipt.steps.last().unwrap().step, Step::Confirm);
}

#[tokio::test]
async fn a_lost_request_is_reported_as_unknown_and_not_repeated() {
    let ways = [(Route::StartMessaging, hello(), Step::Invite), (Route::SendMessage, long(), Step::Send)];
    let sends = ways.iter().flat_map(|(route, message, step)| {
        [Action::DropBefore, status(500), status(502), status(504)].map(|action| async move {
            let message = message.clone().timeout(Duration::from_secs(5));
            let (result, arrived) = send_with(*route, action.clone(), message).await;
            let error = result.unwrap_err();
            assert_eq!(
                (error.kind(), error.sent(), error.step(), arrived),
                (ErrorKind::OutcomeUnknown, Sent::Maybe, Some(*step), 0),
                "{action:?}: {error:?}"
            );
        })
    });
    join_all(sends).await;
}

#[tokio::test]
async fn a_late_confirmation_is_not_taken_for_that_of_the_next_message() {
    let (sandbox, client) = common::signed_in().await;
    client.send(hello()).await.unwrap();
    let late = Action::DelayEvents { time: Duration::from_secs(3) };
    sandbox.add_fault(Fault::on(Route::SendMessage, late));
    let error = client.send(hello().timeout(Duration::from_secs(1))).await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::OutcomeUnknown, Some(Step::Confirm)));
    sandbox.add_fault(Fault::on(Route::SendMessage, Action::DropBefore));
    let error = client.send(hello().timeout(Duration::from_secs(6))).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::OutcomeUnknown, Sent::Maybe), "{error:?}");
    assert_eq!(sandbox.messages().len(), 2);
}

#[tokio::test]
async fn what_was_certainly_not_processed_is_sent_again() {
    for (route, message) in [(Route::StartMessaging, hello()), (Route::SendMessage, long())] {
        for action in [status(503), status(429)] {
            let (result, arrived) = send_with(route, action.clone(), message.clone()).await;
            assert!(result.is_ok(), "{action:?}: {result:?}");
            assert_eq!(arrived, 1);
        }
    }
    let (result, arrived) =
        send_with(Route::StartMessaging, coded(409, "Conflict", "AnotherOperationPending"), hello()).await;
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(arrived, 1);
}

#[tokio::test]
async fn a_server_that_asks_for_more_time_than_there_is_throttles() {
    let wait = Action::Status {
        http: 429,
        code: None,
        subcode: None,
        retry_after: Some(3600),
        body: Default::default(),
        diagnostics: None,
    };
    let (result, arrived) = send_with(Route::StartMessaging, wait, hello()).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.sent(), arrived), (ErrorKind::Throttled, Sent::No, 0));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
}

#[tokio::test]
async fn a_ring_that_outlasts_the_timeout_is_withdrawn() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::sign_in(account(&sandbox)).await.unwrap();
    let message = Message::text("silent@contoso.com", "x").timeout(Duration::from_secs(2));
    let error = client.send(message).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No), "{error:?}");
    assert!(sandbox.journal().iter().any(|e| e.path.ends_with("/terminate")));
    client.sign_out().await.unwrap();
    assert!(sandbox.messages().is_empty());
}

#[tokio::test]
async fn without_events_the_invitation_itself_says_who_accepted() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_fault(Fault::on(Route::Events, status(503)).times(0));
    let receipt = send_im::send(&account(&sandbox), hello()).await.unwrap();
    assert_eq!(receipt.accepted_by.as_deref(), Some(LENE));
    assert_eq!(sandbox.messages().len(), 1);
    assert_eq!(sandbox.open_applications(), 0);
}

#[tokio::test]
async fn the_other_side_may_leave_and_the_next_message_invites_again() {
    let (sandbox, client) = signed_in().await;
    client.send(hello()).await.unwrap();
    sandbox.end_conversations();
    until(|| sandbox.pending_gets() == 1).await;
    let receipt = client.send(hello()).await.unwrap();
    assert_eq!(receipt.evidence, Evidence::InvitationAccepted);
    // Also when the server says so before the events do.
    sandbox.add_fault(Fault::on(Route::SendMessage, coded(404, "NotFound", "ConversationNotFound")));
    let receipt = client.send(hello()).await.unwrap();
    assert_eq!(receipt.evidence, Evidence::InvitationAccepted);
    assert_eq!(sandbox.messages().len(), 3);
}

#[tokio::test]
async fn messages_to_one_recipient_arrive_in_the_order_of_the_calls() {
    let (sandbox, client) = signed_in().await;
    let messages: Vec<_> = (0..100).map(|n| Message::text(LENE, format!("{n}"))).collect();
    for result in client.send_all(messages).await {
        result.unwrap();
    }
    let texts: Vec<_> = sandbox.inbox(LENE).into_iter().map(|m| m.text).collect();
    assert_eq!(texts, (0..100).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn many_recipients_leave_few_conversations_open() {
    let (sandbox, client) = signed_in().await;
    let messages: Vec<_> = (0..200).map(|n| Message::text(format!("user{n}@contoso.com"), "x")).collect();
    let results = client.send_all(messages).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(sandbox.messages().len(), 200);
    let stops = || sandbox.journal().iter().filter(|e| e.path.ends_with("/terminate")).count();
    until(|| stops() >= 200 - 16).await;
    client.sign_out().await.unwrap();
}

#[tokio::test]
async fn a_dropped_send_withdraws_its_invitation() {
    let (sandbox, client) = signed_in().await;
    let message = Message::text("silent@contoso.com", "x");
    let sending = tokio::spawn({
        let client = client.clone();
        async move { client.send(message).await }
    });
    until(|| {
        sandbox.journal().iter().any(|e| e.path.ends_with("/messagingInvitations") && e.status.is_some())
    })
    .await;
    sending.abort();
    until(|| sandbox.journal().iter().any(|e| e.path.ends_with("/terminate"))).await;
    client.sign_out().await.unwrap();
    assert_eq!(sandbox.open_applications(), 0);
}

#[tokio::test]
async fn html_falls_back_to_text_where_the_server_takes_none() {
    let (sandbox, client) = signed_in().await;
    until(|| sandbox.pending_gets() == 1).await;
    // The request that declares html is the next one.
    sandbox.add_fault(Fault::on(Route::Any, coded(403, "Forbidden", "None")));
    for _ in 0..2 {
        let receipt = client.send(Message::html(LENE, "<p>Disk <b>full</b></p>")).await.unwrap();
        assert_eq!(receipt.format, send_im::Format::Plain);
    }
    assert_eq!(sandbox.inbox(LENE)[1].text, "Disk full");
    let declared = sandbox.journal().iter().filter(|e| e.method == "PUT").count();
    assert_eq!(declared, 1);
}

#[tokio::test]
async fn html_does_not_go_into_a_conversation_agreed_on_as_plain() {
    let (sandbox, client) = signed_in().await;
    client.send(hello()).await.unwrap();
    let receipt = client.send(Message::html(LENE, "<p>Disk <b>full</b></p>")).await.unwrap();
    assert_eq!(receipt.format, send_im::Format::Html);
    assert_eq!(sandbox.inbox(LENE)[1].text, "<p>Disk <b>full</b></p>");
    until(|| sandbox.journal().iter().any(|e| e.path.ends_with("/terminate"))).await;
}

#[tokio::test]
async fn a_forwarded_message_does_not_claim_the_conversation() {
    let (sandbox, client) = signed_in().await;
    for n in 1..=2 {
        let receipt = client.send(Message::text("forwards@contoso.com", "x")).await.unwrap();
        assert_eq!(receipt.evidence, Evidence::InvitationAccepted);
        let ended = || sandbox.journal().iter().filter(|e| e.path.ends_with("/terminate")).count();
        until(|| ended() == n).await;
    }
    let receipt = client.send(Message::text("forwards@contoso.com", "long ".repeat(300))).await.unwrap();
    assert_eq!(receipt.evidence, Evidence::MessageConfirmed);
}

#[tokio::test]
async fn cancelling_everything_ends_each_send_with_the_truth() {
    let (sandbox, client) = signed_in().await;
    let send = |message: Message| {
        let client = client.clone();
        tokio::spawn(async move { client.send(message).await })
    };
    let short = send(Message::text("silent@contoso.com", "x"));
    let long = send(Message::text("silent@fabrikam.com", "x".repeat(900)));
    let submitted =
        client.send(Message::text("silent@litware.com", "x").wait(send_im::Wait::Submitted)).await.unwrap();
    assert_eq!(submitted.evidence, Evidence::Submitted);
    let invited = || {
        sandbox
            .journal()
            .iter()
            .filter(|e| e.path.ends_with("/messagingInvitations") && e.status.is_some())
            .count()
    };
    until(|| invited() == 3).await;
    client.cancel_all();
    for (sending, sent) in [(short, Sent::Maybe), (long, Sent::No)] {
        let error = sending.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Cancelled, sent), "{error:?}");
    }
    client.sign_out().await.unwrap();
    assert_eq!(sandbox.open_applications(), 0);
    assert_eq!(client.send(hello()).await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn an_endless_timeout_is_a_long_one() {
    let (_sandbox, client) = signed_in().await;
    client.send(hello().timeout(Duration::MAX)).await.unwrap();
}

#[tokio::test]
async fn a_conversation_is_not_used_again_after_a_message_the_server_gave_no_name() {
    let (invitations, texts) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let server = Hostile::start(move |seen| {
        let route = seen.route();
        if route == "POST /invite" {
            let n = invitations.fetch_add(1, Ordering::Relaxed);
            let operation = serde_json::from_str::<serde_json::Value>(&seen.body).unwrap()["operationId"].clone();
            let invitation = format!(
                r#"{{"operationId":{operation},"direction":"Outgoing","_links":{{"messaging":{{"href":"/c/{n}/messaging"}},"conversation":{{"href":"/c/{n}"}}}}}}"#
            );
            let messaging =
                format!(r#"{{"state":"Connected","_links":{{"sendMessage":{{"href":"/c/{n}/messages"}}}}}}"#);
            let events = format!(
                r#"{{"link":{{"rel":"messagingInvitation","href":"/i/{n}"}},"type":"completed","status":"Success","_embedded":{{"messagingInvitation":{invitation}}}}},{{"link":{{"rel":"messaging","href":"/c/{n}/messaging"}},"type":"updated","_embedded":{{"messaging":{messaging}}}}}"#
            );
            let taken = Reply::Whole(201, format!("Location: /i/{n}\r\n"), Vec::new());
            return Some(Reply::Telling(Box::new(taken), by("communication", "/com", &events)));
        }
        let conversation = route.strip_prefix("POST ")?.strip_suffix("/messages")?;
        let n = texts.fetch_add(1, Ordering::Relaxed);
        let event = format!(
            r#"{{"link":{{"rel":"message","href":"{conversation}/messages/{n}"}},"type":"completed","status":"Success","_embedded":{{"message":{{"direction":"Outgoing"}}}}}}"#
        );
        let taken = Reply::Whole(201, String::new(), Vec::new());
        Some(Reply::Telling(Box::new(taken), by("conversation", conversation, &event)))
    })
    .await;
    let account = Account::with_password("tosh@contoso.com", "x").server(format!("{}/root", server.origin));
    let client = Client::sign_in(account).await.unwrap();
    for n in 1..=2 {
        let receipt = client.send(long()).await.unwrap();
        assert_eq!(receipt.evidence, Evidence::MessageConfirmed);
        assert_eq!(server.count("POST /invite"), n);
    }
    client.sign_out().await.unwrap();
}

#[tokio::test]
async fn messages_that_wait_for_somebody_who_does_not_answer_hold_up_nobody_else() {
    let (sandbox, client) = signed_in().await;
    let ringing: Vec<_> = (0..40)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(
                async move { client.send(Message::text("silent@contoso.com", format!("{n}"))).await },
            )
        })
        .collect();
    until(|| sandbox.journal().iter().any(|e| e.path.ends_with("/messagingInvitations"))).await;
    client.send(hello()).await.unwrap();
    client.cancel_all();
    for sending in join_all(ringing).await {
        assert_eq!(sending.unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    }
}

#[tokio::test]
async fn a_message_that_is_refused_ends_no_conversation_in_which_another_waits() {
    let (sandbox, client) = signed_in().await;
    client.send(hello()).await.unwrap();
    sandbox.clear_journal();
    let delay = Action::DelayEvents { time: Duration::from_secs(1) };
    sandbox.add_fault(Fault::on(Route::SendMessage, delay));
    sandbox.add_fault(Fault::on(Route::SendMessage, coded(403, "Forbidden", "None")).skip(1));
    let results = client.send_all([hello(), hello(), hello()]).await;
    assert_eq!(results[0].as_ref().unwrap().evidence, Evidence::MessageConfirmed);
    assert_eq!(results[1].as_ref().unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!(results[2].as_ref().unwrap().evidence, Evidence::MessageConfirmed);
    let posts = |end: &str| sandbox.journal().iter().filter(|e| e.path.ends_with(end)).count();
    assert_eq!((posts("/terminate"), posts("/messagingInvitations")), (0, 0));
}
