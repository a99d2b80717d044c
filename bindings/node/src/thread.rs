//! What belongs to one thread of JavaScript: the main one, or a worker, which may be terminated at any moment.

use std::cell::RefCell;
use std::time::Duration;

use napi::bindgen_prelude::Env;
use napi_derive::napi;
use send_im_runtime::Generation;
use tokio_util::sync::CancellationToken;

thread_local! {
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

/// Where the calls of this thread run, and what ends them.
#[derive(Clone)]
pub(crate) struct Here {
    pub(crate) generation: &'static Generation,
    pub(crate) calls: CancellationToken,
    /// How long its end may take.
    grace: Duration,
}

/// That of this thread.
pub(crate) fn here() -> Here {
    let begun = || Here {
        generation: Generation::separate(),
        calls: CancellationToken::new(),
        grace: Duration::from_secs(3),
    };
    HERE.with_borrow_mut(|here| here.get_or_insert_with(begun).clone())
}

/// Once JavaScript has ended, also where it was terminated, ends what this thread still has. True the first time in a thread: a
/// program may load several copies of the package.
#[napi]
pub fn end_with_thread(env: &Env) -> napi::Result<bool> {
    let first = HERE.with_borrow(Option::is_none);
    if first {
        here();
        env.add_env_cleanup_hook((), |()| {
            if let Some(here) = HERE.take() {
                here.generation.shut_down(here.grace);
            }
        })?;
    }
    Ok(first)
}

/// JavaScript is ending, and listeners of `exit` may still send: ends what is under way, and closes every session, in at most 3 s.
/// A later send opens a session and closes it.
#[napi]
pub fn wind_down() {
    let here = here();
    here.calls.cancel();
    // The time is taken here; what comes later closes its sessions by itself.
    HERE.set(Some(Here { calls: CancellationToken::new(), grace: Duration::ZERO, ..here }));
    here.generation.wind_down(here.grace);
}
