//! A signed-in account: its application, its event channel and its open conversations.

mod home;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, RwLock, RwLockWriteGuard};
use tokio::task::JoinError;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;
use uuid::Uuid;

use self::home::{Home, casts_doubt};
use crate::account::Account;
use crate::delivery::{Conversations, Key};
use crate::discovery::{self, cache};
use crate::error::{Error, ErrorKind, Result, Sent};
use crate::http::timed_out;
use crate::receipt::Receipt;
use crate::sign_in::Connection;
use crate::steps::{Step, StepLog};
use crate::turns::{Turn, Turns};
use crate::ucwa::application::Application;
use crate::ucwa::channel::{Channel, Ended, Polling};

/// How many sends of one account are under way at once.
///
/// Servers refuse a user more than 100 outstanding requests (batch reference), and are known to allow 50 open
/// conversations; idle ones count too.
pub(crate) const MOST_IN_FLIGHT: usize = 32;

/// Discovery and the sign-in in it end with the deadline by themselves, and know better why: so long their word is waited for.
const LAST_WORD: Duration = Duration::from_millis(50);

/// How often is looked whether sends still wait in an application that is to be deleted, and whether its server answers.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// How long closing a session takes at most, once no send is under way in it.
pub(crate) const SIGN_OUT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a session that is still being opened is waited for once nobody wants it: what was created is deleted.
const ABANDONED_OPENING: Duration = Duration::from_secs(2);

/// How long closing a session may take in the background, where nobody waits for it.
const BACKGROUND_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct Session {
    pub(crate) connection: Arc<Connection>,
    pub(crate) conversations: Conversations,
    pub(crate) runtime: tokio::runtime::Handle,
    /// A turn a send under way.
    pub(crate) turns: Arc<Turns<Key>>,
    /// Held for reading by every send, for writing by sign-out.
    pub(crate) sends: Arc<RwLock<()>>,
    pub(crate) signed_out: AtomicBool,
    /// The session is closed whenever no send is under way in it.
    closes_when_idle: AtomicBool,
    /// Ends every send under way.
    cancelled: CancellationToken,
    /// Signed out, and no send is under way any more: whatever is still done for one need not be.
    ended: CancellationToken,
    /// Applications that were given up and are being deleted.
    discarded: TaskTracker,
    root: Option<Url>,
    home: Home,
    polling: Polling,
    open: Mutex<Option<Arc<Application>>>,
}

/// What outlives a call: enough to tidy up on the server when nobody waits any more.
#[derive(Clone)]
pub(crate) struct Background {
    pub(crate) connection: Arc<Connection>,
    pub(crate) runtime: tokio::runtime::Handle,
    /// Signing out follows at once and tidies up everything.
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
            connection: Arc::new(Connection::new(account, checked.address, checked.trusted)?),
            conversations: Conversations::default(),
            runtime,
            turns: Turns::new(MOST_IN_FLIGHT),
            sends: Arc::default(),
            signed_out: AtomicBool::new(false),
            closes_when_idle: AtomicBool::new(false),
            cancelled: CancellationToken::new(),
            ended: CancellationToken::new(),
            discarded: TaskTracker::new(),
            root: checked.root,
            home: Home::default(),
            polling,
            open: Mutex::default(),
        }))
    }

    /// The application, created if there is none or if the server has dropped it.
    ///
    /// Creating goes on in the background when the caller goes away, so that what was created can be deleted.
    pub(crate) async fn application(
        self: &Arc<Self>,
        log: &StepLog,
        deadline: Instant,
    ) -> Result<Arc<Application>> {
        if self.signed_out.load(Ordering::Acquire) {
            return Err(signed_out());
        }
        if !self.home.is_doubted()
            && let Ok(open) = self.open.try_lock()
            && let Some(open) = open.as_ref()
        {
            match open.ending.get() {
                None => return Ok(open.clone()),
                Some(Ended::ForGood(error)) => return Err(error),
                Some(Ended::Gone) => {}
            }
        }
        let (this, own_log) = (self.clone(), log.clone());
        let opening = async move { this.open(&own_log, deadline).await };
        let opening = self.connection.account.background.spawn_on(opening, &self.runtime);
        match timeout_at(deadline + LAST_WORD, opening).await {
            Ok(opened) => opened.map_err(|ended| ended_early(&ended, Sent::No))?,
            // It goes on without us; what it still creates is deleted with the session.
            Err(_) => Err(match log.unanswered() {
                Some((step, url)) => timed_out(step, &url),
                None => Error::new(ErrorKind::Timeout, "The session was not open before the timeout.")
                    .at(Step::OpenSession),
            }),
        }
    }

    async fn open(self: &Arc<Self>, log: &StepLog, deadline: Instant) -> Result<Arc<Application>> {
        let mut place = self.open.lock().await;
        if self.signed_out.load(Ordering::Acquire) {
            return Err(signed_out());
        }
        if let Some(open) = place.as_ref() {
            match open.ending.get() {
                None if self.has_left(open, log, deadline).await => self.give_up(place.take()),
                None => return Ok(open.clone()),
                Some(Ended::ForGood(error)) => return Err(error),
                Some(Ended::Gone) => self.discard(place.take()),
            }
        }
        let application = {
            let mut creating = std::pin::pin!(self.create(log, deadline));
            tokio::select! {
                biased;
                created = &mut creating => created?,
                () = self.ended.cancelled() => match timeout(ABANDONED_OPENING, creating).await {
                    Ok(created) => created?,
                    Err(_) => return Err(signed_out()),
                },
            }
        };
        let application = Arc::new(application);
        let channel = Channel {
            connection: self.connection.clone(),
            application: application.clone(),
            polling: self.polling,
        };
        let task = self.runtime.spawn(channel.run());
        *application.polling.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            Some(task.abort_handle());
        *place = Some(application.clone());
        Ok(application)
    }

    /// Discovers, or goes where the last discovery led; a stale memory costs one attempt.
    async fn create(&self, log: &StepLog, deadline: Instant) -> Result<Application> {
        let key = discovery::cache_key(&self.connection);
        // The same for every attempt: a server that lost an answer finds the application it has.
        let endpoint = Uuid::new_v4().to_string();
        let create =
            async |url: &Url| Application::create(&self.connection, url, &endpoint, log, deadline).await;
        if let Some(url) = cache::get(&key) {
            self.connection.led_to(&url);
            match create(&url).await {
                Err(error) if is_stale_memory(&error) => cache::forget(&key),
                created => return created,
            }
        }
        let url = discovery::locate(&self.connection, self.root.as_ref(), log, deadline).await?;
        let application = create(&url).await?;
        cache::put(key, url);
        Ok(application)
    }

    /// The application is known no more: the next send opens another one.
    ///
    /// `certain` when the server itself says so. Otherwise a proxy may have said it in the server's place, and what is
    /// under way may still end: the application is deleted after that.
    pub(crate) async fn application_is_gone(
        &self,
        gone: &Arc<Application>,
        certain: bool,
        deadline: Instant,
    ) {
        let Ok(mut place) = timeout_at(deadline, self.open.lock()).await else { return };
        if !place.as_ref().is_some_and(|open| Arc::ptr_eq(open, gone)) {
            return;
        }
        if certain {
            gone.ledger.close("the server has ended the session");
        }
        self.discard(place.take());
    }

    /// Deletes an application that is given up, in the background: a proxy may have said in the server's place that it
    /// is gone. What still waits in it is waited for; each wait ends with its send's timeout at the latest, or with the
    /// session.
    fn discard(&self, open: Option<Arc<Application>>) {
        let Some(open) = open else { return };
        let (connection, ended) = (self.connection.clone(), self.ended.clone());
        let delete = async move {
            let unwanted = async {
                while open.ledger.is_waiting() {
                    sleep(LOOK_INTERVAL).await;
                }
            };
            tokio::select! {
                () = unwanted => {}
                () = ended.cancelled() => {}
            }
            let _ = open.delete(&connection, &StepLog::quiet(), Instant::now() + BACKGROUND_TIMEOUT).await;
        };
        self.discarded.spawn_on(delete, &self.runtime);
    }

    /// Ends the sends under way; later ones find the client signed out.
    pub(crate) fn cancel_all(&self) {
        self.signed_out.store(true, Ordering::Release);
        self.cancelled.cancel();
    }

    /// Returns once the sends under way are to end.
    pub(crate) async fn is_cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    /// The end of a send: its turn goes to the next one, and conversations beyond those that are kept are ended.
    pub(crate) fn end_turn(&self, turn: Turn<Key>) {
        drop(turn);
        drop(self.conversations.surplus(&self.turns));
    }

    pub(crate) fn background(&self) -> Background {
        Background {
            connection: self.connection.clone(),
            runtime: self.runtime.clone(),
            one_call: self.polling == Polling::WhileWaiting,
        }
    }

    /// Draws the conclusions of a finished send for where the server is. Source: RootURL.
    pub(crate) fn note(&self, result: &Result<Receipt>) {
        if let Err(error) = result
            && casts_doubt(error)
        {
            cache::forget(&discovery::cache_key(&self.connection));
            self.home.doubt();
        }
    }

    /// Waits for the sends under way, at most for `bound`, then cancels them; then deletes the application. The second call
    /// does nothing.
    ///
    /// Goes on in the background when the caller goes away, and may be called again when it failed.
    pub(crate) async fn sign_out(self: &Arc<Self>, log: &StepLog, bound: Option<Duration>) -> Result<()> {
        self.signed_out.store(true, Ordering::Release);
        let (this, log) = (self.clone(), log.clone());
        let signing_out = self.runtime.spawn(async move {
            let _none_under_way = this.none_under_way(bound).await;
            this.ended.cancel();
            this.discarded.close();
            let discarded = timeout(SIGN_OUT_TIMEOUT, this.discarded.wait());
            let (closed, _) = tokio::join!(this.close(&log), discarded);
            if closed.is_ok() {
                this.connection.forget_tokens();
            }
            closed
        });
        signing_out.await.map_err(|ended| ended_early(&ended, Sent::No))?
    }

    /// Waits until no send is under way, at most for `bound`, then cancels what is left.
    async fn none_under_way(&self, bound: Option<Duration>) -> RwLockWriteGuard<'_, ()> {
        let mut none_under_way = std::pin::pin!(self.sends.write());
        let out_of_time = async {
            match bound {
                Some(bound) => sleep(bound).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            none = &mut none_under_way => return none,
            () = out_of_time => self.cancel_all(),
            () = self.give_up_lost_server() => {}
        }
        none_under_way.await
    }

    /// Ends the waits for events of a server that is out of reach. Nobody else would before the sends' own timeouts.
    async fn give_up_lost_server(&self) {
        loop {
            sleep(LOOK_INTERVAL).await;
            if let Ok(open) = self.open.try_lock()
                && let Some(open) = open.as_ref().filter(|open| open.is_unreachable())
            {
                open.ledger.close("its server is out of reach");
            }
        }
    }

    /// Deletes the application, if there is one.
    async fn close(&self, log: &StepLog) -> Result<()> {
        let deadline = Instant::now() + SIGN_OUT_TIMEOUT;
        let Ok(mut place) = timeout_at(deadline, self.open.lock()).await else {
            let detail = "A session was still being opened; what comes of it is closed in the background.";
            return Err(Error::new(ErrorKind::Timeout, detail).at(Step::SignOut));
        };
        let Some(open) = place.as_ref() else { return Ok(()) };
        // Also one that is said to be gone: a proxy may have said so.
        open.delete(&self.connection, log, deadline).await?;
        *place = None;
        Ok(())
    }

    /// From now on the session is closed whenever no send is under way in it; the next send opens another one.
    pub(crate) async fn close_when_idle(&self) {
        self.closes_when_idle.store(true, Ordering::Release);
        self.close_if_idle().await;
    }

    /// What follows a send: a session that is to be closed when idle is.
    pub(crate) async fn close_if_idle(&self) {
        if !self.closes_when_idle.load(Ordering::Acquire) {
            return;
        }
        // Whoever is under way does it when that has ended.
        let Ok(_none_under_way) = self.sends.try_write() else { return };
        if let Err(error) = self.close(&StepLog::new(self.connection.account.on_step.clone())).await {
            tracing::warn!(target: "send_im", %error, "the session could not be closed");
        }
    }

    /// Forgets where the server is: the next sign-in discovers anew.
    pub(crate) fn forget_server(&self) {
        cache::forget(&discovery::cache_key(&self.connection));
    }
}

/// True for errors after which asking discovery again makes sense.
fn is_stale_memory(error: &Error) -> bool {
    !matches!(
        error.kind(),
        ErrorKind::Timeout
            | ErrorKind::LimitReached
            | ErrorKind::SignInRefused
            | ErrorKind::SignInUnsupported
            | ErrorKind::CredentialUnavailable
    )
}

pub(crate) fn signed_out() -> Error {
    Error::closed("The client is signed out.")
}

/// A task of ours that did not come to its end: the runtime stops, or there is an error in this crate.
pub(crate) fn ended_early(ended: &JoinError, sent: Sent) -> Error {
    if ended.is_panic() {
        let kind = if sent == Sent::Maybe { ErrorKind::OutcomeUnknown } else { ErrorKind::Protocol };
        return Error::new(kind, "send-im failed inside; please report this with its log.").with_sent(sent);
    }
    Error::cancelled("The program is shutting down.", sent)
}

impl Drop for Session {
    /// A session that nobody signed out is signed out in the background.
    fn drop(&mut self) {
        let Some(open) = self.open.get_mut().take() else { return };
        let connection = self.connection.clone();
        let background = connection.account.background.clone();
        let close = async move {
            let log = StepLog::new(connection.account.on_step.clone());
            let _ = open.delete(&connection, &log, Instant::now() + BACKGROUND_TIMEOUT).await;
        };
        background.spawn_on(close, &self.runtime);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failure_inside_says_whether_the_message_can_have_left() {
        for (sent, kind) in [(Sent::No, ErrorKind::Protocol), (Sent::Maybe, ErrorKind::OutcomeUnknown)] {
            let ended = tokio::spawn(async { panic!("as an error of ours would") }).await;
            let error = ended_early(&ended.unwrap_err(), sent);
            assert_eq!((error.kind(), error.sent()), (kind, sent));
            let stopped = tokio::spawn(std::future::pending::<()>());
            stopped.abort();
            let error = ended_early(&stopped.await.unwrap_err(), sent);
            assert_eq!((error.kind(), error.sent()), (ErrorKind::Cancelled, sent));
        }
    }
}
