//! The event channel: exactly one pending GET an application. Sources: EventChannelDetails, EventsInUCWA.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::FutureExt;
use reqwest::Method;
use send_im_ucwa::events::{Batch, Continue, Event};
use send_im_ucwa::hypermedia::Resource;
use send_im_ucwa::router::EventRouter;
use send_im_ucwa::verdict::{self, Verdict};
use tokio::time::{Instant, sleep};
use url::Url;

use super::application::{Application, ChannelEnd};
use super::poll_throttle::{Content, PollThrottle, THROTTLE_INTERVAL};
use crate::account::Credential;
use crate::error::{Error, ErrorKind, Sent, failed_inside};
use crate::http::{Answer, Request};
use crate::reasons::session_ended;
use crate::sign_in::AuthenticatedHttp;
use crate::steps::{Step, StepLog};

/// The server answers an empty request after 180 s; a read that gives up earlier would lose events. Source: events reference.
const POLL_TIMEOUT: Duration = Duration::from_secs(210);

/// The longest time between two attempts after failures.
const MAX_RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// The longest Retry-After that is obeyed: 15 minutes without a poll end the application. Source: MeDashboard.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

/// Resources fetched per response because its events only name them.
const MAX_FETCHES: usize = 256;

/// Unexplained 404 responses in a row after which the application counts as gone.
const MAX_UNEXPLAINED: u32 = 3;

/// Failed connections in a row after which the server counts as unreachable.
const MAX_FAILURES: u32 = 3;

/// How long fetching a resource that an event only names may take, with all attempts.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// Attempts to fetch such a resource.
const FETCH_ATTEMPTS: u32 = 3;

/// The time between two of these attempts.
const FETCH_INTERVAL: Duration = Duration::from_millis(200);

/// Unanswered polls that a proxy is expected to deliver late.
const MAX_LATE_POLLS: u32 = 4;

/// Rejected sign-ins in a row that end the application. A password is not tried for ever: directories lock accounts.
const MAX_REJECTIONS: u32 = 2;

/// When the pending GET is kept up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polling {
    /// Always one: a signed-in client.
    Always,
    /// Only while a send waits: a one-call send, which so needs a single connection.
    WhileWaiting,
}

/// Polls for the events of one application until that ends.
pub(crate) struct EventChannel {
    pub(crate) connection: Arc<AuthenticatedHttp>,
    pub(crate) application: Arc<Application>,
    pub(crate) polling: Polling,
    /// Polls that the pool has not answered. A proxy may deliver one late, and it then replaces a newer one.
    pub(crate) late_polls: AtomicU32,
}

/// What came of polling once.
enum Polled {
    Batch(Batch),
    End(ChannelEnd),
}

impl EventChannel {
    /// Polls until the channel ends, then ends every wait.
    pub(crate) async fn run(self) {
        let end = unless_panicked(self.poll()).await;
        tracing::debug!(target: "send_im", ?end, "the event channel ended");
        let why = match &end {
            ChannelEnd::Gone => "the server has ended the session",
            ChannelEnd::Failed(_) | ChannelEnd::ForGood(_) => "the event channel broke off",
        };
        let _ = self.application.channel_end.set(end);
        self.application.awaited.close(why);
    }

    async fn poll(&self) -> ChannelEnd {
        let awaited = &self.application.awaited;
        let mut url = self.application.events.clone();
        let mut prefetched: Option<Polled> = None;
        // How far the router was when the pending GET was sent.
        let mut mark = awaited.look(EventRouter::mark);
        let mut throttle = PollThrottle::new();
        let mut throttled = false;
        // The first thing awaited is an invitation, which is registered before it is posted.
        let mut requested = self.polling == Polling::Always;
        loop {
            while prefetched.is_none()
                && self.polling == Polling::WhileWaiting
                && !(requested && awaited.is_waiting())
            {
                awaited.poll_requested.notified().await;
                requested = true;
            }
            let batch = match prefetched.take() {
                Some(Polled::Batch(batch)) => batch,
                Some(Polled::End(end)) => return end,
                None => {
                    mark = awaited.look(EventRouter::mark);
                    match self.get(&url, throttled).await {
                        Polled::Batch(batch) => batch,
                        Polled::End(end) => return end,
                    }
                }
            };
            let next = match &batch.then {
                Continue::Next(href) | Continue::Resume(href) | Continue::Resync(href) => {
                    self.application.url(href)
                }
                Continue::Same => None,
            };
            // A response usually leads to the next URL. One that does not is polled again, throttled.
            throttled = next.as_ref().is_none_or(|next| *next == url) || {
                let (content, begun) = awaited.look(|router| (Content::of(&batch, router), router.mark()));
                throttle.is_too_fast(content, awaited.is_waiting(), begun)
            };
            url = next.unwrap_or(url);
            match batch.then {
                Continue::Resume(_) => awaited.update(EventRouter::lose_conversations),
                // Sends in flight may still end, but what is known of conversations may be stale.
                Continue::Resync(_) => awaited.update(EventRouter::mark_conversations_stale),
                Continue::Next(_) | Continue::Same => {}
            }
            // A resume means that the conversations were shut down, with what was pending when this GET was sent.
            let shut_down = matches!(batch.then, Continue::Resume(_)).then_some(mark);
            // The next GET is sent before the batch is applied. Events are applied in order.
            match self.polling {
                Polling::Always => {
                    mark = awaited.look(EventRouter::mark);
                    let (next, ()) =
                        tokio::join!(biased; self.get(&url, throttled), self.apply(batch.events, shut_down));
                    prefetched = Some(next);
                }
                Polling::WhileWaiting => self.apply(batch.events, shut_down).await,
            }
        }
    }

    /// One GET, repeated after every failure that may pass. The server answers a repeated GET with the same events.
    async fn get(&self, url: &Url, throttled: bool) -> Polled {
        let delays = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(MAX_RETRY_INTERVAL)
            .without_max_times();
        let mut waits = delays.build();
        let (mut unexplained, mut failures, mut rejections) = (0, 0, 0);
        if throttled {
            tokio::select! {
                () = sleep(THROTTLE_INTERVAL) => {}
                // A new send is not delayed by events that nobody waited for.
                () = self.application.awaited.poll_requested.notified() => {}
            }
        }
        loop {
            let request =
                Request::new(Method::GET, url.clone(), Step::Confirm, Instant::now() + POLL_TIMEOUT);
            let mut pause = waits.next().unwrap_or(MAX_RETRY_INTERVAL);
            let one_more = |late: u32| Some((late + 1).min(MAX_LATE_POLLS));
            let _ = self.late_polls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
            let quiet = StepLog::quiet();
            // Subscribed before the request, so that no restart is missed.
            let restarted = self.application.poll_restarted();
            let answered = tokio::select! {
                answered = self.connection.call(request, &quiet) => answered,
                () = restarted => continue,
            };
            if matches!(&answered, Ok(answer) if answer.status == 200 || answer.speaker().is_pool()) {
                self.take_late_poll();
            }
            let unreachable = matches!(&answered, Err(failure) if failure.error.kind() == ErrorKind::Network);
            failures = if unreachable { failures + 1 } else { 0 };
            self.application.set_unreachable(failures >= MAX_FAILURES);
            match answered {
                Ok(answer) => match self.judge(&answer, &mut unexplained) {
                    Ok(turn) => return turn,
                    // A longer silence would end the application.
                    Err(wait) => pause = pause.max(wait).min(MAX_RETRY_AFTER),
                },
                Err(failure) if self.is_refused_for_good(&failure.error, url) => {
                    return Polled::End(ChannelEnd::ForGood(failure.error));
                }
                Err(failure) => {
                    rejections += u32::from(self.is_rejected(&failure.error));
                    if rejections == MAX_REJECTIONS {
                        return Polled::End(ChannelEnd::Failed(failure.error));
                    }
                    tracing::debug!(target: "send_im", error = %failure.error, "the event channel is interrupted");
                }
            }
            sleep(pause).await;
        }
    }

    /// What a response means for the channel. `unexplained` counts the 404 responses without a reason.
    ///
    /// # Errors
    /// How long the server asks to wait, where the response decides nothing.
    fn judge(&self, answer: &Answer, unexplained: &mut u32) -> Result<Polled, Duration> {
        let wait = answer.retry_after().unwrap_or_default();
        match answer.verdict(verdict::Request::Events) {
            Verdict::Done => Batch::parse(&answer.body).map(Polled::Batch).map_err(|why| {
                tracing::debug!(target: "send_im", %why, "an event answer that is none");
                Duration::ZERO
            }),
            // This client's own late poll has replaced the newer one; the next poll replaces it again.
            Verdict::Replaced { .. } if self.take_late_poll() => {
                tracing::debug!(target: "send_im", "a request for events was delivered late");
                Err(Duration::ZERO)
            }
            Verdict::Replaced { certain: true } | Verdict::Over | Verdict::Refused => {
                Ok(Polled::End(ChannelEnd::ForGood(session_ended(answer))))
            }
            Verdict::Gone { certain: true } => Ok(Polled::End(ChannelEnd::Gone)),
            Verdict::Gone { certain: false } => {
                *unexplained += 1;
                if *unexplained >= MAX_UNEXPLAINED { Ok(Polled::End(ChannelEnd::Gone)) } else { Err(wait) }
            }
            _ => Err(wait),
        }
    }

    /// Takes one off the late polls. False when there is none.
    fn take_late_poll(&self) -> bool {
        let less = |late: u32| late.checked_sub(1);
        self.late_polls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    /// True when the token service has refused the credential itself; retrying does not help.
    fn is_refused_for_good(&self, error: &Error, url: &Url) -> bool {
        error.kind() == ErrorKind::SignInRefused && self.connection.is_credential_refused(url)
    }

    /// True when a sign-in failed. A gateway may have asked for it in the pool's place, and a token source may fail once.
    fn is_rejected(&self, error: &Error) -> bool {
        match error.kind() {
            ErrorKind::SignInRefused => {
                matches!(self.connection.account.credential, Credential::Password { .. })
            }
            ErrorKind::SignInUnsupported | ErrorKind::UntrustedHost => true,
            _ => false,
        }
    }

    async fn apply(&self, events: Vec<Event>, shut_down: Option<u64>) {
        let awaited = &self.application.awaited;
        let mut events = events.into_iter().peekable();
        let mut fetches = 0;
        loop {
            // Events that need no fetch are applied together, so that waiting sends are woken once.
            awaited.update(|router| {
                while let Some(event) =
                    events.next_if(|e| fetches == MAX_FETCHES || !router.needs_resource(e))
                {
                    router.apply(&event, event.resource.as_ref());
                }
            });
            let Some(event) = events.next() else { break };
            fetches += 1;
            let resource = self.fetch(&event.href).await;
            awaited.update(|router| router.apply(&event, resource.as_ref()));
        }
        if let Some(mark) = shut_down {
            let why = "the server shut the conversations down after a silence";
            awaited.update(|router| router.lose_before(mark, why));
        }
    }

    /// Fetches a resource that an event only names. Only the resource says who accepted.
    async fn fetch(&self, href: &str) -> Option<Resource> {
        let url = self.application.url(href)?;
        let deadline = Instant::now() + FETCH_TIMEOUT;
        for attempt in 0..FETCH_ATTEMPTS {
            if attempt > 0 {
                sleep(FETCH_INTERVAL).await;
            }
            let request = Request::new(Method::GET, url.clone(), Step::Confirm, deadline);
            let Ok(answer) = self.connection.call(request, &StepLog::quiet()).await else { continue };
            match (answer.verdict(verdict::Request::Resource), Resource::parse(&answer.body)) {
                (Verdict::Done, Ok(resource)) => return Some(resource),
                (Verdict::Gone { certain: true }, _) => return None,
                _ => {}
            }
        }
        None
    }
}

/// The channel's end. One that panics must not leave the client without events: what waits fails, and the next send opens another
/// session. Not an `async fn`, whose future would hold the polling twice.
fn unless_panicked(polling: impl Future<Output = ChannelEnd>) -> impl Future<Output = ChannelEnd> {
    let ended = AssertUnwindSafe(polling).catch_unwind();
    ended.map(|end| end.unwrap_or_else(|_| ChannelEnd::Failed(failed_inside(Sent::No))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_channel_that_panics_ends_what_waits_and_not_the_client() {
        let end = unless_panicked(async { panic!("as an error of ours would") }).await;
        assert!(matches!(end, ChannelEnd::Failed(_)), "{end:?}");
    }
}
