//! How fast the event channel may be asked again: a server that answers in a hurry with nothing is not asked without end.

use std::time::Duration;

use tokio::time::Instant;

use super::events::Batch;
use super::ledger::Ledger;

/// The pause before the same URL is asked again because the answer led nowhere.
pub(super) const STUCK_PAUSE: Duration = Duration::from_secs(1);

/// The shortest time a server waits for events before it answers without one. Source: events reference.
const LEAST_WAIT: Duration = Duration::from_secs(5);

/// So many answers without an event may follow each other faster than that.
const MOST_EMPTY: u32 = 3;

/// So many answers a second are taken while no send waits for any.
const MOST_A_SECOND: u32 = 100;

/// So many answers in a burst may tell nothing that concerns a send; more are taken once a second.
const MOST_IN_VAIN: u32 = 10;

/// So many answers may tell of what one send has begun. A server tells of an invitation in some five.
const MOST_OF_ONE: u64 = 20;

/// What an answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// No event.
    Nothing,
    /// Events that concern nobody here.
    InVain,
    /// Something that a send waits for, or that is kept track of for the next one.
    News,
}

impl Told {
    pub(super) fn by(batch: &Batch, ledger: &Ledger) -> Self {
        match batch.events.as_slice() {
            [] => Told::Nothing,
            events if events.iter().any(|event| ledger.concerns(event)) => Told::News,
            _ => Told::InVain,
        }
    }
}

/// Tells a server that answers in a hurry from one that waits for events.
pub(super) struct Pace {
    last: Instant,
    empty: u32,
    second: Instant,
    idle: u32,
    /// When the answers in vain are paid off, at one a second.
    in_vain: Instant,
    begun: u64,
    /// How many answers may still tell of what was begun.
    expected: u64,
}

impl Pace {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { last: now, empty: 0, second: now, idle: 0, in_vain: now, begun: 0, expected: MOST_OF_ONE }
    }

    /// True when the next request has to wait. `waiting`: a send waits for an event, so the channel may be as fast as its
    /// server. `begun`: how much the sends have begun so far.
    pub(super) fn is_too_fast(&mut self, told: Told, waiting: bool, begun: u64) -> bool {
        let now = Instant::now();
        let hurried = now - self.last < LEAST_WAIT;
        self.last = now;
        self.empty = if told == Told::Nothing && hurried { self.empty + 1 } else { 0 };
        if now - self.second >= Duration::from_secs(1) {
            (self.second, self.idle) = (now, 0);
        }
        self.idle += u32::from(!waiting);
        self.expected += MOST_OF_ONE * (begun - self.begun);
        self.begun = begun;
        // Also of what is waited for there is not for ever something to tell.
        let in_vain = told == Told::InVain || (told == Told::News && self.expected == 0);
        if told == Told::News {
            self.expected = self.expected.saturating_sub(1);
        }
        if in_vain {
            self.in_vain = self.in_vain.max(now) + STUCK_PAUSE;
        }
        self.empty > MOST_EMPTY
            || self.idle > MOST_A_SECOND
            || (in_vain && self.in_vain > now + STUCK_PAUSE * MOST_IN_VAIN)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_channel_that_answers_at_once_with_nothing_is_slowed_down() {
        let mut pace = Pace::new();
        let slowed: Vec<bool> = (0..6).map(|_| pace.is_too_fast(Told::Nothing, true, 1)).collect();
        assert_eq!(slowed, [false, false, false, true, true, true]);
        sleep(LEAST_WAIT).await;
        assert!(!pace.is_too_fast(Told::Nothing, true, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_answers_at_once_with_what_concerns_nobody_is_too() {
        let mut pace = Pace::new();
        let burst = MOST_IN_VAIN as usize;
        assert_eq!((0..100).position(|_| pace.is_too_fast(Told::InVain, true, 1)), Some(burst));
        sleep(STUCK_PAUSE * 2).await;
        assert_eq!((0..100).position(|_| pace.is_too_fast(Told::InVain, true, 1)), Some(1));
        // News in between is none the slower.
        assert!(!pace.is_too_fast(Told::News, true, 1));
        assert!(pace.is_too_fast(Told::InVain, true, 1));
        // At a pace that a person has, it may go on for ever.
        sleep(STUCK_PAUSE * 100).await;
        for _ in 0..1000 {
            assert!(!pace.is_too_fast(Told::InVain, true, 1));
            sleep(STUCK_PAUSE).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn events_are_taken_as_fast_as_they_come_while_a_send_waits() {
        let mut pace = Pace::new();
        assert!((0..10_000).all(|n| !pace.is_too_fast(Told::News, true, n / MOST_OF_ONE)));
        let mut pace = Pace::new();
        assert!((0..MOST_A_SECOND).all(|n| !pace.is_too_fast(Told::News, false, n.into())));
        assert!(pace.is_too_fast(Told::News, false, MOST_A_SECOND.into()));
        sleep(Duration::from_secs(1)).await;
        assert!(!pace.is_too_fast(Told::News, false, MOST_A_SECOND.into()));
    }

    #[tokio::test(start_paused = true)]
    async fn of_one_send_there_is_not_for_ever_something_to_tell() {
        let mut pace = Pace::new();
        let told = 2 * MOST_OF_ONE as usize + MOST_IN_VAIN as usize;
        assert_eq!((0..1000).position(|_| pace.is_too_fast(Told::News, true, 1)), Some(told));
    }
}
