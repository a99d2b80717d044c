//! What comes from the host and what goes back: texts, handles, errors.

use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

use send_im::{Error, Result, Sent};
use send_im_runtime::{on_a_thread_of_ours, panicked};

use crate::error::send_im_error;

/// Runs the body of a function that can fail. A panic ends here.
pub(crate) fn error_or_null(sent: Sent, act: impl FnOnce() -> Result<()>) -> *mut send_im_error {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(Ok(())) => null_mut(),
        Ok(Err(error)) => send_im_error::raw(error),
        Err(payload) => {
            discard(payload);
            send_im_error::raw(panicked(sent))
        }
    }
}

/// Runs the body of a function that cannot fail. After a panic it returns `otherwise`.
pub(crate) fn catch_panic<T>(otherwise: T, act: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|payload| {
        discard(payload);
        otherwise
    })
}

/// Drops what was thrown, which could panic again.
fn discard(payload: Box<dyn std::any::Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

/// False in a callback, where a call that waits is refused: for a host that begins a call and then waits for it.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_may_wait() -> bool {
    catch_panic(false, || !on_a_thread_of_ours())
}

/// Refuses to wait where the wait could never end.
pub(crate) fn may_wait() -> Result<()> {
    if on_a_thread_of_ours() {
        return Err(Error::invalid_input(
            "A callback of send-im must not make a call that waits; use the _begin function or a thread of your own.",
        ));
    }
    Ok(())
}

/// A text of the host. `what` names it in the error.
///
/// # Safety
/// `text` is NULL or ends with a NUL and stays as it is for `'a`.
pub(crate) unsafe fn text<'a>(text: *const c_char, what: &str) -> Result<&'a str> {
    // SAFETY: what this function asks for.
    match unsafe { optional_text(text, what) }? {
        Some(text) => Ok(text),
        None => Err(Error::invalid_input(format!("The {what} is NULL; give a text."))),
    }
}

/// As [`text`], where NULL means that there is none.
///
/// # Safety
/// `text` is NULL or ends with a NUL and stays as it is for `'a`.
pub(crate) unsafe fn optional_text<'a>(text: *const c_char, what: &str) -> Result<Option<&'a str>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: it is not NULL, so the caller says that it ends with a NUL.
    let bytes = unsafe { CStr::from_ptr(text) };
    let refused = |_| Error::invalid_input(format!("The {what} is not UTF-8."));
    bytes.to_str().map(Some).map_err(refused)
}

/// An object of ours that the host lends.
///
/// # Safety
/// `handle` is NULL or came from this library as this type and was not freed.
pub(crate) unsafe fn object<'a, T>(handle: *const T, what: &str) -> Result<&'a T> {
    // SAFETY: it is NULL or points to a living object, says the caller.
    unsafe { handle.as_ref() }.ok_or_else(|| Error::invalid_input(format!("The {what} is NULL.")))
}

/// How many objects and texts the host has and has not given back.
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Gives an object to the host.
pub(crate) fn into_raw<T>(value: T) -> *mut T {
    LIVE.fetch_add(1, Ordering::Relaxed);
    Box::into_raw(Box::new(value))
}

/// Takes an object back. None for NULL.
///
/// # Safety
/// `handle` is NULL or came from [`into_raw`] as this type and was not freed.
pub(crate) unsafe fn from_raw<T>(handle: *mut T) -> Option<Box<T>> {
    if handle.is_null() {
        return None;
    }
    LIVE.fetch_sub(1, Ordering::Relaxed);
    // SAFETY: it is not NULL, so the caller says that it came from `Box::into_raw`.
    Some(unsafe { Box::from_raw(handle) })
}

/// Where a result is written.
pub(crate) struct Out<T>(*mut *mut T);

impl<T> Out<T> {
    /// Writes NULL, so that the host never sees what was there before. NULL in the place of the place drops the result.
    ///
    /// # Safety
    /// `place` is NULL or may be written to as long as the `Out` lives.
    pub(crate) unsafe fn new(place: *mut *mut T) -> Self {
        let out = Out(place);
        out.write(null_mut());
        out
    }

    /// The same, where the result is needed.
    ///
    /// # Errors
    /// `invalid_input` for NULL.
    ///
    /// # Safety
    /// As [`Out::new`].
    pub(crate) unsafe fn needed(place: *mut *mut T, what: &str) -> Result<Self> {
        if place.is_null() {
            return Err(Error::invalid_input(format!(
                "There is no place for the {what}: the pointer is NULL."
            )));
        }
        // SAFETY: what this function asks for.
        Ok(unsafe { Out::new(place) })
    }

    fn write(&self, value: *mut T) {
        if !self.0.is_null() {
            // SAFETY: `new` was told that it may be written to.
            unsafe { self.0.write(value) }
        }
    }

    /// Gives the result to the host; drops it where there is no place for it.
    pub(crate) fn give(self, value: T) {
        if !self.0.is_null() {
            self.write(into_raw(value));
        }
    }
}

impl Out<c_char> {
    /// Gives a text to the host.
    pub(crate) fn give_text(self, value: &str) {
        if !self.0.is_null() {
            LIVE.fetch_add(1, Ordering::Relaxed);
            self.write(c_text(value).into_raw());
        }
    }
}

/// A text for the host. A NUL inside, which no C text can hold, becomes the replacement character.
pub(crate) fn c_text(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default())
}

/// The pointer the host gets, NULL for none.
pub(crate) fn as_ptr(text: Option<&CString>) -> *const c_char {
    text.map_or(std::ptr::null(), |text| text.as_ptr())
}

/// The text that is not there.
pub(crate) const NONE: *const c_char = std::ptr::null();

/// Reads from an object; `otherwise` for NULL and for what is not there.
///
/// # Safety
/// `object` is NULL or living.
pub(crate) unsafe fn read<O, T: Copy>(
    object: *const O,
    otherwise: T,
    look: impl FnOnce(&O) -> Option<T>,
) -> T {
    // SAFETY: what this function asks for.
    catch_panic(otherwise, || unsafe { object.as_ref() }.and_then(look).unwrap_or(otherwise))
}

/// [`read`] of what the caller of an exported function gave.
macro_rules! get {
    ($object:expr, $otherwise:expr, $look:expr) => {
        // SAFETY: the caller keeps to the header.
        unsafe { $crate::ffi::read($object, $otherwise, $look) }
    };
}
pub(crate) use get;

/// Frees what the caller of an exported function gave.
macro_rules! free {
    ($object:expr) => {
        // SAFETY: the caller keeps to the header.
        $crate::ffi::catch_panic((), || drop(unsafe { $crate::ffi::from_raw($object) }))
    };
}
pub(crate) use free;

/// JSON for the host.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    // Nothing that is serialised here has a map with keys that are no texts, so it cannot fail.
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// Frees a text that a function returned as `char *`. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_string_free(text: *mut c_char) {
    if !text.is_null() {
        LIVE.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: the caller says that it came from this library, which makes such texts with `CString::into_raw`.
        drop(unsafe { CString::from_raw(text) });
    }
}

/// How many objects and texts of this library the program has and has not freed, for tests that look for leaks. What a
/// call under way has is among them; what belongs to another object, such as the receipts of a list of results, is not.
/// A forked child begins with the count of its parent.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_live_objects() -> usize {
    LIVE.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_checked() {
        // SAFETY: NULL and C literals.
        unsafe {
            assert!(text(std::ptr::null(), "recipient").unwrap_err().detail().contains("recipient"));
            assert_eq!(text(c"a\xff".as_ptr(), "text").unwrap_err().kind().as_str(), "invalid_input");
            assert_eq!(text(c"Größe".as_ptr(), "text").unwrap(), "Größe");
        }
    }

    #[test]
    fn a_nul_inside_a_text_does_not_cut_it() {
        assert_eq!(c_text("a\0b").to_str().unwrap(), "a\u{fffd}b");
    }

    #[test]
    fn no_panic_leaves_the_library() {
        let error = error_or_null(Sent::Maybe, || panic!("s3cret"));
        // SAFETY: it was just made.
        let error = unsafe { from_raw(error) }.unwrap();
        assert_eq!(error.as_error().kind().as_str(), "outcome_unknown");
        assert!(!error.as_error().detail().contains("s3cret"));
        assert_eq!(catch_panic(7, || panic!("on purpose")), 7);
    }
}
