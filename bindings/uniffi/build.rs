//! On macOS a program finds the library where it says it lies: for Swift beside the program or in the package, not where it was built.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "macos") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libsend_im_uniffi.dylib");
    }
}
