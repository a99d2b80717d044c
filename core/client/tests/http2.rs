//! What HTTP/2 says besides answers: what was certainly not processed is asked again, once more it is not sent.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use common::*;
use send_im::{Account, Client, ErrorKind, Sent};
use send_im_sandbox::{Action, Fault, Route, Sandbox};

const REFUSED_STREAM: Action = Action::ResetStream { error: 7, processed: false };
const HTTP_1_1_REQUIRED: Action = Action::ResetStream { error: 13, processed: false };

async fn secure() -> (Sandbox, Account) {
    let sandbox = Sandbox::builder().https(true).start().await.unwrap();
    let account = account(&sandbox).ca_file(sandbox.ca_file().unwrap());
    (sandbox, account)
}

/// The connections that requests came on, in their order.
fn connections(sandbox: &Sandbox) -> Vec<u64> {
    sandbox.journal().iter().map(|exchange| exchange.connection).collect()
}

#[tokio::test]
async fn an_origin_that_asks_for_http1_is_asked_over_http1_from_then_on() {
    for action in [HTTP_1_1_REQUIRED, Action::GoAway { error: 13, processed: false }] {
        for route in [Route::Discovery, Route::Token, Route::StartMessaging] {
            let (sandbox, account) = secure().await;
            // Whatever comes over HTTP/2 is refused.
            sandbox.add_fault(Fault::on(route, action.clone()));
            let client = Client::sign_in(account).await.unwrap();
            client.send(hello()).await.unwrap();
            sandbox.add_fault(Fault::on(Route::Any, action.clone()).times(0));
            client.send(hello()).await.unwrap();
            client.send(long()).await.unwrap();
            client.sign_out().await.unwrap();
            assert_eq!((sandbox.messages().len(), sandbox.open_applications()), (3, 0), "{route:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_goes_away_is_asked_over_another_connection() {
    let (sandbox, account) = secure().await;
    let client = Client::sign_in(account).await.unwrap();
    client.send(hello()).await.unwrap();
    for code in [0, 2, 11] {
        sandbox.clear_journal();
        sandbox.add_fault(Fault::on(Route::SendMessage, Action::GoAway { error: code, processed: false }));
        client.send(hello()).await.unwrap();
        let seen = connections(&sandbox);
        assert!(seen.iter().any(|number| *number != seen[0]), "{code}: {seen:?}");
    }
    assert_eq!(sandbox.messages().len(), 4);
}

#[tokio::test]
async fn a_server_that_refuses_every_stream_is_asked_a_bounded_number_of_times() {
    let (sandbox, account) = secure().await;
    sandbox.add_fault(Fault::on(Route::StartMessaging, REFUSED_STREAM).times(0));
    let error = send_im::send(&account, hello()).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Network, Sent::No), "{error}");
    assert!(error.detail().contains("has not processed this one"), "{error}");
    let posts = sandbox.journal().iter().filter(|e| e.path.ends_with("/messagingInvitations")).count();
    assert_eq!((posts, sandbox.messages().len()), (12, 0), "three times at once, and that four times");
}

#[tokio::test]
async fn what_http2_does_not_guarantee_is_not_asked_again() {
    for action in [
        Action::ResetStream { error: 2, processed: false },
        Action::ResetStream { error: 8, processed: false },
        Action::ResetStream { error: 11, processed: false },
        Action::GoAway { error: 0, processed: true },
        Action::GoAway { error: 11, processed: true },
        Action::GoAway { error: 13, processed: true },
    ] {
        let (sandbox, account) = secure().await;
        let client = Client::sign_in(account).await.unwrap();
        sandbox.add_fault(Fault::on(Route::StartMessaging, action.clone()));
        let sent = client.send(hello()).await;
        let posts = sandbox.journal().iter().filter(|e| e.path.ends_with("/messagingInvitations")).count();
        assert_eq!(posts, 1, "{action:?}");
        match sent {
            Ok(_) => assert_eq!(sandbox.messages().len(), 1, "{action:?}"),
            Err(error) => {
                assert_eq!((error.sent(), sandbox.messages().len()), (Sent::Maybe, 0), "{action:?}: {error}")
            }
        }
    }
}
