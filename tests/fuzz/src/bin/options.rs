//! libFuzzer over the options of the C interface, reached as a C program reaches them (`options.c`). See `make fuzz`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
#[link(name = "fuzz_options", kind = "static")]
#[link(name = "send_im")]
unsafe extern "C" {
    fn check_options(data: *const u8, size: usize);
}

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // SAFETY: it reads this many bytes and keeps none.
    unsafe { check_options(data.as_ptr(), data.len()) }
});

#[cfg(not(fuzzing))]
fn main() {}
