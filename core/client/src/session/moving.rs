//! How a session follows its account to another server.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Session;
use super::application::Application;
use crate::discovery;
use crate::steps::{StepLog, origin};

/// How long a send waits for discovery while its own server has not failed it yet.
const PATIENCE: Duration = Duration::from_secs(10);

impl Session {
    /// True when `lost`, whose server is out of reach, is the session no more: another send has replaced it, or discovery
    /// leads to another server now. `since` is when the send began; what discovery said after that holds.
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

    /// True when the home was in doubt and is another one than that of `open`.
    pub(super) async fn account_has_moved(
        &self,
        open: &Application,
        log: &StepLog,
        deadline: Instant,
    ) -> bool {
        self.home.stale.swap(false, Ordering::AcqRel)
            && self.discovery_leads_elsewhere(open, log, deadline.min(Instant::now() + PATIENCE)).await
    }

    /// Asks discovery. Without an answer everything stays as it is.
    async fn discovery_leads_elsewhere(&self, open: &Application, log: &StepLog, deadline: Instant) -> bool {
        let found = discovery::locate(&self.connection, self.root.as_ref(), log, deadline).await;
        *self.home.asked() = Some(Instant::now());
        let Ok(url) = found else { return false };
        let elsewhere = origin(&url) != origin(&open.created_at);
        self.connection.account.shared.pools.put(discovery::cache_key(&self.connection), url);
        elsewhere
    }

    /// Lets go of a session whose server is not the account's home any more.
    pub(super) fn abandon(&self, open: Option<Arc<Application>>) {
        if let Some(open) = &open {
            open.awaited.close("the account has moved to another server");
        }
        self.discard(open);
    }
}
