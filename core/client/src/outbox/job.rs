//! One message on its way, and the caller who waits for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::address::Address;
use crate::conversation::{Sending, TextGate};
use crate::error::{Error, ErrorKind, Result, Sent, failed_inside, shutting_down};
use crate::message::{Message, Wait};
use crate::receipt::Receipt;
use crate::session::Session;
use crate::session::closing::SendGuard;
use crate::steps::{Step, StepLog};

/// A message with everything its send needs.
pub(super) struct Job {
    pub(super) sending: Sending,
    /// Cancelled when the caller goes away, and with everything.
    pub(super) cancelled: CancellationToken,
    /// Receives the deadline, where the timeout starts at dispatch.
    turn: Option<oneshot::Sender<Instant>>,
    started: Option<oneshot::Sender<()>>,
    reply: Reply,
    guard: Slot<SendGuard>,
    permit: Slot<Permit>,
}

/// Dropping it lets the next job go.
pub(super) type Permit = Box<dyn Send>;

/// A value of a job that its caller takes back when going away.
struct Slot<T>(Arc<Mutex<Option<T>>>);

impl<T> Slot<T> {
    fn of(value: Option<T>) -> Self {
        Self(Arc::new(Mutex::new(value)))
    }

    fn put(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// What the caller of a send holds.
pub(super) struct Caller {
    to: Address,
    deadline: Option<Instant>,
    turn: oneshot::Receiver<Instant>,
    started: oneshot::Receiver<()>,
    submitted: oneshot::Receiver<Receipt>,
    result: oneshot::Receiver<Result<Receipt>>,
    cancel_on_drop: CancelOnDrop,
}

/// Cancels the send when its caller goes away. No request with the text begins after that.
struct CancelOnDrop {
    text_gate: TextGate,
    guard: Slot<SendGuard>,
    permit: Slot<Permit>,
    /// `None` when the send goes on without its caller.
    cancels: Option<DropGuard>,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(cancels) = self.cancels.take() {
            self.text_gate.close();
            drop(cancels);
            drop(self.permit.take());
            drop(self.guard.take());
        }
    }
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
        let (started, is_started) = oneshot::channel();
        let (submitted, is_submitted) = oneshot::channel();
        let (result, its_result) = oneshot::channel();
        let cancelled = session.cancellation();
        let text_gate = TextGate::of(&message);
        let (guard, permit) = (Slot::of(Some(guard)), Slot::of(None));
        let caller = Caller {
            to: to.clone(),
            deadline,
            turn: its_turn,
            started: is_started,
            submitted: is_submitted,
            result: its_result,
            cancel_on_drop: CancelOnDrop {
                text_gate: text_gate.clone(),
                guard: guard.clone(),
                permit: permit.clone(),
                cancels: Some(cancelled.clone().drop_guard()),
            },
        };
        let job = Self {
            cancelled,
            turn: deadline.is_none().then_some(turn),
            started: Some(started),
            reply: Reply { sender: Some(result), text_gate: text_gate.clone(), wait: message.wait },
            guard,
            permit,
            sending: Sending {
                session: session.clone(),
                log: StepLog::new(session.connection.account.on_step.clone()),
                deadline: deadline.unwrap_or_else(Instant::now),
                submitted: (message.wait == Wait::Submitted).then_some(submitted),
                text_gate,
                message,
                to,
            },
        };
        (job, caller)
    }

    /// True when the caller has gone away.
    pub(super) fn is_abandoned(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    /// Returns the permit if the job is abandoned.
    pub(super) fn begin_turn(&mut self, permit: Permit) -> Option<Permit> {
        self.permit.put(permit);
        if self.is_abandoned() {
            return self.permit.take();
        }
        if let Some(turn) = self.turn.take() {
            self.sending.deadline = deadline_in(self.sending.message.timeout);
            let _ = turn.send(self.sending.deadline);
        }
        None
    }

    /// Tells the caller that its send starts. False when the caller has given up.
    pub(super) fn start(&mut self) -> bool {
        let started = self.started.take().is_some_and(|started| started.send(()).is_ok());
        started && !self.is_abandoned()
    }

    /// The job with its result; `None` when it was cancelled.
    pub(super) fn ended(self, result: Option<Result<Receipt>>) -> Ended {
        let result = result.unwrap_or_else(|| Err(self.sending.cancelled()));
        self.sending.session.record_outcome(&result);
        Ended { result, reply: self.reply, guard: self.guard, permit: self.permit }
    }
}

/// A job that has its result.
pub(super) struct Ended {
    result: Result<Receipt>,
    reply: Reply,
    guard: Slot<SendGuard>,
    permit: Slot<Permit>,
}

impl Ended {
    /// Lets the next job go, then tells the caller. A session that is to be closed when idle is closed in between.
    pub(super) async fn reply(mut self) {
        drop(self.permit.take());
        if let Some(guard) = self.guard.take() {
            guard.end().await;
        }
        self.reply.send(self.result);
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
            tracing::warn!(target: "send_im", %error, "a submitted message was not delivered");
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
    pub(super) async fn outcome(mut self, session: &Session) -> Result<Receipt> {
        let started = async {
            let deadline = match self.deadline {
                Some(deadline) => deadline,
                // The job was dropped; its outcome says why.
                None => match (&mut self.turn).await {
                    Ok(deadline) => deadline,
                    Err(_) => return Ok(()),
                },
            };
            timeout_at(deadline, &mut self.started).await.map(|_| ()).map_err(|_| waited_too_long(&self.to))
        };
        let begun = tokio::select! {
            biased;
            () = session.is_cancelled() => Err(cancelled_before(&self.to)),
            begun = started => begun,
        };
        if let Err(error) = begun {
            // It may have started at this moment; then it has an outcome of its own.
            self.started.close();
            if self.started.try_recv().is_err() {
                return Err(error);
            }
        }
        if let Ok(receipt) = self.submitted.await {
            self.cancel_on_drop.cancels.take().map(DropGuard::disarm);
            return Ok(receipt);
        }
        self.result.await.unwrap_or_else(|_| Err(shutting_down(Sent::Maybe)))
    }
}

fn cancelled_before(to: &Address) -> Error {
    let detail = format!("The message to {to} was cancelled before it was sent.");
    Error::cancelled(detail, Sent::No).at(Step::Invite)
}

/// The end of a timeout. One beyond a year is taken as a year: adding it to a clock could overflow.
pub(crate) fn deadline_in(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(Duration::from_secs(365 * 24 * 3600))
}

pub(super) fn waited_too_long(to: &Address) -> Error {
    let detail = format!("The message to {to} waited for other sends of this client until its timeout.");
    Error::new(ErrorKind::Timeout, detail).at(Step::Invite)
}
