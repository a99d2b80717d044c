//! A call in flight, and what it says when it cannot go on.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use send_im::{Error, ErrorKind, Sent};
use tokio::task::{AbortHandle, JoinHandle};

use crate::generation::Generation;

/// The error of a call that the end of the program cut off.
pub fn shut_down(sent: Sent) -> Error {
    Error::cancelled("The program is ending and send-im is shut down.", sent)
}

/// The error of an object that belongs to the process this one was forked from.
pub fn forked() -> Error {
    Error::closed(
        "This object was made before a fork and belongs to the parent process; make a new one here.",
    )
}

/// The error of work that panicked. The text of the panic is not repeated: nobody has looked at what it may hold.
pub fn panicked(sent: Sent) -> Error {
    let kind = if sent == Sent::Maybe { ErrorKind::OutcomeUnknown } else { ErrorKind::Protocol };
    Error::new(kind, "send-im failed inside; this is a bug of send-im, please report it.").with_sent(sent)
}

/// A call in flight. Dropping it cuts the work off; what the work had open is then closed in the background.
pub struct Call<T, E> {
    pub(crate) generation: &'static Generation,
    pub(crate) sent: Sent,
    /// The task, or the error that kept it from starting.
    pub(crate) task: Result<JoinHandle<Result<T, E>>, Option<Error>>,
}

impl<T, E: From<Error>> Call<T, E> {
    /// Waits for the end, on a thread of the host. Not for a thread of ours: see
    /// [`on_a_thread_of_ours`](crate::on_a_thread_of_ours).
    ///
    /// # Errors
    /// Those of the work, `cancelled` after a shutdown, `closed` in a forked child.
    pub fn wait(self) -> Result<T, E> {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut call = pin!(self);
        loop {
            if let Poll::Ready(result) = call.as_mut().poll(&mut context) {
                return result;
            }
            std::thread::park();
        }
    }
}

impl<T, E> Call<T, E> {
    /// Lets the work go on without anybody who waits for it.
    pub(crate) fn release(mut self) {
        drop(std::mem::replace(&mut self.task, Err(None)));
    }
}

impl Generation {
    /// What a call that was cut off had open is closed in the background. That begins when its task has ended.
    fn wait_in_background(&'static self, cut_off: AbortHandle) {
        let Ok(handle) = self.clients_run.handle() else { return };
        let ended = async move {
            while !cut_off.is_finished() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        self.background.spawn_on(ended, &handle);
    }
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl<T, E> Unpin for Call<T, E> {}

impl<T, E: From<Error>> Future for Call<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let sent = self.sent;
        if self.generation.is_foreign() {
            return Poll::Ready(Err(forked().into()));
        }
        match &mut self.task {
            Ok(task) => Pin::new(task).poll(cx).map(|joined| match joined {
                Ok(result) => result,
                Err(error) if error.is_panic() => Err(panicked(sent).into()),
                Err(_) => Err(shut_down(sent).into()),
            }),
            Err(error) => Poll::Ready(Err(error.take().unwrap_or_else(|| shut_down(sent)).into())),
        }
    }
}

impl<T, E> Drop for Call<T, E> {
    fn drop(&mut self) {
        if let Ok(task) = std::mem::replace(&mut self.task, Err(None)) {
            if self.generation.is_foreign() {
                std::mem::forget(task);
            } else if !task.is_finished() {
                task.abort();
                self.generation.wait_in_background(task.abort_handle());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use send_im::Result;

    use super::*;
    use crate::generation::fresh;
    use crate::sync::Flag;

    fn foreign() -> &'static Generation {
        Box::leak(Box::new(Generation::new(std::process::id().wrapping_add(1))))
    }

    #[test]
    fn a_call_runs_on_a_thread_of_ours() {
        let work = async {
            Ok::<_, Error>((std::thread::current().name().map(str::to_owned), crate::on_a_thread_of_ours()))
        };
        let (name, ours) = fresh().call(Sent::No, work).wait().unwrap();
        assert_eq!((name.as_deref(), ours), (Some("send-im"), true));
        assert!(!crate::on_a_thread_of_ours());
    }

    #[test]
    fn a_sandbox_serves_on_threads_of_its_own() {
        let generation = fresh();
        let work = async { Ok::<_, Error>(std::thread::current().name().map(str::to_owned)) };
        let name = generation.call_on(&generation.sandboxes_run, Sent::No, work).wait();
        assert_eq!(name.unwrap().as_deref(), Some("send-im-sandbox"));
        assert!(generation.clients_run.take().is_none());
    }

    #[test]
    fn a_panic_becomes_an_error() {
        let result: Result<()> = fresh().call(Sent::Maybe, async { panic!("on purpose") }).wait();
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::OutcomeUnknown, Sent::Maybe));
        assert!(!error.detail().contains("on purpose"));
        assert_eq!(panicked(Sent::No).kind(), ErrorKind::Protocol);
    }

    #[test]
    fn dropping_a_call_drops_its_work() {
        struct Tell(Arc<Flag>);
        impl Drop for Tell {
            fn drop(&mut self) {
                self.0.set();
            }
        }
        let (started, dropped) = (Arc::new(Flag::default()), Arc::new(Flag::default()));
        let (tell, go) = (Tell(dropped.clone()), started.clone());
        let call: Call<(), Error> = fresh().call(Sent::No, async move {
            let _tell = tell;
            go.set();
            std::future::pending().await
        });
        assert!(started.wait(Duration::from_secs(30)));
        assert!(!dropped.is_set());
        drop(call);
        assert!(dropped.wait(Duration::from_secs(30)));
    }

    #[test]
    fn a_call_of_the_parent_fails_in_the_child_and_starts_nothing() {
        let generation = foreign();
        let ran = Arc::new(AtomicBool::new(false));
        let flag = ran.clone();
        let call: Call<(), Error> = generation.call(Sent::No, async move {
            flag.store(true, Ordering::SeqCst);
            Ok(())
        });
        let error = call.wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
        assert!(error.detail().contains("fork"), "{}", error.detail());
        assert!(!ran.load(Ordering::SeqCst));
        assert!(generation.clients_run.take().is_none());
    }

    #[test]
    fn a_call_made_before_the_fork_is_neither_polled_nor_aborted_after_it() {
        let task = fresh().clients_run.handle().unwrap().spawn(std::future::pending::<Result<()>>());
        let still_running = task.abort_handle();
        let call = Call { generation: foreign(), sent: Sent::No, task: Ok(task) };
        assert_eq!(call.wait().unwrap_err().kind(), ErrorKind::Closed);
        // An abort would only be seen once a worker has run; give it every chance.
        std::thread::sleep(Duration::from_millis(50));
        assert!(!still_running.is_finished());
    }
}
