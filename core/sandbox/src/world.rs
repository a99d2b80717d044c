//! What all requests of one sandbox share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::address;
use crate::application::Application;
use crate::behaviour::Behaviour;
use crate::cross_domain::AllowedOrigins;
use crate::door::Door;
use crate::faults::Faults;
use crate::inbox::Inbox;
use crate::input::Call;
use crate::journal::Journal;
use crate::layout::{ChallengeStyle, Layout};
use crate::origin::Origin;
use crate::sync::Guarded;
use crate::tickets::Tickets;

/// So long after the last request for events an application ends (MeDashboard).
pub(crate) const SILENCE: Duration = Duration::from_secs(15 * 60);

/// What the builder decided.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) layout: Layout,
    pub(crate) ring: Duration,
    pub(crate) slow: Duration,
    pub(crate) answer_after: Duration,
    pub(crate) token_lifetime: Duration,
    pub(crate) poll_timeout: Duration,
    pub(crate) users: Users,
    pub(crate) redirect_to: Option<String>,
    pub(crate) allowed_origins: AllowedOrigins,
}

/// The declared accounts: address to password. Nobody declared means everybody may sign in.
#[derive(Clone, Default)]
pub(crate) struct Users(pub(crate) HashMap<String, String>);

impl std::fmt::Debug for Users {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Refused for every account, unless users were declared: a way to try a failed sign-in without any set-up.
const WRONG_PASSWORD: &str = "wrong";

impl Users {
    /// The address that signs in with this name and password.
    pub(crate) fn sign_in(&self, name: &str, password: &str) -> Option<String> {
        let address = address::from_sign_in_name(name);
        if self.0.is_empty() {
            let accepted = !address::local_part(&address).is_empty() && password != WRONG_PASSWORD;
            return accepted.then_some(address);
        }
        // DOMAIN\user and a bare name mean the declared user with that local part.
        let (declared, expected) = self.0.get_key_value(&address).or_else(|| {
            let local = address::local_part(&address);
            let bare_name = !name.contains('@');
            self.0.iter().find(|(user, _)| bare_name && address::local_part(user) == local)
        })?;
        (expected == password).then(|| declared.clone())
    }
}

/// The state behind all origins of one sandbox.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) challenge: Guarded<ChallengeStyle>,
    origins: Vec<Origin>,
    /// The origin that discovery leads to.
    home: AtomicUsize,
    doors: Vec<Door>,
    pub(crate) tickets: Tickets,
    pub(crate) inbox: Inbox,
    pub(crate) journal: Journal,
    /// How many connections there were.
    pub(crate) connections: AtomicU64,
    pub(crate) faults: Faults,
    applications: RwLock<HashMap<String, Arc<Application>>>,
    recipients: Guarded<HashMap<String, Behaviour>>,
    /// No new work; requests that wait are answered.
    pub(crate) closing: CancellationToken,
    /// Everything ends where it stands.
    pub(crate) stopped: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl World {
    pub(crate) fn new(config: Config, challenge: ChallengeStyle, origins: Vec<Origin>) -> Self {
        Self {
            home: AtomicUsize::new(config.layout.home()),
            config,
            challenge: Guarded::new(challenge),
            doors: origins.iter().map(|_| Door::new()).collect(),
            origins,
            tickets: Tickets::default(),
            inbox: Inbox::new(),
            journal: Journal::default(),
            connections: AtomicU64::new(0),
            faults: Faults::default(),
            applications: RwLock::default(),
            recipients: Guarded::default(),
            closing: CancellationToken::new(),
            stopped: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// The origin of this number.
    pub(crate) fn origin(&self, pool: usize) -> &Origin {
        &self.origins[pool.min(self.origins.len() - 1)]
    }

    /// Scheme, host and port of an origin as the client of this request reaches it, without a slash at the end.
    pub(crate) fn origin_for(&self, call: &Call, pool: usize) -> String {
        self.origin(pool).reached_by(call.asked.as_ref(), pool == call.pool)
    }

    /// The origin that discovery leads to, and that has the applications.
    pub(crate) fn home(&self) -> usize {
        self.home.load(Ordering::Acquire)
    }

    /// Discovery leads to another origin from now on. The applications of the old one are lost to it.
    pub(crate) fn move_home(&self, pool: usize) {
        self.home.store(pool.min(self.origins.len() - 1), Ordering::Release);
    }

    /// The way in of an origin.
    pub(crate) fn door(&self, pool: usize) -> &Door {
        &self.doors[pool.min(self.doors.len() - 1)]
    }

    /// Takes connections again on every origin.
    pub(crate) fn open_doors(&self) {
        self.doors.iter().for_each(Door::open);
    }

    /// The name an origin gives itself in `X-MS-Server-Fqdn` and in diagnostics.
    pub(crate) fn server_name(pool: usize) -> &'static str {
        if pool == 0 { "SANDBOX-FE1.contoso.com" } else { "SANDBOX-FE2.contoso.com" }
    }

    pub(crate) fn behaviour(&self, recipient: &str) -> Behaviour {
        let overridden = self.recipients.lock().get(&address::key(recipient)).cloned();
        overridden.unwrap_or_else(|| Behaviour::of(recipient, self.config.slow))
    }

    pub(crate) fn set_behaviour(&self, recipient: &str, behaviour: Behaviour) {
        self.recipients.lock().insert(address::key(recipient), behaviour);
    }

    pub(crate) fn application(&self, id: &str) -> Option<Arc<Application>> {
        self.applications.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(crate) fn applications(&self) -> Vec<Arc<Application>> {
        self.applications.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The applications of one user on one origin.
    pub(crate) fn applications_of(&self, user: &str, pool: usize) -> Vec<Arc<Application>> {
        let open = self.applications.read().unwrap_or_else(PoisonError::into_inner);
        let hers = open.values().filter(|application| application.user == user && application.pool == pool);
        hers.cloned().collect()
    }

    pub(crate) fn open_applications(&self) -> usize {
        self.applications.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(crate) fn add_application(&self, application: Arc<Application>) {
        let mut open = self.applications.write().unwrap_or_else(PoisonError::into_inner);
        open.insert(application.id.clone(), application);
    }

    /// Ends an application: later requests for it find nothing, waiting ones are told so.
    pub(crate) fn end_application(&self, id: &str) {
        let ended = self.applications.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        if let Some(application) = ended {
            application.close();
        }
    }

    pub(crate) fn end_applications(&self) {
        let ended = std::mem::take(&mut *self.applications.write().unwrap_or_else(PoisonError::into_inner));
        ended.values().for_each(|application| application.close());
    }

    pub(crate) fn end_conversations(&self) {
        self.applications().iter().for_each(|application| application.end_conversations());
    }

    pub(crate) fn disconnect_messaging(&self) {
        self.applications().iter().for_each(|application| application.disconnect_messaging());
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

    /// Ends the applications nobody has asked for events for a long time.
    pub(crate) fn sweep(&self, now: Instant) {
        for application in self.applications() {
            let quiet = application.state().channel.quiet_since();
            if quiet.is_some_and(|since| now.saturating_duration_since(since) >= SILENCE) {
                self.end_application(&application.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_password_but_one_signs_in_where_no_user_is_declared() {
        let users = Users::default();
        assert_eq!(users.sign_in("Tosh@contoso.com", "x").as_deref(), Some("tosh@contoso.com"));
        assert_eq!(users.sign_in("tosh@contoso.com", WRONG_PASSWORD), None);
    }

    #[test]
    fn a_declared_user_signs_in_by_any_form_of_her_name() {
        let users = Users([("lenea@fabrikam.com".to_owned(), "right".to_owned())].into());
        for name in ["sip:Lenea@fabrikam.com", "FABRIKAM\\lenea", "lenea"] {
            assert_eq!(users.sign_in(name, "right").as_deref(), Some("lenea@fabrikam.com"), "{name}");
        }
        assert_eq!(users.sign_in("lenea", "wrong"), None);
        assert_eq!(users.sign_in("lenea@contoso.com", "right"), None);
        assert!(!format!("{users:?}").contains("right"));
    }
}
