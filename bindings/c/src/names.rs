//! Enumerations as C has them: numbers, and the stable names.
//!
//! A number is the place in the core's own list, counted from 1; 0 is none. `tests/header.rs` writes the enumerators of the
//! header from the same lists, so none is listed here.

use std::collections::BTreeMap;
use std::ffi::{CString, c_char};
use std::sync::LazyLock;

use ::send_im_sandbox::Layout;
use send_im::{ErrorKind, Evidence, Format, Importance, Sent, Step, Tls, Wait};

use crate::ffi::{as_ptr, c_text, catch_panic};

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

/// The type of the numbers of an enumeration, and the function that names one. cbindgen does not see them.
macro_rules! enumerations {
    ($($number:ident, $name:ident, $of:ident;)*) => {$(
        pub type $number = i32;

        #[unsafe(no_mangle)]
        pub extern "C" fn $name(number: $number) -> *const c_char {
            name($of::ALL, number, $of::as_str)
        }
    )*};
}

enumerations! {
    send_im_kind, send_im_kind_name, ErrorKind;
    send_im_step, send_im_step_name, Step;
    send_im_sent, send_im_sent_name, Sent;
    send_im_evidence, send_im_evidence_name, Evidence;
    send_im_format, send_im_format_name, Format;
    send_im_importance, send_im_importance_name, Importance;
    send_im_wait, send_im_wait_name, Wait;
    send_im_tls, send_im_tls_name, Tls;
    send_im_layout, send_im_layout_name, Layout;
}
