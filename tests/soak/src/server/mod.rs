//! The sandbox and the proxy before it, in one process.

mod fault;
mod gateway;
mod listen;
mod pool;
mod proxy;
mod record;

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use send_im_sandbox::Sandbox;
use serde_json::json;
use tokio::time::Instant;

use self::proxy::Proxy;

/// Prints where the proxy listens, then obeys standard input: `on SECONDS` injects faults for about that long, `off` ends
/// them, `report` prints what they were, what was delivered and which sessions are open.
pub(crate) async fn run(ca_file: &str, seed: u64, faults: &str) {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let proxy = Arc::new(Proxy::new(sandbox.url(), seed, faults));
    let (acceptors, ca_pem) = listen::certified();
    std::fs::write(ca_file, ca_pem).unwrap();
    let http = listen::listen(proxy.clone(), None).await;
    let https = listen::listen(proxy.clone(), Some(acceptors)).await;
    println!("{}", json!({"http": http, "https": https}));
    let mut pool = None;
    // Blocking is fine here: the tasks have threads of their own.
    for line in std::io::stdin().lock().lines() {
        match line.unwrap().split(' ').collect::<Vec<_>>()[..] {
            ["on", seconds] => {
                proxy.on.store(true, Ordering::Release);
                let half = Instant::now() + Duration::from_secs(seconds.parse().unwrap()) / 2;
                if has(faults, "pool") {
                    pool = Some(tokio::spawn(pool::inject(sandbox.clone(), proxy.clone(), half)));
                }
            }
            ["off"] => {
                proxy.on.store(false, Ordering::Release);
                if let Some(pool) = pool.take() {
                    pool.abort();
                }
                sandbox.clear_faults();
            }
            ["report"] => {
                let texts: Vec<_> = sandbox.messages().into_iter().map(|message| message.text).collect();
                let record = &*proxy.record.lock().unwrap();
                println!(
                    "{}",
                    json!({"record": record, "open": sandbox.open_applications(), "delivered": texts})
                );
            }
            ref line => panic!("{line:?} is no command"),
        }
    }
}

/// True when this kind is among the faults asked for.
fn has(faults: &str, kind: &str) -> bool {
    faults == "all" || faults.split_whitespace().any(|asked| asked == kind)
}
