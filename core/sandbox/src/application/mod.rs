//! One application: a signed-in endpoint of a user, with its conversations and its event channel.

pub(crate) mod communication;
pub(crate) mod create;
pub(crate) mod presence;
pub(crate) mod views;

use std::collections::{HashMap, VecDeque};
use std::sync::MutexGuard;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use crate::channel::{Channel, Sender, Urgency};
use crate::conversation::{Conversation, Invitation};
use crate::faults::Manner;
use crate::sync::Guarded;

/// How long an answer is held back so that its events come first.
const EARLY: Duration = Duration::from_secs(2);

/// An application. What never changes stands here, what changes stands in its state.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) id: String,
    /// The href of the application; all others begin with it.
    pub(crate) href: String,
    /// The origin it lives on.
    pub(crate) pool: usize,
    /// The address of its user.
    pub(crate) user: String,
    pub(crate) identity: Identity,
    state: Guarded<State>,
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
pub(crate) struct State {
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
    /// The name of the member that has to come back in a PUT; another one in each application.
    pub(crate) pass_back: String,
    pub(crate) modalities: Vec<String>,
    pub(crate) formats: Vec<String>,
}

impl Application {
    pub(crate) fn new(pool: usize, user: String, identity: Identity, patience: Duration) -> Self {
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
            state: Guarded::new(State {
                closed: false,
                channel: Channel::new(patience, Instant::now()),
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

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Tells whoever waits for events to look again.
    pub(crate) fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// Resolves at the next [`Application::wake`] after it was enabled.
    pub(crate) fn woken(&self) -> tokio::sync::futures::Notified<'_> {
        self.wake.notified()
    }

    /// Waits until the client has fetched every event, or for a while if it fetches none.
    pub(crate) async fn drained(&self) {
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
        let _ = tokio::time::timeout(EARLY, empty).await;
    }

    pub(crate) fn has_pending_get(&self) -> bool {
        self.state().channel.is_pending()
    }

    /// Ends it with all conversations.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.forget_conversations();
        drop(state);
        self.wake();
    }

    pub(crate) fn force_resync(&self) {
        self.state().channel.demand_resync();
        self.wake();
    }

    /// What a long silence does: the application lives, its conversations do not (EventChannelDetails).
    pub(crate) fn force_resume(&self) {
        let mut state = self.state();
        state.forget_conversations();
        state.channel.demand_resume();
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

impl State {
    fn forget_conversations(&mut self) {
        self.conversations.clear();
        self.invitations.clear();
        self.long_ids.clear();
        self.ended.clear();
    }

    /// Queues an event in the manner asked for.
    pub(crate) fn tell(&mut self, sender: Sender, event: Value, urgency: Urgency, manner: Manner) {
        let now = Instant::now();
        for event in manner.apply(event) {
            self.channel.push(sender.clone(), event, urgency, manner.held, now);
        }
    }
}

/// An event about a resource: its link, what happened, and the resource itself.
pub(crate) fn event(
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
