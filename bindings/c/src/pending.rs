//! How a call ends: its result is set, told and taken once.

use std::sync::Arc;

use send_im::{Error, Result, Sent};
use send_im_runtime::{Flag, Mutex, lock, shut_down};

use crate::call::Value;

/// How a call ends.
#[derive(Default)]
pub(crate) struct End {
    state: Mutex<State>,
    pub(crate) ended: Flag,
}

#[derive(Default)]
struct State {
    ended: bool,
    result: Option<Result<Value>>,
    on_end: Vec<OnEnd>,
}

/// Dropping it calls: also where no thread is left to call on.
struct OnEnd(Option<Box<dyn FnOnce() + Send>>);

impl Drop for OnEnd {
    fn drop(&mut self) {
        if let Some(on_end) = self.0.take() {
            on_end();
        }
    }
}

impl End {
    /// The first one counts.
    fn set(&self, result: Result<Value>) {
        let on_end = {
            let mut state = lock(&self.state);
            if state.ended {
                return;
            }
            state.ended = true;
            state.result = Some(result);
            std::mem::take(&mut state.on_end)
        };
        self.ended.set();
        // They may block, and so may not come on a thread that works for others.
        if let Ok(handle) = tokio::runtime::Handle::try_current()
            && !on_end.is_empty()
        {
            handle.spawn_blocking(move || drop(on_end));
        }
    }

    /// Calls `on_end` once, at once where the call has ended.
    pub(crate) fn on_end(&self, on_end: impl FnOnce() + Send + 'static) {
        let on_end = OnEnd(Some(Box::new(on_end)));
        let mut state = lock(&self.state);
        if !state.ended {
            state.on_end.push(on_end);
            return;
        }
        // Without the lock: it may ask for the result.
        drop(state);
        drop(on_end);
    }

    /// The result, once.
    pub(crate) fn take(&self) -> Result<Value> {
        let mut state = lock(&self.state);
        let why = if state.ended {
            "The result of this call was taken before."
        } else {
            "This call has not ended."
        };
        state.result.take().unwrap_or_else(|| Err(Error::invalid_input(why)))
    }
}

/// Ends a call that the end of the process cuts off.
pub(crate) struct Promise {
    pub(crate) end: Arc<End>,
    pub(crate) sent: Sent,
}

impl Promise {
    pub(crate) fn keep(self, result: Result<Value>) {
        self.end.set(result);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.end.set(Err(shut_down(self.sent)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_is_dropped_ends_as_cancelled() {
        let end = Arc::new(End::default());
        drop(Promise { end: end.clone(), sent: Sent::Maybe });
        let error = end.take().err().unwrap();
        assert_eq!((error.kind().as_str(), error.sent()), ("cancelled", Sent::Maybe));
    }
}

/// Every order in which threads can come to the lock.
#[cfg(all(test, send_im_loom))]
mod models {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn who_asks_while_a_call_ends_is_told_once() {
        loom::model(|| {
            let (end, told) = (Arc::new(End::default()), Arc::new(AtomicUsize::new(0)));
            let ends = {
                let end = end.clone();
                loom::thread::spawn(move || end.set(Ok(Value::Nothing)))
            };
            let count = told.clone();
            end.on_end(move || assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0));
            ends.join().unwrap();
            assert_eq!(told.load(Ordering::SeqCst), 1);
            assert!(end.take().is_ok());
        });
    }
}
