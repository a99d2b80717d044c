//! The end of the process: no call hangs, no thread of ours calls into a host that is gone.
//!
//! A host registers a shutdown where it runs code at exit. Without it a thread of ours could reach an interpreter that
//! is already being taken down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use send_im::{Client, Error, Sent};
use tokio::runtime::{Handle, Runtime};

use crate::generation::Generation;
use crate::sync::Flag;
use crate::threads::{on_a_thread_of_ours, without_signals};

/// Even with no time left, threads that are about to end are given this long.
const LEAST: Duration = Duration::from_millis(50);

/// How far the shutdown of a generation is.
#[derive(Default)]
pub(crate) struct Stop {
    begun: AtomicBool,
    done: Flag,
}

impl Generation {
    /// The program is ending, and its own code may still send: closes every session, now or as soon as nothing is under way
    /// in it. A later send opens a session and closes it before it returns. Nothing is cancelled and nothing refused, so this
    /// may run before, beside or after the program's own code at exit.
    ///
    /// Waits at most `bound`, and not at all on a thread of ours; true if no session was left open.
    pub fn wind_down(&'static self, bound: Duration) -> bool {
        self.winding_down.store(true, Ordering::SeqCst);
        let (clients, background) = (self.clients.all(), self.background.clone());
        if clients.is_empty() && background.is_empty() {
            return true;
        }
        let closed = Arc::new(Flag::default());
        let tell = closed.clone();
        let closing = async move {
            join_all(clients.iter().map(Client::close_when_idle)).await;
            background.close();
            background.wait().await;
            tell.set();
            Ok::<_, Error>(())
        };
        let call = self.call(Sent::No, closing);
        let wait = if on_a_thread_of_ours() { Duration::ZERO } else { bound };
        let ended = closed.wait(wait);
        call.release();
        ended
    }

    /// Keeps a signed-in client and gives its number.
    pub async fn keep(&self, client: Client) -> u64 {
        if self.winding_down.load(Ordering::SeqCst) {
            client.close_when_idle().await;
        }
        self.clients.insert(client)
    }

    /// Stops what runs in this process: pending calls end with `cancelled`, sessions are signed out as far as the time
    /// allows, then the threads end. Later calls fail with `cancelled`.
    ///
    /// Waits at most `bound`, and not at all on a thread of ours, which could not end; true if all has ended. May be
    /// called again, from any thread; the first call's bound counts. A child forked later starts afresh.
    pub fn shut_down(&'static self, bound: Duration) -> bool {
        self.begin_shutdown(bound);
        let wait = if on_a_thread_of_ours() { Duration::ZERO } else { bound };
        self.stop.done.wait(wait.saturating_add(LEAST * 2))
    }

    /// The same without waiting.
    pub fn begin_shutdown(&'static self, bound: Duration) {
        begin(self, bound);
    }

    /// True once a shutdown has ended.
    pub fn is_shut_down(&self) -> bool {
        self.stop.done.is_set()
    }
}

fn begin(generation: &'static Generation, bound: Duration) {
    if generation.stop.begun.swap(true, Ordering::SeqCst) {
        return;
    }
    generation.stopping.cancel();
    let (clients, sandboxes) = (generation.clients_run.take(), generation.sandboxes_run.take());
    if clients.is_none() && sandboxes.is_none() {
        generation.stop.done.set();
        return;
    }
    let thread = std::thread::Builder::new().name("send-im-stop".to_owned());
    let started = thread.spawn(move || {
        without_signals();
        // A bound nobody can mean is as good as a day.
        let deadline = Instant::now() + bound.min(Duration::from_secs(86_400));
        if let Some(runtime) = clients {
            sign_out_all(generation, &runtime, deadline);
            end(runtime, deadline);
        }
        drop(generation.sandboxes.take_all());
        if let Some(runtime) = sandboxes {
            // Nothing a sandbox still does matters to anybody.
            end(runtime, Instant::now());
        }
        generation.stop.done.set();
    });
    if started.is_err() {
        // No thread to wait with: the runtimes were dropped with the closure, which ended their tasks.
        generation.stop.done.set();
    }
}

/// Signs out what is signed in, and waits until nothing runs any more or the time is over.
fn sign_out_all(generation: &'static Generation, runtime: &Runtime, deadline: Instant) {
    let quiet = async {
        let sign_outs = generation.clients.take_all().into_iter();
        let sign_outs: Vec<_> =
            sign_outs.map(|client| tokio::spawn(async move { client.sign_out().await })).collect();
        for sign_out in sign_outs {
            // Best effort: there is nobody left to tell.
            let _ = sign_out.await;
        }
        // What is left are sign-outs of calls that were cut off, and connections that end with their client.
        while Handle::current().metrics().num_alive_tasks() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    runtime.block_on(async {
        let _ = tokio::time::timeout_at(deadline.into(), quiet).await;
    });
}

fn end(runtime: Runtime, deadline: Instant) {
    runtime.shutdown_timeout(deadline.saturating_duration_since(Instant::now()).max(LEAST));
}

#[cfg(test)]
mod tests {
    use send_im::{ErrorKind, Result};

    use super::*;
    use crate::generation::fresh;

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn ends_pending_calls_as_cancelled() {
        let generation = fresh();
        let pending = generation.call(Sent::Maybe, std::future::pending::<Result<()>>());
        begin(generation, LONG);
        let error = pending.wait().unwrap_err();
        assert_eq!(
            (error.kind(), error.sent(), error.kind().exit_code()),
            (ErrorKind::Cancelled, Sent::Maybe, 130)
        );
        assert!(generation.stop.done.wait(LONG));
    }

    #[test]
    fn refuses_later_calls() {
        let generation = fresh();
        begin(generation, LONG);
        assert!(generation.is_shut_down(), "there was nothing to stop");
        let late = generation.call(Sent::No, async { Ok::<_, Error>(()) });
        assert_eq!(late.wait().unwrap_err().kind(), ErrorKind::Cancelled);
    }

    #[test]
    fn may_be_called_twice() {
        let generation = fresh();
        generation.clients_run.handle().unwrap();
        begin(generation, LONG);
        begin(generation, Duration::ZERO);
        assert!(generation.stop.done.wait(LONG));
    }

    #[test]
    fn does_not_wait_on_a_thread_of_ours() {
        let generation = fresh();
        let ended =
            generation.clients_run.handle().unwrap().spawn(async move { generation.shut_down(LONG * 100) });
        assert!(generation.stop.done.wait(LONG));
        drop(ended);
    }

    #[test]
    fn waits_for_work_left_in_the_background() {
        let generation = fresh();
        let finished = Arc::new(Flag::default());
        let flag = finished.clone();
        generation.clients_run.handle().unwrap().spawn(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            flag.set();
        });
        begin(generation, LONG);
        assert!(generation.stop.done.wait(LONG));
        assert!(finished.is_set());
    }

    #[test]
    fn winding_down_waits_for_what_a_call_that_was_cut_off_leaves_to_do() {
        struct Leave(&'static Generation, Arc<Flag>);
        impl Drop for Leave {
            fn drop(&mut self) {
                let done = self.1.clone();
                let rest = async move {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    done.set();
                };
                self.0.background.spawn_on(rest, &Handle::current());
            }
        }
        let generation = fresh();
        assert!(generation.wind_down(Duration::ZERO), "there is nothing to do");
        let (begun, done) = (Arc::new(Flag::default()), Arc::new(Flag::default()));
        let (leave, tell) = (Leave(generation, done.clone()), begun.clone());
        let call = generation.call(Sent::Maybe, async move {
            let _leave = leave;
            tell.set();
            std::future::pending::<Result<()>>().await
        });
        assert!(begun.wait(LONG));
        drop(call);
        assert!(generation.wind_down(LONG));
        assert!(done.is_set());
    }

    #[test]
    fn does_not_wait_for_ever() {
        let generation = fresh();
        generation.clients_run.handle().unwrap().spawn(std::future::pending::<()>());
        begin(generation, Duration::from_millis(10));
        assert!(generation.stop.done.wait(LONG));
    }
}
