//! Closing a session: which sends are awaited, which are cancelled, and the DELETE.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Method;
use tokio::sync::RwLockWriteGuard;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{BACKGROUND_TIMEOUT, Session};
use crate::error::{Error, ErrorKind, Result, Sent, ended_early};
use crate::http::Request;
use crate::retry::Retry;
use crate::session::application::Application;
use crate::steps::{Step, StepLog};

/// How often a server is asked for a sign of life while a client signs out.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// How long a server may be silent while a client signs out, before it counts as gone.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long closing a session takes at most, once no send is in flight.
const SIGN_OUT_TIMEOUT: Duration = Duration::from_secs(3);

impl Session {
    /// Waits for the sends in flight, at most for `bound`, then cancels them; then deletes the application. A second call does
    /// nothing.
    ///
    /// Goes on in the background when the caller goes away, and may be called again after an error.
    pub(crate) fn sign_out(
        self: &Arc<Self>,
        log: &StepLog,
        bound: Option<Duration>,
    ) -> impl Future<Output = Result<()>> + Send + use<> {
        self.signed_out.store(true, Ordering::Release);
        let (this, log) = (self.clone(), log.clone());
        let signing_out = self.runtime.spawn(async move {
            let _idle = this.wait_until_idle(bound).await;
            this.ended.cancel();
            this.discarded.close();
            let discarded = timeout(SIGN_OUT_TIMEOUT, this.discarded.wait());
            let (closed, _) = tokio::join!(this.close(&log, true), discarded);
            if closed.is_ok() {
                this.connection.clear_tokens_and_cookies();
            }
            closed
        });
        async move { signing_out.await.map_err(|ended| ended_early(&ended, Sent::No))? }
    }

    /// Waits until no send is in flight, at most for `bound`, then cancels the rest. `None` when a send did not end even then:
    /// its program does not poll its future.
    async fn wait_until_idle(&self, bound: Option<Duration>) -> Option<RwLockWriteGuard<'_, ()>> {
        let mut idle = std::pin::pin!(self.sends.write());
        let out_of_time = async {
            match bound {
                Some(bound) => sleep(bound).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            idle = &mut idle => return Some(idle),
            () = self.is_cancelled() => {}
            () = out_of_time => self.cancel_all(),
            () = self.server_unresponsive() => {
                let open = self.open.try_lock().ok().and_then(|open| open.clone());
                // Sends that wait for an event learn why none comes.
                open.iter().for_each(|open| open.awaited.close("its server is out of reach"));
                self.cancel_all();
            }
        }
        timeout(SIGN_OUT_TIMEOUT, idle).await.ok()
    }

    /// Returns when the server no longer responds. The sends in flight would otherwise wait until their own timeouts.
    async fn server_unresponsive(&self) {
        let mut answered = Instant::now();
        while answered.elapsed() < SILENCE_TIMEOUT {
            sleep(CHECK_INTERVAL).await;
            let silent_since = match self.open.try_lock().map(|open| open.clone()) {
                Ok(Some(open)) if open.is_unreachable() => return,
                Ok(Some(open)) if !self.answers(&open).await => Some(answered),
                // While an application is being opened, the server of the pending step has to respond.
                Err(_) => self.opening().as_ref().and_then(StepLog::unanswered_since),
                Ok(_) => None,
            };
            answered = silent_since.unwrap_or_else(Instant::now);
        }
    }

    /// Fetches the application: a silent event channel proves nothing, as there may be no events.
    async fn answers(&self, open: &Application) -> bool {
        let deadline = Instant::now() + SILENCE_TIMEOUT;
        let request = Request::new(Method::GET, open.self_url.clone(), Step::SignOut, deadline);
        let answer = self.connection.call(request, &StepLog::quiet()).await;
        !answer.is_err_and(|f| {
            matches!(f.error.kind(), ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Tls)
        })
    }

    /// Deletes the application, if there is one. If that fails, it is kept only where it `may_be_retried`: polling has stopped.
    async fn close(&self, log: &StepLog, may_be_retried: bool) -> Result<()> {
        let deadline = Instant::now() + SIGN_OUT_TIMEOUT;
        let Ok(mut slot) = timeout_at(deadline, self.open.lock()).await else {
            let detail = "A session was still being opened; what comes of it is closed in the background.";
            return Err(Error::new(ErrorKind::Timeout, detail).at(Step::SignOut));
        };
        let Some(open) = slot.as_ref() else { return Ok(()) };
        // Even when it is said to be gone: a proxy may have said so.
        let deleted = open.delete(&self.connection, log, Retry::new(deadline)).await;
        if deleted.is_ok() || !may_be_retried {
            *slot = None;
        }
        deleted
    }

    /// From now on the session is closed whenever no send is in flight; the next send opens another one.
    #[cfg(feature = "bindings")]
    pub(crate) async fn close_when_idle(self: &Arc<Self>) -> bool {
        self.closes_when_idle.store(true, Ordering::Release);
        self.close_if_idle().await
    }

    /// Closes an idle session that is to be closed when idle, in the background if the caller goes away. True when no application
    /// is open any more.
    pub(super) async fn close_if_idle(self: &Arc<Self>) -> bool {
        if !self.closes_when_idle.load(Ordering::Acquire) {
            return false;
        }
        // A send in flight does it at its end.
        let Ok(none_under_way) = self.sends.clone().try_write_owned() else { return false };
        let this = self.clone();
        let closing = self.runtime.spawn(async move {
            let _none_under_way = none_under_way;
            let closed = this.close(&StepLog::new(this.connection.account.on_step.clone()), false).await;
            if let Err(error) = &closed {
                tracing::warn!(target: "send_im", %error, "the session could not be closed");
            }
            closed.is_ok()
        });
        closing.await.unwrap_or(false)
    }

    /// Deletes an abandoned application in the background; a proxy may have said that it is gone. Sends that still wait in it are
    /// awaited: each ends by its own timeout, or with the session.
    pub(super) fn discard(&self, open: Option<Arc<Application>>) {
        let Some(open) = open else { return };
        let (connection, ended) = (self.connection.clone(), self.ended.clone());
        let delete = async move {
            open.uses.close();
            tokio::select! {
                () = open.uses.wait() => {}
                () = ended.cancelled() => {}
            }
            let retry = Retry::persistent(Instant::now() + BACKGROUND_TIMEOUT);
            let _ = open.delete(&connection, &StepLog::quiet(), retry).await;
        };
        self.discarded.spawn_on(delete, &self.runtime);
    }
}
