//! What proxies, bad moments and impatient callers do.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;
mod hostile_server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::*;
use hostile_server::{Hostile, Reply, challenge};
use send_im::{Account, BearerToken, Client, ErrorKind, Evidence, Message, Sent, Step, Wait};
use send_im_sandbox::{Action, ErrorBody, Fault, Route, Sandbox};

fn page(http: u16) -> Action {
    Action::Status {
        http,
        code: None,
        subcode: None,
        retry_after: None,
        body: ErrorBody::Html,
        diagnostics: None,
    }
}

fn wait_for(http: u16, seconds: u64) -> Action {
    Action::Status {
        http,
        code: None,
        subcode: None,
        retry_after: Some(seconds),
        body: ErrorBody::Json,
        diagnostics: None,
    }
}

fn slowly(ms: u64) -> Action {
    Action::Delay { time: Duration::from_millis(ms) }
}

fn count(sandbox: &Sandbox, method: &str, end: &str) -> usize {
    sandbox
        .journal()
        .iter()
        .filter(|e| e.method == method && e.path.split('?').next().unwrap().ends_with(end))
        .count()
}

#[tokio::test]
async fn an_unknown_outcome_does_not_advise_to_send_again() {
    let (result, _) =
        send_with(Route::StartMessaging, status(500), hello().timeout(Duration::from_secs(15))).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert!(!error.detail().to_lowercase().contains("try again"), "{error}");
}

#[tokio::test]
async fn an_interrupted_sign_out_goes_on_and_a_failed_one_can_be_repeated() {
    let (sandbox, client) = signed_in().await;
    sandbox.add_fault(Fault::on(Route::DeleteApplication, slowly(1_000)));
    assert!(tokio::time::timeout(Duration::from_millis(20), client.sign_out()).await.is_err());
    until(|| sandbox.open_applications() == 0).await;

    let (sandbox, client) = signed_in().await;
    sandbox.add_fault(Fault::on(Route::DeleteApplication, coded(403, "Forbidden", "None")));
    assert!(client.sign_out().await.is_err());
    client.sign_out().await.unwrap();
    assert_eq!(sandbox.open_applications(), 0);
}

#[tokio::test]
async fn waiting_for_others_ends_with_the_deadline_and_nothing_was_sent() {
    let (sandbox, client) = signed_in().await;
    sandbox.drop_applications();
    sandbox.add_fault(Fault::on(Route::Applications, slowly(30_000)).times(0));
    let others = tokio::spawn({
        let client = client.clone();
        async move { client.send(hello()).await }
    });
    until(|| count(&sandbox, "POST", "/applications") + count(&sandbox, "GET", "/applications") > 1).await;
    let message = Message::text("johndoe@contoso.com", "x").timeout(Duration::from_millis(200));
    let error = client.send(message).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No), "{error:?}");
    others.abort();
}

#[tokio::test]
async fn absurd_numbers_of_a_server_do_no_harm() {
    let (result, _) = send_with(Route::StartMessaging, wait_for(429, u64::MAX), hello()).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Throttled);
    let sandbox = Sandbox::builder().token_lifetime(Duration::from_secs(u64::MAX / 4)).start().await.unwrap();
    send_im::send(&account(&sandbox), hello()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_asks_for_no_wait_is_not_hammered() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_fault(Fault::on(Route::StartMessaging, wait_for(429, 0)).times(0));
    let error = send_im::send(&account(&sandbox), hello().timeout(Duration::from_secs(5))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert!(count(&sandbox, "POST", "/messagingInvitations") < 8);
}

#[tokio::test]
async fn a_proxy_page_does_not_cost_the_session() {
    for (route, action) in [
        (Route::StartMessaging, page(404)),
        (Route::Events, page(404)),
        (Route::Events, page(403)),
        (Route::Events, page(400)),
        (Route::Events, wait_for(503, 3600)),
    ] {
        let (sandbox, client) = signed_in().await;
        until(|| sandbox.pending_gets() == 1).await;
        if route == Route::Events && matches!(action, Action::Status { retry_after: Some(_), .. }) {
            // A wait that would end the application is cut short; the sign-out must still be clean.
            sandbox.add_fault(Fault::on(route, action.clone()));
            client.send(hello()).await.unwrap();
        } else {
            sandbox.add_fault(Fault::on(route, action.clone()));
            for _ in 0..3 {
                client.send(hello()).await.unwrap_or_else(|e| panic!("{route:?} {action:?}: {e}"));
            }
            assert_eq!(sandbox.messages().len(), 3);
        }
        client.sign_out().await.unwrap();
        until(|| sandbox.open_applications() == 0).await;
    }
}

#[tokio::test]
async fn a_sign_in_that_runs_out_of_time_leaves_no_session() {
    let sandbox = Sandbox::start().await.unwrap();
    // The GET that asks for the challenge of the applications is not needed here; the first request is the POST.
    sandbox.add_fault(Fault::on(Route::Applications, slowly(8_000)));
    let error = Client::sign_in(account(&sandbox).timeout(Duration::from_secs(5))).await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Timeout, Some(Step::OpenSession)), "{error:?}");
    until(|| count(&sandbox, "DELETE", "") == 1 || sandbox.journal().iter().any(|e| e.method == "DELETE"))
        .await;
    until(|| sandbox.open_applications() == 0).await;
}

#[tokio::test]
async fn a_refused_password_is_tried_once() {
    let (sandbox, client) = signed_in().await;
    client.send(hello()).await.unwrap();
    sandbox.add_fault(Fault::on(Route::Token, coded(400, "BadRequest", "None")).times(0));
    sandbox.revoke_tokens();
    let before = count(&sandbox, "POST", "/oauthtoken");
    let results = client.send_all((0..20).map(|n| Message::text(format!("user{n}@contoso.com"), "x"))).await;
    for error in results.into_iter().map(Result::unwrap_err) {
        assert_eq!((error.kind(), error.sent()), (ErrorKind::SignInRefused, Sent::No), "{error:?}");
    }
    assert_eq!(count(&sandbox, "POST", "/oauthtoken") - before, 1);
}

fn ca_of(server: &Hostile) -> tempfile::NamedTempFile {
    let ca = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(ca.path(), &server.ca_pem).unwrap();
    ca
}

/// An account at a server that is not on the loopback by its name.
fn account_at(server: &Hostile, ca: &std::path::Path, password: &str) -> Account {
    Account::with_password("tosh@contoso.com", password)
        .server(format!("{}/root", server.origin))
        .ca_file(ca)
        .resolve("pool.contoso.com", "127.0.0.1:0".parse().unwrap())
}

#[tokio::test]
async fn messages_that_each_sign_in_do_not_lock_the_account() {
    let server = Hostile::start_tls(&["pool.contoso.com"], |seen| {
        let wrong = seen.route() == "POST /token" && !seen.body.contains("password=right");
        wrong.then(|| Reply::json(400, r#"{"error":"invalid_grant"}"#))
    })
    .await;
    let ca = ca_of(&server);
    let with = |password: &str| account_at(&server, ca.path(), password);
    for _ in 0..5 {
        let error = send_im::send(&with("wrong"), hello()).await.unwrap_err();
        assert_eq!((error.kind(), error.http_status()), (ErrorKind::SignInRefused, Some(400)), "{error:?}");
        assert_eq!((error.step(), error.sent()), (Some(Step::SignIn), Sent::No));
    }
    assert_eq!(server.count("POST /token"), 1);
    send_im::send(&with("right"), hello()).await.unwrap();
    assert_eq!(server.count("POST /token"), 2);
}

#[tokio::test]
async fn a_client_that_is_signed_in_is_not_ended_by_a_refusal_of_another() {
    let (locked, stale) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let server = Hostile::start_tls(&["pool.contoso.com"], {
        let (locked, stale) = (locked.clone(), stale.clone());
        move |seen| match seen.route().as_str() {
            "POST /token" if locked.load(Ordering::SeqCst) == 1 => {
                Some(Reply::json(400, r#"{"error":"invalid_grant"}"#))
            }
            "POST /applications" if !seen.has_token() => Some(challenge("/token")),
            "POST /invite" if stale.swap(0, Ordering::SeqCst) == 1 => Some(challenge("/token")),
            _ => None,
        }
    })
    .await;
    let ca = ca_of(&server);
    let with = |password: &str| account_at(&server, ca.path(), password);
    let client = Client::sign_in(with("right")).await.unwrap();
    locked.store(1, Ordering::SeqCst);
    assert_eq!(send_im::send(&with("right"), hello()).await.unwrap_err().kind(), ErrorKind::SignInRefused);
    locked.store(0, Ordering::SeqCst);
    // Its token is not accepted any more: it asks for another one, and gets it.
    stale.store(1, Ordering::SeqCst);
    client.send(hello()).await.unwrap();
    assert_eq!(server.count("POST /token"), 3);
    client.sign_out().await.unwrap();
}

#[tokio::test]
async fn a_refusal_that_may_be_a_proxys_is_not_remembered_and_no_refusal_is_repeated() {
    for (status, body, tries) in [(403, "{}", 2), (401, "", 2), (503, r#"{"error":"invalid_grant"}"#, 1)] {
        let server = Hostile::start_tls(&["pool.contoso.com"], move |seen| {
            (seen.route() == "POST /token").then(|| Reply::json(status, body))
        })
        .await;
        let ca = ca_of(&server);
        for _ in 0..2 {
            let error = send_im::send(&account_at(&server, ca.path(), "x"), hello()).await.unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::SignInRefused, Sent::No), "{error:?}");
        }
        assert_eq!(server.count("POST /token"), tries, "{status}");
    }
}

#[tokio::test]
async fn a_bad_moment_of_the_token_source_passes() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let (asked, reasons) = (Arc::new(AtomicUsize::new(0)), Arc::new(std::sync::Mutex::new(Vec::new())));
    let source = {
        let (sandbox, asked, reasons) = (sandbox.clone(), asked.clone(), reasons.clone());
        move |request: send_im::TokenRequest| {
            reasons.lock().unwrap().push(request.rejected);
            let answer = match asked.fetch_add(1, Ordering::SeqCst) {
                1 => Err("the vault is sealed".into()),
                _ => Ok(BearerToken::new(sandbox.issue_token("tosh@contoso.com"))),
            };
            async move { answer }
        }
    };
    let client =
        Client::sign_in(Account::with_token("tosh@contoso.com", source).server(sandbox.url())).await.unwrap();
    until(|| sandbox.pending_gets() == 1).await;
    sandbox.revoke_tokens();
    let _ = client.send(hello()).await;
    client.send(hello()).await.unwrap();
    let reasons = reasons.lock().unwrap().clone();
    assert_eq!(reasons[..2], [false, true]);
}

#[tokio::test]
async fn a_renewal_is_no_rejection() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let reasons = Arc::new(std::sync::Mutex::new(Vec::new()));
    let source = {
        let (sandbox, reasons) = (sandbox.clone(), reasons.clone());
        move |request: send_im::TokenRequest| {
            reasons.lock().unwrap().push(request.rejected);
            let token = BearerToken::new(sandbox.issue_token("tosh@contoso.com"))
                .expires_in(Duration::from_millis(100));
            async move { Ok(token) }
        }
    };
    let client =
        Client::sign_in(Account::with_token("tosh@contoso.com", source).server(sandbox.url())).await.unwrap();
    tokio::time::sleep(Duration::from_millis(150)).await;
    client.send(hello()).await.unwrap();
    let reasons = reasons.lock().unwrap().clone();
    assert!(reasons.len() >= 2 && !reasons.contains(&true), "{reasons:?}");
}

#[tokio::test]
async fn a_kept_conversation_that_is_gone_means_a_new_invitation() {
    let (sandbox, client) = signed_in().await;
    // No event tells of the messaging, and when the second message comes the conversation has ended unnoticed.
    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::SkipStates).times(0));
    client.send(hello()).await.unwrap();
    sandbox.end_conversations();
    let receipt = client.send(hello()).await.unwrap();
    assert_eq!(receipt.evidence, Evidence::InvitationAccepted);
    assert_eq!(sandbox.messages().len(), 2);
}

#[tokio::test]
async fn conversations_end_on_the_server_also_when_little_was_told() {
    let (sandbox, client) = signed_in().await;
    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::SkipStates).times(0));
    let messages = (0..60).map(|n| Message::text(format!("user{n}@contoso.com"), "x"));
    assert!(client.send_all(messages).await.iter().all(Result::is_ok));
    let ended = || {
        sandbox
            .journal()
            .iter()
            .filter(|e| e.method == "DELETE" && e.path.contains("/conversations/"))
            .count()
    };
    until(|| ended() >= 60 - 16).await;
}

#[tokio::test]
async fn withdrawing_is_repeated_and_finds_its_way_without_events() {
    let (sandbox, client) = signed_in().await;
    sandbox.add_fault(Fault::on(Route::StopMessaging, status(503)));
    let message = Message::text("silent@contoso.com", "x").timeout(Duration::from_secs(3));
    let error = client.send(message).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No), "{error:?}");

    until(|| sandbox.pending_gets() == 1).await;
    sandbox
        .add_fault(Fault::on(Route::Events, Action::DelayEvents { time: Duration::from_secs(60) }).times(0));
    sandbox
        .add_fault(Fault::on(Route::StartMessaging, Action::DelayEvents { time: Duration::from_secs(60) }));
    let before = count(&sandbox, "POST", "/terminate");
    let message = Message::text("silent@fabrikam.com", "x").timeout(Duration::from_secs(2));
    let error = client.send(message).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::OutcomeUnknown, Sent::Maybe), "{error:?}");
    until(|| count(&sandbox, "POST", "/terminate") > before).await;
}

#[tokio::test]
async fn a_submitted_send_that_is_cancelled_before_it_is_submitted_does_not_go_out() {
    let (sandbox, client) = signed_in().await;
    sandbox.drop_applications();
    // Half of the time that signing out has.
    sandbox.add_fault(Fault::on(Route::Applications, slowly(1_500)).times(0));
    let sending = tokio::spawn({
        let client = client.clone();
        async move { client.send(hello().wait(Wait::Submitted)).await }
    });
    until(|| count(&sandbox, "POST", "/applications") > 1).await;
    sending.abort();
    client.sign_out().await.unwrap();
    assert!(sandbox.messages().is_empty());
}

#[tokio::test]
async fn html_is_declared_again_when_the_first_time_brought_no_answer() {
    let (sandbox, client) = signed_in().await;
    until(|| sandbox.pending_gets() == 1).await;
    sandbox.add_fault(Fault::on(Route::Any, slowly(5_000)));
    let html = || Message::html(LENE, "<b>x</b>").timeout(Duration::from_secs(20));
    assert!(client.send(html().timeout(Duration::from_millis(200))).await.is_err());
    let receipt = client.send(html()).await.unwrap();
    assert_eq!(receipt.format, send_im::Format::Html);
}

#[tokio::test]
async fn the_content_type_of_an_answer_decides_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_fault(Fault::on(Route::Applications, Action::WrongContentType));
    send_im::send(&account(&sandbox), hello()).await.unwrap();
    assert_eq!(sandbox.open_applications(), 0);
}

#[tokio::test]
async fn a_slow_sign_out_does_not_hold_the_receipt_back_for_long() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_fault(Fault::on(Route::DeleteApplication, slowly(15_000)));
    let receipt = send_im::send(&account(&sandbox), hello()).await.unwrap();
    assert!(receipt.steps.iter().all(|s| s.step != Step::SignOut));
    assert_eq!(sandbox.open_applications(), 1);
    until(|| sandbox.open_applications() == 0).await;
}

#[tokio::test]
async fn trusted_domains_are_checked_before_the_first_request() {
    let sandbox = Sandbox::start().await.unwrap();
    let error = Client::sign_in(account(&sandbox).trust("https://contoso.net")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(sandbox.journal().is_empty());
}

#[tokio::test]
async fn a_page_in_the_answers_place_is_no_proof_that_the_server_took_the_message() {
    for (route, message) in [(Route::StartMessaging, hello()), (Route::SendMessage, long())] {
        let message = message.wait(Wait::Submitted).timeout(Duration::from_secs(5));
        let (result, arrived) = send_with(route, Action::HtmlInstead, message).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::OutcomeUnknown, Sent::Maybe), "{error:?}");
        assert_eq!(arrived, 0);
    }
}

#[tokio::test]
async fn a_page_in_the_answers_place_does_not_withdraw_an_invitation() {
    let (sandbox, client) = signed_in().await;
    sandbox.add_fault(Fault::on(Route::StopMessaging, Action::HtmlInstead));
    let message = Message::text("silent@contoso.com", "x").timeout(Duration::from_secs(5));
    let error = client.send(message).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No), "{error:?}");
    assert_eq!(count(&sandbox, "POST", "/terminate"), 2);
}

#[tokio::test]
async fn a_token_service_that_is_not_there_is_not_asked_over_and_over() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_fault(Fault::on(Route::Token, Action::DropBefore).times(0));
    let error = Client::sign_in(account(&sandbox)).await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::Network, Some(Step::SignIn)), "{error:?}");
    assert_eq!(count(&sandbox, "POST", "/oauthtoken"), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_one_call_send_asks_for_events_after_the_invitation_was_answered() {
    // The order was a matter of luck, so it is tried many times.
    for _ in 0..20 {
        let sandbox = Sandbox::start().await.unwrap();
        let late = Action::DelayAnswer { time: Duration::from_millis(30) };
        sandbox.add_fault(Fault::on(Route::StartMessaging, late));
        let sending = tokio::spawn({
            let account = account(&sandbox);
            async move { send_im::send(&account, hello()).await }
        });
        let find = |end: &str| sandbox.journal().into_iter().find(|e| e.path.contains(end));
        until(|| find("/events").is_some()).await;
        assert_eq!(find("/messagingInvitations").unwrap().status, Some(201), "one connection is enough");
        sending.await.unwrap().unwrap();
    }
}
