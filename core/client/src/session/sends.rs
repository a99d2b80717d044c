//! The sends in flight: signing out waits for them, and can cancel them.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::OwnedRwLockReadGuard;
use tokio_util::sync::CancellationToken;

use super::{Session, signed_out};
use crate::error::Result;

impl Session {
    /// The send counts as in flight from this call, before the future is polled. The future waits while an idle session is being
    /// closed.
    ///
    /// # Errors
    /// `closed` once the client is signed out.
    pub(crate) fn begin(self: &Arc<Self>) -> impl Future<Output = Result<SendGuard>> + Send + use<> {
        let session = self.clone();
        let begun = self.sends.clone().try_read_owned();
        let begun = begun.map(|sends| SendGuard { session: session.clone(), sends: Some(sends) });
        let late = self.signed_out.load(Ordering::Acquire);
        async move {
            match begun {
                _ if late => Err(signed_out()),
                Ok(begun) => Ok(begun),
                Err(_) => {
                    let sends = Some(session.sends.clone().read_owned().await);
                    let begun = SendGuard { session, sends };
                    if begun.session.signed_out.load(Ordering::Acquire) {
                        Err(signed_out())
                    } else {
                        Ok(begun)
                    }
                }
            }
        }
    }

    /// Ends the sends in flight; later ones find the client signed out.
    pub(crate) fn cancel_all(&self) {
        self.signed_out.store(true, Ordering::Release);
        self.cancelled.cancel();
    }

    /// A token for one send, which [`cancel_all`](Self::cancel_all) cancels too.
    pub(crate) fn cancellation(&self) -> CancellationToken {
        self.cancelled.child_token()
    }

    /// Returns once the sends in flight are cancelled.
    pub(crate) async fn is_cancelled(&self) {
        self.cancelled.cancelled().await;
    }
}

/// A send in flight, from its call to its end. Signing out waits for it.
pub(crate) struct SendGuard {
    session: Arc<Session>,
    sends: Option<OwnedRwLockReadGuard<()>>,
}

impl SendGuard {
    /// The send has ended. Returns when the session is closed, where it is to be closed when idle.
    pub(crate) async fn end(mut self) {
        self.sends = None;
        self.session.close_if_idle().await;
    }
}

impl Drop for SendGuard {
    fn drop(&mut self) {
        // The caller has gone away: a session to be closed when idle is closed in the background.
        if self.sends.take().is_some() && self.session.closes_when_idle.load(Ordering::Acquire) {
            let session = self.session.clone();
            let closing = async move { session.close_if_idle().await };
            self.session.connection.account.background.spawn_on(closing, &self.session.runtime);
        }
    }
}
