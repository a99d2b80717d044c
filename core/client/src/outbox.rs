//! Which message goes when: a bounded number in flight, in order within a conversation, and few idle conversations kept open.
//!
//! Each conversation is a task with a queue. The schedule decides which jobs are queued; the task of an idle conversation ends when
//! there are too many.

mod job;
mod schedule;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use self::job::{Caller, Job, waited_too_long};
pub(crate) use self::job::{DeadlineStart, deadline_in};
use self::schedule::Schedule;
use crate::address::Address;
use crate::conversation::{Conversation, Delivery};
use crate::error::Result;
use crate::message::{Importance, Message};
use crate::receipt::Receipt;
use crate::session::Session;
use crate::session::sends::SendGuard;

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
    schedule: Schedule<Key, BoxedJob>,
    conversations: HashMap<Key, Queue>,
    /// Counts dispatched jobs, to find the least recently used conversation.
    dispatched: u64,
    is_dispatching: bool,
}

/// Boxed: a `VecDeque` of the schedule makes room for four jobs at once and mostly holds one.
type BoxedJob = Box<Job>;

/// The queue of a conversation's task, which ends when this is dropped.
struct Queue {
    jobs: mpsc::UnboundedSender<(BoxedJob, Permit)>,
    last_used: u64,
}

/// What is left to do after dispatching, without the lock.
#[derive(Default)]
struct Dispatched {
    /// The queues of conversations that need a task.
    new: Vec<mpsc::UnboundedReceiver<(BoxedJob, Permit)>>,
    /// Jobs whose callers have gone away.
    unwanted: Vec<BoxedJob>,
    /// Conversations whose task has ended, and idle ones beyond the limit.
    ended: Vec<Queue>,
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
        // In `session/sends.rs`.
        let begun = self.session.begin();
        async move {
            let to = message.check()?;
            let deadline = (starts == DeadlineStart::Call).then(|| deadline_in(message.timeout));
            let guard = match deadline {
                Some(deadline) => timeout_at(deadline, begun).await.map_err(|_| waited_too_long(&to))??,
                None => begun.await?,
            };
            // The conversation's task runs the job; the caller only waits.
            let mut caller = self.enqueue(message, to, deadline, guard);
            caller.outcome(&self.session).await
        }
    }

    /// Lets the message wait for its turn.
    fn enqueue(
        self: &Arc<Self>,
        message: Message,
        to: Address,
        deadline: Option<Instant>,
        guard: SendGuard,
    ) -> Caller {
        let key = Key { to: to.key(), subject: message.subject.clone(), importance: message.importance };
        let (job, caller) = Job::new(&self.session, message, to, deadline, guard);
        self.change(|state| state.schedule.push(key, Box::new(job)));
        caller
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
            let Some(dispatched) = self.dispatch(&mut self.state()) else { return };
            // Without the lock: a runtime that stops drops the task at once, and with it permits.
            for queue in dispatched.new {
                self.conversation_tasks.spawn_on(run(queue), &self.session.runtime);
            }
            drop((dispatched.unwanted, dispatched.ended));
        }
    }

    /// Queues the jobs that the schedule lets go. `None` when nothing is left to do.
    fn dispatch(self: &Arc<Self>, state: &mut State) -> Option<Dispatched> {
        let mut dispatched = Dispatched::default();
        while let Some((key, job)) = state.schedule.next(|job| job.begin_turn(), &mut dispatched.unwanted) {
            let item = (job, Permit { outbox: self.clone(), key: key.clone(), handed_over: false });
            state.dispatched += 1;
            let last_used = state.dispatched;
            let item = match state.conversations.get_mut(&key) {
                Some(queue) => {
                    queue.last_used = last_used;
                    queue.jobs.send(item).err().map(|mpsc::error::SendError(item)| item)
                }
                None => Some(item),
            };
            if let Some(item) = item {
                let (jobs, queue) = mpsc::unbounded_channel();
                // The receiver is right here.
                let _ = jobs.send(item);
                dispatched.ended.extend(state.conversations.insert(key, Queue { jobs, last_used }));
                dispatched.new.push(queue);
            }
        }
        dispatched.ended.extend(state.surplus());
        state.is_dispatching =
            !(dispatched.new.is_empty() && dispatched.unwanted.is_empty() && dispatched.ended.is_empty());
        state.is_dispatching.then_some(dispatched)
    }

    /// Ends the conversations, once no send is in flight. What the program gave to its sends is released when this returns.
    pub(crate) async fn end_conversations(&self) {
        // A queue may hold a permit, whose drop takes the lock.
        let conversations = std::mem::take(&mut self.state().conversations);
        drop(conversations);
        self.conversation_tasks.close();
        self.conversation_tasks.wait().await;
    }
}

impl State {
    /// Takes out the idle conversations beyond the limit, least recently used first.
    fn surplus(&mut self) -> Vec<Queue> {
        let idle = || self.conversations.iter().filter(|(key, _)| !self.schedule.is_in_flight(key));
        let surplus = idle().count().saturating_sub(MAX_IDLE);
        if surplus == 0 {
            return Vec::new();
        }
        let mut idle: Vec<_> = idle().map(|(key, queue)| (queue.last_used, key.clone())).collect();
        idle.sort_unstable_by_key(|(last_used, _)| *last_used);
        idle.truncate(surplus);
        idle.iter().filter_map(|(_, key)| self.conversations.remove(key)).collect()
    }
}

/// The task of one conversation: sends the jobs of its queue one after the other, until it is not open any more. Those that wait
/// in the schedule then get another task. A confirmation is awaited in a task of its own.
async fn run(mut queue: mpsc::UnboundedReceiver<(BoxedJob, Permit)>) {
    let mut conversation = Conversation::default();
    while let Some((mut job, mut permit)) = queue.recv().await {
        let cancelled = job.cancelled.clone();
        // Boxed, so that an idle task takes no memory for a send.
        let sending = Box::pin(cancelled.run_until_cancelled(conversation.send(&mut job.sending)));
        let delivery = sending.await;
        if !conversation.is_open() {
            permit.retire(&queue);
        }
        let result = match delivery {
            Some(Ok(Delivery::Unconfirmed(confirmation))) => {
                permit.hand_over();
                let outbox = permit.outbox.clone();
                let confirm = async move {
                    let result = cancelled.run_until_cancelled(confirmation.wait(&job.sending)).await;
                    drop(permit);
                    job.end(result).await;
                };
                outbox.conversation_tasks.spawn_on(confirm, &outbox.session.runtime);
                continue;
            }
            Some(Ok(Delivery::Done(receipt))) => Some(Ok(receipt)),
            Some(Err(error)) => Some(Err(error)),
            None => None,
        };
        drop(permit);
        job.end(result).await;
    }
}

/// A permit for one send in flight. Dropping it lets the next one go.
struct Permit {
    outbox: Arc<Outbox>,
    key: Key,
    handed_over: bool,
}

impl Permit {
    /// The server has the message: the next one of its conversation may go.
    fn hand_over(&mut self) {
        self.handed_over = true;
        self.outbox.change(|state| state.schedule.handed_over(&self.key));
    }

    /// Takes a conversation that is not open out of those that count as idle. Its task gets no further job.
    fn retire(&self, queue: &mpsc::UnboundedReceiver<(BoxedJob, Permit)>) {
        let mut state = self.outbox.state();
        // A closed queue was taken out already, and the key may name a newer one.
        if !queue.is_closed() {
            state.conversations.remove(&self.key);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.outbox.change(|state| {
            if !self.handed_over {
                state.schedule.handed_over(&self.key);
            }
            state.schedule.finished(&self.key);
        });
    }
}
