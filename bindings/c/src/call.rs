//! Calls that end with a callback.

use std::ffi::c_void;
use std::future::Future;

use send_im::{Error, Result, Sent};
use send_im_runtime::{Generation, forked, shut_down};
use tokio_util::sync::CancellationToken;

use crate::border::{Out, certain, take_back};

/// A call under way, which can be cancelled.
pub struct send_im_call {
    cancellation: CancellationToken,
    generation: &'static Generation,
}

/// What tells the host how a call ended: exactly once, also when the end of the process takes the threads away.
pub(crate) struct Completion<T> {
    tell: Option<Box<dyn FnOnce(Result<T>) + Send>>,
    result: Option<Result<T>>,
    sent: Sent,
}

impl<T> Completion<T> {
    /// Dropping it tells.
    fn ended(mut self, result: Result<T>) -> Self {
        self.result = Some(result);
        self
    }
}

impl<T> Drop for Completion<T> {
    fn drop(&mut self) {
        let (Some(tell), sent) = (self.tell.take(), self.sent) else { return };
        tell(self.result.take().unwrap_or_else(|| Err(shut_down(sent))));
    }
}

/// The pointer of the host on its way to a callback.
pub(crate) struct UserData(*mut c_void);

// SAFETY: the pointer is handed back to the host and never read here. The header says that the callback comes on another
// thread.
unsafe impl Send for UserData {}

impl UserData {
    pub(crate) fn new(user_data: *mut c_void) -> Self {
        UserData(user_data)
    }

    /// By value, so that a closure takes the whole of it along.
    pub(crate) fn pointer(self) -> *mut c_void {
        self.0
    }
}

/// Starts work; `tell` is called with its result on a thread that may block, unless this returns an error.
pub(crate) fn start<T, W, F>(
    generation: &'static Generation,
    sent: Sent,
    out: Out<send_im_call>,
    work: W,
    tell: impl FnOnce(Result<T>) + Send + 'static,
) -> Result<()>
where
    T: Send + 'static,
    W: FnOnce(Option<CancellationToken>) -> F,
    F: Future<Output = Result<T>> + Send + 'static,
{
    if generation.is_foreign() {
        return Err(forked());
    }
    let handle = generation.clients_run.handle()?;
    let cancellation = CancellationToken::new();
    let call = generation.call::<T, Error, _>(sent, work(Some(cancellation.clone())));
    // Before the callback can come, which may want it.
    out.give(send_im_call { cancellation, generation });
    let completion = Completion { tell: Some(Box::new(tell)), result: None, sent };
    handle.spawn(async move {
        // Held from the beginning: whatever ends this task, the host is told.
        let completion = completion;
        let completion = completion.ended(call.await);
        tokio::task::spawn_blocking(move || drop(completion));
    });
    Ok(())
}

/// Ends a call early: its callback comes with `cancelled`, unless the call has ended already. Whether the message may have
/// arrived is told by `send_im_error_sent`. An invitation that rings is withdrawn. May be called again, from any thread.
/// NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_call_cancel(call: *const send_im_call) {
    certain((), || {
        // SAFETY: the caller keeps to the header.
        let call = unsafe { call.as_ref() };
        if let Some(call) = call.filter(|call| !call.generation.is_foreign()) {
            call.cancellation.cancel();
        }
    });
}

/// Frees the handle; the call goes on, and its callback comes. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_call_free(call: *mut send_im_call) {
    certain((), || {
        // SAFETY: the caller keeps to the header.
        let call = unsafe { take_back(call) };
        // In a forked child, what it shares with the threads of the parent is left alone.
        if let Some(call) = call.filter(|call| call.generation.is_foreign()) {
            std::mem::forget(call);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn completion(told: &Arc<Mutex<Vec<String>>>) -> Completion<u8> {
        let told = told.clone();
        let tell = move |result: Result<u8>| told.lock().unwrap().push(format!("{result:?}"));
        Completion { tell: Some(Box::new(tell)), result: None, sent: Sent::Maybe }
    }

    #[test]
    fn the_end_is_told_once() {
        let told = Arc::default();
        drop(completion(&told).ended(Ok(7)));
        assert_eq!(*told.lock().unwrap(), ["Ok(7)"]);
    }

    #[test]
    fn work_that_is_dropped_is_told_as_cancelled() {
        let told = Arc::default();
        drop(completion(&told));
        let told = told.lock().unwrap();
        assert!(told.len() == 1 && told[0].contains("Cancelled") && told[0].contains("Maybe"), "{told:?}");
    }
}
