//! Receipts and steps.

use std::ffi::{CString, c_char, c_int};
use std::sync::OnceLock;

use send_im::{Evidence, Format, Receipt, Step, StepRecord};

use crate::ffi::{NONE, as_ptr, c_text, catch_panic, free, get, into_raw, json, text};
use crate::names::{number, send_im_evidence, send_im_format, send_im_step};

/// One finished step of a call.
pub struct send_im_step_record {
    step: send_im_step,
    host: CString,
    status: c_int,
    elapsed_ms: f64,
}

impl From<&StepRecord> for send_im_step_record {
    fn from(record: &StepRecord) -> Self {
        send_im_step_record {
            step: number(Step::ALL, record.step),
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
    thread_id: Option<CString>,
    steps: Vec<send_im_step_record>,
    json: OnceLock<CString>,
}

impl From<Receipt> for send_im_receipt {
    fn from(receipt: Receipt) -> Self {
        send_im_receipt {
            to: c_text(&receipt.to),
            accepted_by: receipt.accepted_by.as_deref().map(c_text),
            thread_id: receipt.thread_id.as_deref().map(c_text),
            steps: receipt.steps.iter().map(send_im_step_record::from).collect(),
            json: OnceLock::new(),
            receipt,
        }
    }
}

/// A receipt for a program's own tests: of plain text that this recipient has accepted. NULL where `to` is NULL or not UTF-8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_new(to: *const c_char) -> *mut send_im_receipt {
    catch_panic(std::ptr::null_mut(), || {
        // SAFETY: the caller keeps to the header.
        let to = unsafe { text(to, "recipient") };
        to.map_or(std::ptr::null_mut(), |to| into_raw(Receipt::new(to, Evidence::InvitationAccepted).into()))
    })
}

/// The recipient's address as asked, without `sip:`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_to(receipt: *const send_im_receipt) -> *const c_char {
    get!(receipt, NONE, |r| Some(r.to.as_ptr()))
}

/// Who accepted: someone else than the recipient after a call-forward; NULL when only submitted, or where the server does
/// not say. Accepted does not mean read: some clients accept by themselves.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_accepted_by(receipt: *const send_im_receipt) -> *const c_char {
    get!(receipt, NONE, |r| Some(as_ptr(r.accepted_by.as_ref())))
}

/// What the receipt rests on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_evidence(receipt: *const send_im_receipt) -> send_im_evidence {
    get!(receipt, 0, |r| Some(number(Evidence::ALL, r.receipt.evidence)))
}

/// The form in which the text went.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_format(receipt: *const send_im_receipt) -> send_im_format {
    get!(receipt, 0, |r| Some(number(Format::ALL, r.receipt.format)))
}

/// The server's id of the conversation's thread, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_thread_id(receipt: *const send_im_receipt) -> *const c_char {
    get!(receipt, NONE, |r| Some(as_ptr(r.thread_id.as_ref())))
}

/// How many steps the send took.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_step_count(receipt: *const send_im_receipt) -> usize {
    get!(receipt, 0, |r| Some(r.steps.len()))
}

/// A step in order, which lives as long as the receipt; NULL beyond the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_step(
    receipt: *const send_im_receipt,
    index: usize,
) -> *const send_im_step_record {
    get!(receipt, std::ptr::null(), |r| r.steps.get(index).map(std::ptr::from_ref))
}

/// The whole receipt as a JSON object: to, accepted_by, evidence, format, thread_id and steps (step, host, status,
/// elapsed_ms). Absent values are null. More members may come.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_to_json(receipt: *const send_im_receipt) -> *const c_char {
    get!(receipt, NONE, |r| Some(r.json.get_or_init(|| c_text(&json(&r.receipt))).as_ptr()))
}

/// Frees a receipt. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_receipt_free(receipt: *mut send_im_receipt) {
    free!(receipt);
}

/// Which step.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_step_record_step(record: *const send_im_step_record) -> send_im_step {
    get!(record, 0, |r| Some(r.step))
}

/// The host that was asked, with its port where it is not the usual one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_step_record_host(record: *const send_im_step_record) -> *const c_char {
    get!(record, NONE, |r| Some(r.host.as_ptr()))
}

/// The HTTP status of the answer; 0 where none came.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_step_record_status(record: *const send_im_step_record) -> c_int {
    get!(record, 0, |r| Some(r.status))
}

/// From the request to the end of the answer, in milliseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_step_record_elapsed_ms(record: *const send_im_step_record) -> f64 {
    get!(record, 0.0, |r| Some(r.elapsed_ms))
}
