//! The driver of the `send-im` command: `shell-driver COMMAND [OPTION …]` starts a process for each message, all at once.
//!
//! With `--json` among the options an answer is what the command printed; otherwise it is the exit code and a sentence, which
//! must be alone on its stream.

use std::error::Error;
use std::process::{Child, Command, Output, Stdio};

use send_im_scenarios::{Answer, Message, Sender, serve};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let command: Vec<String> = std::env::args().skip(1).collect();
    serve(|task| {
        let start = |message: &Message| {
            let mut process = Command::new(&command[0]);
            arguments(&mut process, &task.account, message);
            started(process.args(&command[1..]), message)
        };
        let processes = task.messages.iter().map(start).collect::<Result<Vec<_>, _>>()?;
        let json = command.iter().any(|option| option == "--json");
        processes.into_iter().map(|process| answer(process.wait_with_output()?, json)).collect()
    })
}

fn arguments(command: &mut Command, account: &Sender, message: &Message) {
    command.env("SEND_IM_PASSWORD", &account.password);
    command.args(["send", "--to", &message.to, "--address", &account.address, "--server", &account.server]);
    command.args(["--importance", &message.importance, "--wait", &message.wait]);
    command.args(["--timeout", &format!("{}ms", message.timeout_ms)]);
    for (option, value) in
        [("--username", &account.username), ("--ca-file", &account.ca_file), ("--subject", &message.subject)]
    {
        if let Some(value) = value {
            command.args([option, value]);
        }
    }
    if message.html {
        command.arg("--html");
    }
}

fn started(command: &mut Command, message: &Message) -> Result<Child, Box<dyn Error>> {
    command.args(["--", &message.text]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command.spawn()?)
}

fn answer(output: Output, json: bool) -> Result<Answer, Box<dyn Error>> {
    let succeeded = output.status.success();
    let (said, silent) = match json || succeeded {
        true => (&output.stdout, &output.stderr),
        false => (&output.stderr, &output.stdout),
    };
    let said = std::str::from_utf8(said)?;
    if !silent.is_empty() || said.lines().count() != 1 {
        return Err(format!("not one line on one stream: {output:?}").into());
    }
    let mut members: Value = if json { serde_json::from_str(said)? } else { json!({}) };
    members["printed"] = json!(said);
    members["exit_code"] = json!(output.status.code());
    Ok(if succeeded { Answer::Receipt(members) } else { Answer::Error(members) })
}
