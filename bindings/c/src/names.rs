//! Enumerations as C has them: numbers, and the stable names.
//!
//! A number is the place in the core's own list, counted from 1; 0 is none. `tests/header.rs` writes the enumerators of the
//! header from the same lists, so nothing is listed here.

use std::collections::BTreeMap;
use std::ffi::{CString, c_char};
use std::sync::LazyLock;

use ::send_im_sandbox::Layout;
use send_im::{ErrorKind, Evidence, Format, Importance, Sent, Step, Tls, Wait};

use crate::ffi::{as_ptr, c_text, catch_panic};

/// cbindgen:ignore
pub type send_im_kind = i32;
/// cbindgen:ignore
pub type send_im_step = i32;
/// cbindgen:ignore
pub type send_im_sent = i32;
/// cbindgen:ignore
pub type send_im_evidence = i32;
/// cbindgen:ignore
pub type send_im_format = i32;
/// cbindgen:ignore
pub type send_im_importance = i32;
/// cbindgen:ignore
pub type send_im_wait = i32;
/// cbindgen:ignore
pub type send_im_tls = i32;
/// cbindgen:ignore
pub type send_im_layout = i32;

/// The number of a value.
pub(crate) fn number<T: PartialEq>(all: &[T], value: T) -> i32 {
    let place = all.iter().position(|known| *known == value);
    place.and_then(|place| i32::try_from(place + 1).ok()).unwrap_or(0)
}

/// The value of a number, none where there is no such value.
pub(crate) fn value<T: Copy>(all: &[T], number: i32) -> Option<T> {
    all.get(usize::try_from(number).ok()?.checked_sub(1)?).copied()
}

/// The name of a number; NULL where there is no such value.
fn name<T: Copy>(all: &'static [T], number: i32, name: fn(T) -> &'static str) -> *const c_char {
    static NAMES: LazyLock<BTreeMap<&str, CString>> = LazyLock::new(|| {
        macro_rules! names {
            ($($of:ty),*) => { [$(<$of>::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>()),*].concat() };
        }
        let names = names![ErrorKind, Step, Sent, Evidence, Format, Importance, Wait, Tls, Layout];
        names.into_iter().map(|name| (name, c_text(name))).collect()
    });
    catch_panic(std::ptr::null(), || as_ptr(value(all, number).and_then(|value| NAMES.get(name(value)))))
}

/// The stable name of a kind of error, for example `busy`. NULL for a number that this library does not know.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_kind_name(kind: send_im_kind) -> *const c_char {
    name(ErrorKind::ALL, kind, ErrorKind::as_str)
}

/// The stable name of a step, for example `open_session`.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_step_name(step: send_im_step) -> *const c_char {
    name(Step::ALL, step, Step::as_str)
}

/// `no` or `maybe`.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_sent_name(sent: send_im_sent) -> *const c_char {
    name(Sent::ALL, sent, Sent::as_str)
}

/// The stable name, for example `invitation_accepted`.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_evidence_name(evidence: send_im_evidence) -> *const c_char {
    name(Evidence::ALL, evidence, Evidence::as_str)
}

/// `plain` or `html`.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_format_name(format: send_im_format) -> *const c_char {
    name(Format::ALL, format, Format::as_str)
}

/// The value of the option `importance`.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_importance_name(importance: send_im_importance) -> *const c_char {
    name(Importance::ALL, importance, Importance::as_str)
}

/// The value of the option `wait`.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_wait_name(wait: send_im_wait) -> *const c_char {
    name(Wait::ALL, wait, Wait::as_str)
}

/// The value of the option `tls`.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_tls_name(tls: send_im_tls) -> *const c_char {
    name(Tls::ALL, tls, Tls::as_str)
}

/// The value of the sandbox's option `layout`.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_layout_name(layout: send_im_layout) -> *const c_char {
    name(Layout::ALL, layout, Layout::as_str)
}
