//! One measurement a call, printed as one line of JSON. `make bench` makes the calls.

use std::process::ExitCode;

use clap::Parser;
use send_im_bench::serve::{self, Serve, say};
use send_im_bench::target::Outcome;
use send_im_bench::{accounts, first, languages, next, throughput};

#[derive(Debug, Parser)]
enum Bench {
    /// Run the servers until standard input ends
    Serve(Serve),
    /// The first message, nothing cached
    First(first::First),
    /// The next message of an open session
    Next(next::Next),
    /// Many messages over one session
    Throughput(throughput::Throughput),
    /// Many signed-in accounts
    Accounts(accounts::Accounts),
    /// What the programs in other languages do, in Rust
    Languages(languages::Languages),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = run(Bench::parse()).await;
    if let Err(error) = &done {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "send-im-bench: {error}");
    }
    if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(bench: Bench) -> Outcome<()> {
    let measured = match bench {
        Bench::Serve(serve) => return Ok(serve::run(serve).await?),
        Bench::First(first) => first::run(first).await?,
        Bench::Next(next) => next::run(next).await?,
        Bench::Throughput(throughput) => throughput::run(throughput).await?,
        Bench::Accounts(accounts) => accounts::run(accounts).await?,
        Bench::Languages(languages) => languages::run(languages).await?,
    };
    Ok(say(&measured)?)
}
