//! The error of every call.

use std::ffi::{CString, c_char, c_int};
use std::sync::OnceLock;

use send_im::{Error, ErrorKind, Sent, Step};
use send_im_runtime::HostFailure;
use serde_json::{Value, json};

use crate::ffi::{NONE, as_ptr, c_text, catch_panic, free, get, into_raw, json as to_json, text};
use crate::names::{number, send_im_kind, send_im_sent, send_im_step, value};

/// A failed call: what failed, at which step, and what to do about it.
pub struct send_im_error {
    error: Error,
    detail: CString,
    code: Option<CString>,
    subcode: Option<CString>,
    diagnostics: Option<CString>,
    hops: Vec<(CString, CString)>,
    json: OnceLock<CString>,
}

impl From<Error> for send_im_error {
    fn from(error: Error) -> Self {
        send_im_error {
            detail: c_text(error.detail()),
            code: error.code().map(c_text),
            subcode: error.subcode().map(c_text),
            diagnostics: error.diagnostics().map(c_text),
            hops: error.hops().iter().map(|hop| (c_text(&hop.url), c_text(&hop.outcome))).collect(),
            json: OnceLock::new(),
            error,
        }
    }
}

impl send_im_error {
    pub(crate) fn raw(error: Error) -> *mut Self {
        into_raw(error.into())
    }

    #[cfg(test)]
    pub(crate) fn as_error(&self) -> &Error {
        &self.error
    }

    fn to_json(&self) -> CString {
        let mut value = serde_json::to_value(&self.error).unwrap_or(Value::Null);
        if let Some(members) = value.as_object_mut() {
            members.insert("exit_code".to_owned(), json!(self.error.kind().exit_code()));
            members.insert("cause".to_owned(), json!(HostFailure::behind(&self.error)));
        }
        c_text(&to_json(&value))
    }
}

/// The sort of failure; `SEND_IM_KIND_NONE` for NULL, which is success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_kind(error: *const send_im_error) -> send_im_kind {
    get!(error, 0, |e| Some(number(ErrorKind::ALL, e.error.kind())))
}

/// The step that failed; `SEND_IM_STEP_NONE` where none had begun.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_step(error: *const send_im_error) -> send_im_step {
    get!(error, 0, |e| e.error.step().map(|step| number(Step::ALL, step)))
}

/// One sentence a person can act on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_detail(error: *const send_im_error) -> *const c_char {
    get!(error, NONE, |e| Some(e.detail.as_ptr()))
}

/// Whether the message may have arrived all the same; sending it again may then double it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_sent(error: *const send_im_error) -> send_im_sent {
    get!(error, 0, |e| Some(number(Sent::ALL, e.error.sent())))
}

/// The HTTP status of the answer that decided; 0 where none did.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_http_status(error: *const send_im_error) -> c_int {
    get!(error, 0, |e| e.error.http_status().map(c_int::from))
}

/// The server's error code as it came, for example `RemoteFailure`, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_code(error: *const send_im_error) -> *const c_char {
    get!(error, NONE, |e| Some(as_ptr(e.code.as_ref())))
}

/// The server's subcode as it came, for example `DoNotDisturb`, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_subcode(error: *const send_im_error) -> *const c_char {
    get!(error, NONE, |e| Some(as_ptr(e.subcode.as_ref())))
}

/// The server's diagnostics, for its administrator, or NULL. Not stable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_diagnostics(error: *const send_im_error) -> *const c_char {
    get!(error, NONE, |e| Some(as_ptr(e.diagnostics.as_ref())))
}

/// How long the server asked to wait, in milliseconds; -1 where it did not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_retry_after_ms(error: *const send_im_error) -> i64 {
    let whole = |wait: std::time::Duration| {
        // Rounded up: a wait the server asked for is not cut short.
        i64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
    };
    get!(error, -1, |e| e.error.retry_after().map(whole))
}

/// How many hops `send_im_error_hop_url` and `send_im_error_hop_outcome` know: the way the call took, oldest first, where
/// it explains the failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_hop_count(error: *const send_im_error) -> usize {
    get!(error, 0, |e| Some(e.hops.len()))
}

/// The URL of a hop without its query; NULL beyond the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_hop_url(error: *const send_im_error, index: usize) -> *const c_char {
    get!(error, NONE, |e| e.hops.get(index).map(|hop| hop.0.as_ptr()))
}

/// What came back from a hop, for example `401` or `connection refused`; NULL beyond the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_hop_outcome(
    error: *const send_im_error,
    index: usize,
) -> *const c_char {
    get!(error, NONE, |e| e.hops.get(index).map(|hop| hop.1.as_ptr()))
}

/// The exit code for a program that ends because of this error: 2 invalid input, 3 sign-in, 4 not delivered, 6 outcome
/// unknown, 130 cancelled, else 5. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_exit_code(error: *const send_im_error) -> c_int {
    get!(error, 0, |e| Some(c_int::from(e.error.kind().exit_code())))
}

/// The number given to `send_im_token_reply_fail` where the program's own token callback caused this; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_cause(error: *const send_im_error) -> u64 {
    get!(error, 0, |e| HostFailure::behind(&e.error))
}

/// An error for a program's own tests: of this kind, with this sentence. `may_have_arrived` is what `send_im_error_sent` tells.
/// NULL where the library knows no such kind, and where `detail` is NULL or not UTF-8.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_new(
    kind: send_im_kind,
    detail: *const c_char,
    may_have_arrived: bool,
) -> *mut send_im_error {
    catch_panic(std::ptr::null_mut(), || {
        // SAFETY: the caller keeps to the header.
        let detail = unsafe { text(detail, "detail") };
        let (Some(kind), Ok(detail)) = (value(ErrorKind::ALL, kind), detail) else {
            return std::ptr::null_mut();
        };
        let sent = if may_have_arrived { Sent::Maybe } else { Sent::No };
        send_im_error::raw(Error::new(kind, detail).with_sent(sent))
    })
}

/// The whole error as a JSON object: kind, step, detail, sent, http_status, code, subcode, diagnostics, retry_after (in
/// seconds), hops (url, outcome), exit_code and cause. Absent values are null. More members may come.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_to_json(error: *const send_im_error) -> *const c_char {
    get!(error, NONE, |e| Some(e.json.get_or_init(|| e.to_json()).as_ptr()))
}

/// Frees an error. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_error_free(error: *mut send_im_error) {
    free!(error);
}
