//! How a session follows its account to another pool.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::MutexGuard;
use tokio::time::{Instant, timeout_at};

use super::Session;
use super::application::Application;
use super::home_pool::casts_doubt;
use crate::discovery;
use crate::error::{ErrorKind, Result};
use crate::receipt::Receipt;
use crate::steps::{StepLog, origin};

/// How long a send waits for discovery while its own server has not failed.
const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(10);

impl Session {
    /// Records it when the outcome of a send casts doubt on the home pool.
    pub(crate) fn doubt_home_pool_after(&self, result: &Result<Receipt>) {
        if result.as_ref().is_err_and(casts_doubt) {
            self.forget_server();
            *self.home.doubted() = Some(Instant::now());
        }
    }

    /// Discovers the home pool again, which is in doubt. Other sends go on meanwhile.
    pub(super) async fn follow_home_pool(&self, log: &StepLog, deadline: Instant) {
        let Ok(discovered) = self.home.discovered.try_lock() else { return };
        // Locked while another application is opened, and for a moment in each send: then a later send discovers.
        let Ok(open) = self.open.try_lock().map(|open| open.clone()) else { return };
        let Some(open) = open else {
            // The next application is opened where discovery leads.
            *self.home.doubted() = None;
            return;
        };
        self.discover_again(discovered, &open, log, deadline.min(Instant::now() + DISCOVERY_TIMEOUT)).await;
    }

    /// True when `lost`, whose server is unreachable, is no longer the session's application: another send has replaced it, or
    /// discovery now leads elsewhere. A discovery after `since`, when the send began, is not repeated.
    pub(crate) async fn has_moved(
        &self,
        lost: &Arc<Application>,
        since: Instant,
        log: &StepLog,
        deadline: Instant,
    ) -> bool {
        let Ok(discovered) = timeout_at(deadline, self.home.discovered.lock()).await else { return false };
        if discovered.is_none_or(|at| at < since) && self.is_current(lost, deadline).await {
            self.discover_again(discovered, lost, log, deadline).await;
        }
        !self.is_current(lost, deadline).await
    }

    /// Abandons `application` if discovery now leads to another pool. If discovery fails, the session stays where it is.
    async fn discover_again(
        &self,
        mut discovered: MutexGuard<'_, Option<Instant>>,
        application: &Arc<Application>,
        log: &StepLog,
        deadline: Instant,
    ) {
        let begun = Instant::now();
        let found = discovery::locate(&self.connection, self.root.as_ref(), log, deadline).await;
        self.home.doubted().take_if(|doubted| *doubted <= begun);
        // A send with more time left may learn more.
        if !found.as_ref().is_err_and(|error| error.kind() == ErrorKind::Timeout) {
            *discovered = Some(Instant::now());
        }
        let Ok(url) = found else { return };
        let elsewhere = origin(&url) != origin(&application.created_at);
        self.connection.account.shared.pools.put(discovery::cache_key(&self.connection), url);
        if elsewhere {
            // If the old pool still answers, sends in it wait for their events; otherwise they end now, outcome unknown.
            let why = application.is_unreachable().then_some("the account has moved to another server");
            self.abandon(application, why, deadline).await;
        }
    }

    async fn is_current(&self, application: &Arc<Application>, deadline: Instant) -> bool {
        let open = timeout_at(deadline, self.open.lock()).await;
        open.map_or(true, |open| open.as_ref().is_some_and(|open| Arc::ptr_eq(open, application)))
    }
}
