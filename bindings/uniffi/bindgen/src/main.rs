//! The command; see the library.

fn main() {
    send_im_bindgen::main();
}
