//! How a session follows its account to another server.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Session;
use super::application::Application;
use crate::discovery;
use crate::steps::{StepLog, origin};

/// How long a send waits for discovery while its own server has not failed.
const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(10);

impl Session {
    /// True when `lost`, whose server is unreachable, is no longer the session's application: another send has replaced it, or
    /// discovery now leads elsewhere. A discovery after `since`, when the send began, is not repeated.
    pub(crate) async fn has_moved(
        &self,
        lost: &Arc<Application>,
        since: Instant,
        log: &StepLog,
        deadline: Instant,
    ) -> bool {
        let Ok(mut slot) = timeout_at(deadline, self.open.lock()).await else { return false };
        if !slot.as_ref().is_some_and(|open| Arc::ptr_eq(open, lost)) {
            return true;
        }
        let asked = *self.home.asked();
        if asked.is_some_and(|asked| asked >= since)
            || !self.discovery_leads_elsewhere(lost, log, deadline).await
        {
            return false;
        }
        self.abandon(slot.take());
        true
    }

    /// True when the home pool was in doubt and is not that of `open`.
    pub(super) async fn account_has_moved(
        &self,
        open: &Application,
        log: &StepLog,
        deadline: Instant,
    ) -> bool {
        self.home.stale.swap(false, Ordering::AcqRel)
            && self
                .discovery_leads_elsewhere(open, log, deadline.min(Instant::now() + DISCOVERY_TIMEOUT))
                .await
    }

    /// Discovers the pool again. If that fails, nothing changes.
    async fn discovery_leads_elsewhere(&self, open: &Application, log: &StepLog, deadline: Instant) -> bool {
        let found = discovery::locate(&self.connection, self.root.as_ref(), log, deadline).await;
        *self.home.asked() = Some(Instant::now());
        let Ok(url) = found else { return false };
        let elsewhere = origin(&url) != origin(&open.created_at);
        self.connection.account.shared.pools.put(discovery::cache_key(&self.connection), url);
        elsewhere
    }

    /// Abandons an application whose server is no longer the account's home pool.
    pub(super) fn abandon(&self, open: Option<Arc<Application>>) {
        if let Some(open) = &open {
            open.awaited.close("the account has moved to another server");
        }
        self.discard(open);
    }
}
