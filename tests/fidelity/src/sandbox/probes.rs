//! How the sandbox is brought to give the answer that a transcript shows.

use serde_json::Value;

use send_im_sandbox::{ChallengeStyle, Layout, Sandbox};

use super::stage::{ANSWER_AFTER, Probed, Stage, body_of, link};
use super::table::Probe;
use crate::content::Content;
use crate::plain;
use crate::recordings::{Exchange, Request, Response};

/// What the sandbox answers: one answer, or all answers of its event channel.
pub(super) enum Answers {
    One(Response),
    Channel(Vec<(Response, Value)>),
}

pub(super) fn json(exchange: &Exchange) -> Value {
    match crate::client::content(exchange) {
        Content::Json(value) => value,
        _ => Value::Null,
    }
}

impl Probe {
    /// Brings a sandbox to where the transcript's server was, and asks it.
    pub(super) async fn answers(self, exchange: &Exchange) -> Probed<Answers> {
        if self == Self::Events && exchange.answer().status == Some(404) {
            let stage = Stage::signed_in().await?;
            stage.sandbox.drop_applications();
            let events = stage.link("application", "events")?;
            return stage.ask("GET", &events, exchange.request.as_ref()).await.map(Answers::One);
        }
        if self == Self::Events {
            return story(exchange.request.as_ref()).await.map(Answers::Channel);
        }
        let request = exchange.request.as_ref();
        let answer = match self {
            Self::Root | Self::Redirected => self.discovery(exchange).await,
            Self::User => user(exchange).await,
            Self::Token => token(exchange).await,
            Self::Preflight => {
                let stage = Stage::start(Sandbox::builder()).await?;
                stage.ask("OPTIONS", &format!("{}WebTicket/oauthtoken", stage.sandbox.url()), request).await
            }
            Self::CreateApplication => create_application(exchange).await,
            Self::Cancel => {
                let stage = Stage::signed_in().await?;
                stage.invite("silent@contoso.com").await?;
                let started = stage.channel()?.find("messagingInvitation", "started", |_| true).await?;
                stage
                    .ask("POST", &link(&started["_embedded"]["messagingInvitation"], "cancel")?, request)
                    .await
            }
            Self::AddMessaging => {
                let stage = Stage::signed_in().await?;
                let mut channel = stage.channel()?;
                channel.connect("johndoe@contoso.com").await?;
                stage.sandbox.disconnect_messaging();
                let over = channel
                    .find("messaging", "updated", |messaging| messaging["state"] == "Disconnected")
                    .await?;
                stage.ask("POST", &link(&over["_embedded"]["messaging"], "addMessaging")?, request).await
            }
            Self::Message => message(exchange).await,
            Self::Conversations
            | Self::Conversation
            | Self::LeaveConversation
            | Self::Messaging
            | Self::SendMessage
            | Self::StopMessaging
            | Self::Typing
            | Self::ParticipantMessaging
            | Self::Participant
            | Self::LocalParticipant
            | Self::Invitation => self.in_conversation(request).await,
            _ => self.in_application(request).await,
        };
        answer.map(Answers::One)
    }

    async fn discovery(self, exchange: &Exchange) -> Probed<Response> {
        let body = json(exchange);
        let redirects = self == Self::Redirected
            || (!plain::links(&body, "redirect").is_empty() && plain::links(&body, "user").is_empty());
        let layout = if redirects { Layout::Redirect } else { Layout::OnePool };
        let builder = Sandbox::builder().layout(layout);
        let refuses = exchange.answer().status == Some(403);
        let listed = if refuses { builder.allow_origin("https://elsewhere.example") } else { builder };
        let stage = Stage::start(listed).await?;
        let root = stage.ask("GET", stage.sandbox.url(), exchange.request.as_ref()).await?;
        if self == Self::Redirected {
            stage.get(&link(&body_of(&root)?, "redirect")?).await
        } else {
            Ok(root)
        }
    }

    /// Requests below the application.
    async fn in_application(self, request: Option<&Request>) -> Probed<Response> {
        let stage = Stage::signed_in().await?;
        let application = stage.link("application", "self")?;
        let make_available = stage.link("me", "makeMeAvailable")?;
        match self {
            Self::Application => {
                stage.ask("POST", &make_available, None).await?;
                stage.get(&application).await
            }
            Self::EndApplication => stage.ask("DELETE", &application, None).await,
            Self::Me => {
                stage.ask("POST", &make_available, None).await?;
                stage.get(&stage.link("me", "self")?).await
            }
            Self::Policies => stage.get(&stage.link("application", "policies")?).await,
            Self::Communication => stage.get(&stage.link("communication", "self")?).await,
            Self::WriteCommunication => write_communication(&stage, request).await,
            Self::MakeMeAvailable => stage.ask("POST", &make_available, request).await,
            Self::AlreadyExists => {
                stage.ask("POST", &make_available, None).await?;
                stage.ask("POST", &make_available, None).await
            }
            Self::ReportMyActivity => {
                stage.ask("POST", &make_available, None).await?;
                let me = stage.read(&stage.link("me", "self")?).await?;
                stage.ask("POST", &link(&me, "reportMyActivity")?, request).await
            }
            Self::Contact => {
                stage.invite("johndoe@contoso.com").await?;
                let started = stage.channel()?.find("messagingInvitation", "started", |_| true).await?;
                stage.get(&link(&started["_embedded"]["messagingInvitation"], "to")?).await
            }
            Self::Contacts => {
                let contacts = stage.link("people", "myContacts")?;
                stage.ask("GET", &format!("{contacts}?groupId=1"), request).await
            }
            Self::Search => {
                let search = stage.link("people", "search")?;
                stage.ask("GET", &format!("{search}?query=sarad@contoso.com&limit=3"), request).await
            }
            Self::Presence => {
                let people = stage.link("people", "self")?;
                stage.ask("GET", &format!("{people}/busy@contoso.com/presence"), request).await
            }
            _ => {
                let start = stage.link("communication", "startMessaging")?;
                let input = r#"{"to":"sip:lenea@contoso.com","operationId":"5028e824"}"#;
                stage.ask("POST", &start, Some(&shown(request, input))).await
            }
        }
    }

    /// Requests about a connected conversation.
    async fn in_conversation(self, request: Option<&Request>) -> Probed<Response> {
        let stage = Stage::signed_in().await?;
        let mut channel = stage.channel()?;
        let messaging = channel.connect("johndoe@contoso.com").await?;
        let conversation = link(&messaging, "conversation")?;
        let named = |event: Value| event["link"]["href"].as_str().unwrap_or_default().to_owned();
        match self {
            Self::Conversations => stage.get(&stage.link("communication", "conversations")?).await,
            Self::Conversation => stage.get(&conversation).await,
            Self::LeaveConversation => stage.ask("DELETE", &conversation, None).await,
            Self::Messaging => stage.get(&link(&messaging, "self")?).await,
            Self::SendMessage => stage.ask("POST", &link(&messaging, "sendMessage")?, request).await,
            Self::StopMessaging => stage.ask("POST", &link(&messaging, "stopMessaging")?, request).await,
            Self::Typing => stage.ask("POST", &link(&messaging, "setIsTyping")?, request).await,
            Self::ParticipantMessaging => {
                stage.get(&named(channel.find("participantMessaging", "added", |_| true).await?)).await
            }
            Self::Participant => {
                stage.get(&named(channel.find("participant", "added", |_| true).await?)).await
            }
            Self::LocalParticipant => {
                stage.get(&named(channel.find("localParticipant", "added", |_| true).await?)).await
            }
            _ => stage.get(&named(channel.find("messagingInvitation", "completed", |_| true).await?)).await,
        }
    }
}

/// The recorded request; one whose input is not shown gets this input.
fn shown(request: Option<&Request>, input: &str) -> Request {
    let mut request = request.cloned().unwrap_or_default();
    request.body.get_or_insert_with(|| input.as_bytes().to_vec());
    request
}

/// The user resource: with a token where the transcript shows links, without one where it shows a challenge.
async fn user(exchange: &Exchange) -> Probed<Response> {
    let answer = exchange.answer();
    let challenge = answer.header("www-authenticate");
    let style = match challenge.as_slice() {
        [_, _, ..] => ChallengeStyle::TwoLines,
        [line] if line.to_ascii_lowercase().contains("bearer") => ChallengeStyle::OneLine,
        [line] if !line.contains("href=\"") => ChallengeStyle::Unquoted,
        _ => ChallengeStyle::TwoLines,
    };
    let mut stage = Stage::start(Sandbox::builder().challenge(style)).await?;
    if answer.status != Some(401) {
        stage.sign_in().await?;
    }
    stage.ask("GET", &stage.user().await?, exchange.request.as_ref()).await
}

/// An application, or the refusal of the recorded token: of another pool's, a bad one, or none.
async fn create_application(exchange: &Exchange) -> Probed<Response> {
    let (layout, style) = match exchange.answer().status {
        Some(500) => (Layout::TwoPools, ChallengeStyle::TwoLines),
        Some(403) => (Layout::OnePool, ChallengeStyle::OnForbidden),
        _ => (Layout::OnePool, ChallengeStyle::TwoLines),
    };
    let mut stage = Stage::start(Sandbox::builder().layout(layout).challenge(style)).await?;
    stage.sign_in().await?;
    let applications = stage.applications().await?;
    if let Some(401 | 403) = exchange.answer().status {
        stage.forge_token();
    }
    let input = r#"{"UserAgent":"fidelity","EndpointId":"1","Culture":"en-US"}"#;
    // The documents print a body that is no JSON.
    let mut request = exchange.request.clone().unwrap_or_default();
    request.body = request.body.filter(|body| serde_json::from_slice::<Value>(body).is_ok());
    stage.ask("POST", &applications, Some(&shown(Some(&request), input))).await
}

/// The token service, asked what the transcript's client asked.
async fn token(exchange: &Exchange) -> Probed<Response> {
    let passive = json(exchange)["ms_rtc_passiveauthuri"].is_string();
    let style = if passive { ChallengeStyle::Passive } else { ChallengeStyle::TwoLines };
    let stage = Stage::start(Sandbox::builder().challenge(style)).await?;
    let challenge = stage.get(&stage.user().await?).await?.header("www-authenticate").join(",");
    let service = challenge
        .split("href=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .ok_or("no token service")?
        .to_owned();
    // Where the documents show only the refusal, any grant does that the server does not know.
    let request = shown(exchange.request.as_ref(), "grant_type=urn:example:unknown");
    stage.ask("POST", &service, Some(&request)).await
}

/// A message: an incoming one where the transcript shows that.
async fn message(exchange: &Exchange) -> Probed<Response> {
    let stage = Stage::signed_in().await?;
    let mut channel = stage.channel()?;
    let messaging = channel.connect("echo@contoso.com").await?;
    let text = Request {
        headers: vec![("Content-Type".to_owned(), "text/plain".to_owned())],
        body: Some(b"What's up?".to_vec()),
        ..Request::default()
    };
    stage.ask("POST", &link(&messaging, "sendMessage")?, Some(&text)).await?;
    let direction = json(exchange)["direction"].clone();
    let completed = channel.find("message", "completed", |message| message["direction"] == direction).await?;
    stage.get(completed["link"]["href"].as_str().unwrap_or_default()).await
}

/// PUT of the resource with the recorded members, its own pass-back member and its etag, as PayloadFormat demands.
async fn write_communication(stage: &Stage, request: Option<&Request>) -> Probed<Response> {
    let href = stage.link("communication", "self")?;
    let current = stage.read(&href).await?;
    let etag = current["etag"].as_str().ok_or("communication without an etag")?.to_owned();
    let recorded: Value =
        request.and_then(|r| serde_json::from_slice(r.body.as_deref()?).ok()).unwrap_or_default();
    let mut members = current.as_object().cloned().unwrap_or_default();
    members.extend(recorded.as_object().cloned().unwrap_or_default());
    stage.put(&href, &etag, &Value::Object(members)).await
}

/// The events of a whole session: made available, one conversation with a message, and its end.
async fn story(request: Option<&Request>) -> Probed<Vec<(Response, Value)>> {
    let stage = Stage::signed_in().await?;
    let mut channel = stage.channel()?.asking_as(request);
    let available = serde_json::json!({ "SupportedModalities": ["Messaging"] });
    stage.post(&stage.link("me", "makeMeAvailable")?, &available, 204).await?;
    stage.invite("lenea@contoso.com").await?;
    // Who asks late is told no less than who asks at once.
    tokio::time::sleep(3 * ANSWER_AFTER).await;
    let messaging = channel.connected().await?;
    let text = Request {
        headers: vec![("Content-Type".to_owned(), "text/plain".to_owned())],
        body: Some(b"What's up?".to_vec()),
        ..Request::default()
    };
    stage.ask("POST", &link(&messaging, "sendMessage")?, Some(&text)).await?;
    channel.find("message", "completed", |_| true).await?;
    stage.ask("POST", &link(&messaging, "stopMessaging")?, None).await?;
    channel.find("conversation", "deleted", |_| true).await?;
    Ok(channel.answers)
}
