//! A running sandbox with a signed-in user, driven over plain HTTP.

use std::sync::Once;
use std::time::Duration;

use reqwest::{Client, Method};
use send_im_sandbox::{Builder, Sandbox};
use serde_json::{Value, json};

use crate::plain;
use crate::recordings::{Request, Response};

/// So long an awaited event may take. It only bounds a test that fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Header lines of a recorded request that are not sent again: they name hosts and old tokens, or are of the transport.
const OWN: [&str; 6] = ["authorization", "host", "content-length", "connection", "accept-encoding", "cookie"];

/// As the command has it, but quicker.
pub(super) const ANSWER_AFTER: Duration = Duration::from_millis(50);

/// Anything that keeps a probe from getting its answer, in words.
pub(super) type Probed<T> = Result<T, String>;

/// A sandbox and a user who is signed in to it.
pub(super) struct Stage {
    pub(super) sandbox: Sandbox,
    http: Client,
    authorization: Option<String>,
    origin: String,
    /// The application as it was created.
    pub(super) application: Value,
}

impl Stage {
    /// Starts a sandbox; nobody is signed in.
    pub(super) async fn start(builder: Builder) -> Probed<Self> {
        static TLS: Once = Once::new();
        TLS.call_once(|| {
            // Another test of this process may have chosen it.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let sandbox =
            builder.start().await.map_err(|error| format!("the sandbox does not start: {error}"))?;
        let http = Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
        let origin = sandbox.url().trim_end_matches('/').to_owned();
        Ok(Self { sandbox, http, authorization: None, origin, application: Value::Null })
    }

    /// Starts a sandbox, signs in along its links, and creates an application.
    pub(super) async fn signed_in() -> Probed<Self> {
        let mut stage = Self::start(Sandbox::builder().answer_after(ANSWER_AFTER)).await?;
        stage.sign_in().await?;
        let applications = stage.applications().await?;
        let input =
            json!({ "UserAgent": "fidelity", "EndpointId": "1", "Culture": "en-US", "Type": "Browser" });
        stage.application = stage.post(&applications, &input, 201).await?;
        Ok(stage)
    }

    /// Has a token that this sandbox never gave.
    pub(super) fn forge_token(&mut self) {
        self.authorization = Some("Bearer cwt=AAEB".to_owned());
    }

    /// Gets a token as the challenge of the user resource says.
    pub(super) async fn sign_in(&mut self) -> Probed<()> {
        let user = self.user().await?;
        let challenge = self.get(&user).await?.header("www-authenticate").join(",");
        let service = challenge.split("href=\"").nth(1).and_then(|rest| rest.split('"').next());
        let service = service.ok_or_else(|| format!("no token service in {challenge}"))?.to_owned();
        let form = Request {
            headers: vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
            body: Some(b"grant_type=password&username=lenea@contoso.com&password=x".to_vec()),
            ..Request::default()
        };
        let answer = body_of(&self.ask("POST", &service, Some(&form)).await?)?;
        let token = answer["access_token"].as_str().ok_or("an answer without access_token")?;
        self.authorization = Some(format!("Bearer {token}"));
        Ok(())
    }

    /// The href of the user resource.
    pub(super) async fn user(&self) -> Probed<String> {
        let root = self.read(self.sandbox.url()).await?;
        link(&root, "user")
    }

    /// The href of the applications resource.
    pub(super) async fn applications(&self) -> Probed<String> {
        let user = self.read(&self.user().await?).await?;
        link(&user, "applications")
    }

    /// Sends a request; body and type come from the recorded one.
    pub(super) async fn ask(&self, method: &str, href: &str, recorded: Option<&Request>) -> Probed<Response> {
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
        let url = if href.starts_with('/') { format!("{}{href}", self.origin) } else { href.to_owned() };
        let mut request = self.http.request(method, &url);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let repeated = recorded
            .iter()
            .flat_map(|r| &r.headers)
            .filter(|(name, _)| !OWN.contains(&name.to_ascii_lowercase().as_str()));
        for (name, value) in repeated {
            request = request.header(name, value);
        }
        if let Some(recorded) = recorded
            && let Some(body) = &recorded.body
        {
            // Not every recording shows the headers of its request.
            let typed = recorded.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            if !typed && serde_json::from_slice::<Value>(body).is_ok_and(|body| body.is_object()) {
                request = request.header("content-type", "application/json");
            }
            request = request.body(body.clone());
        }
        let answer = request.send().await.map_err(|error| format!("{url}: {error}"))?;
        let text =
            |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers =
            answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let status = Some(answer.status().as_u16());
        let body = answer.bytes().await.map_err(|error| error.to_string())?.to_vec();
        Ok(Response { status, headers, body: Some(body).filter(|body| !body.is_empty()) })
    }

    /// GET.
    pub(super) async fn get(&self, href: &str) -> Probed<Response> {
        self.ask("GET", href, None).await
    }

    /// GET of JSON.
    pub(super) async fn read(&self, href: &str) -> Probed<Value> {
        body_of(&self.get(href).await?)
    }

    /// POST of JSON that has to be answered with this status; gives the body, null without one.
    pub(super) async fn post(&self, href: &str, input: &Value, status: u16) -> Probed<Value> {
        let request = Request {
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: Some(input.to_string().into_bytes()),
            ..Request::default()
        };
        let answer = self.ask("POST", href, Some(&request)).await?;
        if answer.status != Some(status) {
            return Err(format!("POST {href} is answered with {:?}", answer.status));
        }
        if answer.body.is_some() { body_of(&answer) } else { Ok(Value::Null) }
    }

    /// PUT of JSON with the etag that it is based on.
    pub(super) async fn put(&self, href: &str, etag: &str, input: &Value) -> Probed<Response> {
        let request = Request {
            headers: vec![
                ("Content-Type".to_owned(), "application/json".to_owned()),
                ("If-Match".to_owned(), format!("\"{etag}\"")),
            ],
            body: Some(input.to_string().into_bytes()),
            ..Request::default()
        };
        self.ask("PUT", href, Some(&request)).await
    }

    /// A link of the application or of what is embedded in it.
    pub(super) fn link(&self, resource: &str, rel: &str) -> Probed<String> {
        match resource {
            "application" => link(&self.application, rel),
            embedded => link(&self.application["_embedded"][embedded], rel),
        }
    }

    /// Invites somebody, without a text.
    pub(super) async fn invite(&self, to: &str) -> Probed<()> {
        let start = self.link("communication", "startMessaging")?;
        let input = json!({ "to": format!("sip:{to}"), "operationId": "5028e824", "subject": "Task Sample", "importance": "Normal" });
        self.post(&start, &input, 201).await.map(drop)
    }

    /// The event channel, from its first answer on.
    pub(super) fn channel(&self) -> Probed<Channel<'_>> {
        Ok(Channel {
            stage: self,
            next: self.link("application", "events")?,
            asks_as: None,
            answers: Vec::new(),
            seen: Vec::new(),
        })
    }
}

/// The event channel, followed link by link.
pub(super) struct Channel<'a> {
    stage: &'a Stage,
    next: String,
    /// Has the headers of the requests.
    asks_as: Option<Request>,
    /// Every answer that held events.
    pub(super) answers: Vec<(Response, Value)>,
    seen: Vec<Value>,
}

impl Channel<'_> {
    /// Sends the headers of a recorded request with each of its own.
    pub(super) fn asking_as(self, recorded: Option<&Request>) -> Self {
        Self { asks_as: recorded.map(|r| Request { body: None, ..r.clone() }), ..self }
    }

    /// The event about this rel of this type, past or to come; `fits` has a look at the resource.
    pub(super) async fn find(
        &mut self,
        rel: &str,
        kind: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Probed<Value> {
        let search = async {
            loop {
                let mut seen = self.seen.iter();
                let hit = |event: &&Value| {
                    event["link"]["rel"] == rel && event["type"] == kind && fits(&event["_embedded"][rel])
                };
                if let Some(event) = seen.find(hit) {
                    return Ok(event.clone());
                }
                self.poll().await?;
            }
        };
        let found = tokio::time::timeout(PATIENCE, search).await;
        found.map_err(|_| format!("no event {rel} {kind} came"))?
    }

    async fn poll(&mut self) -> Probed<()> {
        let response = self.stage.ask("GET", &self.next, self.asks_as.as_ref()).await?;
        let answer = body_of(&response)?;
        self.next = link(&answer, "next")?;
        self.seen.extend(plain::events(&answer).iter().map(|event| event.event.clone()));
        if !plain::events(&answer).is_empty() {
            self.answers.push((response, answer));
        }
        Ok(())
    }

    /// Invites somebody who accepts, and waits for the connected messaging resource.
    pub(super) async fn connect(&mut self, to: &str) -> Probed<Value> {
        self.stage.invite(to).await?;
        self.connected().await
    }

    /// Waits for the messaging resource of an invitation that is accepted.
    pub(super) async fn connected(&mut self) -> Probed<Value> {
        self.find("messagingInvitation", "completed", |_| true).await?;
        let connected =
            self.find("messaging", "updated", |messaging| messaging["state"] == "Connected").await?;
        Ok(connected["_embedded"]["messaging"].clone())
    }
}

/// The JSON of an answer.
pub(super) fn body_of(answer: &Response) -> Probed<Value> {
    let body = answer.body.as_deref().unwrap_or_default();
    serde_json::from_slice(body).map_err(|error| format!("{:?}, no JSON: {error}", answer.status))
}

/// The href of a link.
pub(super) fn link(resource: &Value, rel: &str) -> Probed<String> {
    let href = resource["_links"][rel]["href"].as_str();
    href.map(str::to_owned).ok_or_else(|| format!("no link {rel} in {resource}"))
}
