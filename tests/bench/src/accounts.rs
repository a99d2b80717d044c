//! A thousand signed-in accounts in one process.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use send_im::{Client, Message};
use serde_json::{Value, json};

use crate::target::{Outcome, Target, recipient};
use crate::usage::{memory, processor};

/// How many accounts are measured.
#[derive(clap::Args, Debug)]
pub struct Accounts {
    #[command(flatten)]
    target: Target,

    /// How many
    #[arg(long, default_value = "1000")]
    count: usize,

    /// How many sign in at once
    #[arg(long, default_value = "32")]
    at_once: usize,

    /// The authority is among those of the operating system (SSL_CERT_FILE), so no account names a file
    #[arg(long)]
    system_ca: bool,

    /// Seconds of idling
    #[arg(long, default_value = "5")]
    idle: u64,
}

/// Signs all in, idles, sends one message from each, signs all out.
///
/// # Errors
/// Anything that fails.
pub async fn run(accounts: Accounts) -> Outcome<Value> {
    let mut target = accounts.target.clone();
    if accounts.system_ca {
        target.ca = None;
    }
    // What the first one loads for all is not counted as theirs.
    let first = Client::sign_in(target.account("first")).await?;
    let before = memory().0;
    let started = Instant::now();
    let clients: Vec<Client> = iter(0..accounts.count)
        .map(|number| Client::sign_in(target.account(&format!("account{number}"))))
        .buffer_unordered(accounts.at_once)
        .try_collect()
        .await?;
    let (signing_in, busy_signing_in) = (started.elapsed(), processor());
    tokio::time::sleep(Duration::from_millis(500)).await;
    let resident = memory().0.saturating_sub(before);

    let (idling, busy) = (Instant::now(), processor());
    tokio::time::sleep(Duration::from_secs(accounts.idle)).await;
    let idle = (processor() - busy).as_secs_f64() / idling.elapsed().as_secs_f64();

    let started = Instant::now();
    let sends = clients
        .iter()
        .enumerate()
        .map(|(number, client)| client.send(Message::text(recipient(number), "disk full on db7")));
    for result in join_all(sends).await {
        result?;
    }
    let sending = started.elapsed();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let after = memory().0.saturating_sub(before);

    let started = Instant::now();
    iter(&clients).map(Client::sign_out).buffer_unordered(accounts.at_once).try_collect::<Vec<_>>().await?;
    let signing_out = started.elapsed();
    first.sign_out().await?;
    let each = |bytes: u64| bytes as f64 / accounts.count as f64 / 1024.0;
    Ok(json!({
        "count": accounts.count,
        "idle_kib": each(resident),
        "after_send_kib": each(after),
        "idle_processor": idle,
        "sign_in_s": signing_in.as_secs_f64(),
        "sign_in_processor_ms": busy_signing_in.as_secs_f64() * 1e3 / accounts.count as f64,
        "send_s": sending.as_secs_f64(),
        "sign_out_s": signing_out.as_secs_f64(),
    }))
}
