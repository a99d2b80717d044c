//! Receipts and steps.

use std::ffi::{CString, c_char, c_int};
use std::sync::OnceLock;

use send_im::{Evidence, Receipt, StepRecord};

use crate::border::{NONE, c_text, certain, hand_over, json, lend, read, take_back, text};

/// One finished step of a call.
pub struct send_im_step {
    name: CString,
    host: CString,
    status: c_int,
    elapsed_ms: f64,
}

impl From<&StepRecord> for send_im_step {
    fn from(record: &StepRecord) -> Self {
        send_im_step {
            name: c_text(record.step.as_str()),
            host: c_text(&record.host),
            status: record.status.map_or(0, c_int::from),
            elapsed_ms: record.elapsed.as_secs_f64() * 1e3,
        }
    }
}

/// Proof of a send.
pub struct send_im_receipt {
    receipt: Receipt,
    to: CString,
    accepted_by: Option<CString>,
    evidence: CString,
    format: CString,
    thread_id: Option<CString>,
    steps: Vec<send_im_step>,
    json: OnceLock<CString>,
}

impl From<Receipt> for send_im_receipt {
    fn from(receipt: Receipt) -> Self {
        send_im_receipt {
            to: c_text(&receipt.to),
            accepted_by: receipt.accepted_by.as_deref().map(c_text),
            evidence: c_text(receipt.evidence.as_str()),
            format: c_text(receipt.format.as_str()),
            thread_id: receipt.thread_id.as_deref().map(c_text),
            steps: receipt.steps.iter().map(send_im_step::from).collect(),
            json: OnceLock::new(),
            receipt,
        }
    }
}

/// A receipt for a program's own tests: of plain text that this recipient has accepted. NULL where `to` is NULL or not UTF-8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_new(to: *const c_char) -> *mut send_im_receipt {
    certain(std::ptr::null_mut(), || {
        // SAFETY: the caller keeps to the header.
        let to = unsafe { text(to, "recipient") };
        to.map_or(std::ptr::null_mut(), |to| hand_over(Receipt::new(to, Evidence::InvitationAccepted).into()))
    })
}

/// The recipient's address as asked, without `sip:`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_to(receipt: *const send_im_receipt) -> *const c_char {
    // SAFETY: the caller keeps to the header.
    unsafe { read(receipt, NONE, |r| Some(r.to.as_ptr())) }
}

/// Who accepted: someone else than the recipient after a call-forward, NULL when only submitted. Accepted does not mean
/// read: some clients accept by themselves.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_accepted_by(receipt: *const send_im_receipt) -> *const c_char {
    // SAFETY: the caller keeps to the header.
    unsafe { read(receipt, NONE, |r| Some(lend(r.accepted_by.as_ref()))) }
}

/// What the receipt rests on: `invitation_accepted`, `message_confirmed` or `submitted`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_evidence(receipt: *const send_im_receipt) -> *const c_char {
    // SAFETY: the caller keeps to the header.
    unsafe { read(receipt, NONE, |r| Some(r.evidence.as_ptr())) }
}

/// The form in which the text went: `plain` or `html`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_format(receipt: *const send_im_receipt) -> *const c_char {
    // SAFETY: the caller keeps to the header.
    unsafe { read(receipt, NONE, |r| Some(r.format.as_ptr())) }
}

/// The server's id of the conversation's thread, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_thread_id(receipt: *const send_im_receipt) -> *const c_char {
    // SAFETY: the caller keeps to the header.
    unsafe { read(receipt, NONE, |r| Some(lend(r.thread_id.as_ref()))) }
}

/// How many steps the send took.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_step_count(receipt: *const send_im_receipt) -> usize {
    // SAFETY: the caller keeps to the header.
    unsafe { read(receipt, 0, |r| Some(r.steps.len())) }
}

/// A step in order, which lives as long as the receipt; NULL beyond the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_step(
    receipt: *const send_im_receipt,
    index: usize,
) -> *const send_im_step {
    // SAFETY: the caller keeps to the header.
    unsafe { read(receipt, std::ptr::null(), |r| r.steps.get(index).map(std::ptr::from_ref)) }
}

/// The whole receipt as a JSON object: to, accepted_by, evidence, format, thread_id and steps (step, host, status,
/// elapsed_ms). Absent values are null. More members may come.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_to_json(receipt: *const send_im_receipt) -> *const c_char {
    // SAFETY: the caller keeps to the header.
    unsafe { read(receipt, NONE, |r| Some(r.json.get_or_init(|| c_text(&json(&r.receipt))).as_ptr())) }
}

/// Frees a receipt. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_free(receipt: *mut send_im_receipt) {
    // SAFETY: the caller keeps to the header.
    certain((), || drop(unsafe { take_back(receipt) }));
}

/// Which step: discover, sign_in, open_session, invite, send, confirm or sign_out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_step_name(step: *const send_im_step) -> *const c_char {
    // SAFETY: the caller keeps to the header.
    unsafe { read(step, NONE, |s| Some(s.name.as_ptr())) }
}

/// The host that was asked, with its port where it is not the usual one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_step_host(step: *const send_im_step) -> *const c_char {
    // SAFETY: the caller keeps to the header.
    unsafe { read(step, NONE, |s| Some(s.host.as_ptr())) }
}

/// The HTTP status of the answer; 0 where none came.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_step_status(step: *const send_im_step) -> c_int {
    // SAFETY: the caller keeps to the header.
    unsafe { read(step, 0, |s| Some(s.status)) }
}

/// From the request to the end of the answer, in milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_step_elapsed_ms(step: *const send_im_step) -> f64 {
    // SAFETY: the caller keeps to the header.
    unsafe { read(step, 0.0, |s| Some(s.elapsed_ms)) }
}
