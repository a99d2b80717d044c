//! The event channel: exactly one pending GET an application. Sources: EventChannelDetails, EventsInUCWA.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::Method;
use send_im_ucwa::events::{Batch, Continue, Event};
use send_im_ucwa::hypermedia::Resource;
use send_im_ucwa::verdict::{self, Verdict};
use tokio::time::{Instant, sleep};
use url::Url;

use super::application::Application;
use super::ending::Ended;
use super::pace::{Pace, STUCK_PAUSE, Told};
use crate::account::Credential;
use crate::error::{Error, ErrorKind};
use crate::http::{Answer, Request};
use crate::reasons::session_ended;
use crate::sign_in::AuthenticatedHttp;
use crate::steps::{Step, StepLog};
use send_im_ucwa::router::EventRouter;

/// The server answers an empty request after 180 s; a read that gives up earlier would lose events. Source: events reference.
const READ_DEADLINE: Duration = Duration::from_secs(210);

/// The longest pause between attempts after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause a server can ask for. A gap of 15 minutes ends the application. Source: MeDashboard.
const LONGEST_POLL_GAP: Duration = Duration::from_secs(30);

/// So many resources that the events of one answer only name are fetched.
const MOST_FETCHES: usize = 256;

/// So many 404 answers without a reason in a row mean that the application is gone.
const MOST_UNEXPLAINED: u32 = 3;

/// After so many requests in a row that found nobody the server counts as out of reach.
const MAX_FAILURES: u32 = 3;

/// How long fetching a resource that an event only names may take.
const FETCH_DEADLINE: Duration = Duration::from_secs(10);

/// How often such a resource is asked for.
const FETCH_ATTEMPTS: u32 = 3;

/// The pause between these attempts.
const FETCH_PAUSE: Duration = Duration::from_millis(200);

/// So many requests for events that were not answered are expected to be delivered late at most.
const MAX_LATE: u32 = 4;

/// So many sign-ins in a row that a server rejected end the application. A password is not tried for ever: directories lock
/// accounts.
const MAX_REJECTIONS: u32 = 2;

/// How the pending GET is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polling {
    /// Always one: a signed-in client.
    Always,
    /// Only while a send waits: a one-call send, which so needs a single connection.
    WhileWaiting,
}

/// Keeps the channel of one application until it ends.
pub(crate) struct Channel {
    pub(crate) connection: Arc<AuthenticatedHttp>,
    pub(crate) application: Arc<Application>,
    pub(crate) polling: Polling,
    /// Requests for events that the pool has not answered: a proxy may deliver them late, in the place of a newer one.
    pub(crate) unanswered: AtomicU32,
}

enum Turn {
    Batch(Batch),
    Ended(Ended),
}

impl Channel {
    /// Polls until the channel ends, then ends every wait.
    pub(crate) async fn run(self) {
        let ended = self.poll().await;
        tracing::debug!(target: "send_im", ?ended, "the event channel ended");
        let why = match &ended {
            Ended::Gone => "the server has ended the session",
            Ended::Failed(_) | Ended::ForGood(_) => "the event channel broke off",
        };
        self.application.ending.set(ended);
        self.application.awaited.close(why);
    }

    async fn poll(&self) -> Ended {
        let awaited = &self.application.awaited;
        let mut url = self.application.events.clone();
        let mut early: Option<Turn> = None;
        let mut mark = awaited.look(EventRouter::mark);
        let mut pace = Pace::new();
        let mut stuck = false;
        // What is waited for first is an invitation, and who waits for it is known before it is posted.
        let mut rung = self.polling == Polling::Always;
        loop {
            while early.is_none() && self.polling == Polling::WhileWaiting && !(rung && awaited.is_waiting())
            {
                awaited.poll_requested.notified().await;
                rung = true;
            }
            let batch = match early.take() {
                Some(Turn::Batch(batch)) => batch,
                Some(Turn::Ended(ended)) => return ended,
                None => {
                    mark = awaited.look(EventRouter::mark);
                    match self.get(&url, stuck).await {
                        Turn::Batch(batch) => batch,
                        Turn::Ended(ended) => return ended,
                    }
                }
            };
            let next = match &batch.then {
                Continue::Next(href) | Continue::Resume(href) | Continue::Resync(href) => {
                    self.application.url(href)
                }
                Continue::Same => None,
            };
            // The usual answer leads on. One that does not is asked again, but not in a hurry.
            stuck = next.as_ref().is_none_or(|next| *next == url) || {
                let (told, begun) = awaited.look(|router| (Told::by(&batch, router), router.mark()));
                pace.is_too_fast(told, awaited.is_waiting(), begun)
            };
            url = next.unwrap_or(url);
            match batch.then {
                Continue::Resume(_) => awaited.update(EventRouter::lose_conversations),
                // Pending sends may still end; what was known of conversations may be stale.
                Continue::Resync(_) => awaited.update(EventRouter::mark_conversations_stale),
                Continue::Next(_) | Continue::Same => {}
            }
            // After a resume the conversations were shut down, with what was pending in them when this GET went out.
            let shut_down = matches!(batch.then, Continue::Resume(_)).then_some(mark);
            // The next GET goes out before the batch is worked on; the events are worked on in order.
            match self.polling {
                Polling::Always => {
                    mark = awaited.look(EventRouter::mark);
                    let (next, ()) =
                        tokio::join!(biased; self.get(&url, stuck), self.apply(batch.events, shut_down));
                    early = Some(next);
                }
                Polling::WhileWaiting => self.apply(batch.events, shut_down).await,
            }
        }
    }

    /// One GET, repeated through everything that may pass. The server answers a repeated GET with the same events.
    async fn get(&self, url: &Url, stuck: bool) -> Turn {
        let delays = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(LONGEST_PAUSE)
            .without_max_times();
        let mut waits = delays.build();
        let (mut unexplained, mut failures, mut rejections) = (0, 0, 0);
        if stuck {
            tokio::select! {
                () = sleep(STUCK_PAUSE) => {}
                // A send begins: what it waits for is not put off because of what nobody waited for.
                () = self.application.awaited.poll_requested.notified() => {}
            }
        }
        loop {
            let request =
                Request::new(Method::GET, url.clone(), Step::Confirm, Instant::now() + READ_DEADLINE);
            let mut pause = waits.next().unwrap_or(LONGEST_PAUSE);
            let one_more = |late: u32| Some((late + 1).min(MAX_LATE));
            let _ = self.unanswered.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
            let quiet = StepLog::quiet();
            let answered = tokio::select! {
                answered = self.connection.call(request, &quiet) => answered,
                () = self.application.events_are_silent() => continue,
            };
            if matches!(&answered, Ok(answer) if answer.status == 200 || answer.speaker().is_pool()) {
                self.one_is_late();
            }
            let nobody = matches!(&answered, Err(failure) if failure.error.kind() == ErrorKind::Network);
            failures = if nobody { failures + 1 } else { 0 };
            self.application.set_unreachable(failures >= MAX_FAILURES);
            match answered {
                Ok(answer) => match self.turn_of(&answer, &mut unexplained) {
                    Ok(turn) => return turn,
                    // A longer silence would end the application.
                    Err(wait) => pause = pause.max(wait).min(LONGEST_POLL_GAP),
                },
                Err(failure) if self.is_final(&failure.error, url) => {
                    return Turn::Ended(Ended::ForGood(failure.error));
                }
                Err(failure) => {
                    rejections += u32::from(self.is_rejected(&failure.error));
                    if rejections == MAX_REJECTIONS {
                        return Turn::Ended(Ended::Failed(failure.error));
                    }
                    tracing::debug!(target: "send_im", error = %failure.error, "the event channel is interrupted");
                }
            }
            sleep(pause).await;
        }
    }

    /// What an answer means for the channel, after so many `unexplained` ones.
    ///
    /// # Errors
    /// How long the server wants to be left alone before it is asked again, where the answer decides nothing.
    fn turn_of(&self, answer: &Answer, unexplained: &mut u32) -> Result<Turn, Duration> {
        let wait = answer.retry_after().unwrap_or_default();
        match answer.verdict(verdict::Request::Events) {
            Verdict::Done => Batch::parse(&answer.body).map(Turn::Batch).map_err(|why| {
                tracing::debug!(target: "send_im", %why, "an event answer that is none");
                Duration::ZERO
            }),
            // It is this client's own request that has taken over: the next one takes over again.
            Verdict::Replaced { .. } if self.one_is_late() => {
                tracing::debug!(target: "send_im", "a request for events was delivered late");
                Err(Duration::ZERO)
            }
            Verdict::Replaced { certain: true } | Verdict::Over | Verdict::Refused => {
                Ok(Turn::Ended(Ended::ForGood(session_ended(answer))))
            }
            Verdict::Gone { certain: true } => Ok(Turn::Ended(Ended::Gone)),
            Verdict::Gone { certain: false } => {
                *unexplained += 1;
                if *unexplained >= MOST_UNEXPLAINED { Ok(Turn::Ended(Ended::Gone)) } else { Err(wait) }
            }
            _ => Err(wait),
        }
    }

    /// Takes one off the requests that may be delivered late, if there is one.
    fn one_is_late(&self) -> bool {
        let less = |late: u32| late.checked_sub(1);
        self.unanswered.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    /// True where the token service has refused the credential itself: no waiting mends that.
    fn is_final(&self, error: &Error, url: &Url) -> bool {
        error.kind() == ErrorKind::SignInRefused && self.connection.is_credential_refused(url)
    }

    /// True where a sign-in led nowhere. A gateway may have asked for it in the pool's place, and a program's token source may have
    /// a bad moment.
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
            // All that needs no fetch at once, so that whoever waits is woken once.
            awaited.update(|router| {
                while let Some(event) =
                    events.next_if(|e| fetches == MOST_FETCHES || !router.needs_resource(e))
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

    /// Fetches a resource that an event only names. Who accepted a message stands in it alone.
    async fn fetch(&self, href: &str) -> Option<Resource> {
        let url = self.application.url(href)?;
        let deadline = Instant::now() + FETCH_DEADLINE;
        for attempt in 0..FETCH_ATTEMPTS {
            if attempt > 0 {
                sleep(FETCH_PAUSE).await;
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
