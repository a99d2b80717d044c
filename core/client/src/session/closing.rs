//! The end of a session: what is waited for, what is cancelled, and that the server is told.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Method;
use tokio::sync::{OwnedRwLockReadGuard, RwLockWriteGuard};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{BACKGROUND_TIMEOUT, Session, signed_out};
use crate::error::{Error, ErrorKind, Result, Sent, ended_early};
use crate::http::Request;
use crate::session::application::Application;
use crate::steps::{Step, StepLog};

/// How often is looked whether sends still wait in an application that is to be deleted, and whether its server answers.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// How long a server may give no answer before a client that signs out takes it to be gone.
const MAX_SILENCE: Duration = Duration::from_secs(5);

/// How long closing a session takes at most, once no send is under way in it.
const SIGN_OUT_TIMEOUT: Duration = Duration::from_secs(3);

/// A send under way, from its call to its end: signing out waits for it.
pub(crate) struct UnderWay {
    session: Arc<Session>,
    sends: Option<OwnedRwLockReadGuard<()>>,
}

impl UnderWay {
    /// The send has ended. Returns when the session is closed, where it is to be closed when idle.
    pub(crate) async fn end(mut self) {
        self.sends = None;
        self.session.close_if_idle().await;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // The caller has gone away: what is to be closed when idle is closed in the background.
        if self.sends.take().is_some() && self.session.closes_when_idle.load(Ordering::Acquire) {
            let session = self.session.clone();
            self.session.runtime.spawn(async move { session.close_if_idle().await });
        }
    }
}

impl Session {
    /// A send begins with this call, before the future is polled. That waits while the session is being closed because
    /// nothing was under way.
    ///
    /// # Errors
    /// `closed` once the client is signed out.
    pub(crate) fn begin(self: &Arc<Self>) -> impl Future<Output = Result<UnderWay>> + Send + use<> {
        let session = self.clone();
        let begun = self.sends.clone().try_read_owned();
        let begun = begun.map(|sends| UnderWay { session: session.clone(), sends: Some(sends) });
        let late = self.signed_out.load(Ordering::Acquire);
        async move {
            match begun {
                _ if late => Err(signed_out()),
                Ok(begun) => Ok(begun),
                Err(_) => {
                    let sends = Some(session.sends.clone().read_owned().await);
                    let begun = UnderWay { session, sends };
                    if begun.session.signed_out.load(Ordering::Acquire) {
                        Err(signed_out())
                    } else {
                        Ok(begun)
                    }
                }
            }
        }
    }

    /// Ends the sends under way; later ones find the client signed out.
    pub(crate) fn cancel_all(&self) {
        self.signed_out.store(true, Ordering::Release);
        self.cancelled.cancel();
    }

    /// Cancelled with everything, or for itself.
    pub(crate) fn cancellation(&self) -> CancellationToken {
        self.cancelled.child_token()
    }

    /// Returns once the sends under way are to end.
    pub(crate) async fn is_cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    /// Waits for the sends under way, at most for `bound`, then cancels them; then deletes the application. The second call
    /// does nothing.
    ///
    /// Goes on in the background when the caller goes away, and may be called again when it failed.
    pub(crate) fn sign_out(
        self: &Arc<Self>,
        log: &StepLog,
        bound: Option<Duration>,
    ) -> impl Future<Output = Result<()>> + Send + use<> {
        self.signed_out.store(true, Ordering::Release);
        let (this, log) = (self.clone(), log.clone());
        let signing_out = self.runtime.spawn(async move {
            let _none_under_way = this.none_under_way(bound).await;
            this.ended.cancel();
            this.discarded.close();
            let discarded = timeout(SIGN_OUT_TIMEOUT, this.discarded.wait());
            let (closed, _) = tokio::join!(this.close(&log), discarded);
            if closed.is_ok() {
                this.connection.clear_tokens_and_cookies();
            }
            closed
        });
        async move { signing_out.await.map_err(|ended| ended_early(&ended, Sent::No))? }
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
            () = self.server_is_gone() => {
                let open = self.open.try_lock().ok().and_then(|open| open.clone());
                // Who waits for an event learns why none comes.
                open.iter().for_each(|open| open.awaited.close("its server is out of reach"));
                self.cancel_all();
            }
        }
        none_under_way.await
    }

    /// Returns when the server gives no answer any more. The sends under way would wait for one until their own timeouts.
    async fn server_is_gone(&self) {
        let mut answered = Instant::now();
        while answered.elapsed() < MAX_SILENCE {
            sleep(LOOK_INTERVAL).await;
            let silent_since = match self.open.try_lock().map(|open| open.clone()) {
                Ok(Some(open)) if open.is_unreachable() => return,
                Ok(Some(open)) if !self.answers(&open).await => Some(answered),
                // While a session is being opened, it is the server of that moment that has to answer.
                Err(_) => self.opening().as_ref().and_then(StepLog::unanswered_since),
                Ok(_) => None,
            };
            answered = silent_since.unwrap_or_else(Instant::now);
        }
    }

    /// Asks for the application: the event channel may be silent for long because there is nothing to tell.
    async fn answers(&self, open: &Application) -> bool {
        let deadline = Instant::now() + MAX_SILENCE;
        let request = Request::new(Method::GET, open.this.clone(), Step::SignOut, deadline);
        let answer = self.connection.call(request, &StepLog::quiet()).await;
        !answer.is_err_and(|f| {
            matches!(f.error.kind(), ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Tls)
        })
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
    #[cfg(feature = "bindings")]
    pub(crate) async fn close_when_idle(self: &Arc<Self>) -> bool {
        self.closes_when_idle.store(true, Ordering::Release);
        self.close_if_idle().await
    }

    /// What follows a send: a session that is to be closed when idle is. Goes on in the background when the caller goes away.
    /// True when none is open any more.
    pub(super) async fn close_if_idle(self: &Arc<Self>) -> bool {
        if !self.closes_when_idle.load(Ordering::Acquire) {
            return false;
        }
        // Whoever is under way does it when that has ended.
        let Ok(none_under_way) = self.sends.clone().try_write_owned() else { return false };
        let this = self.clone();
        let closing = self.runtime.spawn(async move {
            let _none_under_way = none_under_way;
            let closed = this.close(&StepLog::new(this.connection.account.on_step.clone())).await;
            if let Err(error) = &closed {
                tracing::warn!(target: "send_im", %error, "the session could not be closed");
                // Nothing is heard of in it any more, so the next send needs another one.
                if let Ok(mut open) = this.open.try_lock() {
                    open.take();
                }
            }
            closed.is_ok()
        });
        closing.await.unwrap_or(false)
    }

    /// Deletes an application that is given up, in the background: a proxy may have said in the server's place that it
    /// is gone. What still waits in it is waited for; each wait ends with its send's timeout at the latest, or with the
    /// session.
    pub(super) fn discard(&self, open: Option<Arc<Application>>) {
        let Some(open) = open else { return };
        let (connection, ended) = (self.connection.clone(), self.ended.clone());
        let delete = async move {
            let unwanted = async {
                while open.awaited.is_waiting() {
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
}
