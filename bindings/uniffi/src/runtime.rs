//! Where the work of every call runs: one small tokio runtime a process, started on first use. A sandbox serves on a
//! second one, so that it is still there while sessions that use it are signed out at the end.
//!
//! Threads do not survive a fork. So everything that belongs to a runtime hangs on a [`Generation`] that knows the
//! process it was made in. A forked child makes a generation of its own and never touches the old one: its threads
//! are gone and its locks may be held by them for ever. The old one is leaked, because dropping it would join those
//! threads and close connections the parent still uses.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use once_cell::race::OnceBox;
use send_im::{Client, ErrorKind, Sent};
use send_im_sandbox::Sandbox;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::failure::{Result, SendError};
use crate::shutdown::Stop;

/// Two threads are enough for thousands of waiting calls: the work is waiting for answers.
const WORKERS: usize = 2;

/// The first process that used this library, and through `next` its forked descendants in this line.
static FIRST: OnceBox<Generation> = OnceBox::new();

/// Everything that runs or lives in one process.
pub(crate) struct Generation {
    pid: u32,
    /// What sends.
    pub(crate) clients_run: Threads,
    /// What the sandboxes serve with.
    pub(crate) sandboxes_run: Threads,
    /// Cancelled when the generation stops: ends every call in flight.
    pub(crate) stopping: CancellationToken,
    pub(crate) stop: Stop,
    /// Signed-in clients by number. The host holds numbers, so nothing of the parent is ever dropped in a child.
    pub(crate) clients: Slots<Client>,
    pub(crate) sandboxes: Slots<Arc<Sandbox>>,
    /// The bells of a host that waits for them.
    #[cfg(unix)]
    pub(crate) bells: Slots<Arc<crate::bell::Rope>>,
    /// The generation of a forked child. Set without a lock: a lock could have been held at the moment of the fork.
    next: OnceBox<Generation>,
}

/// A runtime that is started on first use and stopped for good.
pub(crate) struct Threads {
    name: &'static str,
    stage: Mutex<Stage>,
}

enum Stage {
    Unused,
    Running(Runtime),
    Stopped,
}

impl Threads {
    fn new(name: &'static str) -> Self {
        Threads { name, stage: Mutex::new(Stage::Unused) }
    }

    /// The runtime, started if need be.
    ///
    /// # Errors
    /// `cancelled` after a shutdown, `closed` where the operating system gives no threads.
    pub(crate) fn handle(&self) -> Result<Handle> {
        let mut stage = lock(&self.stage);
        if let Stage::Unused = *stage {
            let runtime = Builder::new_multi_thread()
                .worker_threads(WORKERS)
                .thread_name(self.name)
                .enable_all()
                .build();
            *stage = Stage::Running(runtime.map_err(|e| {
                SendError::local(
                    ErrorKind::Closed,
                    format!("send-im cannot start its threads: {e}."),
                    Sent::No,
                )
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
    pub(crate) fn drop_inside<T>(&self, value: T) {
        let handle = self.handle();
        let _context = handle.as_ref().map(Handle::enter);
        drop(value);
    }
}

impl Generation {
    fn new(pid: u32) -> Self {
        Generation {
            pid,
            clients_run: Threads::new("send-im"),
            sandboxes_run: Threads::new("send-im-sandbox"),
            stopping: CancellationToken::new(),
            stop: Stop::default(),
            clients: Slots::default(),
            sandboxes: Slots::default(),
            #[cfg(unix)]
            bells: Slots::default(),
            next: OnceBox::new(),
        }
    }

    /// The generation of this process. Starts no thread.
    pub(crate) fn current() -> &'static Generation {
        Self::of(&FIRST, std::process::id())
    }

    fn of(first: &'static OnceBox<Generation>, pid: u32) -> &'static Generation {
        let mut slot = first;
        loop {
            let generation = slot.get_or_init(|| Box::new(Generation::new(pid)));
            if generation.pid == pid {
                return generation;
            }
            slot = &generation.next;
        }
    }

    /// The process this generation belongs to.
    #[cfg(unix)]
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// True in a process that was forked from the one this generation belongs to. Takes no lock.
    pub(crate) fn is_foreign(&self) -> bool {
        self.pid != std::process::id()
    }

    /// Runs `work` where clients run. `sent` is what a call that is cut off must say about its message.
    pub(crate) fn call<T, F>(&'static self, sent: Sent, work: F) -> Call<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        self.call_on(&self.clients_run, sent, work)
    }

    /// Runs `work` on these threads.
    pub(crate) fn call_on<T, F>(&'static self, threads: &'static Threads, sent: Sent, work: F) -> Call<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        if self.is_foreign() {
            return Call { generation: self, sent, task: Err(Some(SendError::forked())) };
        }
        let stopping = self.stopping.clone();
        let task = threads.handle().map_err(Some).map(|handle| {
            handle.spawn(async move {
                tokio::select! {
                    biased;
                    () = stopping.cancelled() => Err(shut_down(sent)),
                    result = work => result,
                }
            })
        });
        Call { generation: self, sent, task }
    }
}

fn shut_down(sent: Sent) -> SendError {
    SendError::local(ErrorKind::Cancelled, "The program is ending and send-im is shut down.", sent)
}

/// A call in flight. Dropping it cuts the work off; what the work had open is then closed in the background.
pub(crate) struct Call<T> {
    generation: &'static Generation,
    sent: Sent,
    /// The task, or the error that kept it from starting.
    task: std::result::Result<JoinHandle<Result<T>>, Option<SendError>>,
}

impl<T> Unpin for Call<T> {}

impl<T> Future for Call<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let sent = self.sent;
        if self.generation.is_foreign() {
            return Poll::Ready(Err(SendError::forked()));
        }
        match &mut self.task {
            Ok(task) => Pin::new(task).poll(cx).map(|joined| match joined {
                Ok(result) => result,
                Err(error) if error.is_panic() => Err(SendError::panicked(sent)),
                Err(_) => Err(shut_down(sent)),
            }),
            Err(error) => Poll::Ready(Err(error.take().unwrap_or_else(|| shut_down(sent)))),
        }
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        if let Ok(task) = std::mem::replace(&mut self.task, Err(None)) {
            if self.generation.is_foreign() {
                std::mem::forget(task);
            } else {
                task.abort();
            }
        }
    }
}

/// Values the host refers to by number.
pub(crate) struct Slots<T>(Mutex<Kept<T>>);

struct Kept<T> {
    last: u64,
    values: Vec<(u64, T)>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots(Mutex::new(Kept { last: 0, values: Vec::new() }))
    }
}

impl<T: Clone> Slots<T> {
    pub(crate) fn insert(&self, value: T) -> u64 {
        let mut kept = lock(&self.0);
        kept.last += 1;
        let number = kept.last;
        kept.values.push((number, value));
        number
    }

    pub(crate) fn get(&self, number: u64) -> Option<T> {
        let kept = lock(&self.0);
        // Numbers only grow, so the list is sorted.
        let at = kept.values.binary_search_by_key(&number, |(n, _)| *n).ok()?;
        Some(kept.values[at].1.clone())
    }

    pub(crate) fn remove(&self, number: u64) -> Option<T> {
        let mut kept = lock(&self.0);
        let at = kept.values.binary_search_by_key(&number, |(n, _)| *n).ok()?;
        Some(kept.values.remove(at).1)
    }

    pub(crate) fn take_all(&self) -> Vec<T> {
        std::mem::take(&mut lock(&self.0).values).into_iter().map(|(_, value)| value).collect()
    }
}

/// Nothing is ever left half done under our locks, so a panic elsewhere does not make their content wrong.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A flag another thread can wait for.
#[derive(Default)]
pub(crate) struct Flag {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Flag {
    pub(crate) fn set(&self) {
        *lock(&self.set) = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_set(&self) -> bool {
        *lock(&self.set)
    }

    /// Waits at most `timeout`; true if the flag is set.
    pub(crate) fn wait(&self, timeout: std::time::Duration) -> bool {
        let (set, _) = self
            .changed
            .wait_timeout_while(lock(&self.set), timeout, |set| !*set)
            .unwrap_or_else(PoisonError::into_inner);
        *set
    }
}

#[cfg(test)]
pub(crate) fn fresh() -> &'static Generation {
    Box::leak(Box::new(Generation::new(std::process::id())))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;

    fn foreign() -> &'static Generation {
        Box::leak(Box::new(Generation::new(std::process::id().wrapping_add(1))))
    }

    fn block_on<T>(call: Call<T>) -> Result<T> {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(call)
    }

    #[test]
    fn one_generation_a_process_and_a_new_one_after_a_fork() {
        let first: &'static OnceBox<Generation> = Box::leak(Box::default());
        let parent = Generation::of(first, 1);
        let child = Generation::of(first, 2);
        let grandchild = Generation::of(first, 3);
        assert_eq!([parent.pid, child.pid, grandchild.pid], [1, 2, 3]);
        assert!(std::ptr::eq(parent, Generation::of(first, 1)));
        assert!(std::ptr::eq(child, Generation::of(first, 2)));
    }

    #[test]
    fn nothing_is_started_before_the_first_call() {
        let generation = fresh();
        assert!(generation.clients_run.take().is_none());
        assert!(generation.sandboxes_run.take().is_none());
    }

    #[test]
    fn a_call_runs_on_a_thread_of_ours() {
        let name =
            block_on(fresh().call(Sent::No, async { Ok(std::thread::current().name().map(str::to_owned)) }));
        assert_eq!(name.unwrap().as_deref(), Some("send-im"));
    }

    #[test]
    fn a_sandbox_serves_on_threads_of_its_own() {
        let generation = fresh();
        let work = async { Ok(std::thread::current().name().map(str::to_owned)) };
        let name = block_on(generation.call_on(&generation.sandboxes_run, Sent::No, work));
        assert_eq!(name.unwrap().as_deref(), Some("send-im-sandbox"));
        assert!(generation.clients_run.take().is_none());
    }

    #[test]
    fn a_panic_becomes_an_error() {
        let result: Result<()> = block_on(fresh().call(Sent::Maybe, async { panic!("on purpose") }));
        let failure = result.unwrap_err().into_failure();
        assert_eq!((failure.kind.as_str(), failure.sent.as_str()), ("outcome_unknown", "maybe"));
        assert!(!failure.detail.contains("on purpose"));
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
        let call: Call<()> = fresh().call(Sent::No, async move {
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
        let result = block_on(generation.call(Sent::No, async move {
            flag.store(true, Ordering::SeqCst);
            Ok(())
        }));
        let failure = result.unwrap_err().into_failure();
        assert_eq!(failure.kind, "closed");
        assert!(failure.detail.contains("fork"), "{}", failure.detail);
        assert!(!ran.load(Ordering::SeqCst));
        assert!(generation.clients_run.take().is_none());
    }

    #[test]
    fn a_call_made_before_the_fork_is_neither_polled_nor_aborted_after_it() {
        let task = fresh().clients_run.handle().unwrap().spawn(std::future::pending::<Result<()>>());
        let still_running = task.abort_handle();
        let call = Call { generation: foreign(), sent: Sent::No, task: Ok(task) };
        assert_eq!(block_on(call).unwrap_err().into_failure().kind, "closed");
        // An abort would only be seen once a worker has run; give it every chance.
        std::thread::sleep(Duration::from_millis(50));
        assert!(!still_running.is_finished());
    }

    #[test]
    fn slots_hand_out_values_by_number() {
        let slots = Slots::default();
        let (a, b) = (slots.insert("a"), slots.insert("b"));
        assert_eq!((slots.get(a), slots.get(b), slots.get(99)), (Some("a"), Some("b"), None));
        assert_eq!((slots.remove(a), slots.remove(a), slots.get(b)), (Some("a"), None, Some("b")));
        assert_eq!((slots.take_all(), slots.get(b)), (vec!["b"], None));
    }
}
