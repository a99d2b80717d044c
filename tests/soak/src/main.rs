//! `soak server` is the sandbox with the proxy before it, `soak traffic` the traffic from Rust. The README beside this
//! says what they print.

mod chance;
mod server;
mod traffic;

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[tokio::main]
async fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["server", ca_file, seed, faults] => server::run(ca_file, seed.parse().unwrap(), faults).await,
        ["traffic", http, https, ca_file, seconds, seed] => {
            let length = std::time::Duration::from_secs(seconds.parse().unwrap());
            traffic::run([http, https], ca_file, length, seed.parse().unwrap()).await;
        }
        _ => panic!("soak server CA_FILE SEED FAULTS, or soak traffic HTTP HTTPS CA_FILE SECONDS SEED"),
    }
}
