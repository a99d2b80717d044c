//! Every case of `scenarios.json` through the `send-im` command, as a process, against `send-im sandbox`.
//!
//! Each case with one message runs twice, each time on a sandbox of its own: with `--json`, and as a person would run
//! it. The command is that of `SEND_IM_BIN`, otherwise the workspace's own, which is built first.
#![allow(clippy::print_stdout, clippy::unwrap_used)] // a test may panic in its helpers too

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use send_im_scenarios::{Case, Observed, load, verdict, verdict_of_the_server};
use serde_json::Value;

#[path = "shell/command.rs"]
mod command;
#[path = "shell/server.rs"]
mod server;

use command::Finished;
use server::Server;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let cases = load(include_str!("../scenarios.json")).unwrap();
    let binary = match arguments.list {
        true => PathBuf::new(),
        false => command::binary(),
    };
    let trials = cases.into_iter().map(|case| {
        let binary = binary.clone();
        Trial::test(case.name.clone(), move || run(&case, &binary))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn run(case: &Case, binary: &Path) -> Result<(), Failed> {
    as_a_program(case, binary)?;
    if case.processes == 1 {
        as_a_person(case, binary)?;
    }
    Ok(())
}

/// With `--json`: one object on standard output, and all of the case is compared.
fn as_a_program(case: &Case, binary: &Path) -> Result<(), Failed> {
    let server = Server::start(binary, case)?;
    let runs = command::send(binary, case, &server, &["--json"])?;
    let mut observed = server.observe(case)?;
    for run in &runs {
        expect(run.code == Some(case.expect.exit_code.into()), "the exit code is that of the case", run)?;
        expect(run.stderr.is_empty(), "--json leaves standard error empty", run)?;
        expect(run.stdout.lines().count() == 1, "--json prints one line", run)?;
        let object: Value = serde_json::from_str(&run.stdout)?;
        observed.results.push(if run.code == Some(0) { Ok(object) } else { Err(object) });
    }
    server.stop()?;
    verdict(case, case.processes, &observed).map_err(Failed::from)
}

/// Without `--json`: one sentence on the right stream, the same exit code, the same effect.
fn as_a_person(case: &Case, binary: &Path) -> Result<(), Failed> {
    let server = Server::start(binary, case)?;
    let runs = command::send(binary, case, &server, &[])?;
    let observed: Observed = server.observe(case)?;
    server.stop()?;
    for run in &runs {
        expect(run.code == Some(case.expect.exit_code.into()), "the exit code is that of the case", run)?;
        let (said, empty) = match case.expect.receipt {
            Some(_) => (&run.stdout, &run.stderr),
            None => (&run.stderr, &run.stdout),
        };
        expect(said.lines().count() == 1, "one sentence is printed", run)?;
        expect(empty.is_empty(), "the other stream stays empty", run)?;
        expect(
            case.account.password.len() < 10 || !said.contains(&case.account.password),
            "no password is printed",
            run,
        )?;
        if case.expect.receipt.is_some() && case.message.wait == "delivered" {
            expect(said.starts_with(accepted_by(case)), "the sentence begins with who accepted", run)?;
        }
    }
    verdict_of_the_server(case, case.processes, &observed).map_err(Failed::from)
}

/// Who must have accepted: the one the case names, otherwise the recipient.
fn accepted_by(case: &Case) -> &str {
    let named =
        case.expect.receipt.as_ref().and_then(|receipt| receipt.get("accepted_by")).and_then(Value::as_str);
    named.unwrap_or(case.message.to.trim_start_matches("sip:"))
}

fn expect(condition: bool, what: &str, run: &Finished) -> Result<(), Failed> {
    match condition {
        true => Ok(()),
        false => Err(format!("not so: {what}\n{run}").into()),
    }
}
