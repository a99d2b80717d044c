//! An invitation that may still ring: fetching it and withdrawing it, also after its send has ended.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use send_im_ucwa::hypermedia::Resource;
use send_im_ucwa::router::{InvitationProgress, Outcome};
use send_im_ucwa::verdict::{self, Verdict};
use tokio::time::{Instant, sleep_until, timeout};
use url::Url;

use super::open::OpenConversation;
use crate::http::Request;
use crate::retry::Retry;
use crate::session::Cleanup;
use crate::session::application::Application;
use crate::session::awaited_events::AwaitedInvitation;
use crate::steps::{Step, StepLog};

/// How long an event is awaited before the resource itself is fetched.
const EVENT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long it is awaited whether an invitation that was withdrawn has been accepted before.
const ACCEPTED_TIMEOUT: Duration = Duration::from_secs(10);

/// What it takes to fetch and to withdraw an invitation, also after its send has ended.
#[derive(Clone)]
pub(super) struct PendingInvitation {
    pub(super) session: Cleanup,
    pub(super) application: Arc<Application>,
    pub(super) awaited: Arc<AwaitedInvitation>,
    /// Where the invitation can be fetched: the `Location` of the response.
    pub(super) location: Option<String>,
}

impl PendingInvitation {
    /// Fetches the invitation. What it says should have come as an event, so the pending poll is replaced.
    pub(super) async fn fetch(&self, log: &StepLog, deadline: Instant) {
        let Some(url) = self.location.as_deref().and_then(|href| self.application.url(href)) else { return };
        let request = Request::new(Method::GET, url, Step::Confirm, deadline);
        let Ok(answer) = self.session.connection.call(request, log).await else { return };
        let Ok(resource) = Resource::parse(&answer.body) else { return };
        let done = answer.verdict(verdict::Request::Resource) == Verdict::Done;
        if done && self.awaited.apply_fetched(&resource) {
            self.application.restart_poll();
        }
    }

    /// Posts to the cancel link, once an event or the invitation itself has named it.
    pub(super) async fn withdraw(&self, log: &StepLog, deadline: Instant) {
        let Some(url) = self.cancel_link(log, deadline).await else { return };
        let mut retry = Retry::new(deadline);
        loop {
            let request = Request::new(Method::POST, url.clone(), Step::Invite, deadline);
            let again = match self.session.connection.call(request, log).await {
                Ok(answer) => match answer.verdict(verdict::Request::Withdrawal) {
                    Verdict::Done => return,
                    verdict => {
                        let refused = answer.refusal(Step::Invite, "withdraw the invitation");
                        retry.after_answer(&answer, verdict, refused).await
                    }
                },
                Err(failure) => retry.after_failure(failure.error).await,
            };
            if again.is_err() {
                return;
            }
        }
    }

    /// `None` when the invitation has ended, or no link is found.
    async fn cancel_link(&self, log: &StepLog, deadline: Instant) -> Option<Url> {
        loop {
            let until = (Instant::now() + EVENT_TIMEOUT).min(deadline);
            let ended = |p: &InvitationProgress| p.outcome.as_ref().is_some_and(|end| !end.is_lost());
            let named = self.awaited.when(|p| p.cancel.is_some() || ended(p));
            let fetched = async {
                sleep_until(until).await;
                self.fetch(log, deadline).await;
            };
            tokio::select! {
                biased;
                progress = named => {
                    let link = progress.cancel.as_deref().filter(|_| !ended(&progress))?;
                    return self.application.url(link);
                }
                () = fetched => {}
            }
            if Instant::now() >= deadline || self.application.has_ended() {
                return None;
            }
        }
    }

    /// Ends the conversation of an invitation that was accepted at the last moment.
    pub(super) async fn end_accepted_conversation(&self) {
        if let Ok(Outcome::Accepted { .. }) = timeout(ACCEPTED_TIMEOUT, self.awaited.outcome()).await {
            let progress = self.awaited.progress();
            drop(OpenConversation::of(&self.session, &self.application, progress, None));
        }
    }
}
