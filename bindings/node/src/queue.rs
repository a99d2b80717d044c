//! The completion queue of a thread of JavaScript, and the calls whose ends come into it.

use std::future::Future;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures_util::FutureExt as _;
use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use send_im::{Error, Result, Sent};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::account::TokenReply;
use crate::client::Client;
use crate::records::failure;
use crate::thread::here;

/// The end of a call, or something that happened during one. `id` is that of the call or of the listener.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct Event {
    pub id: u32,
    pub ended: bool,
    /// A step, a request for a token, or what the call has come to.
    pub data: Value,
    pub client: Option<Client>,
    /// Where the token is put.
    pub reply: Option<TokenReply>,
}

impl From<Value> for Event {
    fn from(data: Value) -> Self {
        Event { data, ..Event::default() }
    }
}

type Waker = ThreadsafeFunction<(), (), (), Status, false, true>;

/// Puts events into a queue, from any thread.
#[derive(Clone)]
pub(crate) struct EventSender {
    events: mpsc::Sender<Event>,
    waker: Arc<Waker>,
}

impl EventSender {
    /// Where the queue is gone, nobody is there to be told.
    pub(crate) fn send(&self, event: Event) {
        if self.events.send(event).is_ok() {
            self.waker.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

/// A call under way.
#[napi]
pub struct Call(CancellationToken);

#[napi]
impl Call {
    /// Ends the call early: it fails with `cancelled`. An invitation that rings is withdrawn.
    #[napi]
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

/// Where a thread of JavaScript takes its events.
#[napi]
pub struct CompletionQueue {
    pub(crate) sender: EventSender,
    events: mpsc::Receiver<Event>,
}

#[napi]
impl CompletionQueue {
    /// Calls `wake` on the event loop when there are events. That does not keep the process alive.
    #[napi(constructor)]
    pub fn new(wake: Function<'_, (), ()>) -> napi::Result<Self> {
        let waker = Arc::new(wake.build_threadsafe_function::<()>().weak::<true>().build()?);
        let (sender, events) = mpsc::channel();
        Ok(CompletionQueue { sender: EventSender { events: sender, waker }, events })
    }

    /// The oldest event; waits for one, at most so many milliseconds.
    #[napi]
    pub fn take(&self, wait: u32) -> Option<Event> {
        self.events.recv_timeout(Duration::from_millis(wait.into())).ok()
    }
}

impl CompletionQueue {
    /// Begins a call; its end is an event with this id. What `work` does before its future is polled is done at once.
    pub(crate) fn begin<F>(&self, id: u32, sent: Sent, work: impl FnOnce(CancellationToken) -> F) -> Call
    where
        F: Future<Output = Result<Event>> + Send + 'static,
    {
        let here = here();
        let cancellation = here.calls.child_token();
        let call = here.generation.call::<Event, Error, _>(sent, work(cancellation.clone()));
        let sender = self.sender.clone();
        let told = async move {
            let event = call.await.unwrap_or_else(|error| failure(&error).into());
            sender.send(Event { id, ended: true, ..event });
        };
        match here.generation.clients_run.handle() {
            // Counted among what is left to do at the end of the thread.
            Ok(handle) => drop(here.generation.background.spawn_on(told, &handle)),
            // There are no threads, which is what is told.
            Err(_) => drop(told.now_or_never()),
        }
        Call(cancellation)
    }
}
