//! Which message goes when: a bounded number in flight, in order within a conversation, and few idle conversations kept open.
//!
//! Each conversation is a task with a queue. The schedule decides which jobs are queued; the task of an idle conversation ends when
//! there are too many.

mod job;
mod schedule;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::mpsc;
use tokio::time::timeout_at;
use tokio_util::task::TaskTracker;

pub(crate) use self::job::deadline_in;
use self::job::{Ended, Job, Permit, waited_too_long};
use self::schedule::Schedule;
use crate::address::Address;
use crate::conversation::{Conversation, Delivery};
use crate::error::Result;
use crate::message::{Importance, Message};
use crate::receipt::Receipt;
use crate::session::Session;
use crate::session::closing::SendGuard;

/// How many sends of one account are in flight at once.
///
/// Servers refuse a user more than 100 outstanding requests (batch reference), and are known to allow 50 open
/// conversations; idle ones count too.
const MAX_IN_FLIGHT: usize = 32;

/// How many idle conversations a session keeps open. With the sends in flight this stays under the 50 open
/// conversations that servers are known to allow a user.
const MAX_IDLE: usize = 16;

/// What must be equal for two messages to share a conversation: the invitation carries subject and importance.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    to: String,
    subject: Option<String>,
    importance: Importance,
}

/// The messages of one session.
pub(crate) struct Outbox {
    pub(crate) session: Arc<Session>,
    state: Mutex<State>,
    conversation_tasks: TaskTracker,
}

struct State {
    schedule: Schedule<Key, Job>,
    conversations: HashMap<Key, Queue>,
    /// Counts dispatched jobs, to find the least recently used conversation.
    dispatched: u64,
    is_dispatching: bool,
}

/// The queue of a conversation's task, which ends when this is dropped.
struct Queue {
    jobs: mpsc::UnboundedSender<Job>,
    last_used: u64,
}

/// What is left to do after dispatching, without the lock.
#[derive(Default)]
struct Dispatched {
    /// The queues of conversations that need a task.
    new: Vec<(Key, mpsc::UnboundedReceiver<Job>)>,
    /// The permits of abandoned jobs.
    unused: Vec<Permit>,
}

/// When the timeout of a message starts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeadlineStart {
    /// At the call.
    Call,
    /// When the message is dispatched.
    Turn,
}

impl Outbox {
    pub(crate) fn new(session: Arc<Session>) -> Arc<Self> {
        let state = State {
            schedule: Schedule::new(MAX_IN_FLIGHT),
            conversations: HashMap::new(),
            dispatched: 0,
            is_dispatching: false,
        };
        Arc::new(Self { session, state: Mutex::new(state), conversation_tasks: TaskTracker::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one message in its turn and waits as the message says. The send counts as in flight from this call. Dropping the future
    /// cancels it, unless the message is submitted.
    pub(crate) fn send(
        self: Arc<Self>,
        message: Message,
        starts: DeadlineStart,
    ) -> impl Future<Output = Result<Receipt>> + Send + use<> {
        let begun = self.session.begin();
        async move {
            let to = message.check()?;
            self.queue(message, to, begun, starts).await
        }
    }

    async fn queue(
        self: Arc<Self>,
        message: Message,
        to: Address,
        begun: impl Future<Output = Result<SendGuard>>,
        starts: DeadlineStart,
    ) -> Result<Receipt> {
        let deadline = (starts == DeadlineStart::Call).then(|| deadline_in(message.timeout));
        let guard = match deadline {
            Some(deadline) => timeout_at(deadline, begun).await.map_err(|_| waited_too_long(&to))??,
            None => begun.await?,
        };
        let key = Key { to: to.key(), subject: message.subject.clone(), importance: message.importance };
        let (job, caller) = Job::new(&self.session, message, to, deadline, guard);
        self.change(|state| state.schedule.push(key, job));
        caller.outcome(&self.session).await
    }

    /// Changes the state and dispatches what may go then.
    fn change(self: &Arc<Self>, change: impl FnOnce(&mut State)) {
        {
            let mut state = self.state();
            change(&mut state);
            // The thread that is dispatching goes on with this change.
            if std::mem::replace(&mut state.is_dispatching, true) {
                return;
            }
        }
        loop {
            let (dispatched_jobs, surplus) = {
                let mut state = self.state();
                let (dispatched_jobs, surplus) = (self.dispatch(&mut state), state.surplus());
                if dispatched_jobs.new.is_empty() && dispatched_jobs.unused.is_empty() && surplus.is_empty() {
                    state.is_dispatching = false;
                    return;
                }
                (dispatched_jobs, surplus)
            };
            // Without the lock: a runtime that stops drops the task at once, and with it permits.
            for (key, queue) in dispatched_jobs.new {
                let task = run(key, queue, Arc::downgrade(self));
                self.conversation_tasks.spawn_on(task, &self.session.runtime);
            }
            drop((dispatched_jobs.unused, surplus));
        }
    }

    /// Queues the jobs that the schedule lets go.
    fn dispatch(self: &Arc<Self>, state: &mut State) -> Dispatched {
        let mut dispatched_jobs = Dispatched::default();
        while let Some((key, mut job)) = state.schedule.next(|job| !job.is_abandoned()) {
            let unused = job.begin_turn(Box::new(InFlight { outbox: self.clone(), key: key.clone() }));
            if let Some(unused) = unused {
                dispatched_jobs.unused.push(unused);
                continue;
            }
            state.dispatched += 1;
            let last_used = state.dispatched;
            let job = match state.conversations.get_mut(&key) {
                Some(queue) => {
                    queue.last_used = last_used;
                    queue.jobs.send(job).err().map(|mpsc::error::SendError(job)| job)
                }
                None => Some(job),
            };
            if let Some(job) = job {
                let (jobs, queue) = mpsc::unbounded_channel();
                // The receiver is right here.
                let _ = jobs.send(job);
                state.conversations.insert(key.clone(), Queue { jobs, last_used });
                dispatched_jobs.new.push((key, queue));
            }
        }
        dispatched_jobs
    }

    /// Ends the conversations, once no send is in flight. What the program gave to its sends is released when this returns.
    pub(crate) async fn end_conversations(&self) {
        drop(std::mem::take(&mut self.state().conversations));
        self.conversation_tasks.close();
        self.conversation_tasks.wait().await;
    }

    /// The next job of a conversation that is not open; `None` when its task has to end.
    fn next_or_retire(&self, key: &Key, queue: &mut mpsc::UnboundedReceiver<Job>) -> Option<Job> {
        let mut state = self.state();
        match queue.try_recv() {
            Ok(job) => Some(job),
            Err(mpsc::error::TryRecvError::Empty) => {
                state.conversations.remove(key);
                None
            }
            // It was removed already, and another task may have its key.
            Err(mpsc::error::TryRecvError::Disconnected) => None,
        }
    }
}

impl State {
    /// Takes out the idle conversations beyond the limit, least recently used first.
    fn surplus(&mut self) -> Vec<Queue> {
        let in_flight = |key: &Key| self.schedule.is_in_flight(key);
        let idle = self.conversations.iter().filter(|(key, _)| !in_flight(key));
        let mut idle: Vec<_> = idle.map(|(key, queue)| (queue.last_used, key.clone())).collect();
        let surplus = idle.len().saturating_sub(MAX_IDLE);
        idle.sort_unstable_by_key(|(last_used, _)| *last_used);
        idle.truncate(surplus);
        idle.iter().filter_map(|(_, key)| self.conversations.remove(key)).collect()
    }
}

/// A permit for one send in flight. Dropping it lets the next one go.
struct InFlight {
    outbox: Arc<Outbox>,
    key: Key,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.outbox.change(|state| state.schedule.finished(&self.key));
    }
}

/// The task of one conversation: sends the jobs of its queue one after the other.
async fn run(key: Key, mut queue: mpsc::UnboundedReceiver<Job>, outbox: Weak<Outbox>) {
    let mut conversation = Conversation::default();
    let mut next = queue.recv().await;
    while let Some(job) = next {
        // Boxed, so that an idle task takes no memory for a send.
        let ended = Box::pin(send(&mut conversation, job)).await;
        next = match outbox.upgrade() {
            Some(outbox) if !conversation.is_open() => outbox.next_or_retire(&key, &mut queue),
            _ => None,
        };
        // After a conversation that is not open has retired: only open ones count as idle.
        if let Some(ended) = ended {
            ended.reply().await;
        }
        if next.is_none() && conversation.is_open() {
            next = queue.recv().await;
        }
    }
}

/// Sends one job. `None` when its confirmation is awaited in a task of its own, so that the next job may go.
async fn send(conversation: &mut Conversation, mut job: Job) -> Option<Ended> {
    if !job.start() {
        return Some(job.ended(None));
    }
    let cancelled = job.cancelled.clone();
    let delivery = tokio::select! {
        biased;
        delivery = conversation.send(&mut job.sending) => Some(delivery),
        () = cancelled.cancelled() => None,
    };
    match delivery {
        Some(Ok(Delivery::Unconfirmed(confirmation))) => {
            let runtime = job.sending.session.runtime.clone();
            runtime.spawn(async move {
                let result = tokio::select! {
                    biased;
                    result = confirmation.wait(&job.sending) => Some(result),
                    () = cancelled.cancelled() => None,
                };
                job.ended(result).reply().await;
            });
            None
        }
        Some(Ok(Delivery::Done(receipt))) => Some(job.ended(Some(Ok(receipt)))),
        Some(Err(error)) => Some(job.ended(Some(Err(error)))),
        None => Some(job.ended(None)),
    }
}
