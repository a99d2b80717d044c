//! Which job goes next: a bounded number in flight, in order within a conversation, fair between conversations. No I/O.
//!
//! What becomes free goes to the conversation that has just been served, for a while, so that many messages to many recipients do
//! not open a conversation per message: servers bound the open ones, so others would have to be closed in between. Then it goes
//! to the conversation that has waited longest.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// How many jobs in a row one conversation gets while others wait.
const MAX_IN_A_ROW: usize = 16;

/// Jobs of type `J` by conversation; `K` names one.
pub(super) struct Schedule<K, J> {
    free: usize,
    lanes: HashMap<K, Lane<J>>,
    /// Conversations with waiting jobs, the one that has waited longest first.
    order: VecDeque<K>,
    /// The conversation that goes on before the others.
    continued: Option<K>,
}

/// The jobs of one conversation. Without any it is forgotten.
struct Lane<J> {
    waiting: VecDeque<J>,
    in_flight: usize,
    /// It stands in the order.
    ordered: bool,
    /// Jobs since it last came from the order.
    in_a_row: usize,
}

impl<K: Hash + Eq + Clone, J> Schedule<K, J> {
    pub(super) fn new(max_in_flight: usize) -> Self {
        Self { free: max_in_flight, lanes: HashMap::new(), order: VecDeque::new(), continued: None }
    }

    pub(super) fn push(&mut self, key: K, job: J) {
        let lane = self.lanes.entry(key.clone()).or_insert_with(Lane::new);
        lane.waiting.push_back(job);
        if !std::mem::replace(&mut lane.ordered, true) {
            self.order.push_back(key);
        }
    }

    /// The next job, in flight from now on; `None` when nothing waits or nothing is free. Jobs that are not `wanted` any more are
    /// dropped on the way.
    pub(super) fn next(&mut self, wanted: impl Fn(&J) -> bool) -> Option<(K, J)> {
        while self.free > 0 {
            let key = match self.continued.take() {
                Some(key) => key,
                None => {
                    let key = self.order.pop_front()?;
                    if let Some(lane) = self.lanes.get_mut(&key) {
                        (lane.ordered, lane.in_a_row) = (false, 0);
                    }
                    key
                }
            };
            if let Some(job) = self.next_of(&key, &wanted) {
                return Some((key, job));
            }
        }
        None
    }

    fn next_of(&mut self, key: &K, wanted: impl Fn(&J) -> bool) -> Option<J> {
        let lane = self.lanes.get_mut(key)?;
        let job = std::iter::from_fn(|| lane.waiting.pop_front()).find(wanted);
        if job.is_some() {
            lane.in_flight += 1;
            lane.in_a_row += 1;
            self.free -= 1;
        }
        if lane.waiting.is_empty() && lane.in_flight == 0 && !lane.ordered {
            self.lanes.remove(key);
        } else if !lane.waiting.is_empty() && !std::mem::replace(&mut lane.ordered, true) {
            self.order.push_back(key.clone());
        }
        job
    }

    /// A job of this conversation has ended.
    pub(super) fn finished(&mut self, key: &K) {
        self.free += 1;
        let Some(lane) = self.lanes.get_mut(key) else { return };
        lane.in_flight -= 1;
        if lane.in_a_row < MAX_IN_A_ROW && !lane.waiting.is_empty() {
            self.continued = Some(key.clone());
        } else if lane.in_flight == 0 && lane.waiting.is_empty() && !lane.ordered {
            self.lanes.remove(key);
        }
    }

    pub(super) fn is_in_flight(&self, key: &K) -> bool {
        self.lanes.get(key).is_some_and(|lane| lane.in_flight > 0)
    }
}

impl<J> Lane<J> {
    fn new() -> Self {
        Self { waiting: VecDeque::new(), in_flight: 0, ordered: false, in_a_row: 0 }
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

    /// One job after the other, each finished before the next begins.
    fn one_by_one(mut schedule: Words) -> Vec<(&'static str, u32)> {
        let served = std::iter::from_fn(|| {
            let next = schedule.next(|_| true)?;
            schedule.finished(&next.0);
            Some(next)
        });
        let served = served.collect();
        assert!(schedule.lanes.is_empty() && schedule.order.is_empty() && schedule.free == 1);
        served
    }

    #[test]
    fn no_more_are_in_flight_than_allowed() {
        let mut schedule = schedule(2, &["a", "a", "b"]);
        assert_eq!(
            [schedule.next(|_| true), schedule.next(|_| true)].map(|next| next.unwrap().0),
            ["a", "b"]
        );
        assert!(schedule.next(|_| true).is_none());
        assert!(schedule.is_in_flight(&"a"));
        schedule.finished(&"b");
        assert!(!schedule.is_in_flight(&"b"));
        assert_eq!(schedule.next(|_| true), Some(("a", 1)));
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
        let mut schedule = schedule(1, &["a", "a", "b"]);
        assert_eq!(schedule.next(|job| *job != 0), Some(("a", 1)));
        schedule.finished(&"a");
        assert_eq!(schedule.next(|_| false), None);
        schedule.push("c", 7);
        assert_eq!(schedule.next(|_| true), Some(("c", 7)));
        schedule.finished(&"c");
        assert!(schedule.lanes.is_empty() && schedule.free == 1);
    }
}
