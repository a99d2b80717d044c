//! Writes the language side of the library. The language is an argument, as `uniffi-bindgen generate --help` says.

/// The command, with the arguments of this process.
pub fn main() {
    uniffi::uniffi_bindgen_main();
}
