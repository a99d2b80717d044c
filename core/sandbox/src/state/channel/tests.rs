use super::*;

const TIMEOUT: Duration = Duration::from_secs(180);

fn event(channel: &mut Channel, urgency: Urgency, now: Instant) {
    let sender = Sender { rel: "communication", href: "/c".to_owned() };
    channel.push(sender, json!({ "type": "updated" }), urgency, None, now);
}

fn answered(poll: PollState) -> EventsResponse {
    match poll {
        PollState::Answered(answer) => answer,
        other => panic!("no answer: {other:?}"),
    }
}

fn poll(channel: &mut Channel, ack: u64, now: Instant) -> u64 {
    match channel.begin_poll(ack, PollOptions::default(), now) {
        NewPoll::Pending(id) => id,
        other => panic!("not pending: {other:?}"),
    }
}

#[test]
fn the_same_ack_repeats_the_answer_until_the_next_one_confirms_it() {
    let now = Instant::now();
    let mut channel = Channel::new(TIMEOUT, now);
    let id = poll(&mut channel, 1, now);
    event(&mut channel, Urgency::High, now);
    let later = now + BATCH_DELAY;
    let first = answered(channel.check_poll(id, later));
    assert_eq!(first.next, NextLink::Next(2));
    event(&mut channel, Urgency::High, later);
    assert_eq!(channel.begin_poll(1, PollOptions::default(), later), NewPoll::Answered(first));
    poll(&mut channel, 2, later);
    assert_eq!(
        channel.begin_poll(1, PollOptions::default(), later),
        NewPoll::Answered(EventsResponse { ack: 1, next: NextLink::Resync(2), senders: None })
    );
}

#[test]
fn medium_events_wait_and_are_sent_with_the_first_high_one_in_order() {
    let now = Instant::now();
    let mut channel = Channel::new(TIMEOUT, now);
    let id = poll(&mut channel, 1, now);
    event(&mut channel, Urgency::Medium, now);
    assert_eq!(channel.check_poll(id, now), PollState::PendingUntil(now + Duration::from_secs(5)));
    event(&mut channel, Urgency::High, now);
    let answer = answered(channel.check_poll(id, now + BATCH_DELAY));
    assert_eq!(answer.senders.unwrap()[0]["events"].as_array().unwrap().len(), 2);
}

#[test]
fn a_request_without_events_ends_empty() {
    let now = Instant::now();
    let mut channel = Channel::new(TIMEOUT, now);
    let id = poll(&mut channel, 1, now);
    assert_eq!(channel.check_poll(id, now), PollState::PendingUntil(now + TIMEOUT));
    assert_eq!(answered(channel.check_poll(id, now + TIMEOUT)).senders, Some(json!([])));
}

#[test]
fn a_newer_request_replaces_the_pending_one_unless_its_priority_is_lower() {
    let now = Instant::now();
    let mut channel = Channel::new(TIMEOUT, now);
    let with_priority = |priority| PollOptions { priority: Some(priority), ..PollOptions::default() };
    let first = channel.begin_poll(1, with_priority(1), now);
    assert_eq!(first, NewPoll::Pending(1));
    assert_eq!(channel.begin_poll(1, with_priority(0), now), NewPoll::Refused);
    assert_eq!(channel.begin_poll(1, with_priority(1), now), NewPoll::Pending(2));
    assert_eq!(channel.check_poll(1, now), PollState::Replaced);
    channel.abandon_poll(1, now);
    assert!(channel.is_pending());
    channel.abandon_poll(2, now);
    assert!(!channel.is_pending());
}

#[test]
fn a_delayed_event_delays_what_follows_it() {
    let now = Instant::now();
    let mut channel = Channel::new(TIMEOUT, now);
    let id = poll(&mut channel, 1, now);
    let sender = || Sender { rel: "communication", href: "/c".to_owned() };
    let held = Duration::from_secs(1);
    channel.push(sender(), json!({ "type": "started" }), Urgency::High, Some(held), now);
    event(&mut channel, Urgency::High, now);
    assert_eq!(channel.check_poll(id, now + BATCH_DELAY), PollState::PendingUntil(now + held));
    let answer = answered(channel.check_poll(id, now + held));
    assert_eq!(answer.senders.unwrap()[0]["events"].as_array().unwrap().len(), 2);
}

#[test]
fn what_happened_later_comes_in_another_batch() {
    let now = Instant::now();
    let mut channel = Channel::new(TIMEOUT, now);
    let count = |answer: EventsResponse| answer.senders.unwrap()[0]["events"].as_array().unwrap().len();
    event(&mut channel, Urgency::High, now);
    channel.start_batch();
    event(&mut channel, Urgency::High, now);
    event(&mut channel, Urgency::High, now);
    let later = now + BATCH_DELAY;
    let id = poll(&mut channel, 1, later);
    assert_eq!(count(answered(channel.check_poll(id, later))), 1);
    let id = poll(&mut channel, 2, later);
    assert_eq!(count(answered(channel.check_poll(id, later))), 2);
    // An empty queue needs no new batch.
    channel.start_batch();
    event(&mut channel, Urgency::High, later);
    let id = poll(&mut channel, 3, later + BATCH_DELAY);
    assert_eq!(count(answered(channel.check_poll(id, later + BATCH_DELAY))), 1);
}

#[test]
fn resume_replaces_next_once_and_resets_the_options() {
    let now = Instant::now();
    let mut channel = Channel::new(TIMEOUT, now);
    let patient = PollOptions { medium: Some(Duration::from_secs(60)), ..PollOptions::default() };
    let NewPoll::Pending(id) = channel.begin_poll(1, patient, now) else { panic!("not pending") };
    event(&mut channel, Urgency::High, now);
    channel.require_resume();
    let answer = answered(channel.check_poll(id, now));
    assert_eq!((answer.next, answer.senders), (NextLink::Resume(2), Some(json!([]))));
    let id = poll(&mut channel, 2, now);
    event(&mut channel, Urgency::Medium, now);
    let usual = now + Duration::from_secs(5);
    assert_eq!(channel.check_poll(id, now), PollState::PendingUntil(usual));
    assert_eq!(answered(channel.check_poll(id, usual)).next, NextLink::Next(3));
}
