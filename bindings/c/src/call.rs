//! Calls under way: what begins, is waited for, cancelled, and has a result once.

use std::ffi::c_void;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use send_im::{Error, Receipt, Result, Sent};
use send_im_runtime::{Generation, forked, on_a_thread_of_ours};
use tokio_util::sync::CancellationToken;

use crate::client::send_im_client;
use crate::error::send_im_error;
use crate::ffi::{Out, catch_panic, error_or_null, from_raw, may_wait, object};
use crate::pending::{End, Promise};
use crate::receipt::send_im_receipt;
use crate::results::send_im_results;

/// A call under way.
pub struct send_im_call {
    generation: &'static Generation,
    cancellation: CancellationToken,
    end: Arc<End>,
}

/// A call has ended. Comes once for each call, also for one that was freed.
pub type send_im_on_end = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// What a call gives.
pub(crate) enum Value {
    Receipt(Receipt),
    Client(send_im_client),
    Results(Vec<Result<Receipt>>),
    /// As JSON.
    Diagnosis(String),
    Nothing,
}

/// An operation whose arguments are checked.
pub(crate) struct Operation {
    generation: &'static Generation,
    /// What an error says that cuts it off.
    sent: Sent,
    cancellation: CancellationToken,
    work: Pin<Box<dyn Future<Output = Result<Value>> + Send>>,
}

impl Operation {
    /// `work` is given what cancels it.
    pub(crate) fn new<F>(
        generation: &'static Generation,
        sent: Sent,
        work: impl FnOnce(Option<CancellationToken>) -> F,
    ) -> Self
    where
        F: Future<Output = Result<Value>> + Send + 'static,
    {
        let cancellation = CancellationToken::new();
        let work = Box::pin(work(Some(cancellation.clone())));
        Operation { generation, sent, cancellation, work }
    }

    fn begin(self) -> Result<send_im_call> {
        if self.generation.is_foreign() {
            return Err(forked());
        }
        let handle = self.generation.clients_run.handle()?;
        let end = Arc::new(End::default());
        let promise = Promise { end: end.clone(), sent: self.sent };
        let work = self.generation.call(self.sent, self.work);
        // The promise is held from the beginning: whatever ends this task, the call ends.
        handle.spawn(async move { promise.keep(work.await) });
        Ok(send_im_call { generation: self.generation, cancellation: self.cancellation, end })
    }
}

/// Does an operation on this thread, and gives its result.
pub(crate) fn wait<T, R: From<T>>(
    sent: Sent,
    out: Out<R>,
    prepare: impl FnOnce() -> Result<Operation>,
    get: impl FnOnce(Value) -> Option<T>,
) -> *mut send_im_error {
    error_or_null(sent, || {
        may_wait()?;
        let operation = prepare()?;
        let value = operation.generation.call(operation.sent, operation.work).wait()?;
        if let Some(value) = get(value) {
            out.give(value.into());
        }
        Ok(())
    })
}

/// Begins an operation, and gives the call.
///
/// # Safety
/// `call` is NULL or may be written to.
pub(crate) unsafe fn begin(
    sent: Sent,
    call: *mut *mut send_im_call,
    prepare: impl FnOnce() -> Result<Operation>,
) -> *mut send_im_error {
    error_or_null(sent, || {
        // SAFETY: what this function asks for.
        let out = unsafe { Out::needed(call, "call")? };
        out.give(prepare()?.begin()?);
        Ok(())
    })
}

/// The pointer of the host on its way to a callback.
struct UserData(*mut c_void);

// SAFETY: the pointer is handed back to the host and never read here. The header says that the callback comes on another
// thread.
unsafe impl Send for UserData {}

impl UserData {
    /// By value, so that a closure takes the whole of it along.
    fn pointer(self) -> *mut c_void {
        self.0
    }
}

/// Waits until a call has ended, at most `timeout_ms`; without a bound where that is negative. True when it has ended. In a
/// callback it does not wait. True for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_call_wait(call: *const send_im_call, timeout_ms: i64) -> bool {
    catch_panic(true, || {
        // SAFETY: the caller keeps to the header.
        let Some(call) = (unsafe { call.as_ref() }) else { return true };
        let bound = match timeout_ms {
            _ if call.generation.is_foreign() => return true,
            _ if on_a_thread_of_ours() => Duration::ZERO,
            bound => u64::try_from(bound).map_or(Duration::MAX, Duration::from_millis),
        };
        call.end.ended.wait(bound)
    })
}

/// Calls `callback` once when the call has ended; at once, and on this thread, where it has already. Each that is given is
/// called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_call_on_end(
    call: *mut send_im_call,
    callback: send_im_on_end,
    user_data: *mut c_void,
) {
    catch_panic((), || {
        // SAFETY: the caller keeps to the header.
        let (Some(call), Some(callback)) = (unsafe { call.as_ref() }, callback) else { return };
        let user_data = UserData(user_data);
        if !call.generation.is_foreign() {
            // SAFETY: the host gave this function for this pointer.
            call.end.on_end(move || unsafe { callback(user_data.pointer()) });
        }
    });
}

/// Ends a call early: with `cancelled`, unless it has ended already. Whether the message may have arrived is told by
/// `send_im_error_sent`. An invitation that rings is withdrawn. May be called again, from any thread. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_call_cancel(call: *mut send_im_call) {
    catch_panic((), || {
        // SAFETY: the caller keeps to the header.
        let call = unsafe { call.as_ref() };
        if let Some(call) = call.filter(|call| !call.generation.is_foreign()) {
            call.cancellation.cancel();
        }
    });
}

/// Takes how a call ended: its error, or NULL. A result is dropped, and a client among it signed out. Each `take` function
/// works once for a call, after its end; before, and a second time, it gives `invalid_input`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_call_take(call: *mut send_im_call) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe { take(call, |_| Some(())) }
}

/// Takes the receipt of a send, or its error. `receipt` may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_call_take_receipt(
    call: *mut send_im_call,
    receipt: *mut *mut send_im_receipt,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    let out = unsafe { Out::new(receipt) };
    // SAFETY: as above.
    unsafe { take(call, |value| value.receipt().map(|receipt| out.give(receipt.into()))) }
}

/// Takes the client of a sign-in, or its error.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_call_take_client(
    call: *mut send_im_call,
    client: *mut *mut send_im_client,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    let out = unsafe { Out::new(client) };
    // SAFETY: as above.
    unsafe { take(call, |value| value.client().map(|client| out.give(client))) }
}

/// Takes the results of `send_im_client_send_all_begin`, or its error.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_call_take_results(
    call: *mut send_im_call,
    results: *mut *mut send_im_results,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    let out = unsafe { Out::new(results) };
    // SAFETY: as above.
    unsafe { take(call, |value| value.results().map(|results| out.give(results.into()))) }
}

/// # Safety
/// `call` is NULL or living.
pub(crate) unsafe fn take(
    call: *const send_im_call,
    give: impl FnOnce(Value) -> Option<()>,
) -> *mut send_im_error {
    error_or_null(Sent::Maybe, || {
        // SAFETY: what this function asks for.
        let call = unsafe { object(call, "call")? };
        if call.generation.is_foreign() {
            return Err(forked());
        }
        give(call.end.take()?)
            .ok_or_else(|| Error::invalid_input("The result of this call is of another type."))
    })
}

impl Value {
    pub(crate) fn receipt(self) -> Option<Receipt> {
        if let Value::Receipt(receipt) = self { Some(receipt) } else { None }
    }

    pub(crate) fn client(self) -> Option<send_im_client> {
        if let Value::Client(client) = self { Some(client) } else { None }
    }

    pub(crate) fn diagnosis(self) -> Option<String> {
        if let Value::Diagnosis(told) = self { Some(told) } else { None }
    }

    pub(crate) fn results(self) -> Option<Vec<Result<Receipt>>> {
        if let Value::Results(results) = self { Some(results) } else { None }
    }
}

/// Frees a call. One that has not ended goes on: its callback comes, and nobody gets its result. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_call_free(call: *mut send_im_call) {
    catch_panic((), || {
        // SAFETY: the caller keeps to the header.
        let call = unsafe { from_raw(call) };
        // In a forked child, what it shares with the threads of the parent is left alone.
        if let Some(call) = call.filter(|call| call.generation.is_foreign()) {
            std::mem::forget(call);
        }
    });
}
