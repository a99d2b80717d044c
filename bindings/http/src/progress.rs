//! The progress of a send: each step, where the caller asked for them, and the outcome at the end.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use send_im::bindings::StepListener;
use send_im::{Account, Error, ErrorKind, Receipt, Result, Sent, StepRecord};
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::problem::Problem;

/// The type of an answer that tells each step as it happens.
pub(crate) const EVENTS: &str = "text/event-stream";

/// How often a caller is told that there is nothing new; proxies commonly end what is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

enum Progress {
    Step(StepRecord),
    Outcome(Box<Result<Receipt>>),
}

/// The end of the send's task. It sends exactly one outcome, also where the task dies.
pub(crate) struct ProgressSender(Option<UnboundedSender<Progress>>);

/// The caller's end.
pub(crate) struct ProgressReceiver(UnboundedReceiver<Progress>);

pub(crate) fn channel() -> (ProgressSender, ProgressReceiver) {
    let (sender, receiver) = unbounded_channel();
    (ProgressSender(Some(sender)), ProgressReceiver(receiver))
}

impl ProgressSender {
    /// Sends steps to the caller; may be called from any thread.
    pub(crate) fn step_listener(&self) -> Option<StepListener> {
        let sender = self.0.clone()?;
        Some(Arc::new(move |step: &StepRecord| drop(sender.send(Progress::Step(step.clone())))))
    }

    /// Sends the outcome. False where the caller has gone away.
    pub(crate) fn finish(mut self, result: Result<Receipt>) -> bool {
        self.0.take().is_some_and(|sender| sender.send(Progress::Outcome(Box::new(result))).is_ok())
    }
}

impl Drop for ProgressSender {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(Progress::Outcome(Box::new(Err(died()))));
        }
    }
}

/// The task of a send has died of an error of ours, perhaps after the message was sent.
fn died() -> Error {
    let detail = "The service failed inside; please report this with its log.";
    Error::new(ErrorKind::OutcomeUnknown, detail).with_sent(Sent::Maybe)
}

impl ProgressReceiver {
    /// The outcome alone.
    pub(crate) async fn outcome(mut self) -> Result<Receipt> {
        while let Some(progress) = self.0.recv().await {
            if let Progress::Outcome(result) = progress {
                return *result;
            }
        }
        Err(died())
    }

    /// Each step as it happens, then the outcome. What keeps the connection open is held until then.
    pub(crate) fn events(self, active: impl Send + 'static) -> Response {
        let events = stream::unfold(Some((self.0, active)), async |open| {
            let (mut receiver, active) = open?;
            match receiver.recv().await? {
                Progress::Step(step) => Some((step_event(&step), Some((receiver, active)))),
                Progress::Outcome(result) => Some((last_event(*result), None)),
            }
        });
        let answer = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive"));
        // nginx would keep the events back.
        ([(HeaderName::from_static("x-accel-buffering"), "no")], answer).into_response()
    }
}

fn step_event(step: &StepRecord) -> Result<Event, Infallible> {
    let elapsed_ms = (step.elapsed.as_secs_f64() * 1e6).round() / 1e3;
    event("step", &json!({"step": step.step, "elapsed_ms": elapsed_ms}))
}

fn last_event(result: Result<Receipt>) -> Result<Event, Infallible> {
    match result {
        Ok(receipt) => event("receipt", &receipt),
        Err(error) => event("problem", &Problem::from(error).body()),
    }
}

fn event(name: &str, data: &impl Serialize) -> Result<Event, Infallible> {
    // Names and values that are text and numbers are always JSON.
    let data = serde_json::to_string(data).unwrap_or_default();
    Ok(Event::default().event(name).data(data))
}

/// True where the caller wants events. A wildcard asks for none: every program would get them.
pub(crate) fn wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_it = parts.next().is_some_and(|media| media.eq_ignore_ascii_case(EVENTS));
        let refused = |weight: &str| weight.trim().parse().is_ok_and(|weight: f32| weight == 0.0);
        is_it && !parts.any(|part| part.to_ascii_lowercase().strip_prefix("q=").is_some_and(refused))
    })
}

/// The steps of one sign-in, for all who wait for it: they send as the same account.
#[derive(Clone)]
pub(crate) struct SignInSteps(Arc<Mutex<Option<Recorded>>>);

#[derive(Default)]
struct Recorded {
    so_far: Vec<StepRecord>,
    listeners: Vec<StepListener>,
}

impl SignInSteps {
    pub(crate) fn begun() -> Self {
        Self(Arc::new(Mutex::new(Some(Recorded::default()))))
    }

    /// The account with its steps recorded here too.
    pub(crate) fn recording(&self, account: &Account) -> Account {
        let (steps, before) = (self.clone(), account.step_listener());
        account.clone().on_step(move |step| {
            before.iter().for_each(|before| before(step));
            steps.tell(step);
        })
    }

    /// Tells this listener what has happened so far and what is still to come; nothing once the sign-in has ended.
    pub(crate) fn listen(&self, listener: &StepListener) {
        self.change(|recorded| {
            recorded.so_far.iter().for_each(|step| listener(step));
            recorded.listeners.push(listener.clone());
        });
    }

    fn tell(&self, step: &StepRecord) {
        self.change(|recorded| {
            recorded.listeners.iter().for_each(|listener| listener(step));
            recorded.so_far.push(step.clone());
        });
    }

    /// What the session does from now on belongs to each message, and is told by it.
    pub(crate) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn change(&self, change: impl FnOnce(&mut Recorded)) {
        if let Some(recorded) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            change(recorded);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn a_send_that_died_may_have_arrived() {
        let (sender, receiver) = channel();
        let died = tokio::spawn(async move {
            let _sender = sender;
            panic!("as an error of ours would");
        });
        assert!(died.await.is_err());
        let error = receiver.outcome().await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::OutcomeUnknown, Sent::Maybe));
    }

    #[test]
    fn a_caller_who_has_gone_is_told_nothing() {
        let (sender, receiver) = channel();
        drop(receiver);
        assert!(!sender.finish(Err(Error::closed("x"))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_hears_that_there_is_nothing_new() {
        let (sender, receiver) = channel();
        let began = tokio::time::Instant::now();
        let mut told = receiver.events(()).into_body().into_data_stream();
        for n in 1..=3 {
            assert_eq!(told.next().await.unwrap().unwrap(), ": keep-alive\n\n");
            assert_eq!(began.elapsed().as_secs(), n * KEEP_ALIVE.as_secs());
        }
        drop(sender);
        let last = told.next().await.unwrap().unwrap();
        assert!(last.starts_with(b"event: problem\ndata: {"), "{last:?}");
        assert!(told.next().await.is_none());
    }

    #[test]
    fn events_are_for_who_names_them() {
        let wanted = |accept: &str| {
            wanted(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(accept).unwrap())]))
        };
        for accept in
            ["text/event-stream", "Text/Event-Stream;q=0.5", "application/json, text/event-stream ; q=1"]
        {
            assert!(wanted(accept), "{accept}");
        }
        for accept in ["*/*", "text/*", "", "text/event-stream;q=0", "text/event-streams", "text/plain"] {
            assert!(!wanted(accept), "{accept}");
        }
    }
}
