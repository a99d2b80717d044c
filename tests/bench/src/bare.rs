//! The same work by bare reqwest: the requests of a send and nothing around them. No retry, no deadline, no error that
//! says anything; it knows the sandbox's answers and no other server's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use url::Url;
use uuid::Uuid;

use crate::target::{Outcome, Target, other};

/// A session with one pending GET.
#[derive(Clone)]
pub struct Bare {
    http: reqwest::Client,
    token: Arc<str>,
    root: Url,
    this: Url,
    start_messaging: Url,
    waits: Arc<Mutex<Waits>>,
    polling: Option<AbortHandle>,
}

#[derive(Default)]
struct Waits {
    /// By operation id: what the invitation's conversation is called.
    invitations: HashMap<String, oneshot::Sender<String>>,
    /// By path: messages in a conversation.
    messages: HashMap<String, oneshot::Sender<()>>,
    /// Messages whose event came before the answer to their POST.
    early: Vec<String>,
}

impl Bare {
    /// Discovery, sign-in and session by the book, then the first GET of events.
    pub async fn sign_in(target: &Target, name: &str) -> Outcome<Self> {
        let http = target.bare()?;
        let root = json_of(http.get(target.server.clone()).header(ACCEPT, "application/json")).await?;
        let user = target.server.join(link(&root, "user")?)?;
        let challenge = http.get(user.clone()).send().await?;
        let header = challenge
            .headers()
            .get_all("www-authenticate")
            .iter()
            .filter_map(|line| line.to_str().ok())
            .find_map(|line| line.split("MsRtcOAuth href=\"").nth(1)?.split('"').next())
            .ok_or_else(|| other("no challenge"))?;
        let form = format!("grant_type=password&username={name}%40contoso.com&password=x");
        let token = json_of(
            http.post(target.server.join(header)?)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form),
        )
        .await?;
        let token: Arc<str> = format!("Bearer {}", token["access_token"].as_str().unwrap_or_default()).into();
        let found = json_of(http.get(user).header(AUTHORIZATION, &*token)).await?;
        let applications = target.server.join(link(&found, "applications")?)?;
        let body =
            json!({ "culture": "en-US", "endpointId": Uuid::new_v4().to_string(), "userAgent": "bare" });
        let application = json_of(
            http.post(applications.clone())
                .header(AUTHORIZATION, &*token)
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string()),
        )
        .await?;
        let events = applications.join(link(&application, "events")?)?;
        let mut bare = Self {
            http,
            token,
            this: applications.join(link(&application, "self")?)?,
            start_messaging: applications
                .join(link(&application["_embedded"]["communication"], "startMessaging")?)?,
            root: applications,
            waits: Arc::default(),
            polling: None,
        };
        bare.polling = Some(tokio::spawn(bare.clone().poll(events)).abort_handle());
        Ok(bare)
    }

    async fn poll(self, mut events: Url) -> Outcome<()> {
        let mut batch = self.events(&events).await?;
        loop {
            events = self.root.join(link(&batch, "next")?)?;
            // As the protocol advises: the next GET first, then the batch.
            let next = tokio::spawn({
                let (bare, events) = (self.clone(), events.clone());
                async move { bare.events(&events).await }
            });
            self.book(&batch);
            batch = next.await??;
        }
    }

    async fn events(&self, events: &Url) -> Outcome<Value> {
        json_of(self.http.get(events.clone()).header(AUTHORIZATION, &*self.token)).await
    }

    fn waits(&self) -> std::sync::MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn book(&self, batch: &Value) {
        let senders = batch["sender"].as_array().map(Vec::as_slice).unwrap_or_default();
        for event in senders.iter().flat_map(|sender| sender["events"].as_array()).flatten() {
            if event["type"] != "completed" || event["status"] != "Success" {
                continue;
            }
            match event["link"]["rel"].as_str() {
                Some("messagingInvitation") => {
                    let invitation = &event["_embedded"]["messagingInvitation"];
                    let operation = invitation["operationId"].as_str().unwrap_or_default();
                    if let Some(waiting) = self.waits().invitations.remove(operation) {
                        let _ = waiting.send(link(invitation, "messaging").unwrap_or_default().to_owned());
                    }
                }
                Some("message") => {
                    let href = event["link"]["href"].as_str().unwrap_or_default();
                    let mut waits = self.waits();
                    match waits.messages.remove(href) {
                        Some(waiting) => drop(waiting.send(())),
                        None => waits.early.push(href.to_owned()),
                    }
                }
                _ => {}
            }
        }
    }

    async fn post(&self, url: Url, content_type: &str, body: String) -> Outcome<reqwest::Response> {
        let request = self
            .http
            .post(url)
            .header(AUTHORIZATION, &*self.token)
            .header(CONTENT_TYPE, content_type)
            .body(body);
        Ok(request.send().await?.error_for_status()?)
    }

    /// A text to a new recipient: one POST, one event. Gives the href of the conversation's messaging.
    pub async fn invite(&self, to: &str, text: &str) -> Outcome<String> {
        let operation = Uuid::new_v4().simple().to_string();
        let (sender, receiver) = oneshot::channel();
        self.waits().invitations.insert(operation.clone(), sender);
        let text = format!("data:text/plain;charset=utf-8,{}", text.replace(' ', "+"));
        let body = json!({
            "operationId": operation,
            "to": format!("sip:{to}"),
            "importance": "Normal",
            "_links": { "message": { "href": text } },
        });
        self.post(self.start_messaging.clone(), "application/json", body.to_string()).await?.bytes().await?;
        Ok(receiver.await?)
    }

    /// A text into an open conversation: one POST, one event.
    pub async fn say(&self, messaging: &str, text: &str) -> Outcome<()> {
        let url = self.root.join(&format!("{messaging}/messages"))?;
        let answer = self.post(url, "text/plain; charset=UTF-8", text.to_owned()).await?;
        let location = answer.headers().get(LOCATION).and_then(|l| l.to_str().ok()).unwrap_or_default();
        let path = self.root.join(location)?.path().to_owned();
        let receiver = {
            let mut waits = self.waits();
            if let Some(at) = waits.early.iter().position(|early| *early == path) {
                waits.early.swap_remove(at);
                return Ok(());
            }
            let (sender, receiver) = oneshot::channel();
            waits.messages.insert(path, sender);
            receiver
        };
        Ok(receiver.await?)
    }

    /// Ends a conversation, as our client does with those it does not keep.
    pub async fn stop(&self, messaging: &str) -> Outcome<()> {
        let url = self.root.join(&format!("{messaging}/terminate"))?;
        self.post(url, "application/json", String::new()).await?.bytes().await?;
        Ok(())
    }

    /// A POST without an event: the one that tells the server of a typing user.
    pub async fn post_alone(&self, messaging: &str) -> Outcome<()> {
        let url = self.root.join(&format!("{messaging}/typing"))?;
        self.post(url, "application/json", String::new()).await?.bytes().await?;
        Ok(())
    }

    /// Stops polling and deletes the application.
    ///
    /// # Errors
    /// Anything that fails.
    pub async fn sign_out(self) -> Outcome<()> {
        if let Some(polling) = &self.polling {
            polling.abort();
        }
        self.http.delete(self.this.clone()).header(AUTHORIZATION, &*self.token).send().await?;
        Ok(())
    }
}

fn link<'a>(resource: &'a Value, rel: &str) -> Outcome<&'a str> {
    resource["_links"][rel]["href"].as_str().ok_or_else(|| other(format!("no link {rel}")).into())
}

async fn json_of(request: reqwest::RequestBuilder) -> Outcome<Value> {
    let body = request.send().await?.error_for_status()?.bytes().await?;
    Ok(serde_json::from_slice(&body)?)
}
