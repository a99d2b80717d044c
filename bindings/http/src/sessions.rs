//! Signed-in sessions, one for each sender, shared by the requests that send as that sender.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use send_im::bindings::StepListener;
use send_im::{Account, Client, Error, ErrorKind, Result, Sent};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::task::TaskTracker;

use crate::metrics::Metrics;
use crate::options::Options;
use crate::order::Credentials;
use crate::progress::SignInSteps;

/// How many sign-ins one caller may have under way in one domain; the next ones wait for their turn.
const MAX_SIGN_INS: usize = 8;
/// How many sessions accounts of one address may have that requests bring: two, so that a changed password works at once.
const MAX_SESSIONS_PER_ADDRESS: usize = 2;
/// How long a sign-in continues after its last waiter has gone: callers with a short timeout should succeed eventually.
const ABANDONED_TIMEOUT: Duration = Duration::from_secs(5);

type Opened = watch::Receiver<Option<Result<Client>>>;

pub(crate) struct Sessions {
    registry: Mutex<Registry>,
    /// How many accounts that requests brought may be signed in.
    most: usize,
    /// How many requests may be under way of one account that requests brought, or wait for one asker's sign-ins.
    share: usize,
    idle: Duration,
    metrics: Arc<Metrics>,
    /// Sign-ins and sign-outs that nobody may be waiting for.
    background: TaskTracker,
}

#[derive(Default)]
struct Registry {
    sessions: Vec<Session>,
    askers: HashMap<Asker, Waiting>,
    last_id: u64,
    closed: bool,
}

struct Session {
    id: u64,
    /// `None`: the service's own account.
    credentials: Option<Credentials>,
    opened: Opened,
    signing_in: SignInSteps,
    uses: usize,
    /// Since when it is as it is: signed in, or out of use.
    since: Instant,
}

/// Who asks for sign-ins, and in which domain. What one asker's sign-ins wait for holds up no other's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asker {
    caller: IpAddr,
    domain: String,
}

struct Waiting {
    requests: usize,
    turns: Arc<Semaphore>,
}

/// The use of a session. While it lives, the session is not idle.
pub(crate) struct Lease {
    sessions: Arc<Sessions>,
    id: u64,
    opened: Opened,
    /// While it waits for the sign-in of an account that a request brought.
    asker: Option<Asker>,
}

impl Sessions {
    pub(crate) fn new(options: &Options, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            registry: Mutex::default(),
            most: options.most_sessions,
            share: options.share(),
            idle: options.idle,
            metrics,
            background: TaskTracker::new(),
        })
    }

    /// The session of this sender, which begins to sign in if there is none; the listener is told of the steps of that.
    ///
    /// # Errors
    /// `limit_reached` where too many requests use this account or wait for this caller's sign-ins, `closed` when the service
    /// stops.
    pub(crate) fn lease(
        self: &Arc<Self>,
        credentials: &Option<Credentials>,
        account: &Account,
        caller: IpAddr,
        listener: Option<&StepListener>,
    ) -> Result<Lease> {
        let mut registry = self.registry();
        if registry.closed {
            return Err(Error::closed("The service is stopping; nothing was sent."));
        }
        let address = credentials.as_ref().map(|credentials| &*credentials.address);
        let known = registry.sessions.iter().position(|session| session.credentials == *credentials);
        let signed_in = known.is_some_and(|at| registry.sessions[at].client().is_some());
        // Whatever the user name, as there are many ways to write one; but whoever has only claimed to be this account takes
        // nothing from it.
        let same = registry.sessions.iter().filter(|session| {
            session.credentials == *credentials || session.address() == address && session.client().is_some()
        });
        let uses: usize = same.map(|session| session.uses).sum();
        let asker = credentials.as_ref().filter(|_| !signed_in);
        let asker = asker.map(|credentials| Asker { caller, domain: credentials.domain().to_owned() });
        let waiting = asker.as_ref().and_then(|asker| registry.askers.get(asker));
        if credentials.is_some() && uses.max(waiting.map_or(0, |waiting| waiting.requests)) >= self.share {
            let detail = "Too many requests of this account, or of this client's sign-ins, are under way; nothing was sent, send again later.";
            return Err(limit(detail));
        }
        let turns = asker.as_ref().map(|asker| {
            let none = || Waiting { requests: 0, turns: Arc::new(Semaphore::new(MAX_SIGN_INS)) };
            let waiting = registry.askers.entry(asker.clone()).or_insert_with(none);
            waiting.requests += 1;
            waiting.turns.clone()
        });
        let at = known.unwrap_or_else(|| {
            registry.last_id += 1;
            let (id, (open, opened)) = (registry.last_id, watch::channel(None));
            let signing_in = SignInSteps::begun();
            let account = signing_in.recording(account);
            self.background.spawn(self.clone().open(id, account, signing_in.clone(), turns, open));
            let (credentials, since) = (credentials.clone(), Instant::now());
            registry.sessions.push(Session { id, credentials, opened, signing_in, uses: 0, since });
            registry.sessions.len() - 1
        });
        let session = &mut registry.sessions[at];
        session.uses += 1;
        listener.into_iter().for_each(|listener| session.signing_in.listen(listener));
        Ok(Lease { sessions: self.clone(), id: session.id, opened: session.opened.clone(), asker })
    }

    /// Signs in, when it is this asker's turn.
    async fn open(
        self: Arc<Self>,
        id: u64,
        account: Account,
        steps: SignInSteps,
        turns: Option<Arc<Semaphore>>,
        open: watch::Sender<Option<Result<Client>>>,
    ) {
        let sign_in = async {
            let _turn = match &turns {
                Some(turns) => Some(turns.acquire().await),
                None => None,
            };
            Client::sign_in(account).await
        };
        let result = tokio::select! {
            result = sign_in => result,
            () = self.unwanted(id) => Err(Error::cancelled("Nobody waited for the sign-in any more.", Sent::No)),
        };
        steps.end();
        self.metrics.signed_in(&result);
        match &result {
            Ok(_) => tracing::info!("a session is signed in"),
            Err(error) => tracing::warn!(kind = error.kind().as_str(), %error, "a sign-in failed"),
        }
        let mut registry = self.registry();
        let result = result.and_then(|client| match self.make_room(&mut registry, id) {
            Ok(()) => Ok(client),
            Err(error) => {
                self.background.spawn(sign_out(client));
                Err(error)
            }
        });
        registry.sessions.retain(|session| session.id != id || result.is_ok());
        if let Some(session) = registry.sessions.iter_mut().find(|session| session.id == id) {
            session.since = Instant::now();
        }
        // Under the lock: whoever finds the session finds it with its outcome.
        open.send_replace(Some(result));
    }

    /// Returns when nobody has waited for this session for a while. Nobody finds it any more then.
    async fn unwanted(&self, id: u64) {
        loop {
            sleep(Duration::from_secs(1)).await;
            let unwanted = |session: &mut Session| {
                session.id == id && session.uses == 0 && session.since.elapsed() >= ABANDONED_TIMEOUT
            };
            if self.registry().sessions.extract_if(.., unwanted).next().is_some() {
                return;
            }
        }
    }

    /// Ends the session that has been at rest for the longest time where this one is one too many: of its address, or in all. The
    /// service's own counts for nothing here.
    fn make_room(self: &Arc<Self>, registry: &mut Registry, id: u64) -> Result<()> {
        let this = registry.sessions.iter().find(|session| session.id == id);
        let Some(address) = this.and_then(Session::address) else { return Ok(()) };
        let signed_in = |session: &&Session| session.credentials.is_some() && session.client().is_some();
        let all: Vec<&Session> = registry.sessions.iter().filter(signed_in).collect();
        let same: Vec<&Session> =
            all.iter().copied().filter(|session| session.address() == Some(address)).collect();
        let too_many = match same.len() >= MAX_SESSIONS_PER_ADDRESS {
            true => same,
            false if all.len() >= self.most => all,
            false => return Ok(()),
        };
        let at_rest = too_many.into_iter().filter(|session| session.uses == 0);
        let Some(oldest) = at_rest.min_by_key(|session| session.since).map(|session| session.id) else {
            let detail = "All sessions of the service, or of this account, are in use; nothing was sent.";
            return Err(limit(detail));
        };
        self.close_these(registry, |session| session.id == oldest);
        Ok(())
    }

    /// Signs out, from time to time, who sends nothing any more.
    pub(crate) async fn sweep(self: Arc<Self>) {
        let pause = (self.idle / 4).clamp(Duration::from_millis(20), Duration::from_secs(15));
        loop {
            sleep(pause).await;
            let mut registry = self.registry();
            self.close_these(&mut registry, |session| {
                session.is_at_rest() && session.since.elapsed() >= self.idle
            });
            registry
                .askers
                .retain(|_, waiting| waiting.requests > 0 || Arc::strong_count(&waiting.turns) > 1);
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
            let opened = opened.wait_for(Option::is_some).await.ok().and_then(|opened| opened.clone());
            if let Some(Ok(client)) = opened {
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
    /// That of an account that a request brought.
    fn address(&self) -> Option<&str> {
        self.credentials.as_ref().map(|credentials| &*credentials.address)
    }

    /// Signed in, and nobody uses it.
    fn is_at_rest(&self) -> bool {
        self.uses == 0 && self.client().is_some()
    }

    fn client(&self) -> Option<Client> {
        self.opened.borrow().as_ref()?.as_ref().ok().cloned()
    }
}

fn limit(detail: &str) -> Error {
    Error::new(ErrorKind::LimitReached, detail).with_retry_after(Some(Duration::from_secs(1)))
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
        let opened = timeout_at(deadline, self.opened.wait_for(Option::is_some)).await;
        let opened = opened.map(|opened| opened.ok().and_then(|opened| opened.clone())).map_err(|_| {
            let detail = "The sender was not signed in before the timeout; nothing was sent.";
            Error::new(ErrorKind::Timeout, detail)
        })?;
        if opened.is_none() {
            // Its task has died of an error of ours. The next send signs in anew.
            self.sessions.forget(self);
        }
        self.wait_no_more();
        opened.unwrap_or_else(|| Err(Error::closed("The sign-in was given up; nothing was sent.")))
    }

    fn wait_no_more(&mut self) {
        if let Some(asker) = self.asker.take()
            && let Some(waiting) = self.sessions.registry().askers.get_mut(&asker)
        {
            waiting.requests -= 1;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.wait_no_more();
        let mut registry = self.sessions.registry();
        if let Some(session) = registry.sessions.iter_mut().find(|session| session.id == self.id) {
            session.uses -= 1;
            session.since = Instant::now();
        }
    }
}
