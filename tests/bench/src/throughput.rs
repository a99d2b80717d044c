//! Many messages over one session: ours, and a loop of bare requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use send_im::{Client, Message};
use serde_json::{Value, json};

use crate::bare::Bare;
use crate::target::{Outcome, Target, other, recipient};
use crate::usage::{memory, processor};

/// How throughput is measured.
#[derive(clap::Args, Debug)]
pub struct Throughput {
    #[command(flatten)]
    target: Target,

    /// Who sends
    #[arg(long, value_enum)]
    who: Who,

    /// How many messages
    #[arg(long, default_value = "10000")]
    messages: usize,

    /// To how many recipients, in turn
    #[arg(long, default_value = "10000")]
    recipients: usize,

    /// How many messages are under way at once; ignored by send_all, which decides that itself
    #[arg(long, default_value = "32")]
    in_flight: usize,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Who {
    /// One call of `Client::send_all`.
    SendAll,
    /// Tasks that call `Client::send`.
    Sends,
    /// Tasks that make the same requests by bare reqwest.
    Bare,
}

/// Sends, and checks that everything has arrived.
///
/// # Errors
/// Anything that fails.
pub async fn run(throughput: Throughput) -> Outcome<Value> {
    let target = &throughput.target;
    let control = target.bare()?;
    target.clear(&control).await?;
    let who = throughput.who;
    let (elapsed, used, before, peak);
    if who == Who::Bare {
        let bare = Bare::sign_in(target, "bare").await?;
        before = memory().0;
        let (started, busy) = (Instant::now(), processor());
        bare_loop(&throughput, &bare).await?;
        (elapsed, used, peak) = (started.elapsed(), processor() - busy, memory().1);
        bare.sign_out().await?;
    } else {
        let client = Client::sign_in(target.account("throughput")).await?;
        before = memory().0;
        let (started, busy) = (Instant::now(), processor());
        match who {
            Who::SendAll => {
                let messages = (0..throughput.messages).map(|n| message(n % throughput.recipients));
                for result in client.send_all(messages).await {
                    result?;
                }
            }
            _ => sends(&throughput, &client).await?,
        }
        (elapsed, used, peak) = (started.elapsed(), processor() - busy, memory().1);
        client.sign_out().await?;
    }
    let seen = target.seen(&control).await?;
    if seen.messages != throughput.messages {
        return Err(other(format!("{} of {} arrived", seen.messages, throughput.messages)).into());
    }
    target.clear(&control).await?;
    let count = throughput.messages as f64;
    Ok(json!({
        "messages": throughput.messages,
        "recipients": throughput.recipients,
        "in_flight": throughput.in_flight,
        "per_second": count / elapsed.as_secs_f64(),
        "posts": seen.posts as f64 / count,
        "gets": seen.gets as f64 / count,
        "processor_us": used.as_secs_f64() * 1e6 / count,
        "grown_kib": peak.saturating_sub(before) / 1024,
    }))
}

fn message(number: usize) -> Message {
    Message::text(recipient(number), "disk full on db7")
}

/// As many tasks as messages are to be under way, each sending one after the other.
async fn sends(throughput: &Throughput, client: &Client) -> Outcome<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let (messages, recipients) = (throughput.messages, throughput.recipients);
    let tasks: Vec<_> = (0..throughput.in_flight)
        .map(|_| {
            let (client, next) = (client.clone(), next.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::AcqRel);
                    if number >= messages {
                        return Ok::<_, send_im::Error>(());
                    }
                    client.send(message(number % recipients)).await?;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// Each task takes a recipient, says everything there is for that one and ends the conversation: the fewest requests
/// there can be. Ending goes on in the background, as in our client.
async fn bare_loop(throughput: &Throughput, bare: &Bare) -> Outcome<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let recipients = throughput.recipients.min(throughput.messages);
    let each = throughput.messages / recipients;
    let tasks: Vec<_> = (0..throughput.in_flight.min(recipients))
        .map(|_| {
            let (bare, next) = (bare.clone(), next.clone());
            tokio::spawn(async move {
                let mut ending = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::AcqRel);
                    if number >= recipients {
                        break;
                    }
                    let messaging = bare.invite(&recipient(number), "disk full on db7").await?;
                    for _ in 1..each {
                        bare.say(&messaging, "disk full on db7").await?;
                    }
                    let bare = bare.clone();
                    ending.push(tokio::spawn(async move { bare.stop(&messaging).await }));
                }
                for end in ending {
                    end.await??;
                }
                Outcome::<()>::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}
