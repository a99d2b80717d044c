//! GET of the event channel: waits until there is an answer (EventChannelDetails).

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::application::Application;
use crate::channel::{Admission, Answer, Onward, Turn, Wishes};
use crate::faults::{Manner, Route};
use crate::input::Call;
use crate::reply::{self, Problem, Reply};
use crate::world::World;

/// Answers a request for events, which may take until its time-out.
pub(crate) async fn get(world: &World, application: &Arc<Application>, call: &Call) -> Reply {
    let Some(ack) = call.query("ack").and_then(|ack| ack.trim().parse().ok()) else {
        return reply::invalid(&[("ack", "is missing or not a number".to_owned())]);
    };
    let admission = application.state().channel.ask(ack, wishes(call), Instant::now());
    // Whoever waited here before has to learn that its place is gone.
    application.wake();
    let place = match admission {
        Admission::Answered(answer) => return written(world, application, answer).await,
        Admission::Refused => return Problem::PollReplaced.into(),
        Admission::Waits(place) => place,
    };
    let waiting = Waiting { application, place };
    let answer = waiting.answer(world).await;
    drop(waiting);
    match answer {
        Ok(answer) => written(world, application, answer).await,
        Err(problem) => problem.into(),
    }
}

/// A request that waits. Dropped with its connection, it gives its place up.
struct Waiting<'a> {
    application: &'a Application,
    place: u64,
}

impl Waiting<'_> {
    async fn answer(&self, world: &World) -> Result<Answer, Problem> {
        loop {
            let woken = self.application.woken();
            tokio::pin!(woken);
            // From here on no wake is missed, though nobody has polled yet.
            woken.as_mut().enable();
            let until = {
                let mut state = self.application.state();
                if state.closed {
                    return Err(Problem::ApplicationGone);
                }
                match state.channel.look(self.place, Instant::now()) {
                    Turn::Answered(answer) => return Ok(answer),
                    Turn::Replaced => return Err(Problem::PollReplaced),
                    Turn::Until(until) => until,
                }
            };
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep_until(until) => {}
                () = world.closing.cancelled() => return Err(Problem::Stopping),
            }
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.application.state().channel.leave(self.place, Instant::now());
    }
}

/// The answer as JSON. Faults on events change only answers that carry some.
async fn written(world: &World, application: &Application, answer: Answer) -> Reply {
    // An answer that empties the channel lets go of a request that waited for exactly that.
    application.wake();
    let href = |ack: u64| json!({ "href": format!("{}/events?ack={ack}", application.href) });
    let mut links = json!({ "self": href(answer.asked) });
    match answer.onward {
        Onward::Next(ack) => links["next"] = href(ack),
        Onward::Resume(ack) => links["resume"] = href(ack),
        Onward::Resync(ack) => links["resync"] = href(ack),
    }
    let mut body = json!({ "_links": links });
    if let Some(senders) = answer.senders {
        let has_events = senders.as_array().is_some_and(|senders| !senders.is_empty());
        let manner = if has_events { world.faults.for_events(Route::Events) } else { Manner::default() };
        if let Some(held) = manner.held {
            tokio::time::sleep(held).await;
        }
        body["sender"] = changed(senders, manner);
    }
    reply::json(StatusCode::OK, &body)
}

fn changed(mut senders: Value, manner: Manner) -> Value {
    if manner != Manner::default() {
        for sender in senders.as_array_mut().into_iter().flatten() {
            if let Value::Array(events) = sender["events"].take() {
                sender["events"] = events.into_iter().flat_map(|event| manner.apply(event)).collect();
            }
        }
    }
    senders
}

/// The times asked for, within the limits of events_ref.
fn wishes(call: &Call) -> Wishes {
    let seconds = |name: &str, least: u64| {
        let asked: Option<u64> = call.query(name).and_then(|value| value.trim().parse().ok());
        asked.map(|asked| Duration::from_secs(asked.clamp(least, 1800)))
    };
    Wishes {
        low: seconds("low", 5),
        medium: seconds("medium", 5),
        timeout: seconds("timeout", 180),
        priority: call.query("priority").and_then(|value| value.trim().parse().ok()),
    }
}
