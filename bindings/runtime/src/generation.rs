//! What belongs to one process.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use send_im::{Client, Error, Sent};
use send_im_sandbox::Sandbox;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::call::{Call, forked, shut_down};
use crate::lineage::Lineage;
use crate::shutdown::Stop;
use crate::slots::Slots;
use crate::threads::Threads;

static GENERATIONS: Lineage<Generation> = Lineage::new();

/// Everything that runs or lives in one process.
pub struct Generation {
    pid: u32,
    /// What sends.
    pub clients_run: Threads,
    /// What the sandboxes serve with. They are still there while sessions that use them are signed out at the end.
    pub sandboxes_run: Threads,
    /// Cancelled when the generation stops: ends every call in flight.
    pub(crate) stopping: CancellationToken,
    pub(crate) stop: Stop,
    /// The program is ending: sessions are closed as soon as nothing is under way in them.
    pub(crate) winding_down: AtomicBool,
    /// What is left to do for sessions that nobody signed out, and for calls that were cut off.
    pub background: TaskTracker,
    /// Signed-in clients by number. The host holds numbers, so nothing of the parent is ever dropped in a child.
    pub clients: Slots<Client>,
    /// Running sandboxes by number.
    pub sandboxes: Slots<Arc<Sandbox>>,
}

impl Generation {
    pub(crate) fn new(pid: u32) -> Self {
        Generation {
            pid,
            clients_run: Threads::new("send-im"),
            sandboxes_run: Threads::new("send-im-sandbox"),
            stopping: CancellationToken::new(),
            stop: Stop::default(),
            winding_down: AtomicBool::new(false),
            background: TaskTracker::new(),
            clients: Slots::default(),
            sandboxes: Slots::default(),
        }
    }

    /// The generation of this process. Starts no thread.
    pub fn current() -> &'static Generation {
        GENERATIONS.current(Generation::new)
    }

    /// A generation that one thread of the host has for itself: it can be shut down while others go on. It is never freed.
    pub fn separate() -> &'static Generation {
        Box::leak(Box::new(Generation::new(std::process::id())))
    }

    /// True in a process that was forked from the one this generation belongs to. Takes no lock.
    pub fn is_foreign(&self) -> bool {
        self.pid != std::process::id()
    }

    /// Runs `work` where clients run. `sent` is what a call that is cut off must say about its message.
    pub fn call<T, E, F>(&'static self, sent: Sent, work: F) -> Call<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.call_on(&self.clients_run, sent, work)
    }

    /// Runs `work` on these threads.
    pub fn call_on<T, E, F>(&'static self, threads: &'static Threads, sent: Sent, work: F) -> Call<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        if self.is_foreign() {
            return Call { generation: self, sent, task: Err(Some(forked())) };
        }
        let stopping = self.stopping.clone();
        let task = threads.handle().map_err(Some).map(|handle| {
            handle.spawn(async move {
                tokio::select! {
                    biased;
                    () = stopping.cancelled() => Err(shut_down(sent).into()),
                    result = work => result,
                }
            })
        });
        Call { generation: self, sent, task }
    }
}

#[cfg(test)]
pub(crate) fn fresh() -> &'static Generation {
    Generation::separate()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_one_is_of_this_process() {
        let generation = Generation::current();
        assert_eq!((generation.pid, generation.is_foreign()), (std::process::id(), false));
        assert!(std::ptr::eq(generation, Generation::current()));
    }

    #[test]
    fn a_separate_one_is_shut_down_alone() {
        let (ended, other) = (Generation::separate(), Generation::separate());
        ended.shut_down(std::time::Duration::ZERO);
        let told =
            |generation: &'static Generation| generation.call(Sent::No, async { Ok::<_, Error>(7) }).wait();
        assert_eq!(told(ended).unwrap_err().kind(), send_im::ErrorKind::Cancelled);
        assert_eq!((told(other).unwrap(), told(Generation::current()).unwrap()), (7, 7));
    }

    #[test]
    fn nothing_is_started_before_the_first_call() {
        let generation = fresh();
        assert!(generation.clients_run.take().is_none());
        assert!(generation.sandboxes_run.take().is_none());
    }
}
