//! Sends from Rust: the programs in `languages/` make the same sends in the other languages.

use std::time::Instant;

use send_im::{Account, Client, Message};
use serde_json::{Value, json};

use crate::target::{Outcome, recipient};
use crate::usage::summary;

/// How much is sent.
#[derive(clap::Args, Debug)]
pub struct Languages {
    /// Sends that are waited for, one after the other
    sends: usize,

    /// Messages of the one `send_all`
    many: usize,
}

/// Sends from the account in the environment.
///
/// # Errors
/// Anything that fails.
pub async fn run(Languages { sends, many }: Languages) -> Outcome<Value> {
    let client = Client::sign_in(Account::from_env()?).await?;
    let mut times = Vec::new();
    for _ in 0..sends / 10 + sends {
        let started = Instant::now();
        client.send(Message::text("lenea@contoso.com", "disk full")).await?;
        times.push(started.elapsed());
    }
    let messages: Vec<_> = (0..many).map(|n| Message::text(recipient(n % 100), "disk full")).collect();
    let started = Instant::now();
    let results = client.send_all(messages).await;
    let elapsed = started.elapsed();
    for result in results {
        result?;
    }
    client.sign_out().await?;
    // The first sends only warm up.
    let send = summary(&mut times[sends / 10..]);
    Ok(json!({ "send": send, "send_all_per_second": many as f64 / elapsed.as_secs_f64() }))
}
