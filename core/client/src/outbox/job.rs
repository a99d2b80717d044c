//! One message on its way, and the caller who waits for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::address::Address;
use crate::conversation::{Sending, TextGate};
use crate::error::{Error, ErrorKind, Result, Sent, failed_inside, shutting_down};
use crate::message::{Message, Wait};
use crate::receipt::Receipt;
use crate::session::Session;
use crate::session::sends::SendGuard;
use crate::steps::{Step, StepLog};

/// A message with everything its send needs.
pub(super) struct Job {
    pub(super) sending: Sending,
    /// Cancelled when the caller goes away, and with everything.
    pub(super) cancelled: CancellationToken,
    starts: DeadlineStart,
    /// Tells the caller that its turn has come.
    turn: Option<oneshot::Sender<()>>,
    reply: Reply,
    guard: SharedGuard,
}

/// When the timeout of a message starts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeadlineStart {
    /// At the call.
    Call,
    /// When its turn comes.
    Turn,
}

/// What makes signing out wait for a job: as a send in flight or, once its caller has gone, as work in the background.
enum Counted {
    InFlight(SendGuard),
    /// Its caller has gone away; what is left to do counts as work in the background.
    Abandoned {
        _token: TaskTrackerToken,
    },
}

/// As [`Counted`]; the caller changes it when going away. `None` when the job has ended.
#[derive(Clone)]
struct SharedGuard(Arc<Mutex<Option<Counted>>>);

/// What the caller of a send holds.
pub(super) struct Caller {
    to: Address,
    /// `None` when the timeout starts with its turn.
    deadline: Option<Instant>,
    turn: oneshot::Receiver<()>,
    submitted: oneshot::Receiver<Receipt>,
    result: oneshot::Receiver<Result<Receipt>>,
    cancel_on_drop: CancelOnDrop,
}

/// The end of a timeout. One beyond a year is taken as a year: adding it to a clock could overflow.
pub(crate) fn deadline_in(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(Duration::from_secs(365 * 24 * 3600))
}

pub(super) fn waited_too_long(to: &Address) -> Error {
    let detail = format!("The message to {to} waited for other sends of this client until its timeout.");
    Error::new(ErrorKind::Timeout, detail).at(Step::Invite)
}

impl Job {
    pub(super) fn new(
        session: &Arc<Session>,
        message: Message,
        to: Address,
        deadline: Option<Instant>,
        guard: SendGuard,
    ) -> (Self, Caller) {
        let (turn, its_turn) = oneshot::channel();
        let (submitted, is_submitted) = oneshot::channel();
        let (result, its_result) = oneshot::channel();
        let cancelled = session.cancellation();
        let text_gate = TextGate::of(&message);
        let guard = SharedGuard(Arc::new(Mutex::new(Some(Counted::InFlight(guard)))));
        let caller = Caller {
            to: to.clone(),
            deadline,
            turn: its_turn,
            submitted: is_submitted,
            result: its_result,
            cancel_on_drop: CancelOnDrop {
                text_gate: text_gate.clone(),
                guard: guard.clone(),
                background: session.connection.account.background.clone(),
                cancels: Some(cancelled.clone().drop_guard()),
            },
        };
        let job = Self {
            cancelled,
            starts: if deadline.is_some() { DeadlineStart::Call } else { DeadlineStart::Turn },
            turn: Some(turn),
            reply: Reply { sender: Some(result), text_gate: text_gate.clone(), wait: message.wait },
            guard,
            sending: Sending {
                session: session.clone(),
                log: StepLog::new(
                    message.on_step.clone().or_else(|| session.connection.account.on_step.clone()),
                ),
                deadline: deadline.unwrap_or_else(Instant::now),
                submitted: (message.wait == Wait::Submitted).then_some(submitted),
                text_gate,
                message,
                to,
            },
        };
        (job, caller)
    }

    /// Tells the caller that its turn has come. False when the caller has gone away, or has given up.
    pub(super) fn begin_turn(&mut self) -> bool {
        if self.starts == DeadlineStart::Turn {
            self.sending.deadline = deadline_in(self.sending.message.timeout);
        }
        !self.cancelled.is_cancelled() && self.turn.take().is_some_and(|turn| turn.send(()).is_ok())
    }

    /// Tells the caller the result; `None` when the job was cancelled. A session that is to be closed when idle is closed before.
    pub(super) async fn end(mut self, result: Option<Result<Receipt>>) {
        let result = result.unwrap_or_else(|| Err(self.sending.cancelled()));
        self.sending.session.doubt_home_pool_after(&result);
        // What the program gave to this send is released before its caller goes on.
        drop(self.sending);
        let counted = self.guard.slot().take();
        if let Some(Counted::InFlight(guard)) = counted {
            guard.end().await;
        }
        self.reply.send(result);
    }
}

/// Sends the result of a job to its caller. If dropped without one, the task was stopped or panicked.
struct Reply {
    sender: Option<oneshot::Sender<Result<Receipt>>>,
    text_gate: TextGate,
    wait: Wait,
}

impl Reply {
    fn send(&mut self, result: Result<Receipt>) {
        let Some(sender) = self.sender.take() else { return };
        if let Err(Err(error)) = sender.send(result)
            && self.wait == Wait::Submitted
        {
            let sent = error.sent().as_str();
            tracing::warn!(target: "send_im", sent, %error, "the delivery of a submitted message was not confirmed");
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        let sent = self.text_gate.sent();
        let error = match std::thread::panicking() {
            true => failed_inside(sent),
            false => shutting_down(sent),
        };
        self.send(Err(error));
    }
}

impl Caller {
    /// Waits for the outcome as the message says.
    pub(super) async fn outcome(&mut self, session: &Session) -> Result<Receipt> {
        let turn = async {
            match self.deadline {
                Some(deadline) => timeout_at(deadline, &mut self.turn)
                    .await
                    .map(|_| ())
                    .map_err(|_| waited_too_long(&self.to)),
                None => {
                    let _ = (&mut self.turn).await;
                    Ok(())
                }
            }
        };
        let begun = tokio::select! {
            biased;
            () = session.is_cancelled() => Err(cancelled_before(&self.to)),
            begun = turn => begun,
        };
        if let Err(error) = begun {
            // Its turn may have come at this moment; then it has an outcome of its own.
            self.turn.close();
            if self.turn.try_recv().is_err() {
                return Err(error);
            }
        }
        // Its sender is dropped without a receipt at the end of the job, and at once where the message waits for delivery.
        if let Ok(receipt) = (&mut self.submitted).await {
            self.cancel_on_drop.cancels.take().map(DropGuard::disarm);
            return Ok(receipt);
        }
        (&mut self.result).await.unwrap_or_else(|_| Err(shutting_down(Sent::Maybe)))
    }
}

/// Cancels the send when its caller goes away. No request with the text begins after that.
struct CancelOnDrop {
    text_gate: TextGate,
    guard: SharedGuard,
    background: TaskTracker,
    /// `None` when the send goes on without its caller.
    cancels: Option<DropGuard>,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(cancels) = self.cancels.take() {
            self.text_gate.close();
            drop(cancels);
            drop(self.guard.abandon(&self.background));
        }
    }
}

impl SharedGuard {
    fn slot(&self) -> MutexGuard<'_, Option<Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The guard, which a token of the background replaces.
    fn abandon(&self, background: &TaskTracker) -> Option<Counted> {
        let mut slot = self.slot();
        slot.is_some().then(|| slot.replace(Counted::Abandoned { _token: background.token() })).flatten()
    }
}

fn cancelled_before(to: &Address) -> Error {
    let detail = format!("The message to {to} was cancelled before it was sent.");
    Error::cancelled(detail, Sent::No).at(Step::Invite)
}
