//! When to send a request again. Only requests that may be repeated go through here.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use send_im_ucwa::verdict::{Pause, Verdict};
use tokio::time::{Instant, sleep_until};

use crate::error::{Error, ErrorKind, Result};
use crate::http::Answer;

/// Retries after broken connections and server failures. Where a server asks to wait, only the deadline ends the retries.
const MAX_RETRIES: usize = 3;

/// A host that refuses connections may be restarting: it is tried once more after this time.
const REFUSED_CONNECTION_PAUSE: Duration = Duration::from_millis(500);

/// Jittered exponential back-off under a deadline.
pub(crate) struct Retry {
    deadline: Instant,
    failures: ExponentialBackoff,
    refused_connections: ExponentialBackoff,
    /// Where the server asks to wait.
    throttled: ExponentialBackoff,
    /// The error of the last attempt. It says more than that the next one did not end before the deadline.
    last_error: Option<Error>,
}

impl Retry {
    pub(crate) fn new(deadline: Instant) -> Self {
        let delays = ExponentialBuilder::new().with_jitter().with_min_delay(Duration::from_millis(150));
        Self {
            deadline,
            failures: delays.with_max_times(MAX_RETRIES).build(),
            refused_connections: delays.with_min_delay(REFUSED_CONNECTION_PAUSE).with_max_times(1).build(),
            throttled: delays.with_max_delay(Duration::from_secs(10)).without_max_times().build(),
            last_error: None,
        }
    }

    /// As [`new`](Self::new), with attempts until the deadline: for work in the background, which nobody waits for.
    pub(crate) fn persistent(deadline: Instant) -> Self {
        let delays = ExponentialBuilder::new().with_jitter().with_min_delay(Duration::from_millis(150));
        let failures = delays.with_max_delay(Duration::from_secs(1)).without_max_times().build();
        Self { failures, ..Self::new(deadline) }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Waits before the next attempt after a request without an answer.
    ///
    /// # Errors
    /// The [`final_error`](Self::final_error) when no further attempt makes sense.
    pub(crate) async fn after_failure(&mut self, error: Error) -> Result<()> {
        match self.delay_after(&error).filter(|_| error.kind() == ErrorKind::Network) {
            Some(delay) => {
                self.last_error = Some(error.clone());
                self.pause(delay, error).await
            }
            None => Err(self.final_error(error)),
        }
    }

    /// How long to wait after this failure; `None` after the last attempt, or where another changes nothing.
    fn delay_after(&mut self, error: &Error) -> Option<Duration> {
        match error.source().and_then(|source| source.downcast_ref()).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => self.refused_connections.next(),
            // The host name does not exist, or a proxy does not permit the connection.
            Some(io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => None,
            _ => self.failures.next(),
        }
    }

    /// Waits before the next attempt after an answer, if its verdict allows one; `error` is the error of the answer.
    ///
    /// # Errors
    /// `error` itself when the verdict allows none, after the last attempt, and when the wait would end after the deadline.
    pub(crate) async fn after_answer(
        &mut self,
        answer: &Answer,
        verdict: Verdict,
        error: Error,
    ) -> Result<()> {
        let delay = match verdict {
            // At least the own back-off, also where the server asks for no wait.
            Verdict::Retry(Pause::AsAsked) => {
                self.throttled.next().map(|backoff| backoff.max(answer.retry_after().unwrap_or_default()))
            }
            Verdict::Retry(Pause::BackOff) => self.failures.next(),
            _ => None,
        };
        match delay {
            Some(delay) => {
                self.last_error = Some(error.clone());
                self.pause(delay, error).await
            }
            None => Err(error),
        }
    }

    /// The error to return: for an attempt that the deadline cut off, that of the attempt before.
    pub(crate) fn final_error(&mut self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::Timeout => self.last_error.take().unwrap_or(error),
            _ => error,
        }
    }

    /// Waits `delay`, or fails with `error` at once if that would end after the deadline.
    pub(crate) async fn pause(&mut self, delay: Duration, error: Error) -> Result<()> {
        let until = Instant::now() + delay;
        if until >= self.deadline {
            return Err(self.final_error(error));
        }
        sleep_until(until).await;
        Ok(())
    }

    /// Waits before the next attempt, whatever the kind of `error`.
    ///
    /// # Errors
    /// The [`final_error`](Self::final_error) after the last attempt.
    pub(crate) async fn after_any(&mut self, error: Error) -> Result<()> {
        match self.delay_after(&error) {
            Some(delay) => {
                if error.kind() != ErrorKind::Timeout {
                    self.last_error = Some(error.clone());
                }
                self.pause(delay, error).await
            }
            None => Err(self.final_error(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::steps::Step;

    #[tokio::test(start_paused = true)]
    async fn attempts_are_apart_by_growing_jittered_times() {
        let broken = || Error::new(ErrorKind::Network, "The connection broke.");
        let mut first = Vec::new();
        for _ in 0..20 {
            let mut retry = Retry::new(Instant::now() + Duration::from_secs(60));
            for min in [150, 300, 600].map(Duration::from_millis) {
                let before = Instant::now();
                retry.after_failure(broken()).await.unwrap();
                // The clock of the test is exact to the millisecond.
                let waited = before.elapsed() + Duration::from_millis(2);
                assert!(waited >= min && waited <= min * 2 + Duration::from_millis(5), "{waited:?}");
                if min == Duration::from_millis(150) {
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
        for (kind, retries) in [
            (io::ErrorKind::ConnectionRefused, 1),
            (io::ErrorKind::NotFound, 0),
            (io::ErrorKind::ConnectionReset, MAX_RETRIES),
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
                assert_eq!(again, retries, "{kind:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_cut_off_by_the_deadline_fails_with_the_error_before() {
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
