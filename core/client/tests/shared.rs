//! What accounts remember with each other, and what they do not.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::*;
use send_im::{Account, Client, ErrorKind, Shared, Step};
use send_im_sandbox::{Action, Fault, Layout, Route, Sandbox};

/// True where a send has to look for the server.
async fn discovers(account: &Account) -> bool {
    let receipt = send_im::send(account, hello()).await.unwrap();
    receipt.steps[0].step == Step::Discover
}

/// How many sign-ins with wrong passwords a server is asked for until the name rests; 9 where it does not.
async fn tried(account: impl Fn(&str) -> Account) -> usize {
    for n in 0..9 {
        let error = Client::sign_in(account(&format!("wrong{n}"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SignInRefused);
        if error.http_status().is_none() {
            return n;
        }
    }
    9
}

#[tokio::test]
async fn by_default_the_accounts_of_a_process_remember_together() {
    let sandbox = Sandbox::builder().user("tosh@contoso.com", "right").start().await.unwrap();
    let with = |password: &str| Account::with_password("tosh@contoso.com", password).server(sandbox.url());
    assert!(discovers(&with("right")).await);
    assert!(!discovers(&with("right")).await);
    assert!(!discovers(&with("right").shared(Shared::process())).await);
    assert_eq!(tried(with).await, 3);
    assert_eq!(tried(with).await, 0);
}

#[tokio::test]
async fn accounts_with_values_of_their_own_share_nothing() {
    let sandbox = Sandbox::builder().user("lenea@contoso.com", "right").start().await.unwrap();
    let values = [Arc::new(Shared::new()), Arc::new(Shared::new())];
    let with = |value: usize, password: &str| {
        let account = Account::with_password("lenea@contoso.com", password).server(sandbox.url());
        account.shared(values[value].clone())
    };
    for value in [0, 1] {
        assert!(discovers(&with(value, "right")).await);
        assert!(!discovers(&with(value, "right")).await);
        // Another sender of the same server remembers with the first.
        let other = with(value, "right").other_sender("lenea@contoso.com", "right");
        assert!(!discovers(&other).await);
    }
    for value in [0, 1] {
        assert_eq!(tried(|password| with(value, password)).await, 3);
        assert_eq!(tried(|password| with(value, password)).await, 0);
    }
}

/// The pool that is remembered accepts connections and answers nothing, or rejects every token; discovery leads elsewhere by now.
#[tokio::test]
async fn a_pool_that_no_longer_serves_the_account_is_forgotten() {
    for action in [Action::Delay { time: Duration::from_secs(24 * 3600) }, status(401)] {
        let sandbox = Sandbox::builder().layout(Layout::TwoPools).start().await.unwrap();
        let account = account(&sandbox).shared(Arc::default());
        assert!(discovers(&account).await);
        sandbox.move_home(0);
        sandbox.add_fault(Fault::on(Route::Applications, action).times(0));
        let message = || hello().timeout(Duration::from_secs(2));
        send_im::send(&account, message()).await.unwrap_err();
        sandbox.clear_faults();
        assert!(discovers(&account).await);
        assert_eq!(sandbox.messages().len(), 2);
    }
}
