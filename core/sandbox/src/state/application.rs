//! One application: a signed-in endpoint of a user, with its conversations and its event channel.

use std::collections::{HashMap, VecDeque};
use std::sync::MutexGuard;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use crate::state::channel::{Channel, Sender, Urgency};
use crate::state::conversation::{Conversation, Invitation};
use crate::sync::Mutex;
use crate::values::event_faults::EventFaults;

/// How long a response is held back so that the client gets its events first ([`EventFaults::early`]).
const EARLY_EVENTS_TIMEOUT: Duration = Duration::from_secs(2);

/// An application: what never changes, and its state.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) id: String,
    /// The href of the application; the hrefs of its resources begin with it.
    pub(crate) href: String,
    /// The index of its origin.
    pub(crate) pool: usize,
    /// The address of its user.
    pub(crate) user: String,
    pub(crate) identity: Identity,
    state: Mutex<ApplicationState>,
    wake: Notify,
}

/// What makes two requests mean the same application (MultiTabSupport).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) endpoint_id: String,
    pub(crate) culture: String,
    pub(crate) user_agent: String,
    pub(crate) kind: Option<String>,
}

/// What changes in an application.
#[derive(Debug)]
pub(crate) struct ApplicationState {
    pub(crate) closed: bool,
    pub(crate) channel: Channel,
    pub(crate) communication: Communication,
    pub(crate) presence: Option<String>,
    pub(crate) note: String,
    pub(crate) location: String,
    pub(crate) conversations: HashMap<String, Conversation>,
    pub(crate) invitations: HashMap<String, Invitation>,
    /// The long ids that `Location` shows, each with the short id that events show.
    pub(crate) long_ids: HashMap<String, String>,
    /// The invitations of ended conversations that can still be fetched, oldest first.
    pub(crate) ended: VecDeque<String>,
}

/// The communication resource.
#[derive(Debug)]
pub(crate) struct Communication {
    pub(crate) etag: u64,
    /// The name of the member that a PUT has to pass back; every application has another one.
    pub(crate) pass_back: String,
    pub(crate) modalities: Vec<String>,
    pub(crate) formats: Vec<String>,
}

impl Application {
    pub(crate) fn new(pool: usize, user: String, identity: Identity, default_timeout: Duration) -> Self {
        // Twelve digits, as in the samples.
        let id = (Uuid::new_v4().as_u128() % 900_000_000_000 + 100_000_000_000).to_string();
        let communication = Communication {
            etag: u64::from(Uuid::new_v4().as_fields().0),
            pass_back: Uuid::new_v4().to_string(),
            modalities: Vec::new(),
            formats: vec!["Plain".to_owned()],
        };
        Self {
            href: format!("/ucwa/oauth/v1/applications/{id}"),
            id,
            pool,
            user,
            identity,
            state: Mutex::new(ApplicationState {
                closed: false,
                channel: Channel::new(default_timeout, Instant::now()),
                communication,
                presence: None,
                note: String::new(),
                location: String::new(),
                conversations: HashMap::new(),
                invitations: HashMap::new(),
                long_ids: HashMap::new(),
                ended: VecDeque::new(),
            }),
            wake: Notify::new(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, ApplicationState> {
        self.state.lock()
    }

    /// Lets pending requests for events check again.
    pub(crate) fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// Resolves at the next [`Application::wake`] once it is enabled.
    pub(crate) fn woken(&self) -> tokio::sync::futures::Notified<'_> {
        self.wake.notified()
    }

    /// Waits until the client has fetched every event, at most [`EARLY_EVENTS_TIMEOUT`].
    pub(crate) async fn events_fetched(&self) {
        let empty = async {
            loop {
                let woken = self.woken();
                tokio::pin!(woken);
                woken.as_mut().enable();
                if self.state().channel.is_empty() {
                    return;
                }
                woken.await;
            }
        };
        let _ = tokio::time::timeout(EARLY_EVENTS_TIMEOUT, empty).await;
    }

    pub(crate) fn has_pending_get(&self) -> bool {
        self.state().channel.is_pending()
    }

    /// Ends it with all conversations.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.clear_conversations();
        drop(state);
        self.wake();
    }

    pub(crate) fn force_resync(&self) {
        self.state().channel.require_resync();
        self.wake();
    }

    /// What a client meets after it was silent for long: the application is still there, its conversations are not
    /// (EventChannelDetails).
    pub(crate) fn force_resume(&self) {
        let mut state = self.state();
        state.clear_conversations();
        state.channel.require_resume();
        drop(state);
        self.wake();
    }

    pub(crate) fn communication_sender(&self) -> Sender {
        Sender { rel: "communication", href: format!("{}/communication", self.href) }
    }

    pub(crate) fn me_sender(&self) -> Sender {
        Sender { rel: "me", href: format!("{}/me", self.href) }
    }
}

impl ApplicationState {
    fn clear_conversations(&mut self) {
        self.conversations.clear();
        self.invitations.clear();
        self.long_ids.clear();
        self.ended.clear();
    }

    /// Queues an event, changed by these faults.
    pub(crate) fn queue_event(
        &mut self,
        sender: Sender,
        event: Value,
        urgency: Urgency,
        event_faults: EventFaults,
    ) {
        let now = Instant::now();
        for event in event_faults.apply(event) {
            self.channel.push(sender.clone(), event, urgency, event_faults.delay, now);
        }
    }
}

/// An event about a resource: its type, the link, and the resource itself.
pub(crate) fn resource_event(
    kind: &str,
    rel: &str,
    href: &str,
    title: Option<&str>,
    resource: Option<Value>,
) -> Value {
    let mut link = json!({ "rel": rel, "href": href });
    if let Some(title) = title {
        link["title"] = title.into();
    }
    let mut event = json!({ "link": link, "type": kind });
    if let Some(resource) = resource {
        event["_embedded"] = json!({ rel: resource });
    }
    event
}
