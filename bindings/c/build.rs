//! Names the shared library by the version of its interface, so that a program finds the one it was linked with.

/// Grows when a program has to be compiled anew; `send_im_abi_version` tells it. See ABI.md.
const ABI: u32 = 1;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=SEND_IM_ABI={ABI}");
    let family = std::env::var("CARGO_CFG_TARGET_FAMILY").unwrap_or_default();
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if system == "macos" {
        // As clang takes it, and as the linker itself does.
        println!("cargo::rustc-cdylib-link-arg=-install_name");
        println!("cargo::rustc-cdylib-link-arg=@rpath/libsend_im.{ABI}.dylib");
    } else if family.split(',').any(|name| name == "unix") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libsend_im.so.{ABI}");
        // Threads of ours run to the end of the process; a host that closes the library must not unmap their code.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
