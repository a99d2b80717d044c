//! What a thread of JavaScript is told, and the calls it is told of.

use std::future::Future;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures_util::FutureExt as _;
use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use send_im::{Error, Result, Sent};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::account::{TokenReply, TokenRequest};
use crate::client::Client;
use crate::records::{Failure, Outcome, Receipt, Step};
use crate::thread::here;

/// One thing that is told. Besides the ticket, with which the call or the listener was begun, it has what it is about.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct Mail {
    pub ticket: u32,
    /// True when a call has ended, with a failure or with what it gives.
    pub ended: Option<bool>,
    pub failure: Option<Failure>,
    pub client: Option<Client>,
    pub receipt: Option<Receipt>,
    /// In the order of the messages.
    pub outcomes: Option<Vec<Outcome>>,
    pub step: Option<Step>,
    pub request: Option<TokenRequest>,
    /// Where the token is put.
    pub reply: Option<TokenReply>,
}

type Bell = ThreadsafeFunction<(), (), (), Status, false, true>;

/// The other end of an inbox, for any thread.
#[derive(Clone)]
pub(crate) struct Post {
    queue: mpsc::Sender<Mail>,
    bell: Arc<Bell>,
}

impl Post {
    /// Puts mail into the inbox. Where it is gone, nobody is there to be told.
    pub(crate) fn put(&self, mail: Mail) {
        if self.queue.send(mail).is_ok() {
            self.bell.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Begins a call; its end is mail with this ticket. What `work` does before its future is polled is done at once.
    pub(crate) fn begin<F>(&self, ticket: u32, sent: Sent, work: impl FnOnce(CancellationToken) -> F) -> Call
    where
        F: Future<Output = Result<Mail>> + Send + 'static,
    {
        let here = here();
        let cancellation = here.calls.child_token();
        let call = here.generation.call::<Mail, Error, _>(sent, work(cancellation.clone()));
        let post = self.clone();
        let told = async move {
            let mail =
                call.await.unwrap_or_else(|error| Mail { failure: Some(error.into()), ..Mail::default() });
            post.put(Mail { ticket, ended: Some(true), ..mail });
        };
        match here.generation.clients_run.handle() {
            // Counted among what is left to do at the end of the thread.
            Ok(handle) => drop(here.generation.background.spawn_on(told, &handle)),
            // There are no threads, which is what is told.
            Err(_) => drop(told.now_or_never()),
        }
        Call { cancellation: cancellation.clone(), _end: cancellation.drop_guard() }
    }
}

/// A call under way. One that nobody refers to any more is cancelled.
#[napi]
pub struct Call {
    cancellation: CancellationToken,
    _end: DropGuard,
}

#[napi]
impl Call {
    /// Ends the call early: it fails with `cancelled`. An invitation that rings is withdrawn.
    #[napi]
    pub fn cancel(&self) {
        self.cancellation.cancel();
    }
}

/// Where a thread of JavaScript finds what it is told.
#[napi]
pub struct Inbox {
    post: Post,
    mail: mpsc::Receiver<Mail>,
}

#[napi]
impl Inbox {
    /// Calls `ring` on the event loop when there is mail. That does not keep the process alive.
    #[napi(constructor)]
    pub fn new(ring: Function<'_, (), ()>) -> napi::Result<Self> {
        let bell = ring.build_threadsafe_function::<()>().weak::<true>().build()?;
        let (queue, mail) = mpsc::channel();
        Ok(Inbox { post: Post { queue, bell: Arc::new(bell) }, mail })
    }

    /// The oldest mail; waits for some, at most so many milliseconds.
    #[napi]
    pub fn take(&self, wait: u32) -> Option<Mail> {
        self.mail.recv_timeout(Duration::from_millis(wait.into())).ok()
    }
}

impl Inbox {
    pub(crate) fn post(&self) -> Post {
        self.post.clone()
    }
}
