//! Allocations of a send, and what a session and a finished message keep. One line of JSON.

use std::alloc::System;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use send_im::{Client, Message};
use send_im_bench::bare::Bare;
use send_im_bench::serve::say;
use send_im_bench::target::{Outcome, Target, recipient};
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Stats, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[derive(Debug, Parser)]
struct Memory {
    #[command(flatten)]
    target: Target,

    /// How many messages
    #[arg(long, default_value = "2000")]
    messages: usize,

    /// How many sessions
    #[arg(long, default_value = "100")]
    sessions: usize,
}

/// What was begun in the background is over by then.
const SETTLE: Duration = Duration::from_millis(300);

/// Messages before counting begins: tables have then grown to their size.
const WARM: usize = 200;

/// One thread: what is counted between two moments belongs to what happened between them.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Memory::parse()).await {
        Ok(measured) if say(&measured).is_ok() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "send-im-bench-memory: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn stats() -> Stats {
    tokio::time::sleep(SETTLE).await;
    ALLOCATOR.stats()
}

/// Bytes that are in use.
fn live(stats: &Stats) -> f64 {
    // Growth by reallocation is counted apart, and shrinking as negative growth.
    stats.bytes_allocated as f64 - stats.bytes_deallocated as f64
}

async fn run(memory: Memory) -> Outcome<Value> {
    let target = &memory.target;
    let client = Client::sign_in(target.account("memory")).await?;
    let bare = Bare::sign_in(target, "bare").await?;
    let kept = bare.invite("kept@contoso.com", "disk full").await?;
    for n in 0..WARM {
        client.send(Message::text(recipient(n), "disk full on db7")).await?;
        client.send(Message::text("kept@contoso.com", "disk full on db7")).await?;
        let messaging = bare.invite(&recipient(n), "disk full on db7").await?;
        bare.stop(&messaging).await?;
        bare.say(&kept, "disk full on db7").await?;
    }
    let count = memory.messages as f64;
    let each = |before: &Stats, after: &Stats| {
        json!({
            "allocations": (after.allocations + after.reallocations - before.allocations - before.reallocations) as f64 / count,
            "bytes": (after.bytes_allocated - before.bytes_allocated) as f64 / count,
        })
    };

    let start = stats().await;
    let mut receipts = Vec::with_capacity(memory.messages);
    let reserved = stats().await;
    for n in 0..memory.messages {
        receipts.push(client.send(Message::text(recipient(WARM + n), "disk full on db7")).await?);
    }
    let sent = stats().await;
    let held = live(&sent) - live(&reserved);
    drop(receipts);
    let dropped = stats().await;
    let left = live(&dropped) - live(&start);

    for _ in 0..memory.messages {
        client.send(Message::text("kept@contoso.com", "disk full on db7")).await?;
    }
    let same = stats().await;
    for n in 0..memory.messages {
        let messaging = bare.invite(&recipient(WARM + n), "disk full on db7").await?;
        bare.stop(&messaging).await?;
    }
    let bare_new = stats().await;
    for _ in 0..memory.messages {
        bare.say(&kept, "disk full on db7").await?;
    }
    let bare_same = stats().await;

    let before = stats().await;
    let mut clients = Vec::with_capacity(memory.sessions);
    for n in 0..memory.sessions {
        clients.push(Client::sign_in(target.account(&format!("memory{n}"))).await?);
    }
    let signed_in = stats().await;
    let session = (live(&signed_in) - live(&before)) / memory.sessions as f64;
    for client in clients {
        client.sign_out().await?;
    }
    Ok(json!({
        "new": { "ours": each(&reserved, &sent), "bare": each(&same, &bare_new) },
        "same": { "ours": each(&dropped, &same), "bare": each(&bare_new, &bare_same) },
        "receipt_bytes": (held + 0.0) / count + std::mem::size_of::<send_im::Receipt>() as f64,
        "left_bytes": left / count,
        "session_kib": session / 1024.0,
    }))
}
