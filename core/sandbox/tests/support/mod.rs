//! A bare UCWA client for these tests: it follows links and knows nothing else.
#![allow(dead_code, clippy::unwrap_used)] // Each test file uses its own part; a failure here is a failed test.

use std::sync::Once;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use reqwest::{Client, Method, RequestBuilder, Response};
use send_im_sandbox::{Builder, Sandbox};
use serde_json::{Value, json};

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A client that trusts nothing beyond what it is given.
pub(crate) fn http() -> Client {
    tls();
    Client::builder().no_proxy().build().unwrap()
}

/// Chooses the TLS provider of the process, once.
pub(crate) fn tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Waits until the condition holds, and fails the test if it never does.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(2 * PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain: {what}"));
}

pub(crate) async fn json_of(response: Response) -> Value {
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The `WWW-Authenticate` lines of an answer.
pub(crate) fn challenges(response: &Response) -> Vec<String> {
    let lines = response.headers().get_all("www-authenticate").iter();
    lines.map(|line| line.to_str().unwrap().to_owned()).collect()
}

pub(crate) async fn get_json(http: &Client, url: &str) -> Value {
    json_of(http.get(url).header("accept", "application/json").send().await.unwrap()).await
}

/// A signed-in user with an application.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) http: Client,
    pub(crate) origin: String,
    pub(crate) token: String,
    pub(crate) application: Value,
}

impl Session {
    /// Signs in as this address along the links, from the discovery root on.
    pub(crate) async fn open(sandbox: &Sandbox, address: &str) -> Self {
        Self::open_with(http(), sandbox, address).await
    }

    /// The same with an HTTP client that others use too.
    pub(crate) async fn open_with(http: Client, sandbox: &Sandbox, address: &str) -> Self {
        let root = get_json(&http, sandbox.url()).await;
        let user = root["_links"]["user"]["href"].as_str().unwrap().to_owned();
        let token = token(&http, &user, address).await;
        let user = json_of(http.get(&user).header(AUTHORIZATION, &token).send().await.unwrap()).await;
        let applications = user["_links"]["applications"]["href"].as_str().unwrap().to_owned();
        let origin = applications.split("/ucwa").next().unwrap().to_owned();
        let input = json!({ "UserAgent": "tests", "EndpointId": address, "Culture": "en-US" });
        let mut session = Self { http, origin, token, application: Value::Null };
        let created = session.post(&applications, &input).await;
        assert_eq!(created.status(), 201);
        session.application = json_of(created).await;
        session
    }

    /// A session on a new sandbox.
    pub(crate) async fn on(builder: Builder) -> (Sandbox, Self) {
        let sandbox = builder.start().await.unwrap();
        let session = Self::open(&sandbox, "lenea@contoso.com").await;
        (sandbox, session)
    }

    pub(crate) fn request(&self, method: Method, href: &str) -> RequestBuilder {
        let url = if href.starts_with('/') { format!("{}{href}", self.origin) } else { href.to_owned() };
        let request = self.http.request(method, url);
        request.header(AUTHORIZATION, &self.token).header("accept", "application/json")
    }

    pub(crate) async fn get(&self, href: &str) -> Response {
        self.request(Method::GET, href).send().await.unwrap()
    }

    pub(crate) async fn read(&self, href: &str) -> Value {
        let response = self.get(href).await;
        assert_eq!(response.status(), 200, "{href}");
        json_of(response).await
    }

    pub(crate) async fn post(&self, href: &str, input: &Value) -> Response {
        let request = self.request(Method::POST, href).header(CONTENT_TYPE, "application/json");
        request.body(input.to_string()).send().await.unwrap()
    }

    pub(crate) async fn post_empty(&self, href: &str) -> Response {
        self.request(Method::POST, href).send().await.unwrap()
    }

    pub(crate) async fn delete(&self, href: &str) -> Response {
        self.request(Method::DELETE, href).send().await.unwrap()
    }

    pub(crate) fn self_href(&self) -> String {
        href(&self.application, "self")
    }

    pub(crate) fn events(&self) -> Events<'_> {
        Events { session: self, next: href(&self.application, "events"), ready: Vec::new() }
    }

    pub(crate) fn start_messaging_href(&self) -> String {
        href(&self.application["_embedded"]["communication"], "startMessaging")
    }

    /// Invites somebody and gives the `Location`.
    pub(crate) async fn invite(&self, input: Value) -> String {
        let response = self.post(&self.start_messaging_href(), &input).await;
        assert_eq!(response.status(), 201);
        response.headers()[LOCATION].to_str().unwrap().to_owned()
    }

    /// Invites somebody with a text in the invitation.
    pub(crate) async fn invite_with(&self, to: &str, text: &str) -> String {
        self.invite(json!({ "to": format!("sip:{to}"), "operationId": "op", "_links": message(text) })).await
    }

    pub(crate) async fn send(
        &self,
        href: &str,
        content_type: &str,
        text: impl Into<reqwest::Body>,
    ) -> Response {
        let request = self.request(Method::POST, href).header(CONTENT_TYPE, content_type);
        request.body(text).send().await.unwrap()
    }
}

/// The `_links` of an invitation that carries a text.
pub(crate) fn message(text: &str) -> Value {
    let escaped: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    json!({ "message": { "href": format!("data:text/plain;charset=utf-8,{escaped}") } })
}

/// A token from the service that the challenge of this resource names.
pub(crate) async fn token(http: &Client, protected: &str, address: &str) -> String {
    let challenge = challenges(&http.get(protected).send().await.unwrap()).join(",");
    let href = challenge.split("MsRtcOAuth href=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "password")
        .append_pair("username", address)
        .append_pair("password", "secret")
        .finish();
    let request = http.post(href).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let body = json_of(request.body(form).send().await.unwrap()).await;
    format!("Bearer {}", body["access_token"].as_str().unwrap())
}

pub(crate) fn href(resource: &Value, rel: &str) -> String {
    let link = resource["_links"][rel]["href"].as_str();
    link.unwrap_or_else(|| panic!("no link {rel} in {resource}")).to_owned()
}

/// The event channel, followed link by link.
pub(crate) struct Events<'a> {
    session: &'a Session,
    pub(crate) next: String,
    ready: Vec<Value>,
}

impl Events<'_> {
    /// One answer of the channel; the next request follows its link.
    pub(crate) async fn answer(&mut self) -> Value {
        let answer = self.session.read(&self.next).await;
        let onward =
            ["resync", "resume", "next"].iter().find_map(|rel| answer["_links"][rel]["href"].as_str());
        self.next = onward.expect("a link that goes on").to_owned();
        answer
    }

    /// The events of the next answer that has some, in order, each with the rel of its sender.
    pub(crate) async fn batch(&mut self) -> Vec<Value> {
        let search = async {
            loop {
                let events = flat(&self.answer().await);
                if !events.is_empty() {
                    return events;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("there are no events")
    }

    /// The next event of this type about this rel; what comes before it is left out.
    pub(crate) async fn find(&mut self, rel: &str, kind: &str) -> Value {
        let search = async {
            loop {
                while !self.ready.is_empty() {
                    let event = self.ready.remove(0);
                    if event["link"]["rel"] == rel && event["type"] == kind {
                        return event;
                    }
                }
                self.ready = self.batch().await;
            }
        };
        tokio::time::timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("no {rel} {kind}"))
    }
}

/// The events of an answer in order, each with the rel of its sender under `sender`.
pub(crate) fn flat(answer: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    for sender in answer["sender"].as_array().into_iter().flatten() {
        for event in sender["events"].as_array().unwrap() {
            let mut event = event.clone();
            event["sender"] = sender["rel"].clone();
            all.push(event);
        }
    }
    all
}
