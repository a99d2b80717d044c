//! The event channel of one application: which batch answers which `ack`. No input or output here.
//!
//! Rules after EventChannelDetails and EventsInUCWA: asking with a new `ack` confirms everything before it;
//! asking again with an `ack` that was answered repeats that answer; an `ack` outside of both is told to
//! `resync`; a second request with the pending `ack` takes the place of the first.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

/// High events leave after this time, so that what happens together arrives together.
const GATHER: Duration = Duration::from_millis(3);

/// How soon an event has to leave (EventsInUCWA).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// At once, and everything before it goes along.
    High,
    /// After the `medium` time.
    Medium,
}

/// Who an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sender {
    pub(crate) rel: &'static str,
    pub(crate) href: String,
}

/// The times and the priority a client asks for; they stay until it asks for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wishes {
    pub(crate) low: Option<Duration>,
    pub(crate) medium: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) priority: Option<i64>,
}

/// What answers a request for events.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// The `ack` that was asked.
    pub(crate) asked: u64,
    /// The one link that says how to go on.
    pub(crate) onward: Onward,
    /// The senders; none with a resync.
    pub(crate) senders: Option<Value>,
}

/// How the client goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Onward {
    Next(u64),
    Resume(u64),
    Resync(u64),
}

/// What happens to a request that has just arrived.
#[derive(Debug, PartialEq)]
pub(crate) enum Admission {
    /// It is answered at once.
    Answered(Answer),
    /// It waits; the number is its place.
    Waits(u64),
    /// A pending request of higher priority keeps its place.
    Refused,
}

/// What happens to a request that waits.
#[derive(Debug, PartialEq)]
pub(crate) enum Turn {
    /// It is answered.
    Answered(Answer),
    /// Another request has taken its place.
    Replaced,
    /// Look again at this time, or when something happens.
    Until(Instant),
}

#[derive(Debug)]
struct Queued {
    sender: Sender,
    event: Value,
    due: Instant,
    /// Held back until then, with everything behind it.
    not_before: Option<Instant>,
    /// Not in one answer with what stands before it.
    apart: bool,
}

#[derive(Debug)]
struct Pending {
    place: u64,
    priority: i64,
    gives_up: Instant,
}

#[derive(Debug)]
pub(crate) struct Channel {
    /// The `ack` that asks for the next batch.
    expected: u64,
    /// The batch that was answered last and is not yet confirmed.
    unconfirmed: Option<Answer>,
    queue: VecDeque<Queued>,
    /// The next event comes in another answer than those in the queue.
    divided: bool,
    pending: Option<Pending>,
    places: u64,
    wishes: Wishes,
    /// The server's own time-out for a request without events.
    patience: Duration,
    resync: bool,
    resume: bool,
    /// When the last request left; the application ends if none follows for long.
    quiet_since: Instant,
}

impl Channel {
    pub(crate) fn new(patience: Duration, now: Instant) -> Self {
        Self {
            expected: 1,
            unconfirmed: None,
            queue: VecDeque::new(),
            divided: false,
            pending: None,
            places: 0,
            wishes: Wishes::default(),
            patience,
            resync: false,
            resume: false,
            quiet_since: now,
        }
    }

    /// True while a request waits here.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// True if every event has left.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Since when nobody has asked; none while somebody asks.
    pub(crate) fn quiet_since(&self) -> Option<Instant> {
        self.pending.is_none().then_some(self.quiet_since)
    }

    /// The next answer is a resync alone.
    pub(crate) fn demand_resync(&mut self) {
        self.resync = true;
    }

    /// The next answer carries `resume`; what was queued and what the client had asked for is gone.
    pub(crate) fn demand_resume(&mut self) {
        self.resume = true;
        self.queue.clear();
        self.wishes = Wishes::default();
    }

    /// What is queued from now on comes in another answer than what is queued by now: it happened later, and a client that
    /// asks seldom is to see that as one that asks all the time.
    pub(crate) fn divide(&mut self) {
        self.divided = true;
    }

    /// Queues an event; `held` keeps it, and all that follow, back for that time.
    pub(crate) fn push(
        &mut self,
        sender: Sender,
        event: Value,
        urgency: Urgency,
        held: Option<Duration>,
        now: Instant,
    ) {
        let due = now
            + match urgency {
                Urgency::High => GATHER,
                Urgency::Medium => self.wishes.medium.unwrap_or(Duration::from_secs(5)),
            };
        let apart = std::mem::take(&mut self.divided) && !self.queue.is_empty();
        self.queue.push_back(Queued { sender, event, due, not_before: held.map(|held| now + held), apart });
    }

    /// A request with this `ack` arrives.
    pub(crate) fn ask(&mut self, ack: u64, wishes: Wishes, now: Instant) -> Admission {
        self.quiet_since = now;
        self.wishes = Wishes {
            low: wishes.low.or(self.wishes.low),
            medium: wishes.medium.or(self.wishes.medium),
            timeout: wishes.timeout.or(self.wishes.timeout),
            priority: wishes.priority.or(self.wishes.priority),
        };
        let repeated = self.unconfirmed.as_ref().filter(|held| held.asked == ack);
        if self.resync || (ack != self.expected && repeated.is_none()) {
            self.resync = false;
            return Admission::Answered(self.resync_answer(ack));
        }
        if let Some(held) = repeated {
            return Admission::Answered(held.clone());
        }
        self.unconfirmed = None;
        let priority = self.wishes.priority.unwrap_or(0);
        if self.pending.as_ref().is_some_and(|pending| pending.priority > priority) {
            return Admission::Refused;
        }
        self.places += 1;
        let gives_up = now + self.timeout();
        self.pending = Some(Pending { place: self.places, priority, gives_up });
        Admission::Waits(self.places)
    }

    /// The request at this place looks whether there is an answer for it.
    pub(crate) fn look(&mut self, place: u64, now: Instant) -> Turn {
        let Some(gives_up) = self.pending.as_ref().filter(|p| p.place == place).map(|p| p.gives_up) else {
            return Turn::Replaced;
        };
        if self.resync {
            self.resync = false;
            self.pending = None;
            self.quiet_since = now;
            return Turn::Answered(self.resync_answer(self.expected));
        }
        let due = self.due(now);
        if !self.resume && due.is_none_or(|due| due > now) && gives_up > now {
            return Turn::Until(due.map_or(gives_up, |due| due.min(gives_up)));
        }
        Turn::Answered(self.release(now))
    }

    /// The request at this place has gone without an answer: its connection ended.
    pub(crate) fn leave(&mut self, place: u64, now: Instant) {
        if self.pending.as_ref().is_some_and(|pending| pending.place == place) {
            self.pending = None;
            self.quiet_since = now;
        }
    }

    fn timeout(&self) -> Duration {
        match self.wishes.timeout {
            // A server told to give up early does so whatever the client asks for.
            Some(asked) if self.patience >= Duration::from_secs(180) => asked,
            Some(asked) => asked.min(self.patience),
            None => self.patience,
        }
    }

    /// When the queue has to be emptied, as far as it may.
    fn due(&self, now: Instant) -> Option<Instant> {
        let held = |queued: &&Queued| queued.not_before.is_some_and(|until| until > now);
        let free = self.queue.iter().take_while(|queued| !held(queued)).map(|queued| queued.due).min();
        let next_held = self.queue.iter().find(held).and_then(|queued| queued.not_before);
        match (free, next_held) {
            (Some(free), Some(held)) => Some(free.min(held)),
            (free, held) => free.or(held),
        }
    }

    fn release(&mut self, now: Instant) -> Answer {
        let mut senders: Vec<(Sender, Vec<Value>)> = Vec::new();
        while self.queue.front().is_some_and(|queued| {
            queued.not_before.is_none_or(|until| until <= now) && (!queued.apart || senders.is_empty())
        }) {
            let Some(queued) = self.queue.pop_front() else { break };
            match senders.last_mut() {
                Some((sender, events)) if *sender == queued.sender => events.push(queued.event),
                _ => senders.push((queued.sender, vec![queued.event])),
            }
        }
        let senders: Vec<Value> = senders
            .into_iter()
            .map(|(sender, events)| json!({ "rel": sender.rel, "href": sender.href, "events": events }))
            .collect();
        let asked = self.expected;
        // Numbers are not contiguous on live servers either; a client must follow the link.
        self.expected += if asked % 4 == 3 { 2 } else { 1 };
        let onward = if self.resume { Onward::Resume(self.expected) } else { Onward::Next(self.expected) };
        self.resume = false;
        self.pending = None;
        self.quiet_since = now;
        let answer = Answer { asked, onward, senders: Some(Value::Array(senders)) };
        self.unconfirmed = Some(answer.clone());
        answer
    }

    fn resync_answer(&self, asked: u64) -> Answer {
        let first = self.unconfirmed.as_ref().map_or(self.expected, |held| held.asked);
        Answer { asked, onward: Onward::Resync(first), senders: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(180);

    fn event(channel: &mut Channel, urgency: Urgency, now: Instant) {
        let sender = Sender { rel: "communication", href: "/c".to_owned() };
        channel.push(sender, json!({ "type": "updated" }), urgency, None, now);
    }

    fn answered(turn: Turn) -> Answer {
        match turn {
            Turn::Answered(answer) => answer,
            other => panic!("no answer: {other:?}"),
        }
    }

    fn ask(channel: &mut Channel, ack: u64, now: Instant) -> u64 {
        match channel.ask(ack, Wishes::default(), now) {
            Admission::Waits(place) => place,
            other => panic!("does not wait: {other:?}"),
        }
    }

    #[test]
    fn the_same_ack_repeats_the_answer_until_the_next_one_confirms_it() {
        let now = Instant::now();
        let mut channel = Channel::new(PATIENCE, now);
        let place = ask(&mut channel, 1, now);
        event(&mut channel, Urgency::High, now);
        let later = now + GATHER;
        let first = answered(channel.look(place, later));
        assert_eq!(first.onward, Onward::Next(2));
        event(&mut channel, Urgency::High, later);
        assert_eq!(channel.ask(1, Wishes::default(), later), Admission::Answered(first));
        ask(&mut channel, 2, later);
        assert_eq!(
            channel.ask(1, Wishes::default(), later),
            Admission::Answered(Answer { asked: 1, onward: Onward::Resync(2), senders: None })
        );
    }

    #[test]
    fn medium_events_wait_and_leave_with_the_first_high_one_in_order() {
        let now = Instant::now();
        let mut channel = Channel::new(PATIENCE, now);
        let place = ask(&mut channel, 1, now);
        event(&mut channel, Urgency::Medium, now);
        assert_eq!(channel.look(place, now), Turn::Until(now + Duration::from_secs(5)));
        event(&mut channel, Urgency::High, now);
        let answer = answered(channel.look(place, now + GATHER));
        assert_eq!(answer.senders.unwrap()[0]["events"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_request_without_events_ends_empty() {
        let now = Instant::now();
        let mut channel = Channel::new(PATIENCE, now);
        let place = ask(&mut channel, 1, now);
        assert_eq!(channel.look(place, now), Turn::Until(now + PATIENCE));
        assert_eq!(answered(channel.look(place, now + PATIENCE)).senders, Some(json!([])));
    }

    #[test]
    fn a_newer_request_takes_the_place_unless_its_priority_is_lower() {
        let now = Instant::now();
        let mut channel = Channel::new(PATIENCE, now);
        let wish = |priority| Wishes { priority: Some(priority), ..Wishes::default() };
        let first = channel.ask(1, wish(1), now);
        assert_eq!(first, Admission::Waits(1));
        assert_eq!(channel.ask(1, wish(0), now), Admission::Refused);
        assert_eq!(channel.ask(1, wish(1), now), Admission::Waits(2));
        assert_eq!(channel.look(1, now), Turn::Replaced);
        channel.leave(1, now);
        assert!(channel.is_pending());
        channel.leave(2, now);
        assert!(!channel.is_pending());
    }

    #[test]
    fn a_held_event_holds_back_what_follows_it() {
        let now = Instant::now();
        let mut channel = Channel::new(PATIENCE, now);
        let place = ask(&mut channel, 1, now);
        let sender = || Sender { rel: "communication", href: "/c".to_owned() };
        let held = Duration::from_secs(1);
        channel.push(sender(), json!({ "type": "started" }), Urgency::High, Some(held), now);
        event(&mut channel, Urgency::High, now);
        assert_eq!(channel.look(place, now + GATHER), Turn::Until(now + held));
        let answer = answered(channel.look(place, now + held));
        assert_eq!(answer.senders.unwrap()[0]["events"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn what_happened_later_comes_in_another_answer() {
        let now = Instant::now();
        let mut channel = Channel::new(PATIENCE, now);
        let count = |answer: Answer| answer.senders.unwrap()[0]["events"].as_array().unwrap().len();
        event(&mut channel, Urgency::High, now);
        channel.divide();
        event(&mut channel, Urgency::High, now);
        event(&mut channel, Urgency::High, now);
        let later = now + GATHER;
        let place = ask(&mut channel, 1, later);
        assert_eq!(count(answered(channel.look(place, later))), 1);
        let place = ask(&mut channel, 2, later);
        assert_eq!(count(answered(channel.look(place, later))), 2);
        // Where nothing is queued there is nothing to keep apart.
        channel.divide();
        event(&mut channel, Urgency::High, later);
        let place = ask(&mut channel, 3, later + GATHER);
        assert_eq!(count(answered(channel.look(place, later + GATHER))), 1);
    }

    #[test]
    fn resume_stands_in_the_place_of_next_once_and_forgets_what_was_asked_for() {
        let now = Instant::now();
        let mut channel = Channel::new(PATIENCE, now);
        let patient = Wishes { medium: Some(Duration::from_secs(60)), ..Wishes::default() };
        let Admission::Waits(place) = channel.ask(1, patient, now) else { panic!("it waits") };
        event(&mut channel, Urgency::High, now);
        channel.demand_resume();
        let answer = answered(channel.look(place, now));
        assert_eq!((answer.onward, answer.senders), (Onward::Resume(2), Some(json!([]))));
        let place = ask(&mut channel, 2, now);
        event(&mut channel, Urgency::Medium, now);
        let usual = now + Duration::from_secs(5);
        assert_eq!(channel.look(place, now), Turn::Until(usual));
        assert_eq!(answered(channel.look(place, usual)).onward, Onward::Next(3));
    }
}
