//! The stable C interface: opaque handles, options by name, few functions. `include/send_im.h` is made from it, and what
//! may change is written in `ABI.md`.
//!
//! Rules every export keeps:
//! - No panic leaves the library ([`ffi::error_or_null`], [`ffi::catch_panic`]).
//! - What the host gives is checked before it is used: NULL and texts that are not UTF-8 are `invalid_input`.
//! - No call waits on a thread of ours ([`ffi::may_wait`]); callbacks that may block come on threads that may.
//! - Objects that live on the runtime are numbers, so nothing of the parent is dropped in a forked child.
#![allow(non_camel_case_types)] // The names are those of C.

mod call;
mod client;
mod diagnosis;
mod error;
mod ffi;
mod host;
mod names;
mod options;
mod pending;
mod receipt;
mod results;
mod sandbox;
mod token;

use std::ffi::{c_char, c_int};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use send_im_runtime::Generation;

/// The version of this interface, the number in the name of the shared library. A program that was compiled with another
/// one does not fit.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_abi_version() -> u32 {
    const ABI: &str = env!("SEND_IM_ABI");
    ABI.parse().unwrap_or_default()
}

/// The version of this library, for example `0.1.0`. It is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The program is ending, and its own code may still send: closes every session, now or as soon as nothing is under way in
/// it. A later send opens a session and closes it before it returns. Nothing is cancelled and nothing refused, so this may be
/// called before, beside or after the program's own code at exit.
///
/// Waits at most `timeout_ms`; true if no session was left open. From a callback it does not wait.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_wind_down(timeout_ms: u64) -> bool {
    ffi::catch_panic(false, || Generation::current().wind_down(Duration::from_millis(timeout_ms)))
}

/// Stops the library in this process: calls under way end with `cancelled`, sessions are signed out as far as the time
/// allows, then its threads end. Later calls fail with `cancelled`.
///
/// Waits at most `timeout_ms`; true if all has ended. May be called again, from any thread; from a callback it does not wait.
/// A program should call it before it unloads the library or returns from main with sessions open.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_shutdown(timeout_ms: u64) -> bool {
    ffi::catch_panic(false, || Generation::current().shut_down(Duration::from_millis(timeout_ms)))
}

/// As `send_im_shutdown`, when the process ends by `exit` or by returning from main: after all code of a host that runs its
/// own code at exit in no order that is known. Not where `_exit` or a signal ends it. May be called again, from any thread;
/// the last `timeout_ms` counts. False where the system cannot do it, as on Windows, whose libraries lose their threads before.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_shutdown_at_exit(timeout_ms: u64) -> bool {
    // No bound is as long as this: it stands for "not registered".
    static BOUND: AtomicU64 = AtomicU64::new(u64::MAX);
    extern "C" fn at_exit() {
        send_im_shutdown(BOUND.load(Ordering::SeqCst));
    }
    unsafe extern "C" {
        fn atexit(function: extern "C" fn()) -> c_int;
    }
    if cfg!(not(unix)) {
        return false;
    }
    if BOUND.swap(timeout_ms.min(u64::MAX - 1), Ordering::SeqCst) != u64::MAX {
        return true;
    }
    // SAFETY: C's own `atexit`; the function lives as long as the library, which is never unloaded.
    unsafe { atexit(at_exit) == 0 }
}

/// For the test that no panic leaves the library.
///
/// cbindgen:ignore
#[cfg(feature = "panic-test")]
#[unsafe(no_mangle)]
pub extern "C" fn send_im_panic_for_tests() -> *mut error::send_im_error {
    ffi::error_or_null(send_im::Sent::Maybe, || panic!("on purpose"))
}
