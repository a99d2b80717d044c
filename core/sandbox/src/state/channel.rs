//! The event channel of one application: which batch of events answers which `ack`. No I/O here.
//!
//! The rules of EventChannelDetails and EventsInUCWA: a request with the next `ack` confirms the batch before; one with the
//! `ack` of the last batch gets that batch again; one with any other `ack` gets a `resync` link; a second request with the
//! pending `ack` replaces the first.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

/// Urgent events are sent after this time, so that events with one cause come in one batch.
const BATCH_DELAY: Duration = Duration::from_millis(3);

/// How soon an event is sent (EventsInUCWA).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// After [`BATCH_DELAY`], together with everything queued before it.
    High,
    /// After the `medium` time of [`PollOptions`].
    Medium,
}

/// The resource whose sender entry an event belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sender {
    pub(crate) rel: &'static str,
    pub(crate) href: String,
}

/// The times and the priority that a client requests. They apply until it requests others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PollOptions {
    pub(crate) low: Option<Duration>,
    pub(crate) medium: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) priority: Option<i64>,
}

/// The response to a request for events.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EventsResponse {
    /// The `ack` of the request.
    pub(crate) ack: u64,
    /// The link to the next request.
    pub(crate) next: NextLink,
    /// The senders; none with a resync.
    pub(crate) senders: Option<Value>,
}

/// The link to the next request, with its `ack`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextLink {
    Next(u64),
    Resume(u64),
    Resync(u64),
}

/// What becomes of a request that has just arrived.
#[derive(Debug, PartialEq)]
pub(crate) enum NewPoll {
    /// It is answered at once.
    Answered(EventsResponse),
    /// It is pending, under this id.
    Pending(u64),
    /// It loses to a pending request of higher priority.
    Refused,
}

/// What becomes of a pending request.
#[derive(Debug, PartialEq)]
pub(crate) enum PollState {
    /// It is answered.
    Answered(EventsResponse),
    /// Another request has replaced it.
    Replaced,
    /// It is to be checked again at this time, or after the next change.
    PendingUntil(Instant),
}

#[derive(Debug)]
struct Queued {
    sender: Sender,
    event: Value,
    due: Instant,
    /// Delayed until then, with everything behind it.
    not_before: Option<Instant>,
    /// Not in one batch with the events before it.
    starts_batch: bool,
}

#[derive(Debug)]
struct PendingPoll {
    id: u64,
    priority: i64,
    times_out: Instant,
}

/// The events that are queued, and the one request that may be pending.
#[derive(Debug)]
pub(crate) struct Channel {
    /// The `ack` of the next batch.
    expected: u64,
    /// The last response with events, until the next `ack` confirms it.
    unconfirmed: Option<EventsResponse>,
    queue: VecDeque<Queued>,
    /// The next event starts a new batch.
    starts_batch: bool,
    pending: Option<PendingPoll>,
    last_poll: u64,
    options: PollOptions,
    /// When a pending request is answered without events, unless the client requests another time.
    default_timeout: Duration,
    resync: bool,
    resume: bool,
    /// When the last request ended. The application ends if none follows for long.
    idle_since: Instant,
}

impl Channel {
    pub(crate) fn new(default_timeout: Duration, now: Instant) -> Self {
        Self {
            expected: 1,
            unconfirmed: None,
            queue: VecDeque::new(),
            starts_batch: false,
            pending: None,
            last_poll: 0,
            options: PollOptions::default(),
            default_timeout,
            resync: false,
            resume: false,
            idle_since: now,
        }
    }

    /// True while a request is pending.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// True if every event was sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Since when no request is pending; none while one is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        self.pending.is_none().then_some(self.idle_since)
    }

    /// The next response has a `resync` link and no events.
    pub(crate) fn require_resync(&mut self) {
        self.resync = true;
    }

    /// The next response has a `resume` link. The queued events and the client's options are lost.
    pub(crate) fn require_resume(&mut self) {
        self.resume = true;
        self.queue.clear();
        self.options = PollOptions::default();
    }

    /// The events queued from now on come in another batch than those queued before: they happened later, which a client that
    /// polls seldom is to see as well as one that polls all the time.
    pub(crate) fn start_batch(&mut self) {
        self.starts_batch = true;
    }

    /// Queues an event. `delay` holds it and all that follow back for that time.
    pub(crate) fn push(
        &mut self,
        sender: Sender,
        event: Value,
        urgency: Urgency,
        delay: Option<Duration>,
        now: Instant,
    ) {
        let due = now
            + match urgency {
                Urgency::High => BATCH_DELAY,
                Urgency::Medium => self.options.medium.unwrap_or(Duration::from_secs(5)),
            };
        let starts_batch = std::mem::take(&mut self.starts_batch) && !self.queue.is_empty();
        self.queue.push_back(Queued {
            sender,
            event,
            due,
            not_before: delay.map(|delay| now + delay),
            starts_batch,
        });
    }

    /// A request with this `ack` has arrived.
    pub(crate) fn begin_poll(&mut self, ack: u64, options: PollOptions, now: Instant) -> NewPoll {
        self.idle_since = now;
        self.options = PollOptions {
            low: options.low.or(self.options.low),
            medium: options.medium.or(self.options.medium),
            timeout: options.timeout.or(self.options.timeout),
            priority: options.priority.or(self.options.priority),
        };
        let repeated = self.unconfirmed.as_ref().filter(|last| last.ack == ack);
        if self.resync || (ack != self.expected && repeated.is_none()) {
            self.resync = false;
            return NewPoll::Answered(self.resync_answer(ack));
        }
        if let Some(last) = repeated {
            return NewPoll::Answered(last.clone());
        }
        self.unconfirmed = None;
        let priority = self.options.priority.unwrap_or(0);
        if self.pending.as_ref().is_some_and(|pending| pending.priority > priority) {
            return NewPoll::Refused;
        }
        self.last_poll += 1;
        let times_out = now + self.timeout();
        self.pending = Some(PendingPoll { id: self.last_poll, priority, times_out });
        NewPoll::Pending(self.last_poll)
    }

    /// Answers the pending request with this id if there is something to answer it with.
    pub(crate) fn check_poll(&mut self, id: u64, now: Instant) -> PollState {
        let Some(times_out) = self.pending.as_ref().filter(|p| p.id == id).map(|p| p.times_out) else {
            return PollState::Replaced;
        };
        if self.resync {
            self.resync = false;
            self.pending = None;
            self.idle_since = now;
            return PollState::Answered(self.resync_answer(self.expected));
        }
        let due = self.due(now);
        if !self.resume && due.is_none_or(|due| due > now) && times_out > now {
            return PollState::PendingUntil(due.map_or(times_out, |due| due.min(times_out)));
        }
        PollState::Answered(self.answer_poll(now))
    }

    /// The request with this id ends without a response: its connection was closed.
    pub(crate) fn abandon_poll(&mut self, id: u64, now: Instant) {
        if self.pending.as_ref().is_some_and(|pending| pending.id == id) {
            self.pending = None;
            self.idle_since = now;
        }
    }

    fn timeout(&self) -> Duration {
        match self.options.timeout {
            // A shorter default is also the maximum ([`Builder::poll_timeout`](crate::Builder::poll_timeout)).
            Some(requested) if self.default_timeout >= Duration::from_secs(180) => requested,
            Some(requested) => requested.min(self.default_timeout),
            None => self.default_timeout,
        }
    }

    /// When the queue is to be sent, as far as its events are not delayed.
    fn due(&self, now: Instant) -> Option<Instant> {
        let delayed = |queued: &&Queued| queued.not_before.is_some_and(|until| until > now);
        let ready = self.queue.iter().take_while(|queued| !delayed(queued)).map(|queued| queued.due).min();
        let delayed_until = self.queue.iter().find(delayed).and_then(|queued| queued.not_before);
        match (ready, delayed_until) {
            (Some(ready), Some(delayed)) => Some(ready.min(delayed)),
            (ready, delayed) => ready.or(delayed),
        }
    }

    fn answer_poll(&mut self, now: Instant) -> EventsResponse {
        let mut senders: Vec<(Sender, Vec<Value>)> = Vec::new();
        while self.queue.front().is_some_and(|queued| {
            queued.not_before.is_none_or(|until| until <= now) && (!queued.starts_batch || senders.is_empty())
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
        let ack = self.expected;
        // On live servers the numbers are not contiguous either: a client must follow the link.
        self.expected += if ack % 4 == 3 { 2 } else { 1 };
        let next = if self.resume { NextLink::Resume(self.expected) } else { NextLink::Next(self.expected) };
        self.resume = false;
        self.pending = None;
        self.idle_since = now;
        let answer = EventsResponse { ack, next, senders: Some(Value::Array(senders)) };
        self.unconfirmed = Some(answer.clone());
        answer
    }

    fn resync_answer(&self, ack: u64) -> EventsResponse {
        let first = self.unconfirmed.as_ref().map_or(self.expected, |last| last.ack);
        EventsResponse { ack, next: NextLink::Resync(first), senders: None }
    }
}

#[cfg(test)]
mod tests;
