//! A runtime that is started on first use and stopped for good.

use send_im::{Error, ErrorKind, Result, Sent};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::call::shut_down;
use crate::sync::{Mutex, lock};

/// Two threads are enough for thousands of waiting calls: the work is waiting for answers.
pub(crate) const WORKERS: usize = 2;

/// A runtime, not yet started, running or stopped.
pub struct Threads {
    name: &'static str,
    stage: Mutex<Stage>,
}

enum Stage {
    Unused,
    Running(Runtime),
    Stopped,
}

impl Threads {
    pub(crate) fn new(name: &'static str) -> Self {
        Threads { name, stage: Mutex::new(Stage::Unused) }
    }

    /// The runtime, started if need be.
    ///
    /// # Errors
    /// `cancelled` after a shutdown, `closed` where the operating system gives no threads.
    pub fn handle(&self) -> Result<Handle> {
        let mut stage = lock(&self.stage);
        if let Stage::Unused = *stage {
            let runtime = Builder::new_multi_thread()
                .worker_threads(WORKERS)
                .thread_name(self.name)
                .on_thread_start(without_signals)
                .enable_all()
                .build();
            *stage = Stage::Running(runtime.map_err(|e| {
                Error::new(ErrorKind::Closed, format!("send-im cannot start its threads: {e}."))
            })?);
        }
        match &*stage {
            Stage::Running(runtime) => Ok(runtime.handle().clone()),
            Stage::Unused | Stage::Stopped => Err(shut_down(Sent::No)),
        }
    }

    /// Takes the runtime away for good. None if there was none.
    pub(crate) fn take(&self) -> Option<Runtime> {
        match std::mem::replace(&mut *lock(&self.stage), Stage::Stopped) {
            Stage::Running(runtime) => Some(runtime),
            Stage::Unused | Stage::Stopped => None,
        }
    }

    /// Drops a value where its background work can be started. After a shutdown there is none to start.
    pub fn drop_inside<T>(&self, value: T) {
        let handle = self.handle();
        let _context = handle.as_ref().map(Handle::enter);
        drop(value);
    }
}

/// Leaves the signals of the process to the threads of the host. Its handlers may be written for those alone, as PHP's
/// are. And a write to a connection that the other side has closed raises SIGPIPE in the thread that writes; the host may
/// have left it deadly, as C and Swift programs do. Blocked, it leaves the write with its error.
pub(crate) fn without_signals() {
    #[cfg(unix)]
    {
        use nix::sys::signal::{SigSet, Signal};
        let mut blocked = SigSet::all();
        // What a thread's own fault raises cannot wait.
        for fault in [
            Signal::SIGABRT,
            Signal::SIGBUS,
            Signal::SIGFPE,
            Signal::SIGILL,
            Signal::SIGSEGV,
            Signal::SIGSYS,
            Signal::SIGTRAP,
        ] {
            blocked.remove(fault);
        }
        // It fails for no signal that exists.
        let _ = blocked.thread_block();
    }
}

/// True in a callback that the host was called with from here: it must not wait for a call.
pub fn on_a_thread_of_ours() -> bool {
    Handle::try_current().is_ok()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use nix::sys::signal::{SigSet, Signal};

    use super::*;

    fn blocked() -> Vec<bool> {
        let mask = SigSet::thread_get_mask().unwrap();
        [Signal::SIGPIPE, Signal::SIGINT, Signal::SIGPROF, Signal::SIGSEGV].map(|s| mask.contains(s)).to_vec()
    }

    #[test]
    fn signals_of_the_process_are_blocked_on_every_thread_of_ours_and_on_no_other() {
        let threads = Threads::new("send-im");
        let handle = threads.handle().unwrap();
        let (worker, blocking) = handle.block_on(async {
            (
                tokio::spawn(async { blocked() }).await.unwrap(),
                tokio::task::spawn_blocking(blocked).await.unwrap(),
            )
        });
        assert_eq!(worker, [true, true, true, false]);
        assert_eq!((blocking, blocked()), (worker, vec![false; 4]));
    }
}
