//! The first message of a program, nothing cached, against what TLS and the protocol make it take.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::target::{Outcome, Target, recipient};
use crate::usage::summary;

/// How the first message is measured.
#[derive(clap::Args, Debug)]
pub struct First {
    #[command(flatten)]
    target: Target,

    /// How often
    #[arg(long, default_value = "15")]
    rounds: usize,

    /// The number of the first account; each round has an account of its own, so that nothing is remembered
    #[arg(long, default_value = "0")]
    from: usize,

    /// Our client alone, for counting what goes over the link
    #[arg(long)]
    alone: bool,
}

/// Measures, in turn: a handshake alone, an exchange on a warm connection, a whole one-call send.
///
/// # Errors
/// Anything that fails.
pub async fn run(first: First) -> Outcome<Value> {
    let target = &first.target;
    let http = target.bare()?;
    let (mut handshakes, mut exchanges, mut ours, mut receipts) = (vec![], vec![], vec![], vec![]);
    let mut steps: Vec<(String, Vec<Duration>)> = Vec::new();
    for round in first.from..first.from + first.rounds {
        if !first.alone {
            let started = Instant::now();
            target.handshake().await?;
            handshakes.push(started.elapsed());
            // The first only opens the connection.
            for warm in [false, true, true] {
                let started = Instant::now();
                http.get(target.server.clone()).send().await?.error_for_status()?.bytes().await?;
                if warm {
                    exchanges.push(started.elapsed());
                }
            }
        }
        let account = target.account(&format!("first{round}"));
        let started = Instant::now();
        let receipt = send_im::send_im(&account, &recipient(round), "disk full").await?;
        ours.push(started.elapsed());
        receipts.push(receipt.steps.iter().map(|step| step.elapsed).sum());
        for (number, step) in receipt.steps.iter().enumerate() {
            if steps.len() == number {
                steps.push((step.step.to_string(), Vec::new()));
            }
            steps[number].1.push(step.elapsed);
        }
    }
    let exchanges_a_send = steps.len() + 1;
    let steps: Vec<_> = steps
        .into_iter()
        .map(|(step, mut times)| json!({ "step": step, "ms": summary(&mut times)["p50"] }))
        .collect();
    Ok(json!({
        "handshake": summary(&mut handshakes),
        "exchange": summary(&mut exchanges),
        "ours": summary(&mut ours),
        "until_receipt": summary(&mut receipts),
        "exchanges": exchanges_a_send,
        "steps": steps,
    }))
}
