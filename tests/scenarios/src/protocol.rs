//! What the judge asks of a driver and what it answers: one line of JSON each.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::case::{Action, Case, Message};

/// What a driver is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// The name of the case.
    pub name: String,
    /// What to call.
    pub action: Action,
    /// Who sends.
    pub account: Sender,
    /// What to send.
    pub messages: Vec<Message>,
}

/// The sender of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sender {
    /// The address.
    pub address: String,
    /// The name to sign in with, if it differs.
    pub username: Option<String>,
    /// The password.
    pub password: String,
    /// The URL of the discovery root.
    pub server: String,
    /// A file with the certificate authority to trust.
    pub ca_file: Option<String>,
    /// How long signing in may take, in milliseconds.
    pub timeout_ms: u64,
}

/// What came of one message.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was sent.
    Receipt(Value),
    /// It was not, or nobody knows. The member `exit_code` is that of the error's kind.
    Error(Value),
}

impl Task {
    /// What a driver is to do for a case: `count` messages through the sandbox at `root`.
    #[must_use]
    pub fn of(case: &Case, count: usize, root: &str, ca_file: Option<&str>) -> Self {
        let account = &case.account;
        Self {
            name: case.name.clone(),
            action: case.action,
            account: Sender {
                address: account.address.clone(),
                username: account.username.clone(),
                password: account.password.clone(),
                server: account.server_url(root),
                ca_file: ca_file.filter(|_| account.ca == "right").map(str::to_owned),
                timeout_ms: case.message.timeout_ms,
            },
            messages: (1..=count).map(|n| case.message.number(n)).collect(),
        }
    }
}

/// A driver in Rust: answers each task on standard input until it ends.
///
/// # Errors
/// Standard input or output broke, a line is no task, or `run` failed.
pub fn serve(
    mut run: impl FnMut(Task) -> Result<Vec<Answer>, Box<dyn std::error::Error>>,
) -> Result<(), Box<dyn std::error::Error>> {
    for line in io::stdin().lock().lines() {
        let answers = run(serde_json::from_str(&line?)?)?;
        let mut output = io::stdout().lock();
        serde_json::to_writer(&mut output, &answers)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}
