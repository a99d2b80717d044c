//! What a call costs in Rust itself: the programs in `border/` make the same calls in the other languages.

use std::thread;
use std::time::{Duration, Instant};

use send_im::{Client, Message};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::target::{Outcome, Target, other};
use crate::usage::summary;

/// How often each call is made.
#[derive(clap::Args, Debug)]
pub struct Border {
    #[command(flatten)]
    target: Target,

    /// Refused sends a thread
    #[arg(long, default_value = "20000")]
    refused: usize,

    /// Real sends
    #[arg(long, default_value = "300")]
    sent: usize,
}

/// Calls from threads that are none of the runtime's, as a program that knows no async would.
///
/// # Errors
/// Anything that fails.
pub async fn run(border: Border) -> Outcome<Value> {
    let client = Client::sign_in(border.target.account("border")).await?;
    let (runtime, calls, sent) = (Handle::current(), border.refused, border.sent);
    let measured = tokio::task::spawn_blocking(move || -> Outcome<Value> {
        refused(&runtime, &client, calls / 10)?;
        let mut alone = refused(&runtime, &client, calls)?;
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (runtime, client) = (runtime.clone(), client.clone());
                thread::spawn(move || refused(&runtime, &client, calls / 8))
            })
            .collect();
        let mut together = Vec::new();
        for thread in threads {
            together.extend(thread.join().map_err(|_| other("a thread failed"))??);
        }
        let mut sends = Vec::new();
        for _ in 0..sent {
            let started = Instant::now();
            runtime.block_on(client.send(Message::text("kept@contoso.com", "disk full")))?;
            sends.push(started.elapsed());
        }
        runtime.block_on(client.sign_out())?;
        Ok(json!({
            "refused_1": summary(&mut alone),
            "refused_8": summary(&mut together),
            "sent": summary(&mut sends),
        }))
    });
    measured.await?
}

/// Sends that the client refuses without a request: the recipient is no address.
fn refused(runtime: &Handle, client: &Client, calls: usize) -> Outcome<Vec<Duration>> {
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        let started = Instant::now();
        let result = runtime.block_on(client.send(Message::text("nobody", "disk full")));
        times.push(started.elapsed());
        if result.is_ok() {
            return Err(other("the send to nobody was not refused").into());
        }
    }
    Ok(times)
}
