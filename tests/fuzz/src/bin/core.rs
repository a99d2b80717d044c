//! libFuzzer over one check of the core, the one that `FUZZ_TARGET` names. See `make fuzz`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static CHECK: std::sync::LazyLock<send_im_fuzz::Check> = std::sync::LazyLock::new(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        send_im_fuzz::named(&name).unwrap_or_else(|| panic!("FUZZ_TARGET: there is no {name:?}"))
    });
    CHECK(data);
});

#[cfg(not(fuzzing))]
fn main() {}
