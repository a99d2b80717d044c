//! A signed-in account: its application and its event channel.
//!
//! Further methods of [`Session`]: `sends.rs` counts the sends in flight, `moving.rs` records doubt about the home pool and
//! follows the account to another, `closing.rs` ends the session.

pub(crate) mod application;
pub(crate) mod awaited_events;
pub(crate) mod closing;
pub(crate) mod event_channel;
mod home_pool;
mod moving;
mod poll_throttle;
pub(crate) mod sends;

use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, RwLock};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;
use uuid::Uuid;

use self::application::{Application, ChannelEnd};
use self::event_channel::{EventChannel, Polling};
use self::home_pool::HomePool;
use crate::account::Account;
use crate::discovery;
use crate::error::{Error, ErrorKind, Result, Sent, ended_early, nobody_waits};
use crate::http::timed_out;
use crate::retry::Retry;
use crate::sign_in::AuthenticatedHttp;
use crate::steps::{Step, StepLog};

/// Discovery and sign-in report their own timeout, with a better reason. They get this long beyond the deadline to do so.
const DEADLINE_GRACE: Duration = Duration::from_millis(50);

/// How long closing a session may take in the background.
const BACKGROUND_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct Session {
    pub(crate) connection: Arc<AuthenticatedHttp>,
    pub(crate) runtime: tokio::runtime::Handle,
    /// Read-locked by every send in flight, write-locked by closing.
    sends: Arc<RwLock<()>>,
    signed_out: AtomicBool,
    /// The session is closed whenever no send is in flight.
    closes_when_idle: AtomicBool,
    /// Ends every send in flight.
    cancelled: CancellationToken,
    /// Signed out, and sends were waited for as long as allowed: work in the background for a send can stop.
    ended: CancellationToken,
    /// Deletions of abandoned applications.
    discarded: TaskTracker,
    pub(crate) root: Option<Url>,
    home: HomePool,
    polling: Polling,
    open: Mutex<Option<Arc<Application>>>,
    /// The steps of the application that is being opened.
    opening: std::sync::Mutex<Option<StepLog>>,
}

/// What it takes to clean up on the server after a call has ended.
#[derive(Clone)]
pub(crate) struct Cleanup {
    pub(crate) connection: Arc<AuthenticatedHttp>,
    pub(crate) runtime: tokio::runtime::Handle,
    /// A one-call send: signing out follows at once and cleans up everything.
    pub(crate) one_call: bool,
}

impl Session {
    /// Checks the account. No request yet.
    pub(crate) fn new(account: Account, polling: Polling) -> Result<Arc<Self>> {
        let checked = account.check()?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| {
            Error::invalid_input("send_im needs a tokio runtime: call it from async code that tokio runs.")
        })?;
        Ok(Arc::new(Self {
            connection: Arc::new(AuthenticatedHttp::new(account, checked.address, checked.trusted)?),
            runtime,
            sends: Arc::default(),
            signed_out: AtomicBool::new(false),
            closes_when_idle: AtomicBool::new(false),
            cancelled: CancellationToken::new(),
            ended: CancellationToken::new(),
            discarded: TaskTracker::new(),
            root: checked.root,
            home: HomePool::default(),
            polling,
            open: Mutex::default(),
            opening: std::sync::Mutex::default(),
        }))
    }

    /// The application, created if there is none or if the server has dropped it.
    ///
    /// When the caller goes away, a POST that creates an application is finished in the background, so that the application can be
    /// deleted. Discovery and sign-in end.
    pub(crate) async fn application(
        self: &Arc<Self>,
        log: &StepLog,
        deadline: Instant,
    ) -> Result<Arc<Application>> {
        // Boxed, so that the future of every send stays small.
        if self.home.doubted().is_some() {
            Box::pin(self.follow_home_pool(log, deadline)).await;
        }
        if let Ok(open) = self.open.try_lock()
            && let Some(open) = open.as_ref()
        {
            match open.channel_end.get().cloned() {
                None => return Ok(open.clone()),
                Some(ChannelEnd::ForGood(error)) => return Err(error),
                Some(ChannelEnd::Gone | ChannelEnd::Failed(_)) => {}
            }
        }
        let (this, own_log) = (self.clone(), log.clone());
        let unwanted = CancellationToken::new();
        let _wanted = unwanted.clone().drop_guard();
        let opening = async move {
            let opened = this.open(&own_log, deadline, &unwanted).await;
            // The caller may have gone away.
            this.close_if_idle().await;
            opened
        };
        let opening = self.connection.account.background.spawn_on(opening, &self.runtime);
        match timeout_at(deadline + DEADLINE_GRACE, opening).await {
            Ok(opened) => opened.map_err(|ended| ended_early(&ended, Sent::No))?,
            // It goes on in the background. What it creates is deleted with the session.
            Err(_) => {
                self.forget_server();
                Err(match log.unanswered() {
                    Some((step, url)) => timed_out(step, &url),
                    None => Error::new(ErrorKind::Timeout, "The session was not open before the timeout.")
                        .at(Step::OpenSession),
                })
            }
        }
    }

    async fn open(
        self: &Arc<Self>,
        log: &StepLog,
        deadline: Instant,
        unwanted: &CancellationToken,
    ) -> Result<Arc<Application>> {
        let mut slot = self.open.lock().await;
        if self.ended.is_cancelled() {
            return Err(signed_out());
        }
        *self.opening() = Some(log.clone());
        let opened = self.open_in(&mut slot, log, deadline, unwanted).await;
        *self.opening() = None;
        opened
    }

    async fn open_in(
        self: &Arc<Self>,
        slot: &mut Option<Arc<Application>>,
        log: &StepLog,
        deadline: Instant,
        unwanted: &CancellationToken,
    ) -> Result<Arc<Application>> {
        if let Some(open) = slot.as_ref() {
            match open.channel_end.get().cloned() {
                None => return Ok(open.clone()),
                Some(ChannelEnd::ForGood(error)) => return Err(error),
                Some(ChannelEnd::Gone | ChannelEnd::Failed(_)) => self.discard(slot.take()),
            }
        }
        let application = Arc::new(self.create(log, deadline, unwanted).await?);
        if self.ended.is_cancelled() {
            self.discard(Some(application));
            return Err(signed_out());
        }
        let channel = EventChannel {
            connection: self.connection.clone(),
            application: application.clone(),
            polling: self.polling,
            late_polls: AtomicU32::new(0),
        };
        let task = self.runtime.spawn(channel.run());
        *application.polling.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
        *slot = Some(application.clone());
        Ok(application)
    }

    /// Creates an application on the cached pool, or discovers the pool first. A stale entry costs one attempt.
    async fn create(
        &self,
        log: &StepLog,
        deadline: Instant,
        unwanted: &CancellationToken,
    ) -> Result<Application> {
        let key = discovery::cache_key(&self.connection);
        // The same for every attempt, so that a retry after a lost response finds the application.
        let endpoint = Uuid::new_v4().to_string();
        let create = async |url: &Url| {
            Application::create(&self.connection, url, &endpoint, log, deadline, unwanted).await
        };
        let pools = &self.connection.account.shared.pools;
        if let Some(url) = pools.get(&key) {
            self.connection.add_discovered_host(&url);
            let created = create(&url).await;
            let Err(error) = &created else { return created };
            if concerns_pool(error) {
                pools.forget(&key);
            }
            if !concerns_pool(error) || is_final(error) {
                return created;
            }
        }
        let url = tokio::select! {
            biased;
            located = discovery::locate(&self.connection, self.root.as_ref(), log, deadline) => located?,
            () = unwanted.cancelled() => return Err(nobody_waits()),
        };
        let application = create(&url).await?;
        pools.put(key, url);
        Ok(application)
    }

    /// Replaces the application: the next send opens another one. It is deleted once the sends in flight have ended; they end at
    /// once where there is a reason `why` no event comes any more.
    pub(crate) async fn abandon(
        &self,
        application: &Arc<Application>,
        why: Option<&'static str>,
        deadline: Instant,
    ) {
        let Ok(mut slot) = timeout_at(deadline, self.open.lock()).await else { return };
        if !slot.as_ref().is_some_and(|open| Arc::ptr_eq(open, application)) {
            return;
        }
        if let Some(why) = why {
            application.awaited.close(why);
        }
        self.discard(slot.take());
    }

    fn opening(&self) -> std::sync::MutexGuard<'_, Option<StepLog>> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn cleanup(&self) -> Cleanup {
        Cleanup {
            connection: self.connection.clone(),
            runtime: self.runtime.clone(),
            one_call: self.polling == Polling::WhileWaiting,
        }
    }

    /// Drops the cached pool: the next sign-in discovers it again.
    pub(crate) fn forget_server(&self) {
        self.connection.account.shared.pools.forget(&discovery::cache_key(&self.connection));
    }
}

/// True for errors after which the account may have another pool: it is discovered again.
fn concerns_pool(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::LimitReached | ErrorKind::CredentialUnavailable)
}

/// True for errors after which this call does not try another pool: its time is over, or the password would be refused again.
fn is_final(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Timeout | ErrorKind::SignInRefused | ErrorKind::SignInUnsupported)
}

pub(crate) fn signed_out() -> Error {
    Error::closed("The client is signed out.")
}

impl Drop for Session {
    /// A session that nobody signed out is signed out in the background.
    fn drop(&mut self) {
        let Some(open) = self.open.get_mut().take() else { return };
        let connection = self.connection.clone();
        let background = connection.account.background.clone();
        let close = async move {
            let log = StepLog::new(connection.account.on_step.clone());
            let retry = Retry::persistent(Instant::now() + BACKGROUND_TIMEOUT);
            let _ = open.delete(&connection, &log, retry).await;
        };
        background.spawn_on(close, &self.runtime);
    }
}
