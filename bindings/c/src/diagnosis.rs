//! A diagnosis: what is wrong on the way to the pool, and who can mend it.

use std::ffi::c_char;
use std::ptr::null_mut;

use send_im::{Result, Sent};
use send_im_runtime::{Generation, unless_cancelled};

use crate::call::{Operation, Value, begin, send_im_call, take, wait};
use crate::error::send_im_error;
use crate::ffi::{Out, json};
use crate::options::{Options, Takes, send_im_options};

/// # Safety
/// As the header says.
unsafe fn diagnosing(options: *const send_im_options) -> Result<Operation> {
    // SAFETY: what this function asks for.
    let options = unsafe { Options::of(options, Takes::Account)? };
    let work = |cancellation| async move {
        let account = options.account()?;
        let diagnosis = unless_cancelled(cancellation, || Sent::No, account.diagnose()).await?;
        Ok(Value::Diagnosis(json(&diagnosis)))
    };
    Ok(Operation::new(Generation::current(), Sent::No, work))
}

/// Walks as a send would, and sends nothing: names, proxy, connection, TLS, discovery, trust, ways of signing in, sign-in,
/// session, events, clock. It signs in once, and signs out.
///
/// `options` as with `send_im_client_sign_in`. Gives a JSON object: outcome (`passed`, `warning` or `failed`, the worst of all), kind
/// (the name of a kind of error, or null), exit_code, who can do something (`you`, `network` or `pool_administrator`; or null), and
/// checks, each with name, outcome (`skipped` too), seen, elapsed_ms, advice (what and who, or null) and kind. More members may
/// come. It is an error only where the account is not usable, or the call was cancelled.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_diagnose(
    options: *const send_im_options,
    diagnosis: *mut *mut c_char,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe {
        let prepare = || Out::needed(diagnosis, "diagnosis").and_then(|_| diagnosing(options));
        let given = Out::new(diagnosis);
        let get = |value: Value| value.diagnosis().map(|told| given.give_text(&told));
        wait(Sent::No, Out::<()>::new(null_mut()), prepare, get)
    }
}

/// As `send_im_diagnose`, without waiting.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_diagnose_begin(
    options: *const send_im_options,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe { begin(Sent::No, call, || diagnosing(options)) }
}

/// Takes the diagnosis of `send_im_diagnose_begin`, or its error.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_call_take_diagnosis(
    call: *mut send_im_call,
    diagnosis: *mut *mut c_char,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    let out = unsafe { Out::new(diagnosis) };
    // SAFETY: as above.
    unsafe { take(call, |value| value.diagnosis().map(|told| out.give_text(&told))) }
}
