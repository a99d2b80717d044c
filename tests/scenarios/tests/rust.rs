//! Every case of `scenarios.json` through the Rust crate, against a sandbox in the same process.
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use send_im::{Client, Importance, Wait};
use send_im_sandbox::Sandbox;
use send_im_scenarios::{Action, Case, Message, Observed, load, verdict};
use serde_json::Value;
use tempfile::NamedTempFile;

/// How long delivered messages and sign-outs may take to become visible.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let cases = load(include_str!("../scenarios.json")).unwrap();
    let trials = cases.into_iter().map(|case| Trial::test(case.name.clone(), move || run(&case)));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn run(case: &Case) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let sandbox = start(case).await?;
        let ca = ca_file(case, &sandbox)?;
        let results = act(case, account(case, &sandbox, ca.as_ref())).await;
        let mut observed = Observed { results, ..Observed::default() };
        let wanted = case.expect.inbox.as_ref().map_or(0, |inbox| inbox.len() * case.count);
        // Too few messages are the verdict's to report.
        let _ = sandbox.wait_for(wanted, PATIENCE).await;
        for _ in 0..PATIENCE.as_millis() / 20 {
            if sandbox.open_applications() == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        observed.open_applications = sandbox.open_applications();
        observed.messages = json(&sandbox.messages())?;
        observed.journal = json(&sandbox.journal())?;
        sandbox.stop().await;
        verdict(case, case.count, &observed).map_err(Failed::from)
    })
}

async fn start(case: &Case) -> Result<Sandbox, Failed> {
    let spec = &case.sandbox;
    let sandbox = Sandbox::builder()
        .layout(FromStr::from_str(&spec.layout).map_err(|_| format!("no layout is named {}", spec.layout))?)
        .https(spec.https)
        .ring(Duration::from_millis(spec.ring_ms))
        .start()
        .await?;
    for fault in &spec.faults {
        sandbox.add_fault(serde_json::from_value(fault.clone())?);
    }
    Ok(sandbox)
}

fn ca_file(case: &Case, sandbox: &Sandbox) -> Result<Option<NamedTempFile>, Failed> {
    match (case.account.ca.as_str(), sandbox.ca_pem()) {
        ("right", Some(pem)) => {
            let file = NamedTempFile::new()?;
            std::fs::write(file.path(), pem)?;
            Ok(Some(file))
        }
        _ => Ok(None),
    }
}

fn account(case: &Case, sandbox: &Sandbox, ca: Option<&NamedTempFile>) -> send_im::Account {
    let spec = &case.account;
    let mut account = send_im::Account::with_password(&spec.address, &spec.password)
        .server(spec.server_url(sandbox.url()))
        .timeout(Duration::from_millis(case.message.timeout_ms));
    if let Some(name) = &spec.username {
        account = account.username(name);
    }
    if let Some(file) = ca {
        account = account.ca_file(file.path());
    }
    account
}

fn message(spec: &Message) -> send_im::Message {
    let mut message = match spec.html {
        true => send_im::Message::html(&spec.to, &spec.text),
        false => send_im::Message::text(&spec.to, &spec.text),
    };
    if let Some(subject) = &spec.subject {
        message = message.subject(subject);
    }
    message
        .importance(Importance::from_str(&spec.importance).unwrap())
        .timeout(Duration::from_millis(spec.timeout_ms))
        .wait(Wait::from_str(&spec.wait).unwrap())
}

type Results = Vec<send_im::Result<send_im::Receipt>>;

async fn act(case: &Case, account: send_im::Account) -> Vec<Result<Value, Value>> {
    let messages = (1..=case.count).map(|n| message(&case.message.number(n)));
    let results = match case.action {
        Action::Send => {
            let mut results = Vec::new();
            for message in messages {
                results.push(send_im::send(&account, message).await);
            }
            results
        }
        Action::SendAll => with_client(account, async |client| client.send_all(messages).await).await,
        Action::Threads => with_client(account, async |client| in_threads(client, messages.collect())).await,
    };
    results
        .into_iter()
        .map(|result| match result {
            Ok(receipt) => Ok(serde_json::to_value(receipt).unwrap()),
            Err(error) => Err(serde_json::to_value(error).unwrap()),
        })
        .collect()
}

async fn with_client(account: send_im::Account, send: impl AsyncFnOnce(&Client) -> Results) -> Results {
    let client = match Client::sign_in(account).await {
        Ok(client) => client,
        Err(error) => return vec![Err(error)],
    };
    let results = send(&client).await;
    if let Err(error) = client.sign_out().await {
        return vec![Err(error)];
    }
    results
}

/// Real threads that all begin at once, each with its own clone of the client.
fn in_threads(client: &Client, messages: Vec<send_im::Message>) -> Results {
    let begin = Arc::new(std::sync::Barrier::new(messages.len()));
    let runtime = tokio::runtime::Handle::current();
    let start = |message: send_im::Message| {
        let (client, runtime, begin) = (client.clone(), runtime.clone(), Arc::clone(&begin));
        std::thread::spawn(move || {
            begin.wait();
            runtime.block_on(client.send(message))
        })
    };
    let threads: Vec<_> = messages.into_iter().map(start).collect();
    let all = || threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    tokio::task::block_in_place(all)
}

fn json<T: serde::Serialize>(values: &[T]) -> Result<Vec<Value>, Failed> {
    Ok(values.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
}
