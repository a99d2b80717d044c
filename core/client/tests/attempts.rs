//! Wrong passwords: how many of them reach the token service of a directory that locks accounts.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::time::Duration;

use common::*;
use futures_util::future::join_all;
use send_im::{Account, Client, Error, ErrorKind, Sent, Step};
use send_im_sandbox::{Action, Fault, Route, Sandbox};

async fn sandbox() -> Sandbox {
    let sandbox = Sandbox::builder().user("tosh@contoso.com", "right").user("lenea@contoso.com", "right");
    sandbox.start().await.unwrap()
}

async fn sign_in(sandbox: &Sandbox, address: &str, password: &str) -> Result<(), Error> {
    let account = Account::with_password(address, password).server(sandbox.url());
    Client::sign_in(account).await?.sign_out().await
}

/// How many sign-ins have reached the token service.
fn reached(sandbox: &Sandbox) -> usize {
    sandbox
        .journal()
        .iter()
        .filter(|entry| entry.method == "POST" && entry.path.contains("oauthtoken"))
        .count()
}

fn rests(error: &Error) {
    assert_eq!(
        (error.kind(), error.step(), error.sent(), error.http_status()),
        (ErrorKind::SignInRefused, Some(Step::SignIn), Sent::No, None),
        "{error:?}"
    );
    assert!(error.detail().contains("3 times within a minute; so that the account is not locked"), "{error}");
}

#[tokio::test]
async fn after_three_wrong_passwords_a_name_rests_for_a_minute() {
    let sandbox = sandbox().await;
    for n in 0..30 {
        let error = sign_in(&sandbox, "tosh@contoso.com", &format!("wrong{n}")).await.unwrap_err();
        match n < 3 {
            true => assert_eq!((error.kind(), error.http_status()), (ErrorKind::SignInRefused, Some(400))),
            false => rests(&error),
        }
    }
    assert_eq!(reached(&sandbox), 3);
    for address in ["tosh@contoso.com", "Tosh@CONTOSO.com"] {
        rests(&sign_in(&sandbox, address, "right").await.unwrap_err());
    }
    let account = Account::with_password("tosh@contoso.com", "right").server(sandbox.url());
    rests(&send_im::send(&account, hello()).await.unwrap_err());
    assert_eq!(reached(&sandbox), 3);
    sign_in(&sandbox, "lenea@contoso.com", "right").await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    tokio::time::resume();
    sign_in(&sandbox, "tosh@contoso.com", "right").await.unwrap();
}

#[tokio::test]
async fn of_thirty_wrong_passwords_at_once_three_are_tried() {
    let sandbox = sandbox().await;
    let passwords: Vec<String> = (0..30).map(|n| format!("wrong{n}")).collect();
    let ended =
        join_all(passwords.iter().map(|password| sign_in(&sandbox, "tosh@contoso.com", password))).await;
    for result in ended {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::SignInRefused);
    }
    assert_eq!(reached(&sandbox), 3);
    rests(&sign_in(&sandbox, "tosh@contoso.com", "right").await.unwrap_err());
}

#[tokio::test]
async fn thirty_right_passwords_at_once_are_accepted() {
    let sandbox = sandbox().await;
    for result in join_all((0..30).map(|_| sign_in(&sandbox, "tosh@contoso.com", "right"))).await {
        result.unwrap();
    }
}

#[tokio::test]
async fn right_and_wrong_passwords_in_turn_do_not_lock_a_name() {
    let sandbox = sandbox().await;
    for n in 0..10 {
        let error = sign_in(&sandbox, "tosh@contoso.com", &format!("wrong{n}")).await.unwrap_err();
        assert_eq!(error.http_status(), Some(400));
        sign_in(&sandbox, "tosh@contoso.com", "right").await.unwrap();
    }
}

#[tokio::test]
async fn who_does_not_wait_for_the_answer_has_tried_all_the_same() {
    let sandbox = sandbox().await;
    let slow = Action::Delay { time: Duration::from_millis(500) };
    sandbox.add_fault(Fault::on(Route::Token, slow).times(0));
    for n in 0..30 {
        let account = Account::with_password("tosh@contoso.com", format!("wrong{n}")).server(sandbox.url());
        let error = Client::sign_in(account.timeout(Duration::from_millis(100))).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::SignInRefused), "{error:?}");
    }
    until(|| reached(&sandbox) >= 3).await;
    // Once the answers are there, the name rests, although nobody has waited for them.
    loop {
        let error = sign_in(&sandbox, "tosh@contoso.com", "right").await.unwrap_err();
        if error.http_status().is_none() {
            break rests(&error);
        }
    }
    assert_eq!(reached(&sandbox), 3);
}

#[tokio::test]
async fn a_client_that_is_signed_in_renews_its_token_though_its_name_rests() {
    let sandbox = sandbox().await;
    let client = Client::sign_in(Account::with_password("tosh@contoso.com", "right").server(sandbox.url()))
        .await
        .unwrap();
    for n in 0..4 {
        sign_in(&sandbox, "tosh@contoso.com", &format!("wrong{n}")).await.unwrap_err();
    }
    sandbox.revoke_tokens();
    client.send(hello()).await.unwrap();
    // Its success counts as any other.
    sign_in(&sandbox, "tosh@contoso.com", "right").await.unwrap();
    client.sign_out().await.unwrap();
}
