//! One test for each recording. See the crate's documentation for where they come from.

fn main() -> std::process::ExitCode {
    send_im_fidelity::run()
}
