//! The end of the process: no call hangs, no thread of ours calls into a host that is gone.
//!
//! A host registers a shutdown where it runs code at exit. Without it a thread of ours could reach an interpreter that
//! is already being taken down.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use send_im::{Client, Error, Sent};
use tokio::runtime::{Handle, Runtime};

use crate::generation::Generation;
use crate::sync::Flag;
use crate::threads::{on_a_thread_of_ours, without_signals};

/// Even with no time left, threads that are about to end are given this long.
const LEAST: Duration = Duration::from_millis(50);

/// How long a session may take to be closed.
const CLOSING: Duration = Duration::from_secs(3);

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
        let (tell, told) = mpsc::channel();
        let closing = async move {
            let closed = join_all(clients.iter().map(Client::close_when_idle)).await;
            background.close();
            background.wait().await;
            let _ = tell.send(closed.into_iter().all(|closed| closed));
            Ok::<_, Error>(())
        };
        self.call(Sent::No, closing).release();
        let wait = if on_a_thread_of_ours() { Duration::ZERO } else { bound };
        // Also false where it was cut off by a shutdown.
        told.recv_timeout(wait).unwrap_or(false)
    }

    /// Keeps a signed-in client and gives its number.
    pub async fn keep(&self, client: Client) -> u64 {
        let number = self.clients.insert(client.clone());
        // In this order: a wind-down that has missed the client has set the flag by now.
        if self.winding_down.load(Ordering::SeqCst) {
            client.close_when_idle().await;
        }
        number
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
    // Submitted messages may go on until then.
    let patience = deadline.saturating_duration_since(Instant::now()).saturating_sub(CLOSING);
    let quiet = async {
        let sign_outs = generation.clients.take_all().into_iter();
        let sign_outs: Vec<_> = sign_outs
            .map(|client| tokio::spawn(async move { client.sign_out_within(patience).await }))
            .collect();
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
    use std::sync::Arc;

    use send_im::{Account, ErrorKind, Message, Receipt, Result};
    use send_im_sandbox::{Action, Fault, Route, Sandbox};

    use super::*;
    use crate::call::Call;
    use crate::generation::fresh;

    const LONG: Duration = Duration::from_secs(30);

    /// A sandbox with threads of its own, and what a host does with clients.
    struct World {
        generation: &'static Generation,
        sandbox: Sandbox,
        _serves: Runtime,
    }

    impl World {
        fn new() -> Self {
            let serves =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let sandbox =
                serves.block_on(Sandbox::builder().slow(Duration::from_millis(700)).start()).unwrap();
            Self { generation: fresh(), sandbox, _serves: serves }
        }

        fn signed_in(&self) -> Client {
            let account = Account::with_password("tosh@contoso.com", "x").server(self.sandbox.url());
            let generation = self.generation;
            let work = async move { Ok::<_, Error>(generation.keep(Client::sign_in(account).await?).await) };
            generation.clients.get(generation.call(Sent::No, work).wait().unwrap()).unwrap()
        }

        fn send(&self, client: &Client, to: &str) -> Call<Receipt, Error> {
            let (client, message) = (client.clone(), Message::text(to, "hello"));
            self.generation.call(Sent::Maybe, async move { client.send(message).await })
        }

        fn until(&self, reached: impl Fn(&Sandbox) -> bool) {
            for _ in 0..3000 {
                if reached(&self.sandbox) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            panic!("it did not come to this: {:#?}", self.sandbox.journal());
        }
    }

    /// Runs on a thread of the host, and fails what hangs.
    fn ends<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || tell.send(act()));
        told.recv_timeout(LONG).expect("it hangs")
    }

    fn rings(sandbox: &Sandbox) -> bool {
        sandbox.journal().iter().any(|e| e.path.ends_with("/messagingInvitations") && e.status.is_some())
    }

    #[test]
    fn winding_down_closes_idle_sessions_and_refuses_nothing() {
        let world = World::new();
        assert!(world.generation.wind_down(LONG), "there is nothing to close");
        world.generation.winding_down.store(false, Ordering::SeqCst);
        let clients = [world.signed_in(), world.signed_in()];
        assert_eq!(world.sandbox.open_applications(), 2);
        assert!(world.generation.wind_down(LONG));
        assert_eq!(world.sandbox.open_applications(), 0);
        for client in &clients {
            world.send(client, "lenea@contoso.com").wait().unwrap();
            assert_eq!(world.sandbox.open_applications(), 0);
        }
        assert!(world.generation.wind_down(LONG), "it may be called again");
        assert_eq!(world.sandbox.messages().len(), 2);
    }

    #[test]
    fn a_client_that_signs_in_while_the_program_winds_down_keeps_no_session_open() {
        let world = World::new();
        world.generation.wind_down(LONG);
        let client = world.signed_in();
        assert_eq!(world.sandbox.open_applications(), 0);
        world.send(&client, "lenea@contoso.com").wait().unwrap();
        assert_eq!((world.sandbox.open_applications(), world.sandbox.messages().len()), (0, 1));
    }

    #[test]
    fn winding_down_lets_what_is_under_way_go_on() {
        let world = World::new();
        let client = world.signed_in();
        let ringing = world.send(&client, "slow@contoso.com");
        world.until(rings);
        let generation = world.generation;
        assert!(!ends(move || generation.wind_down(LONG * 100)), "a session is open");
        assert_eq!(world.sandbox.open_applications(), 1);
        ringing.wait().unwrap();
        assert_eq!((world.sandbox.open_applications(), world.sandbox.messages().len()), (0, 1));
    }

    #[test]
    fn winding_down_does_not_wait_on_a_thread_of_ours() {
        let world = World::new();
        let generation = world.generation;
        let _client = world.signed_in();
        // Every thread at once: none is left to close a session for those that wait.
        let all = Arc::new(std::sync::Barrier::new(crate::threads::WORKERS));
        let calls: Vec<Call<bool, Error>> = (0..crate::threads::WORKERS)
            .map(|_| {
                let all = all.clone();
                generation.call(Sent::No, async move {
                    all.wait();
                    Ok(generation.wind_down(LONG * 100))
                })
            })
            .collect();
        for call in calls {
            ends(move || call.wait()).unwrap();
        }
        world.until(|sandbox| sandbox.open_applications() == 0);
    }

    #[test]
    fn winding_down_waits_no_longer_than_it_may() {
        let world = World::new();
        let _client = world.signed_in();
        world
            .sandbox
            .add_fault(Fault::on(Route::DeleteApplication, Action::Delay { time: LONG * 100 }).times(0));
        assert!(!world.generation.wind_down(Duration::from_millis(10)));
        let generation = world.generation;
        assert!(!ends(move || generation.wind_down(LONG * 100)), "the server is told nothing within 3 s");
    }

    #[test]
    fn winding_down_after_a_shutdown_waits_for_nothing() {
        let world = World::new();
        let client = world.signed_in();
        world.generation.shut_down(Duration::from_secs(1));
        // As one that was signing in meanwhile.
        world.generation.clients.insert(client);
        let generation = world.generation;
        assert!(!ends(move || generation.wind_down(LONG * 100)));
    }

    #[test]
    fn shutting_down_closes_the_session_of_a_submitted_message_that_still_rings() {
        let world = World::new();
        let client = world.signed_in();
        let message = Message::text("silent@contoso.com", "hello").wait(send_im::Wait::Submitted);
        world.generation.call(Sent::Maybe, async move { client.send(message).await }).wait().unwrap();
        assert!(world.generation.shut_down(Duration::from_secs(5)));
        assert_eq!(world.sandbox.open_applications(), 0);
    }

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
