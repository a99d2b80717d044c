//! When to ask again. Only requests that may be repeated go through here.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use send_im_ucwa::verdict::{Pause, Verdict};
use tokio::time::{Instant, sleep_until};

use crate::error::{Error, ErrorKind, Result};
use crate::http::Answer;

/// How often a request is repeated after broken connections and server failures. A server that asks to wait is asked
/// again for as long as the deadline allows.
const ATTEMPTS: usize = 3;

/// A refused connection is an answer of the host itself: a service that restarts is asked once more, after this time.
const REFUSED_PAUSE: Duration = Duration::from_millis(500);

/// Jittered exponential back-off under a deadline.
pub(crate) struct Retry {
    deadline: Instant,
    failures: ExponentialBackoff,
    refusals: ExponentialBackoff,
    waits: ExponentialBackoff,
    /// What the last attempt came to. It says more than that the next one did not end before the deadline.
    refused: Option<Error>,
}

impl Retry {
    pub(crate) fn new(deadline: Instant) -> Self {
        let delays = ExponentialBuilder::new().with_jitter().with_min_delay(Duration::from_millis(150));
        Self {
            deadline,
            failures: delays.with_max_times(ATTEMPTS).build(),
            refusals: delays.with_min_delay(REFUSED_PAUSE).with_max_times(1).build(),
            waits: delays.with_max_delay(Duration::from_secs(10)).without_max_times().build(),
            refused: None,
        }
    }

    /// Waits before the next attempt after a request without an answer.
    ///
    /// # Errors
    /// `error` itself when no further attempt makes sense, or what [`told`](Self::told) makes of it.
    pub(crate) async fn after_failure(&mut self, error: Error) -> Result<()> {
        match self.delay_after(&error).filter(|_| error.kind() == ErrorKind::Network) {
            Some(delay) => self.pause(delay, error).await,
            None => Err(self.told(error)),
        }
    }

    /// How long to wait after this failure; `None` when there were enough attempts, or where another changes nothing.
    fn delay_after(&mut self, error: &Error) -> Option<Duration> {
        match error.source().and_then(|source| source.downcast_ref()).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => self.refusals.next(),
            // The name does not exist; a proxy does not permit it.
            Some(io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => None,
            _ => self.failures.next(),
        }
    }

    /// Waits before the next attempt after an answer, where its verdict allows one; `error` is what the answer means.
    ///
    /// # Errors
    /// `error` itself when the verdict allows none, there were enough, or the deadline is nearer than the wait.
    pub(crate) async fn after_answer(
        &mut self,
        answer: &Answer,
        verdict: Verdict,
        error: Error,
    ) -> Result<()> {
        let delay = match verdict {
            // A server that asks for no wait at all is still not hammered.
            Verdict::Retry(Pause::AsAsked) => {
                self.waits.next().map(|own| own.max(answer.retry_after().unwrap_or_default()))
            }
            Verdict::Retry(Pause::BackOff) => self.failures.next(),
            _ => None,
        };
        match delay {
            Some(delay) => {
                self.refused = Some(error.clone());
                self.pause(delay, error).await
            }
            None => Err(error),
        }
    }

    /// What is told of a failure: where the deadline cut off a later attempt, what the last answer meant.
    pub(crate) fn told(&mut self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::Timeout => self.refused.take().unwrap_or(error),
            _ => error,
        }
    }

    /// Waits `delay`, or gives up with `error` when the deadline is nearer.
    pub(crate) async fn pause(&mut self, delay: Duration, error: Error) -> Result<()> {
        let until = Instant::now() + delay;
        if until >= self.deadline {
            return Err(self.told(error));
        }
        sleep_until(until).await;
        Ok(())
    }

    /// Waits before the next attempt whatever went wrong.
    ///
    /// # Errors
    /// `error` itself when there were enough attempts.
    pub(crate) async fn after_any(&mut self, error: Error) -> Result<()> {
        match self.delay_after(&error) {
            Some(delay) => {
                if error.kind() != ErrorKind::Timeout {
                    self.refused = Some(error.clone());
                }
                self.pause(delay, error).await
            }
            None => Err(self.told(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::steps::Step;

    #[tokio::test(start_paused = true)]
    async fn attempts_are_apart_by_growing_times_that_differ() {
        let broken = || Error::new(ErrorKind::Network, "The connection broke.");
        let mut first = Vec::new();
        for _ in 0..20 {
            let mut retry = Retry::new(Instant::now() + Duration::from_secs(60));
            for least in [150, 300, 600].map(Duration::from_millis) {
                let before = Instant::now();
                retry.after_failure(broken()).await.unwrap();
                // The clock of the test is exact to the millisecond.
                let waited = before.elapsed() + Duration::from_millis(2);
                assert!(waited >= least && waited <= least * 2 + Duration::from_millis(5), "{waited:?}");
                if least == Duration::from_millis(150) {
                    first.push(waited);
                }
            }
            retry.after_failure(broken()).await.unwrap_err();
        }
        first.sort();
        first.dedup();
        assert!(first.len() > 5, "programs that lost one server come back at once: {first:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_connection_is_tried_once_more_and_a_name_that_does_not_exist_is_not() {
        for (kind, most) in [
            (io::ErrorKind::ConnectionRefused, 1),
            (io::ErrorKind::NotFound, 0),
            (io::ErrorKind::ConnectionReset, ATTEMPTS),
        ] {
            let failed = || Error::new(ErrorKind::Network, "No.").with_source(io::Error::from(kind));
            for any in [false, true] {
                let mut retry = Retry::new(Instant::now() + Duration::from_secs(60));
                let mut again = 0;
                while match any {
                    true => retry.after_any(failed()).await.is_ok(),
                    false => retry.after_failure(failed()).await.is_ok(),
                } {
                    again += 1;
                }
                assert_eq!(again, most, "{kind:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_cut_off_by_the_deadline_tells_what_the_last_answer_meant() {
        let late = || Error::new(ErrorKind::Timeout, "Too late.");
        let mut retry = Retry::new(Instant::now() + Duration::from_secs(60));
        assert_eq!(retry.after_failure(late()).await.unwrap_err().kind(), ErrorKind::Timeout);
        let throttled = Error::new(ErrorKind::Throttled, "Slow down.");
        let answer = Answer {
            step: Step::Discover,
            url: Url::parse("https://pool.test/").unwrap(),
            status: 429,
            headers: Default::default(),
            body: Default::default(),
            multiplexed: false,
        };
        retry.after_answer(&answer, Verdict::Retry(Pause::AsAsked), throttled).await.unwrap();
        assert_eq!(retry.after_failure(late()).await.unwrap_err().kind(), ErrorKind::Throttled);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_deadline_is_not_begun() {
        let begun = Instant::now();
        let mut retry = Retry::new(begun + Duration::from_secs(60));
        let error = Error::new(ErrorKind::Throttled, "Slow down.");
        retry.pause(Duration::from_secs(61), error).await.unwrap_err();
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
