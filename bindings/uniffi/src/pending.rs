//! A call the host waits for by itself, without a callback: on a thread, or at a descriptor.
//!
//! A thread of ours that enters an interpreter waits for its lock, loses its way where the interpreter ends, and is not
//! there after a fork. Here nothing of ours enters the host.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use send_im::{Error, Sent};
use send_im_runtime::{Generation, Mutex, forked, lock};

use crate::client::SignedInClient;
use crate::diagnosis::CheckRecord;
use crate::failure::Result;
use crate::news::{News, TokenAsked};
use crate::notifier::Notifier;
use crate::records::{ReceiptRecord, SendOutcome, StepRecord};
use crate::sandbox::{DeliveredMessage, SandboxServer};

/// What a call has come to.
#[derive(uniffi::Enum)]
pub enum Outcome {
    /// A message was sent.
    Receipt {
        /// The proof.
        value: ReceiptRecord,
    },
    /// Many messages were sent.
    Sent {
        /// One outcome per message, in the same order.
        value: Vec<SendOutcome>,
    },
    /// Someone has signed in.
    Client {
        /// The session.
        value: Arc<SignedInClient>,
    },
    /// Someone has signed out, or nobody is asked for tokens any more.
    SignedOut,
    /// The way to the pool was looked at.
    Diagnosis {
        /// The checks, in order.
        value: Vec<CheckRecord>,
    },
    /// A sandbox runs.
    Sandbox {
        /// The sandbox.
        value: Arc<SandboxServer>,
    },
    /// The number of messages that was waited for has been delivered.
    Delivered {
        /// All of them, oldest first.
        value: Vec<DeliveredMessage>,
    },
    /// A sandbox has answered a request.
    Answer {
        /// The body of the response.
        value: String,
    },
}

enum Work {
    UnderWay(Pin<Box<dyn Future<Output = Result<Outcome>> + Send>>),
    Ended(Box<Result<Outcome>>),
}

/// A call under way. Dropping it cuts the call off, as dropping a future does.
///
/// The host waits with [`wait`](Self::wait) until it gives true, takes what lies there after each return, and then takes the
/// outcome. In a forked child a call of the parent has ended, and its outcome is the error that says so.
#[derive(uniffi::Object)]
pub struct PendingCall {
    generation: &'static Generation,
    notifier: Arc<Notifier>,
    work: Mutex<Option<Work>>,
    news: Weak<News>,
    /// Keeps them until this is dropped or cancelled: what came to the end can be taken after it. Not where this only
    /// watches, until nobody else has them.
    kept: Mutex<Option<Arc<News>>>,
}

#[uniffi::export]
impl PendingCall {
    /// Waits until the call has ended, a step or a request for a token lies there, or `timeout_ms` are over. It may return
    /// early. True once the call has ended. Blocks this thread; with 0 it does not.
    pub fn wait(&self, timeout_ms: u64) -> bool {
        if self.generation.is_foreign() || self.poll() {
            return true;
        }
        self.notifier.wait(Duration::from_millis(timeout_ms));
        self.poll()
    }

    /// A file descriptor that can be read when [`wait`](Self::wait) would return at once. It is this object's: the host waits
    /// there, calls `wait(0)`, which empties it, and reads nothing. None where the system has none: on Windows, or when no
    /// more can be opened.
    pub fn descriptor(&self) -> Option<i32> {
        if self.generation.is_foreign() { None } else { self.notifier.descriptor() }
    }

    /// What the call has come to, once.
    ///
    /// # Errors
    /// Those of the call.
    pub fn take(&self) -> Result<Outcome> {
        if self.generation.is_foreign() {
            return Err(forked().with_sent(Sent::Maybe).into());
        }
        match lock(&self.work).take_if(|work| matches!(work, Work::Ended(_))) {
            Some(Work::Ended(result)) => *result,
            _ => Err(Error::closed("There is no outcome to take.").with_sent(Sent::Maybe).into()),
        }
    }

    /// The steps that have finished since someone took them, oldest first. A client's lie with the client: any of its calls
    /// can take them.
    pub fn take_steps(&self) -> Vec<StepRecord> {
        self.news().map(|news| news.take_steps()).unwrap_or_default()
    }

    /// The requests for tokens that nobody has taken, oldest first. Empty for a call in whose place another one watches.
    pub fn take_token_requests(&self) -> Vec<TokenAsked> {
        self.news().map(|news| news.take_token_requests(&self.notifier)).unwrap_or_default()
    }

    /// A call that hears of requests for tokens in the place of this one, and of the client it signs in. It ends with them.
    pub fn watch_tokens(&self) -> Arc<Self> {
        let notifier = Arc::default();
        let over = self.news().map(|news| news.watch(&notifier));
        let work = async {
            if let Some(over) = over {
                // The sender is dropped.
                let _ = over.await;
            }
            Ok(Outcome::SignedOut)
        };
        Self::begin(self.generation, notifier, work, self.news.clone(), None)
    }

    /// Cuts the call off if it has not ended, and closes the descriptor. May be called again, from any thread.
    pub fn cancel(&self) {
        if self.generation.is_foreign() {
            return;
        }
        let work = lock(&self.work).take();
        drop(work);
        self.notifier.notify();
        self.notifier.close();
        if let Some(news) = self.news() {
            news.detach(&self.notifier);
        }
        let kept = lock(&self.kept).take();
        drop(kept);
    }
}

impl PendingCall {
    /// The work is under way when this returns.
    pub(crate) fn start(
        news: Arc<News>,
        work: impl Future<Output = Result<Outcome>> + Send + 'static,
    ) -> Arc<Self> {
        let notifier = Arc::default();
        let generation = Generation::current();
        if !news.generation.is_foreign() {
            news.attach(&notifier);
        }
        Self::begin(generation, notifier, work, Arc::downgrade(&news), Some(news))
    }

    fn begin(
        generation: &'static Generation,
        notifier: Arc<Notifier>,
        work: impl Future<Output = Result<Outcome>> + Send + 'static,
        news: Weak<News>,
        kept: Option<Arc<News>>,
    ) -> Arc<Self> {
        let work = Mutex::new(Some(Work::UnderWay(Box::pin(work))));
        let call = Arc::new(PendingCall { generation, notifier, work, news, kept: Mutex::new(kept) });
        if !generation.is_foreign() {
            call.poll();
        }
        call
    }

    /// True once the work has ended.
    fn poll(&self) -> bool {
        let mut work = lock(&self.work);
        let Some(Work::UnderWay(future)) = &mut *work else { return true };
        let waker = Waker::from(self.notifier.clone());
        let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(&waker)) else {
            return false;
        };
        *work = Some(Work::Ended(Box::new(result)));
        true
    }

    /// None in a process that was forked from theirs.
    fn news(&self) -> Option<Arc<News>> {
        self.news.upgrade().filter(|news| !news.generation.is_foreign())
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        if self.generation.is_foreign() {
            // Threads that are not here may hold locks of what it has begun.
            std::mem::forget(std::mem::replace(&mut self.work, Mutex::new(None)));
        } else {
            self.cancel();
        }
    }
}

#[cfg(all(test, not(send_im_loom)))]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::account::TokenProvider;
    use crate::account::tests::{asked, reply};

    const LONG: u64 = 3_600_000;

    /// A call that ends when it is told to; its work is dropped with the sender's other side.
    fn call() -> (Arc<PendingCall>, oneshot::Sender<()>) {
        let (end, ended) = oneshot::channel();
        let work = async {
            let _ = ended.await;
            Ok(Outcome::SignedOut)
        };
        (PendingCall::start(News::new(), work), end)
    }

    fn wait_for_the_end(call: &PendingCall) {
        while !call.wait(LONG) {}
    }

    #[test]
    fn the_outcome_is_taken_once_and_only_after_the_end() {
        let (call, end) = call();
        assert!(!call.wait(0));
        assert!(call.take().is_err());
        std::thread::scope(|threads| {
            threads.spawn(|| end.send(()));
            wait_for_the_end(&call);
        });
        assert!(call.wait(LONG));
        assert!(matches!(call.take(), Ok(Outcome::SignedOut)));
        assert!(call.take().is_err());
    }

    #[test]
    fn a_call_that_fails_at_once_has_ended_at_once() {
        let failed = async { Err(Error::invalid_input("The recipient is empty.").into()) };
        let call = PendingCall::start(News::new(), failed);
        assert!(call.wait(LONG));
        assert_eq!(call.take().err().map(|e| e.to_string()).as_deref(), Some("The recipient is empty."));
    }

    #[test]
    fn cancelling_drops_the_work_and_ends_the_wait_of_another_thread() {
        let (call, end) = call();
        std::thread::scope(|threads| {
            threads.spawn(|| wait_for_the_end(&call));
            call.cancel();
        });
        assert!(end.is_closed());
        call.cancel();
        assert!(call.take().is_err());
    }

    #[test]
    fn dropping_it_drops_the_work() {
        let (call, end) = call();
        drop(call);
        assert!(end.is_closed());
    }

    #[test]
    fn a_request_for_a_token_ends_the_wait_of_the_call_or_of_whoever_watches() {
        let (call, _end) = call();
        let news = call.news().unwrap();
        news.request_token(asked(), reply()).unwrap();
        while call.take_token_requests().is_empty() {
            assert!(!call.wait(LONG));
        }
        let watch = call.watch_tokens();
        news.request_token(asked(), reply()).unwrap();
        assert!(!watch.wait(LONG));
        assert_eq!((call.take_token_requests().len(), watch.take_token_requests().len()), (0, 1));
    }

    #[test]
    fn a_watch_ends_with_the_last_who_could_ask() {
        let (call, _end) = call();
        let watch = call.watch_tokens();
        assert!(!watch.wait(0));
        call.cancel();
        wait_for_the_end(&watch);
    }

    #[test]
    fn a_watch_can_be_given_up() {
        let (call, _end) = call();
        call.watch_tokens().cancel();
        call.news().unwrap().request_token(asked(), reply()).unwrap();
        assert_eq!(call.take_token_requests().len(), 1);
    }
}
