//! The next message of an open session, against one POST and its event.

use std::time::{Duration, Instant};

use send_im::{Client, Message};
use serde_json::{Value, json};

use crate::bare::Bare;
use crate::target::{Outcome, Target, recipient};
use crate::usage::summary;

/// How the next message is measured.
#[derive(clap::Args, Debug)]
pub struct Next {
    #[command(flatten)]
    target: Target,

    /// How often
    #[arg(long, default_value = "60")]
    rounds: usize,
}

/// Conversations that are ended in the background get so much time to be gone before the next measurement.
const SETTLE: Duration = Duration::from_millis(4);

/// Measures, in turn: our send to a new recipient and to one with an open conversation, the same two by bare requests,
/// and a POST that causes no event.
///
/// # Errors
/// Anything that fails.
pub async fn run(next: Next) -> Outcome<Value> {
    let client = Client::sign_in(next.target.account("next")).await?;
    let bare = Bare::sign_in(&next.target, "bare").await?;
    client.send(Message::text("kept@contoso.com", "disk full")).await?;
    let kept = bare.invite("kept@contoso.com", "disk full").await?;
    let mut times: [Vec<Duration>; 5] = Default::default();
    for round in 0..next.rounds {
        let mut record = |which: usize, started: Instant| times[which].push(started.elapsed());
        let to = recipient(round);

        let started = Instant::now();
        client.send(Message::text(&to, "disk full")).await?;
        record(0, started);
        tokio::time::sleep(SETTLE).await;

        let started = Instant::now();
        let messaging = bare.invite(&to, "disk full").await?;
        record(1, started);
        bare.stop(&messaging).await?;
        tokio::time::sleep(SETTLE).await;

        let started = Instant::now();
        client.send(Message::text("kept@contoso.com", "disk full")).await?;
        record(2, started);

        let started = Instant::now();
        bare.say(&kept, "disk full").await?;
        record(3, started);

        let started = Instant::now();
        bare.post_alone(&kept).await?;
        record(4, started);
    }
    client.sign_out().await?;
    bare.sign_out().await?;
    let [mut new, mut new_bare, mut same, mut same_bare, mut post] = times;
    Ok(json!({
        "new": { "ours": summary(&mut new), "bare": summary(&mut new_bare) },
        "same": { "ours": summary(&mut same), "bare": summary(&mut same_bare) },
        "post": summary(&mut post),
    }))
}
