//! `send-im sandbox`: a server to try things with, until it is interrupted.

use std::io;

use send_im::{Error, Result};
use send_im_sandbox::{Delivered, Sandbox};
use tokio::sync::broadcast::error::RecvError;

use crate::args::SandboxArgs;
use crate::interrupt::Interrupt;
use crate::output::{self, Style};

/// The exit code when the server cannot start: not an argument's fault, so 5 as every other failure.
const CANNOT_START: u8 = 5;

/// Said where other machines can connect.
const BEYOND_LOOPBACK: &str =
    "Anybody who can reach this machine can read the messages and set faults, and any password is taken.";

/// Runs the server until a signal comes or nobody reads the output any more.
pub(crate) async fn run(args: SandboxArgs, mut interrupt: Interrupt) -> u8 {
    let builder =
        Sandbox::builder().listen(args.listen).https(args.https).layout(args.layout).ring(args.ring);
    let builder = builder.answer_after(args.answer_after);
    let builder = args.host_name.iter().fold(builder, |all, name| all.host_name(name));
    let builder = args.allow_origin.iter().fold(builder, |all, origin| all.allow_origin(origin));
    let sandbox = match builder.start().await {
        Ok(sandbox) => sandbox,
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            let error = Error::invalid_input(format!("The sandbox cannot start: {error}."));
            output::error(Style::Plain, &error);
            return error.kind().exit_code();
        }
        Err(error) => {
            output::print_stderr(&format!("The sandbox cannot listen at {}: {error}.", args.listen));
            return CANNOT_START;
        }
    };
    if let Err(error) = write_ca(&args, &sandbox) {
        output::error(Style::Plain, &error);
        return error.kind().exit_code();
    }
    if !args.listen.ip().to_canonical().is_loopback() {
        output::print_stderr(BEYOND_LOOPBACK);
    }
    let mut printed = 0;
    tokio::select! {
        // What was delivered before the signal is still printed.
        () = interrupt.asked() => if let Err(error) = print_new(&sandbox.messages(), &mut printed) {
            output::print_stderr(&format!("Standard output cannot be written: {error}."));
        },
        result = report(&sandbox, &mut printed) => if let Err(error) = result && error.kind() != io::ErrorKind::BrokenPipe {
            output::print_stderr(&format!("Standard output cannot be written: {error}."));
        },
    }
    sandbox.stop().await;
    0
}

fn write_ca(args: &SandboxArgs, sandbox: &Sandbox) -> Result<()> {
    match (&args.ca_out, sandbox.ca_pem()) {
        (Some(path), Some(pem)) => std::fs::write(path, pem).map_err(|e| {
            Error::invalid_input(format!("The file {} cannot be written: {e}.", path.display()))
        }),
        _ => Ok(()),
    }
}

/// Prints the URL and then every delivered message, each once and in order. `printed` is the number of the last one.
async fn report(sandbox: &Sandbox, printed: &mut u64) -> io::Result<()> {
    let mut delivered = sandbox.subscribe();
    output::print_line(sandbox.url())?;
    loop {
        let new = match delivered.recv().await {
            Ok(message) => vec![message],
            // The output is slower than the senders; the sandbox has kept what the channel let go.
            Err(RecvError::Lagged(_)) => sandbox.messages(),
            Err(RecvError::Closed) => return Ok(()),
        };
        print_new(&new, printed)?;
    }
}

/// Prints those of these messages that come after the number `printed`.
fn print_new(messages: &[Delivered], printed: &mut u64) -> io::Result<()> {
    for message in messages {
        if message.number > *printed {
            output::print_line(&line(message))?;
            *printed = message.number;
        }
    }
    Ok(())
}

/// Sender, recipient, subject, importance, first line of the text, with tabs between them.
fn line(message: &Delivered) -> String {
    let importance = message.importance.to_lowercase();
    [
        message.from.as_str(),
        &message.to,
        message.subject.as_deref().unwrap_or("-"),
        &importance,
        message.text.lines().next().unwrap_or_default(),
    ]
    .map(output::printable)
    .join("\t")
}
