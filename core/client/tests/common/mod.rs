//! What the tests of the client share.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)] // Each test file uses some of it.

use std::time::Duration;

use send_im::{Account, Client, Error, Message, Receipt};
use send_im_sandbox::{Action, Fault, Route, Sandbox};

pub const LENE: &str = "lenea@contoso.com";

pub fn account(sandbox: &Sandbox) -> Account {
    Account::with_password("tosh@contoso.com", "x").server(sandbox.url())
}

pub fn hello() -> Message {
    Message::text(LENE, "hello").timeout(Duration::from_secs(20))
}

pub fn long() -> Message {
    Message::text(LENE, "x".repeat(900)).timeout(Duration::from_secs(20))
}

pub fn status(http: u16) -> Action {
    Action::Status {
        http,
        code: None,
        subcode: None,
        retry_after: None,
        body: Default::default(),
        diagnostics: None,
    }
}

/// A page of a proxy or of the web server.
pub fn page(http: u16) -> Action {
    Action::Status {
        http,
        code: None,
        subcode: None,
        retry_after: None,
        body: send_im_sandbox::ErrorBody::Html,
        diagnostics: None,
    }
}

pub fn diagnosed(http: u16, diagnostics: &str) -> Action {
    Action::Status {
        http,
        code: None,
        subcode: None,
        retry_after: None,
        body: send_im_sandbox::ErrorBody::Html,
        diagnostics: Some(diagnostics.to_owned()),
    }
}

pub fn coded(http: u16, code: &str, subcode: &str) -> Action {
    Action::Status {
        http,
        code: Some(code.to_owned()),
        subcode: Some(subcode.to_owned()),
        retry_after: None,
        body: Default::default(),
        diagnostics: None,
    }
}

/// A session and its sandbox, with one message already sent so that the conversation with Lene is open.
pub async fn signed_in() -> (Sandbox, Client) {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::sign_in(account(&sandbox)).await.unwrap();
    (sandbox, client)
}

/// What a one-call send gives with one fault, and how many messages arrived.
pub async fn send_with(route: Route, action: Action, message: Message) -> (Result<Receipt, Error>, usize) {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_fault(Fault::on(route, action));
    let result = send_im::send(&account(&sandbox), message).await;
    (result, sandbox.messages().len())
}

/// A test that waits in vain fails instead of hanging.
pub async fn until(mut reached: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !reached() {
        assert!(begun.elapsed() < Duration::from_secs(60), "this was waited for in vain");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
