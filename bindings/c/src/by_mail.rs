//! Calls whose callbacks are ours and put mail into a mailbox.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut};

use send_im::Sent;

use crate::border::{Out, certain, fallible, hand_over, json, take_back};
use crate::call::send_im_call;
use crate::client::{
    send_im_async, send_im_client, send_im_client_send_async, send_im_client_sign_in_async,
    send_im_client_sign_out_async,
};
use crate::error::{send_im_error, send_im_error_to_json};
use crate::mailbox::{Slot, send_im_mailbox};
use crate::options::{send_im_options, send_im_options_on_step, send_im_options_on_token};
use crate::receipt::{
    send_im_receipt, send_im_receipt_to_json, send_im_step, send_im_step_elapsed_ms, send_im_step_host,
    send_im_step_name, send_im_step_status,
};
use crate::results::{
    send_im_client_send_all_async, send_im_messages, send_im_results, send_im_results_count,
    send_im_results_error, send_im_results_receipt,
};
use crate::token::{
    send_im_token_reply, send_im_token_request, send_im_token_request_authorization_uri,
    send_im_token_request_client_id, send_im_token_request_origin, send_im_token_request_rejected,
    send_im_token_request_trusted_issuers,
};

/// JSON that this library has made, `null` where there is none.
///
/// # Safety
/// `text` is NULL or ends with a NUL, and lives as long as it is used.
unsafe fn made<'a>(text: *const c_char) -> &'a str {
    if text.is_null() {
        return "null";
    }
    // SAFETY: what this function asks for.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or("null")
}

/// A text of this library as JSON, `null` where there is none.
///
/// # Safety
/// As [`made`].
unsafe fn quoted(text: *const c_char) -> String {
    // SAFETY: what this function asks for.
    let text = (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy());
    json(&text)
}

unsafe extern "C" fn post_sent(slot: *mut c_void, error: *mut send_im_error, receipt: *mut send_im_receipt) {
    // SAFETY: the slot was made for this one call; error and receipt are the callback's to free.
    certain((), || unsafe {
        let (Some(slot), error, receipt) =
            (take_back(slot.cast::<Slot>()), take_back(error), take_back(receipt))
        else {
            return;
        };
        slot.post(&outcome("sent", error.as_deref(), receipt.as_deref()));
    });
}

fn outcome(what: &str, error: Option<&send_im_error>, receipt: Option<&send_im_receipt>) -> String {
    let (error, receipt) =
        (error.map_or(null(), std::ptr::from_ref), receipt.map_or(null(), std::ptr::from_ref));
    // SAFETY: each is NULL or a living object.
    let (error, receipt) =
        unsafe { (made(send_im_error_to_json(error)), made(send_im_receipt_to_json(receipt))) };
    format!(r#""what":"{what}","error":{error},"receipt":{receipt}"#)
}

unsafe extern "C" fn post_signed_in(
    slot: *mut c_void,
    error: *mut send_im_error,
    client: *mut send_im_client,
) {
    // SAFETY: as in `post_sent`.
    certain((), || unsafe {
        let (Some(slot), error, client) =
            (take_back(slot.cast::<Slot>()), take_back(error), take_back(client))
        else {
            return;
        };
        slot.put(&outcome("signed_in", error.as_deref(), None), client, None);
    });
}

unsafe extern "C" fn post_done(slot: *mut c_void, error: *mut send_im_error) {
    // SAFETY: as in `post_sent`.
    certain((), || unsafe {
        let (Some(slot), error) = (take_back(slot.cast::<Slot>()), take_back(error)) else { return };
        slot.post(&outcome("signed_out", error.as_deref(), None));
    });
}

unsafe extern "C" fn post_all_sent(
    slot: *mut c_void,
    error: *mut send_im_error,
    results: *mut send_im_results,
) {
    // SAFETY: as in `post_sent`.
    certain((), || unsafe {
        let (Some(slot), error, results) =
            (take_back(slot.cast::<Slot>()), take_back(error), take_back(results))
        else {
            return;
        };
        let results = results.as_deref().map_or(null(), std::ptr::from_ref);
        let each: Vec<_> = (0..send_im_results_count(results))
            .map(|at| {
                let (error, receipt) =
                    (send_im_results_error(results, at), send_im_results_receipt(results, at));
                format!("{{{}}}", outcome("sent", error.as_ref(), receipt.as_ref()))
            })
            .collect();
        let whole = outcome("all_sent", error.as_deref(), None);
        slot.post(&format!(r#"{whole},"results":[{}]"#, each.join(",")));
    });
}

unsafe extern "C" fn post_step(slot: *mut c_void, step: *const send_im_step) {
    // SAFETY: the slot lives until `post_released`, the step until this returns.
    certain((), || unsafe {
        let Some(slot) = slot.cast::<Slot>().as_ref() else { return };
        let (name, host) = (quoted(send_im_step_name(step)), quoted(send_im_step_host(step)));
        let status = match send_im_step_status(step) {
            0 => "null".to_owned(),
            status => status.to_string(),
        };
        let elapsed = send_im_step_elapsed_ms(step);
        slot.post(&format!(
            r#""what":"step","step":{name},"host":{host},"status":{status},"elapsed_ms":{elapsed:.3}"#
        ));
    });
}

unsafe extern "C" fn post_token(
    slot: *mut c_void,
    request: *const send_im_token_request,
    reply: *mut send_im_token_reply,
) {
    // SAFETY: the slot lives until `post_released`, the request until this returns; the reply is the callback's.
    certain((), || unsafe {
        let (Some(slot), reply) = (slot.cast::<Slot>().as_ref(), take_back(reply)) else { return };
        let members = format!(
            r#""what":"token","origin":{},"authorization_uri":{},"client_id":{},"trusted_issuers":{},"rejected":{}"#,
            quoted(send_im_token_request_origin(request)),
            quoted(send_im_token_request_authorization_uri(request)),
            quoted(send_im_token_request_client_id(request)),
            quoted(send_im_token_request_trusted_issuers(request)),
            send_im_token_request_rejected(request),
        );
        slot.put(&members, None, reply);
    });
}

unsafe extern "C" fn post_released(slot: *mut c_void) {
    // SAFETY: the slot was made for this host function, which will not come again.
    certain((), || unsafe {
        if let Some(slot) = take_back(slot.cast::<Slot>()) {
            slot.post(r#""what":"released""#);
        }
    });
}

/// Begins something with a slot of its own. What it returns is the error, and then no callback comes.
///
/// # Safety
/// `mailbox` is NULL or living.
unsafe fn with_slot(
    mailbox: *const send_im_mailbox,
    ticket: u64,
    begin: impl FnOnce(*mut Slot) -> *mut send_im_error,
) -> *mut send_im_error {
    let mut slot = null_mut();
    let refused = fallible(Sent::No, || {
        // SAFETY: what this function asks for.
        slot = hand_over(unsafe { Slot::new(mailbox, ticket)? });
        Ok(())
    });
    if refused.is_null() { begin(slot) } else { refused }
}

/// Begins a call that ends with one callback.
///
/// # Safety
/// `mailbox` and `call` are NULL or usable.
unsafe fn begin_call(
    mailbox: *const send_im_mailbox,
    ticket: u64,
    call: *mut *mut send_im_call,
    begin: impl FnOnce(*mut c_void) -> *mut send_im_error,
) -> *mut send_im_error {
    // SAFETY: what this function asks for.
    unsafe {
        // It writes the NULL.
        let _ = Out::new(call);
        with_slot(mailbox, ticket, |slot| {
            let error = begin(slot.cast());
            if !error.is_null() {
                drop(take_back(slot));
            }
            error
        })
    }
}

/// As `send_im_async`; its end is mail with this ticket.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_by_mail(
    mailbox: *const send_im_mailbox,
    ticket: u64,
    options: *const send_im_options,
    to: *const c_char,
    text: *const c_char,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe {
        begin_call(mailbox, ticket, call, |slot| {
            send_im_async(options, to, text, Some(post_sent), slot, call)
        })
    }
}

/// As `send_im_client_sign_in_async`; its end is mail with this ticket.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_sign_in_by_mail(
    mailbox: *const send_im_mailbox,
    ticket: u64,
    options: *const send_im_options,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe {
        begin_call(mailbox, ticket, call, |slot| {
            send_im_client_sign_in_async(options, Some(post_signed_in), slot, call)
        })
    }
}

/// As `send_im_client_send_async`; its end is mail with this ticket.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_send_by_mail(
    mailbox: *const send_im_mailbox,
    ticket: u64,
    client: *const send_im_client,
    options: *const send_im_options,
    to: *const c_char,
    text: *const c_char,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe {
        begin_call(mailbox, ticket, call, |slot| {
            send_im_client_send_async(client, options, to, text, Some(post_sent), slot, call)
        })
    }
}

/// As `send_im_client_send_all_async`; its end is mail with this ticket.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_send_all_by_mail(
    mailbox: *const send_im_mailbox,
    ticket: u64,
    client: *const send_im_client,
    messages: *const send_im_messages,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe {
        begin_call(mailbox, ticket, call, |slot| {
            send_im_client_send_all_async(client, messages, Some(post_all_sent), slot, call)
        })
    }
}

/// As `send_im_client_sign_out_async`; its end is mail with this ticket.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_sign_out_by_mail(
    mailbox: *const send_im_mailbox,
    ticket: u64,
    client: *const send_im_client,
    timeout_ms: i64,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe {
        begin_call(mailbox, ticket, call, |slot| {
            send_im_client_sign_out_async(client, timeout_ms, Some(post_done), slot, call)
        })
    }
}

/// As `send_im_options_on_step`; each step is mail with this ticket, and so is the release.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_options_steps_by_mail(
    options: *mut send_im_options,
    mailbox: *const send_im_mailbox,
    ticket: u64,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe {
        with_slot(mailbox, ticket, |slot| {
            send_im_options_on_step(options, Some(post_step), slot.cast(), Some(post_released))
        })
    }
}

/// As `send_im_options_on_token`; each request is mail with this ticket, and so is the release.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_options_tokens_by_mail(
    options: *mut send_im_options,
    mailbox: *const send_im_mailbox,
    ticket: u64,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe {
        with_slot(mailbox, ticket, |slot| {
            send_im_options_on_token(options, Some(post_token), slot.cast(), Some(post_released))
        })
    }
}
