//! libFuzzer over the options of the C interface, reached as a C program reaches them. See `make fuzz`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
mod abi {
    use std::ffi::{CStr, CString, c_char};
    use std::ptr::null_mut;

    #[repr(C)]
    struct Opaque {
        _private: [u8; 0],
    }

    #[link(name = "send_im")]
    unsafe extern "C" {
        fn send_im_options_new() -> *mut Opaque;
        fn send_im_options_set(
            options: *mut Opaque,
            name: *const c_char,
            value: *const c_char,
        ) -> *mut Opaque;
        fn send_im_options_free(options: *mut Opaque);
        fn send_im(
            options: *const Opaque,
            to: *const c_char,
            text: *const c_char,
            receipt: *mut *mut Opaque,
        ) -> *mut Opaque;
        fn send_im_client_sign_in(options: *const Opaque, client: *mut *mut Opaque) -> *mut Opaque;
        fn send_im_error_kind(error: *const Opaque) -> *const c_char;
        fn send_im_error_detail(error: *const Opaque) -> *const c_char;
        fn send_im_error_free(error: *mut Opaque);
    }

    /// The kind and the sentence of an error, which is freed; none for NULL.
    fn told(error: *mut Opaque) -> Option<(String, String)> {
        if error.is_null() {
            return None;
        }
        // SAFETY: the error came from the library and is freed once; its texts live as long as it.
        unsafe {
            let text = |text: *const c_char| CStr::from_ptr(text).to_str().expect("UTF-8").to_owned();
            let told = (text(send_im_error_kind(error)), text(send_im_error_detail(error)));
            send_im_error_free(error);
            Some(told)
        }
    }

    /// Names and values in turn, one a line. Every call ends with an error of the input: a timeout of nothing is set last,
    /// so that no request is made whatever the options say.
    pub(crate) fn check(data: &[u8]) {
        let lines: Vec<CString> = data
            .split(|b| *b == b'\n')
            .map(|line| CString::new(line.split(|b| *b == 0).next().unwrap_or_default()).expect("no NUL"))
            .collect();
        // SAFETY: every pointer is NULL, a C string that outlives the call, or an object of the library.
        unsafe {
            let options = send_im_options_new();
            for pair in lines.chunks(2) {
                let value = pair.get(1).map_or(std::ptr::null(), |value| value.as_ptr());
                if let Some((kind, _)) = told(send_im_options_set(options, pair[0].as_ptr(), value)) {
                    assert_eq!(kind, "invalid_input");
                }
            }
            assert_eq!(told(send_im_options_set(options, c"timeout_ms".as_ptr(), c"0".as_ptr())), None);
            let to = lines.first().map_or(c"".as_ptr(), |line| line.as_ptr());
            let text = lines.last().map_or(c"".as_ptr(), |line| line.as_ptr());
            let (mut receipt, mut client) = (null_mut(), null_mut());
            let sending = told(send_im(options, to, text, &mut receipt));
            let signing_in = told(send_im_client_sign_in(options, &mut client));
            for ended in [sending, signing_in] {
                let (kind, detail) = ended.expect("no call can succeed");
                assert_eq!(kind, "invalid_input", "{detail}");
            }
            assert!(receipt.is_null() && client.is_null());
            send_im_options_free(options);
        }
    }
}

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| abi::check(data));

#[cfg(not(fuzzing))]
fn main() {}
