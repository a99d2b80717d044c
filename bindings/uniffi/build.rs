//! Sets the install name on macOS: the loader then looks along the rpath, and not where the library was built.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "macos") {
        // As clang takes it, and as the linker itself does.
        println!("cargo::rustc-cdylib-link-arg=-install_name");
        println!("cargo::rustc-cdylib-link-arg=@rpath/libsend_im_uniffi.dylib");
    }
}
