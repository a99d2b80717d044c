//! A sandbox, the service before it, and a caller.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)] // each test file uses its part

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder};
use send_im::Account;
use send_im_http::{Options, Service, Tokens};
use send_im_sandbox::{Builder, Sandbox};
use serde_json::Value;

pub mod authority;

pub const LENE: &str = "lenea@contoso.com";
pub const PASSWORD: &str = "pa55word-of-tosh";
pub const TOKEN: &str = "t0ken-that-nobody-guesses";

/// Rounds of 20 ms to wait for something; far more than it takes.
const ROUNDS: usize = 1000;

pub struct World {
    pub sandbox: Sandbox,
    pub service: Service,
    pub http: Client,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|builder| builder, |options| options).await
    }

    pub async fn options(change: impl FnOnce(Options) -> Options) -> Self {
        Self::with(|builder| builder, change).await
    }

    pub async fn with(
        sandbox: impl FnOnce(Builder) -> Builder,
        change: impl FnOnce(Options) -> Options,
    ) -> Self {
        let sandbox = sandbox(Sandbox::builder().user("tosh@contoso.com", PASSWORD)).start().await.unwrap();
        let account = Account::with_password("tosh@contoso.com", PASSWORD).server(sandbox.url());
        let service = Service::start(change(Options::new().account(account).rate(0))).await.unwrap();
        Self { sandbox, service, http: client() }
    }

    pub fn url(&self, rest: &str) -> String {
        format!("{}{rest}", self.service.url())
    }

    /// Host and port.
    pub fn address(&self) -> String {
        self.service.url().split("//").nth(1).unwrap().trim_end_matches('/').to_owned()
    }

    pub fn get(&self, rest: &str) -> RequestBuilder {
        self.http.get(self.url(rest))
    }

    pub fn post(&self, rest: &str) -> RequestBuilder {
        self.http.post(self.url(rest))
    }

    /// A POST of a form to `/send`.
    pub fn form(&self, body: impl Into<String>) -> RequestBuilder {
        self.post("send").header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.into())
    }

    /// A message that the sandbox's recipient `name` gets, or not.
    pub fn message_to(&self, name: &str) -> RequestBuilder {
        self.form(format!("recipient={name}@contoso.com&message=hello"))
    }

    pub fn json(&self, body: &Value) -> RequestBuilder {
        self.post("send").header(CONTENT_TYPE, "application/json").body(body.to_string())
    }

    pub fn texts(&self) -> Vec<String> {
        self.sandbox.messages().into_iter().map(|message| message.text).collect()
    }

    /// How many sessions were opened so far.
    pub fn sessions_opened(&self) -> usize {
        self.requests("POST", "/applications")
    }

    pub fn sign_ins(&self) -> usize {
        self.requests("POST", "/oauthtoken")
    }

    pub fn requests(&self, method: &str, end_of_path: &str) -> usize {
        let matches = |path: &str| {
            path.split('?').next().unwrap_or_default().to_ascii_lowercase().ends_with(end_of_path)
        };
        self.sandbox.journal().iter().filter(|e| e.method == method && matches(&e.path)).count()
    }

    pub async fn ringing(&self) {
        until("an invitation", || self.requests("POST", "/messaginginvitations") > 0).await;
    }
}

pub fn client() -> Client {
    // Before rustls is asked for by a test, it must know who does its arithmetic.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

pub fn tokens() -> Tokens {
    Tokens::parse(TOKEN, "the test").unwrap()
}

pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

pub async fn status(request: RequestBuilder) -> u16 {
    answer(request).await.status
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The members of a problem that tell what to do.
    pub fn verdict(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        let member = |name: &str| problem[name].as_str().unwrap().to_owned();
        (self.status, member("kind"), member("sent"))
    }
}

/// As `Answer::verdict`, to compare with.
pub fn verdict(status: u16, kind: &str, sent: &str) -> (u16, String, String) {
    (status, kind.to_owned(), sent.to_owned())
}

pub async fn until(what: &str, reached: impl Fn() -> bool) {
    for _ in 0..ROUNDS {
        if reached() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not come to this: {what}");
}
