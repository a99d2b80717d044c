//! `cargo run --bin uniffi-bindgen -- generate --language python --out-dir DIR LIBRARY`

fn main() {
    uniffi::uniffi_bindgen_main();
}
