//! Which job goes next: a bounded number in flight, one after the other within a conversation, fair between conversations. No I/O.
//!
//! A conversation whose job has been handed to the server goes on before others begin, for a while, so that many messages to many
//! recipients do not open a conversation per message: servers bound the open ones, so others would have to be closed in between.
//! A conversation that still sends, say because it rings, holds one permit, however many jobs wait for it.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// How many jobs in a row one conversation gets while others wait.
const MAX_IN_A_ROW: usize = 16;

/// Jobs of type `J` by conversation; `K` names one.
pub(super) struct Schedule<K, J> {
    free: usize,
    lanes: HashMap<K, Lane<J>>,
    /// Conversations with a waiting job that are not sending, the next one first.
    ready: VecDeque<K>,
}

/// The jobs of one conversation. Without any it is forgotten.
struct Lane<J> {
    waiting: VecDeque<J>,
    in_flight: usize,
    /// The last job in flight is not handed to the server yet.
    is_sending: bool,
    /// Jobs since others had their turn.
    in_a_row: usize,
}

impl<K: Hash + Eq + Clone, J> Schedule<K, J> {
    pub(super) fn new(max_in_flight: usize) -> Self {
        Self { free: max_in_flight, lanes: HashMap::new(), ready: VecDeque::new() }
    }

    pub(super) fn push(&mut self, key: K, job: J) {
        let lane = self.lanes.entry(key.clone()).or_insert_with(Lane::new);
        lane.waiting.push_back(job);
        if lane.waiting.len() == 1 && !lane.is_sending {
            lane.in_a_row = 0;
            self.ready.push_back(key);
        }
    }

    /// The next job, in flight from now on; `None` when nothing may go. Jobs that are not `wanted` any more go to `unwanted`.
    pub(super) fn next(
        &mut self,
        mut wanted: impl FnMut(&mut J) -> bool,
        unwanted: &mut Vec<J>,
    ) -> Option<(K, J)> {
        while self.free > 0 {
            let key = self.ready.pop_front()?;
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            while let Some(mut job) = lane.waiting.pop_front() {
                if wanted(&mut job) {
                    self.free -= 1;
                    lane.in_flight += 1;
                    lane.in_a_row += 1;
                    lane.is_sending = true;
                    return Some((key, job));
                }
                unwanted.push(job);
            }
            self.forget_if_empty(&key);
        }
        None
    }

    pub(super) fn is_in_flight(&self, key: &K) -> bool {
        self.lanes.get(key).is_some_and(|lane| lane.in_flight > 0)
    }

    /// The job of this conversation that was being sent has been handed to the server: the next one may go.
    pub(super) fn handed_over(&mut self, key: &K) {
        let Some(lane) = self.lanes.get_mut(key) else { return };
        lane.is_sending = false;
        if lane.waiting.is_empty() {
            return;
        }
        if lane.in_a_row < MAX_IN_A_ROW {
            self.ready.push_front(key.clone());
        } else {
            lane.in_a_row = 0;
            self.ready.push_back(key.clone());
        }
    }

    /// A job of this conversation has ended, after it was handed over.
    pub(super) fn finished(&mut self, key: &K) {
        self.free += 1;
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.in_flight -= 1;
        }
        self.forget_if_empty(key);
    }

    fn forget_if_empty(&mut self, key: &K) {
        if self.lanes.get(key).is_some_and(|lane| lane.in_flight == 0 && lane.waiting.is_empty()) {
            self.lanes.remove(key);
        }
    }
}

impl<J> Lane<J> {
    fn new() -> Self {
        Self { waiting: VecDeque::new(), in_flight: 0, is_sending: false, in_a_row: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Words = Schedule<&'static str, u32>;

    fn schedule(max_in_flight: usize, waiting: &[&'static str]) -> Words {
        let mut schedule = Schedule::new(max_in_flight);
        for (number, key) in (0..).zip(waiting) {
            schedule.push(*key, number);
        }
        schedule
    }

    fn next(schedule: &mut Words) -> Option<(&'static str, u32)> {
        schedule.next(|_| true, &mut Vec::new())
    }

    fn end(schedule: &mut Words, key: &'static str) {
        schedule.handed_over(&key);
        schedule.finished(&key);
    }

    /// One job after the other, each finished before the next begins.
    fn one_by_one(mut schedule: Words) -> Vec<(&'static str, u32)> {
        let served = std::iter::from_fn(|| {
            let served = next(&mut schedule)?;
            end(&mut schedule, served.0);
            Some(served)
        });
        let served = served.collect();
        assert!(schedule.lanes.is_empty() && schedule.ready.is_empty() && schedule.free == 1);
        served
    }

    #[test]
    fn no_more_are_in_flight_than_allowed() {
        let mut schedule = schedule(2, &["a", "b", "c"]);
        assert_eq!([next(&mut schedule), next(&mut schedule)].map(|next| next.unwrap().0), ["a", "b"]);
        assert_eq!(next(&mut schedule), None);
        assert!(schedule.is_in_flight(&"b"));
        end(&mut schedule, "b");
        assert!(!schedule.is_in_flight(&"b"));
        assert_eq!(next(&mut schedule), Some(("c", 2)));
    }

    #[test]
    fn a_conversation_that_rings_holds_one_permit_and_its_next_job_waits() {
        let mut schedule = schedule(3, &["rings", "rings", "rings", "b"]);
        assert_eq!([next(&mut schedule), next(&mut schedule)], [Some(("rings", 0)), Some(("b", 3))]);
        assert_eq!(next(&mut schedule), None);
        // Handed over, it still counts as in flight until it is confirmed, and the next one goes beside it.
        schedule.handed_over(&"rings");
        assert_eq!(next(&mut schedule), Some(("rings", 1)));
        assert_eq!((next(&mut schedule), schedule.free), (None, 0));
    }

    #[test]
    fn a_conversation_goes_on_before_another_begins_and_keeps_its_order() {
        let served = one_by_one(schedule(1, &["a", "b", "a", "c", "a"]));
        assert_eq!(served, [("a", 0), ("a", 2), ("a", 4), ("b", 1), ("c", 3)]);
    }

    #[test]
    fn a_long_conversation_lets_others_in_between() {
        let waiting: Vec<_> = std::iter::repeat_n("long", 3 * MAX_IN_A_ROW).chain(["page"]).collect();
        let served = one_by_one(schedule(1, &waiting));
        assert_eq!(served.iter().position(|(key, _)| *key == "page"), Some(MAX_IN_A_ROW));
    }

    #[test]
    fn what_is_not_wanted_any_more_takes_nothing() {
        let (mut schedule, mut unwanted) = (schedule(1, &["a", "a", "b"]), Vec::new());
        assert_eq!(schedule.next(|job| *job != 0, &mut unwanted), Some(("a", 1)));
        end(&mut schedule, "a");
        assert_eq!(schedule.next(|_| false, &mut unwanted), None);
        assert_eq!(unwanted, [0, 2]);
        schedule.push("c", 7);
        assert_eq!(next(&mut schedule), Some(("c", 7)));
        end(&mut schedule, "c");
        assert!(schedule.lanes.is_empty() && schedule.free == 1);
    }
}
