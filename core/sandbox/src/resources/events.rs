//! GET of the event channel, which stays pending until there is a response (EventChannelDetails).

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::http::request::Request;
use crate::http::response::{self, Response, UcwaError};
use crate::state::application::Application;
use crate::state::channel::{EventsResponse, NewPoll, NextLink, PollOptions, PollState};
use crate::state::shared::SharedState;
use crate::values::event_faults::EventFaults;
use crate::values::fault::Route;

/// Answers a request for events, at the latest after its time-out.
pub(crate) async fn get(shared: &SharedState, application: &Arc<Application>, request: &Request) -> Response {
    let Some(ack) = request.query("ack").and_then(|ack| ack.trim().parse().ok()) else {
        return response::invalid(&[("ack", "is missing or not a number".to_owned())]);
    };
    let poll = application.state().channel.begin_poll(ack, options(request), Instant::now());
    // A request that was pending until now is to see that it was replaced.
    application.wake();
    let id = match poll {
        NewPoll::Answered(events) => return written(shared, application, events).await,
        NewPoll::Refused => return UcwaError::PollReplaced.into(),
        NewPoll::Pending(id) => id,
    };
    let pending = PendingGet { application, id };
    let events = pending.events(shared).await;
    drop(pending);
    match events {
        Ok(events) => written(shared, application, events).await,
        Err(error) => error.into(),
    }
}

/// A pending request. It is dropped with its connection, and then no longer pending.
struct PendingGet<'a> {
    application: &'a Application,
    id: u64,
}

impl PendingGet<'_> {
    async fn events(&self, shared: &SharedState) -> Result<EventsResponse, UcwaError> {
        loop {
            let woken = self.application.woken();
            tokio::pin!(woken);
            // From here on no wake is missed, though the future was not polled yet.
            woken.as_mut().enable();
            let until = {
                let mut state = self.application.state();
                if state.closed {
                    return Err(UcwaError::ApplicationGone);
                }
                match state.channel.check_poll(self.id, Instant::now()) {
                    PollState::Answered(events) => return Ok(events),
                    PollState::Replaced => return Err(UcwaError::PollReplaced),
                    PollState::PendingUntil(until) => until,
                }
            };
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep_until(until) => {}
                () = shared.closing.cancelled() => return Err(UcwaError::Stopping),
            }
        }
    }
}

impl Drop for PendingGet<'_> {
    fn drop(&mut self) {
        self.application.state().channel.abandon_poll(self.id, Instant::now());
    }
}

/// The response as JSON. A fault on `events` is used up only by a response with events.
async fn written(shared: &SharedState, application: &Application, response: EventsResponse) -> Response {
    // For `events_fetched`: this response may be the one that empties the channel.
    application.wake();
    let href = |ack: u64| json!({ "href": format!("{}/events?ack={ack}", application.href) });
    let mut links = json!({ "self": href(response.ack) });
    match response.next {
        NextLink::Next(ack) => links["next"] = href(ack),
        NextLink::Resume(ack) => links["resume"] = href(ack),
        NextLink::Resync(ack) => links["resync"] = href(ack),
    }
    let mut body = json!({ "_links": links });
    if let Some(senders) = response.senders {
        let has_events = senders.as_array().is_some_and(|senders| !senders.is_empty());
        let faults =
            if has_events { shared.faults.for_events(Route::Events) } else { EventFaults::default() };
        if let Some(delay) = faults.delay {
            tokio::time::sleep(delay).await;
        }
        body["sender"] = changed(senders, faults);
    }
    response::json(StatusCode::OK, &body)
}

fn changed(mut senders: Value, faults: EventFaults) -> Value {
    if faults != EventFaults::default() {
        for sender in senders.as_array_mut().into_iter().flatten() {
            if let Value::Array(events) = sender["events"].take() {
                sender["events"] = events.into_iter().flat_map(|event| faults.apply(event)).collect();
            }
        }
    }
    senders
}

/// The options of the query, within the limits of events_ref.
fn options(request: &Request) -> PollOptions {
    let seconds = |name: &str, min: u64| {
        let requested: Option<u64> = request.query(name).and_then(|value| value.trim().parse().ok());
        requested.map(|requested| Duration::from_secs(requested.clamp(min, 1800)))
    };
    PollOptions {
        low: seconds("low", 5),
        medium: seconds("medium", 5),
        timeout: seconds("timeout", 180),
        priority: request.query("priority").and_then(|value| value.trim().parse().ok()),
    }
}
