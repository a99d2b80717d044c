//! What all requests of one sandbox share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::listener_control::ListenerControl;
use crate::http::request::Request;
use crate::state::accounts::Accounts;
use crate::state::application::Application;
use crate::state::faults::Faults;
use crate::state::inbox::Inbox;
use crate::state::journal::Journal;
use crate::state::news::News;
use crate::state::recipients::Recipients;
use crate::state::tickets::Tickets;
use crate::sync::Mutex;
use crate::values::address;
use crate::values::allowed_origins::AllowedOrigins;
use crate::values::behaviour::Behaviour;
use crate::values::challenge_style::ChallengeStyle;
use crate::values::layout::Layout;
use crate::values::origin::Origin;

/// An application ends this long after the last request for events (MeDashboard).
const APPLICATION_IDLE_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// How many may watch the news over HTTP at once.
const MAX_WATCHERS: usize = 32;

/// The options of the builder that requests depend on.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) layout: Layout,
    pub(crate) ring: Duration,
    pub(crate) slow: Duration,
    pub(crate) answer_after: Duration,
    pub(crate) token_lifetime: Duration,
    pub(crate) poll_timeout: Duration,
    pub(crate) accounts: Accounts,
    pub(crate) redirect_to: Option<String>,
    pub(crate) allowed_origins: AllowedOrigins,
}

/// What all requests of one sandbox share, on every origin.
#[derive(Debug)]
pub(crate) struct SharedState {
    pub(crate) config: Config,
    pub(crate) challenge: Mutex<ChallengeStyle>,
    origins: Vec<Origin>,
    /// The index of the origin that discovery leads to.
    home_pool: AtomicUsize,
    listeners: Vec<ListenerControl>,
    pub(crate) tickets: Tickets,
    pub(crate) inbox: Inbox,
    pub(crate) journal: Journal,
    /// How many connections were accepted.
    pub(crate) connections: AtomicU64,
    pub(crate) faults: Faults,
    applications: Mutex<HashMap<String, Arc<Application>>>,
    pub(crate) recipients: Recipients,
    pub(crate) news: News,
    /// One permit for each watcher of the news over HTTP.
    pub(crate) watchers: Arc<Semaphore>,
    /// No new connections; pending requests are answered with 503.
    pub(crate) closing: CancellationToken,
    /// Everything ends at once.
    pub(crate) stopped: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl SharedState {
    /// A token for this user that is valid at every origin.
    pub(crate) fn issue_token(&self, address: &str) -> String {
        self.tickets.issue(address::from_sign_in_name(address), None, self.config.token_lifetime)
    }

    pub(crate) fn new(config: Config, challenge: ChallengeStyle, origins: Vec<Origin>) -> Self {
        let news = News::default();
        Self {
            home_pool: AtomicUsize::new(config.layout.home_pool()),
            config,
            challenge: Mutex::new(challenge),
            listeners: origins.iter().map(|_| ListenerControl::new()).collect(),
            origins,
            tickets: Tickets::default(),
            inbox: Inbox::new(news.clone()),
            journal: Journal::new(news.clone()),
            connections: AtomicU64::new(0),
            faults: Faults::new(news.clone()),
            applications: Mutex::default(),
            recipients: Recipients::new(news.clone()),
            news,
            watchers: Arc::new(Semaphore::new(MAX_WATCHERS)),
            closing: CancellationToken::new(),
            stopped: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// The origin with this index.
    pub(crate) fn origin(&self, pool: usize) -> &Origin {
        &self.origins[pool.min(self.origins.len() - 1)]
    }

    /// Scheme, host and port of an origin as the client of this request reaches it, without a trailing slash.
    pub(crate) fn origin_for(&self, request: &Request, pool: usize) -> String {
        self.origin(pool).url_for(request.requested_host.as_ref(), pool == request.pool)
    }

    /// The index of the origin that discovery leads to and that holds the applications.
    pub(crate) fn home_pool(&self) -> usize {
        self.home_pool.load(Ordering::Acquire)
    }

    /// Makes another origin the home pool. Applications of the old one are no longer found.
    pub(crate) fn move_home(&self, pool: usize) {
        self.home_pool.store(pool.min(self.origins.len() - 1), Ordering::Release);
    }

    /// The listener of an origin.
    pub(crate) fn listener(&self, pool: usize) -> &ListenerControl {
        &self.listeners[pool.min(self.listeners.len() - 1)]
    }

    /// Accepts connections again on every origin.
    pub(crate) fn reopen_listeners(&self) {
        self.listeners.iter().for_each(ListenerControl::reopen);
    }

    pub(crate) fn behaviour(&self, recipient: &str) -> Behaviour {
        self.recipients.of(recipient).unwrap_or_else(|| Behaviour::of(recipient, self.config.slow))
    }

    pub(crate) fn application(&self, id: &str) -> Option<Arc<Application>> {
        self.applications.lock().get(id).cloned()
    }

    pub(crate) fn applications(&self) -> Vec<Arc<Application>> {
        self.applications.lock().values().cloned().collect()
    }

    /// The applications of one user on one origin.
    pub(crate) fn applications_of(&self, user: &str, pool: usize) -> Vec<Arc<Application>> {
        let open = self.applications.lock();
        let own = open.values().filter(|application| application.user == user && application.pool == pool);
        own.cloned().collect()
    }

    pub(crate) fn open_applications(&self) -> usize {
        self.applications.lock().len()
    }

    pub(crate) fn add_application(&self, application: Arc<Application>) {
        let mut open = self.applications.lock();
        open.insert(application.id.clone(), application);
    }

    /// Ends an application: its pending and its later requests are answered with ApplicationNotFound.
    pub(crate) fn end_application(&self, id: &str) {
        let ended = self.applications.lock().remove(id);
        if let Some(application) = ended {
            application.close();
        }
    }

    pub(crate) fn end_applications(&self) {
        let ended = std::mem::take(&mut *self.applications.lock());
        ended.values().for_each(|application| application.close());
    }

    pub(crate) fn force_resync(&self) {
        self.applications().iter().for_each(|application| application.force_resync());
    }

    pub(crate) fn force_resume(&self) {
        self.applications().iter().for_each(|application| application.force_resume());
    }

    pub(crate) fn pending_gets(&self) -> usize {
        self.applications().iter().filter(|application| application.has_pending_get()).count()
    }

    /// Ends the applications whose events were not requested for [`APPLICATION_IDLE_TIMEOUT`].
    pub(crate) fn end_idle_applications(&self, now: Instant) {
        for application in self.applications() {
            let idle = application.state().channel.idle_since();
            if idle.is_some_and(|since| now.saturating_duration_since(since) >= APPLICATION_IDLE_TIMEOUT) {
                self.end_application(&application.id);
            }
        }
    }
}
