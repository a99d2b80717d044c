//! The driver of the Rust crate.

use std::error::Error;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use send_im::{Account, Client, Message, Receipt, Result};
use send_im_scenarios::{Action, Answer, Sender, Task, serve};
use serde_json::{Value, json};

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    serve(|task| {
        let results = runtime.block_on(run(task))?;
        results.into_iter().map(answer).collect()
    })
}

async fn run(task: Task) -> std::result::Result<Vec<Result<Receipt>>, Box<dyn Error>> {
    let account = account(&task.account);
    let messages = task.messages.iter().map(message).collect::<std::result::Result<Vec<_>, _>>()?;
    if task.action == Action::Send {
        let mut results = Vec::new();
        for message in messages {
            results.push(send_im::send(&account, message).await);
        }
        return Ok(results);
    }
    let client = Client::sign_in(account).await?;
    let results = match task.action {
        Action::SendAll => client.send_all(messages).await,
        _ => tokio::task::block_in_place(|| in_threads(&client, messages)),
    };
    client.sign_out().await?;
    Ok(results)
}

fn account(sender: &Sender) -> Account {
    let mut account = Account::with_password(&sender.address, &sender.password)
        .server(&sender.server)
        .timeout(Duration::from_millis(sender.timeout_ms));
    if let Some(name) = &sender.username {
        account = account.username(name);
    }
    if let Some(file) = &sender.ca_file {
        account = account.ca_file(file);
    }
    account
}

fn message(given: &send_im_scenarios::Message) -> std::result::Result<Message, Box<dyn Error>> {
    let mut message = match given.html {
        true => Message::html(&given.to, &given.text),
        false => Message::text(&given.to, &given.text),
    };
    if let Some(subject) = &given.subject {
        message = message.subject(subject);
    }
    let (importance, wait) = (given.importance.parse()?, given.wait.parse()?);
    Ok(message.importance(importance).timeout(Duration::from_millis(given.timeout_ms)).wait(wait))
}

/// Real threads that all begin at once, each with its own clone of the client.
fn in_threads(client: &Client, messages: Vec<Message>) -> Vec<Result<Receipt>> {
    let begin = Arc::new(Barrier::new(messages.len()));
    let runtime = tokio::runtime::Handle::current();
    let start = |message: Message| {
        let (client, runtime, begin) = (client.clone(), runtime.clone(), Arc::clone(&begin));
        std::thread::spawn(move || {
            begin.wait();
            runtime.block_on(client.send(message))
        })
    };
    let threads: Vec<_> = messages.into_iter().map(start).collect();
    threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
}

fn answer(result: Result<Receipt>) -> std::result::Result<Answer, Box<dyn Error>> {
    let shown = |value: Value, printed: String| {
        let mut value = value;
        value["printed"] = json!(printed);
        value
    };
    Ok(match result {
        Ok(receipt) => Answer::Receipt(shown(serde_json::to_value(&receipt)?, format!("{receipt:?}"))),
        Err(error) => {
            let mut members = serde_json::to_value(&error)?;
            members["exit_code"] = json!(error.kind().exit_code());
            Answer::Error(shown(members, format!("{error:?} {error}")))
        }
    })
}
