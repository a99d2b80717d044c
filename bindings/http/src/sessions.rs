//! Signed-in sessions, one for each sender, shared by the requests that send as that sender.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use send_im::{Account, Client, Error, ErrorKind, Result};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use crate::metrics::Metrics;
use crate::order::Who;

/// So long a refused password is not tried again: each try may bring the account nearer to being locked.
const REFUSED_FOR: Duration = Duration::from_secs(60);

type Opened = watch::Receiver<Option<Result<Client>>>;

pub(crate) struct Sessions {
    registry: Mutex<Registry>,
    most: usize,
    idle: Duration,
    metrics: Arc<Metrics>,
    /// Sign-ins and sign-outs that nobody may be waiting for.
    background: TaskTracker,
}

#[derive(Default)]
struct Registry {
    sessions: Vec<Session>,
    last_id: u64,
    closed: bool,
}

struct Session {
    id: u64,
    who: Who,
    opened: Opened,
    uses: usize,
    /// Since when it is as it is: signed in, refused, or out of use.
    since: Instant,
}

/// The use of a session. While it lives, the session is not idle.
pub(crate) struct Lease {
    sessions: Arc<Sessions>,
    id: u64,
    opened: Opened,
}

impl Sessions {
    pub(crate) fn new(most: usize, idle: Duration, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { registry: Mutex::default(), most, idle, metrics, background: TaskTracker::new() })
    }

    /// The session of this sender, which begins to sign in if there is none.
    ///
    /// # Errors
    /// `sign_in_refused` where these credentials were refused a moment ago, `limit_reached` where too many sessions are in
    /// use, `closed` when the service stops.
    pub(crate) fn lease(self: &Arc<Self>, who: &Who, account: &Account) -> Result<Lease> {
        let mut registry = self.registry();
        if registry.closed {
            return Err(Error::closed("The service is stopping; nothing was sent."));
        }
        if let Some(at) = registry.sessions.iter().position(|session| session.who == *who) {
            let session = &mut registry.sessions[at];
            match session.refusal() {
                Some(error) if session.since.elapsed() < REFUSED_FOR => return Err(error),
                Some(_) => drop(registry.sessions.swap_remove(at)),
                None => {
                    session.uses += 1;
                    return Ok(Lease {
                        sessions: self.clone(),
                        id: session.id,
                        opened: session.opened.clone(),
                    });
                }
            }
        }
        self.make_room(&mut registry)?;
        registry.last_id += 1;
        let id = registry.last_id;
        let (open, opened) = watch::channel(None);
        let session =
            Session { id, who: who.clone(), opened: opened.clone(), uses: 1, since: Instant::now() };
        registry.sessions.push(session);
        drop(registry);
        self.background.spawn(self.clone().open(id, account.clone(), open));
        Ok(Lease { sessions: self.clone(), id, opened })
    }

    /// Signs in, whoever goes away meanwhile: what is half open could not be undone.
    async fn open(self: Arc<Self>, id: u64, account: Account, open: watch::Sender<Option<Result<Client>>>) {
        let result = Client::sign_in(account).await;
        self.metrics.signed_in(&result);
        match &result {
            Ok(_) => tracing::info!("a session is signed in"),
            Err(error) => tracing::warn!(kind = error.kind().as_str(), %error, "a sign-in failed"),
        }
        let lasting = result.as_ref().map_or_else(|error| error.kind() == ErrorKind::SignInRefused, |_| true);
        let mut registry = self.registry();
        if lasting {
            registry
                .sessions
                .iter_mut()
                .filter(|session| session.id == id)
                .for_each(|session| session.since = Instant::now());
        } else {
            registry.sessions.retain(|session| session.id != id);
        }
        // Under the lock: whoever finds the session finds it with its outcome.
        open.send_replace(Some(result));
    }

    fn make_room(self: &Arc<Self>, registry: &mut Registry) -> Result<()> {
        if registry.sessions.len() < self.most {
            return Ok(());
        }
        let oldest = registry
            .sessions
            .iter()
            .filter(|session| session.is_at_rest())
            .min_by_key(|session| session.since);
        let Some(id) = oldest.map(|session| session.id) else {
            let detail = format!("All {} sessions of the service are in use; nothing was sent.", self.most);
            return Err(Error::new(ErrorKind::LimitReached, detail));
        };
        self.close_these(registry, |session| session.id == id);
        Ok(())
    }

    /// Signs out, from time to time, who sends nothing any more.
    pub(crate) async fn sweep(self: Arc<Self>) {
        let pause = (self.idle / 4).clamp(Duration::from_millis(20), Duration::from_secs(15));
        loop {
            tokio::time::sleep(pause).await;
            let idle = self.idle;
            self.close_these(&mut self.registry(), |session| {
                let keep = if session.refusal().is_some() { REFUSED_FOR } else { idle };
                session.is_at_rest() && session.since.elapsed() >= keep
            });
        }
    }

    /// Takes the session away that its server has ended: the next send signs in anew.
    pub(crate) fn forget(&self, lease: &Lease) {
        self.close_these(&mut self.registry(), |session| session.id == lease.id);
    }

    fn close_these(&self, registry: &mut Registry, chosen: impl Fn(&Session) -> bool) {
        for session in registry.sessions.extract_if(.., |session| chosen(session)) {
            if let Some(client) = session.client() {
                self.background.spawn(sign_out(client));
            }
        }
    }

    /// How many are signed in.
    pub(crate) fn signed_in(&self) -> usize {
        self.registry().sessions.iter().filter(|session| session.client().is_some()).count()
    }

    /// Ends the sends of every session. No new session is opened from now on.
    pub(crate) fn cancel_all(&self) {
        let mut registry = self.registry();
        registry.closed = true;
        registry.sessions.iter().filter_map(Session::client).for_each(|client| client.cancel_all());
    }

    /// Waits for sign-ins and submitted messages under way, then signs every session out.
    pub(crate) async fn sign_out_all(&self) {
        let opened: Vec<Opened> = {
            let mut registry = self.registry();
            registry.closed = true;
            registry.sessions.iter().map(|session| session.opened.clone()).collect()
        };
        join_all(opened.into_iter().map(|mut opened| async move {
            let client = match opened.wait_for(Option::is_some).await {
                Ok(client) => client.as_ref().and_then(|opened| opened.as_ref().ok().cloned()),
                Err(_) => None,
            };
            if let Some(client) = client {
                sign_out(client).await;
            }
        }))
        .await;
        self.background.close();
        self.background.wait().await;
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Nobody uses it, and its sign-in has come to an end: one under way could not be undone.
    fn is_at_rest(&self) -> bool {
        self.uses == 0 && self.opened.borrow().is_some()
    }

    fn client(&self) -> Option<Client> {
        self.opened.borrow().as_ref()?.as_ref().ok().cloned()
    }

    fn refusal(&self) -> Option<Error> {
        self.opened.borrow().as_ref()?.as_ref().err().cloned()
    }
}

async fn sign_out(client: Client) {
    match client.sign_out().await {
        Ok(()) => tracing::info!("a session is signed out"),
        Err(error) => {
            tracing::warn!(kind = error.kind().as_str(), %error, "a session could not be signed out")
        }
    }
}

impl Lease {
    /// The client, once it is signed in.
    ///
    /// # Errors
    /// Those of the sign-in; `timeout` when it is not done by then.
    pub(crate) async fn client(&mut self, deadline: Instant) -> Result<Client> {
        let opened = match timeout_at(deadline, self.opened.wait_for(Option::is_some)).await {
            Ok(Ok(opened)) => opened.clone(),
            Ok(Err(_)) => None,
            Err(_) => {
                let detail = "The sender was not signed in before the timeout; nothing was sent.";
                return Err(Error::new(ErrorKind::Timeout, detail));
            }
        };
        opened.unwrap_or_else(|| Err(Error::closed("The sign-in was given up; nothing was sent.")))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut registry = self.sessions.registry();
        if let Some(session) = registry.sessions.iter_mut().find(|session| session.id == self.id) {
            session.uses -= 1;
            session.since = Instant::now();
        }
    }
}
