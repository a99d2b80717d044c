//! Calls whose callbacks are ours and put mail into a mailbox.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut};

use send_im::{Error, Receipt, Sent};

use crate::call::{Value, send_im_call};
use crate::client::{
    send_im_begin, send_im_client, send_im_client_send_begin, send_im_client_sign_in_begin,
    send_im_client_sign_out_begin,
};
use crate::error::{send_im_error, send_im_error_to_json};
use crate::ffi::{Out, catch_panic, error_or_null, from_raw, into_raw, json};
use crate::mailbox::{Slot, send_im_mailbox};
use crate::names::send_im_step_name;
use crate::options::{send_im_options, send_im_options_on_step, send_im_options_on_token};
use crate::receipt::{
    send_im_receipt, send_im_receipt_to_json, send_im_step_record, send_im_step_record_elapsed_ms,
    send_im_step_record_host, send_im_step_record_status, send_im_step_record_step,
};
use crate::results::{send_im_client_send_all_begin, send_im_messages};
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

fn outcome(what: &str, error: Option<Error>, receipt: Option<Receipt>) -> String {
    let (error, receipt) = (error.map(send_im_error::from), receipt.map(send_im_receipt::from));
    let (error, receipt) = (
        error.as_ref().map_or(null(), std::ptr::from_ref),
        receipt.as_ref().map_or(null(), std::ptr::from_ref),
    );
    // SAFETY: each is NULL or a living object.
    let (error, receipt) =
        unsafe { (made(send_im_error_to_json(error)), made(send_im_receipt_to_json(receipt))) };
    format!(r#""what":"{what}","error":{error},"receipt":{receipt}"#)
}

fn post(slot: &Slot, what: &str, result: send_im::Result<Value>) {
    match result {
        Err(error) => slot.post(&outcome(what, Some(error), None)),
        Ok(Value::Receipt(receipt)) => slot.post(&outcome(what, None, Some(receipt))),
        Ok(Value::Client(client)) => slot.put(&outcome(what, None, None), Some(Box::new(client)), None),
        Ok(Value::Results(results)) => {
            let each = results.into_iter().map(|result| match result {
                Ok(receipt) => format!("{{{}}}", outcome("sent", None, Some(receipt))),
                Err(error) => format!("{{{}}}", outcome("sent", Some(error), None)),
            });
            let each: Vec<_> = each.collect();
            slot.post(&format!(r#"{},"results":[{}]"#, outcome(what, None, None), each.join(",")));
        }
        Ok(Value::Nothing) => slot.post(&outcome(what, None, None)),
    }
}

unsafe extern "C" fn post_step(slot: *mut c_void, step: *const send_im_step_record) {
    // SAFETY: the slot lives until `post_released`, the step until this returns.
    catch_panic((), || unsafe {
        let Some(slot) = slot.cast::<Slot>().as_ref() else { return };
        let (name, host) = (
            quoted(send_im_step_name(send_im_step_record_step(step))),
            quoted(send_im_step_record_host(step)),
        );
        let status = match send_im_step_record_status(step) {
            0 => "null".to_owned(),
            status => status.to_string(),
        };
        let elapsed = send_im_step_record_elapsed_ms(step);
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
    catch_panic((), || unsafe {
        let (Some(slot), reply) = (slot.cast::<Slot>().as_ref(), from_raw(reply)) else { return };
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
    catch_panic((), || unsafe {
        if let Some(slot) = from_raw(slot.cast::<Slot>()) {
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
    let refused = error_or_null(Sent::No, || {
        // SAFETY: what this function asks for.
        slot = into_raw(unsafe { Slot::new(mailbox, ticket)? });
        Ok(())
    });
    if refused.is_null() { begin(slot) } else { refused }
}

/// Begins a call whose end is mail.
///
/// # Safety
/// `mailbox` and `call` are NULL or usable.
unsafe fn begin_call(
    mailbox: *const send_im_mailbox,
    ticket: u64,
    call: *mut *mut send_im_call,
    what: &'static str,
    begin: impl FnOnce(*mut *mut send_im_call) -> *mut send_im_error,
) -> *mut send_im_error {
    let mut refused = null_mut();
    let error = error_or_null(Sent::Maybe, || {
        // SAFETY: what this function asks for.
        let (out, slot) = unsafe { (Out::new(call), Slot::new(mailbox, ticket)?) };
        let mut begun = null_mut();
        refused = begin(&mut begun);
        // SAFETY: it was just made.
        if let Some(begun) = unsafe { from_raw(begun) } {
            begun.on_end(move |end| post(&slot, what, end.take()));
            out.give(*begun);
        }
        Ok(())
    });
    if error.is_null() { refused } else { error }
}

/// As `send_im_begin`; its end is mail with this ticket.
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
    unsafe { begin_call(mailbox, ticket, call, "sent", |call| send_im_begin(options, to, text, call)) }
}

/// As `send_im_client_sign_in_begin`; its end is mail with this ticket.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_sign_in_by_mail(
    mailbox: *const send_im_mailbox,
    ticket: u64,
    options: *const send_im_options,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe {
        begin_call(mailbox, ticket, call, "signed_in", |call| send_im_client_sign_in_begin(options, call))
    }
}

/// As `send_im_client_send_begin`; its end is mail with this ticket.
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
        begin_call(mailbox, ticket, call, "sent", |call| {
            send_im_client_send_begin(client, options, to, text, call)
        })
    }
}

/// As `send_im_client_send_all_begin`; its end is mail with this ticket.
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
        begin_call(mailbox, ticket, call, "all_sent", |call| {
            send_im_client_send_all_begin(client, messages, call)
        })
    }
}

/// As `send_im_client_sign_out_begin`; its end is mail with this ticket.
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
        begin_call(mailbox, ticket, call, "signed_out", |call| {
            send_im_client_sign_out_begin(client, timeout_ms, call)
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
