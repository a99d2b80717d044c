//! How fast the event channel is polled: a server whose responses come fast and say nothing is polled less often.

use std::time::Duration;

use tokio::time::Instant;

use send_im_ucwa::events::Batch;
use send_im_ucwa::router::EventRouter;

/// The time between two polls while they are throttled.
pub(super) const THROTTLE_INTERVAL: Duration = Duration::from_secs(1);

/// The shortest time a server holds a poll before it responds without an event. Source: events reference.
const MIN_WAIT: Duration = Duration::from_secs(5);

/// Empty responses, faster than that and in a row, tolerated before polling is throttled.
const MAX_EMPTY: u32 = 3;

/// Responses per second tolerated while no send waits for one.
const MAX_PER_SECOND: u32 = 100;

/// Irrelevant responses tolerated in a burst; more than that are taken at one per second.
const MAX_IRRELEVANT: u32 = 10;

/// Relevant responses expected per send. A server reports an invitation in about five.
const MAX_PER_SEND: u64 = 20;

/// What a response contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// No event.
    Nothing,
    /// Events that concern no send.
    Irrelevant,
    /// An event that a send waits for, or that the next one needs.
    Relevant,
}

impl Content {
    pub(super) fn of(batch: &Batch, router: &EventRouter) -> Self {
        match batch.events.as_slice() {
            [] => Content::Nothing,
            events if events.iter().any(|event| router.concerns(event)) => Content::Relevant,
            _ => Content::Irrelevant,
        }
    }
}

/// Decides when polling is throttled.
pub(super) struct PollThrottle {
    last: Instant,
    empty: u32,
    second: Instant,
    idle: u32,
    /// When the irrelevant responses so far are paid off, at one per second.
    irrelevant: Instant,
    begun: u64,
    /// How many relevant responses the sends so far still account for.
    expected: u64,
}

impl PollThrottle {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { last: now, empty: 0, second: now, idle: 0, irrelevant: now, begun: 0, expected: MAX_PER_SEND }
    }

    /// True when the next poll has to wait. `waiting`: a send waits for an event, so polling may be as fast as the server.
    /// `begun`: how many invitations and messages were begun so far.
    pub(super) fn is_too_fast(&mut self, content: Content, waiting: bool, begun: u64) -> bool {
        let now = Instant::now();
        let hurried = now - self.last < MIN_WAIT;
        self.last = now;
        self.empty = if content == Content::Nothing && hurried { self.empty + 1 } else { 0 };
        if now - self.second >= Duration::from_secs(1) {
            (self.second, self.idle) = (now, 0);
        }
        self.idle += u32::from(!waiting);
        self.expected += MAX_PER_SEND * (begun - self.begun);
        self.begun = begun;
        // More relevant responses than the sends account for count as irrelevant.
        let irrelevant =
            content == Content::Irrelevant || (content == Content::Relevant && self.expected == 0);
        if content == Content::Relevant {
            self.expected = self.expected.saturating_sub(1);
        }
        if irrelevant {
            self.irrelevant = self.irrelevant.max(now) + THROTTLE_INTERVAL;
        }
        self.empty > MAX_EMPTY
            || self.idle > MAX_PER_SECOND
            || (irrelevant && self.irrelevant > now + THROTTLE_INTERVAL * MAX_IRRELEVANT)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_channel_that_answers_at_once_with_nothing_is_slowed_down() {
        let mut throttle = PollThrottle::new();
        let slowed: Vec<bool> = (0..6).map(|_| throttle.is_too_fast(Content::Nothing, true, 1)).collect();
        assert_eq!(slowed, [false, false, false, true, true, true]);
        sleep(MIN_WAIT).await;
        assert!(!throttle.is_too_fast(Content::Nothing, true, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_answers_at_once_with_what_concerns_nobody_is_too() {
        let mut throttle = PollThrottle::new();
        let burst = MAX_IRRELEVANT as usize;
        assert_eq!((0..100).position(|_| throttle.is_too_fast(Content::Irrelevant, true, 1)), Some(burst));
        sleep(THROTTLE_INTERVAL * 2).await;
        assert_eq!((0..100).position(|_| throttle.is_too_fast(Content::Irrelevant, true, 1)), Some(1));
        // Relevant responses in between are not slowed down.
        assert!(!throttle.is_too_fast(Content::Relevant, true, 1));
        assert!(throttle.is_too_fast(Content::Irrelevant, true, 1));
        // One per second is never throttled.
        sleep(THROTTLE_INTERVAL * 100).await;
        for _ in 0..1000 {
            assert!(!throttle.is_too_fast(Content::Irrelevant, true, 1));
            sleep(THROTTLE_INTERVAL).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn events_are_taken_as_fast_as_they_come_while_a_send_waits() {
        let mut throttle = PollThrottle::new();
        assert!((0..10_000).all(|n| !throttle.is_too_fast(Content::Relevant, true, n / MAX_PER_SEND)));
        let mut throttle = PollThrottle::new();
        assert!((0..MAX_PER_SECOND).all(|n| !throttle.is_too_fast(Content::Relevant, false, n.into())));
        assert!(throttle.is_too_fast(Content::Relevant, false, MAX_PER_SECOND.into()));
        sleep(Duration::from_secs(1)).await;
        assert!(!throttle.is_too_fast(Content::Relevant, false, MAX_PER_SECOND.into()));
    }

    #[tokio::test(start_paused = true)]
    async fn of_one_send_there_is_not_for_ever_something_to_tell() {
        let mut throttle = PollThrottle::new();
        let told = 2 * MAX_PER_SEND as usize + MAX_IRRELEVANT as usize;
        assert_eq!((0..1000).position(|_| throttle.is_too_fast(Content::Relevant, true, 1)), Some(told));
    }
}
