//! `send-im send`: signs in, sends, prints the outcome at once, signs out.

mod many;
mod progress;

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use send_im::{Account, Address, Client, Error, Message, Receipt, Result, Sent, Wait};
use tokio::time::{Instant, timeout, timeout_at};

use crate::account::{self, Sender};
use crate::args::SendArgs;
use crate::input::{self, Input, Recipient};
use crate::interrupt::Interrupt;
use crate::output::{self, Style};

/// How long an interrupted command may take to sign out.
const GRACE: Duration = Duration::from_secs(5);
/// How long after its timeout the command may still be at work. It promises to end within 5 s; ending takes a moment too.
const OVERTIME: Duration = Duration::from_millis(4800);

/// Sends the message to everybody and gives the exit code.
pub(crate) async fn run(args: SendArgs, mut interrupt: Interrupt) -> u8 {
    let style = if args.json { Style::Json } else { Style::Plain };
    let prepared = tokio::select! {
        prepared = prepare(&args) => prepared,
        () = interrupt.asked() => Err(Error::cancelled("Interrupted before anything was sent.", Sent::No)),
    };
    match prepared {
        // What a file lists is told by recipient, however many there are.
        Ok((mut messages, sender)) if messages.len() == 1 && args.to_file.is_none() => {
            let (_, message) = messages.remove(0);
            deliver(&args, style, message, sender, &mut interrupt).await
        }
        Ok((messages, sender)) => many::deliver(&args, style, messages, sender, &mut interrupt).await,
        Err(error) => report(style, &Err(error)),
    }
}

/// All that needs no request: the text, the password, the account, and whether the messages can be sent at all; one for each
/// recipient, with the address.
async fn prepare(args: &SendArgs) -> Result<(Vec<(Address, Message)>, Sender)> {
    let Input { recipients, text, password } = input::read(args).await?;
    let message = if args.html { Message::html("", text) } else { Message::text("", text) };
    let message = message.importance(args.importance).wait(args.wait).timeout(args.timeout);
    let message = args.subject.iter().fold(message, |message, subject| message.subject(subject));
    let (mut messages, mut known) = (Vec::new(), HashSet::new());
    for recipient in &recipients {
        let to = address(recipient)?;
        if !known.insert(to.as_str().to_ascii_lowercase()) {
            continue;
        }
        let message = message.to_another(&recipient.address);
        if messages.is_empty() {
            // A mistyped argument costs no request, and no sign-in. The others differ in the address alone.
            message.check()?;
        }
        messages.push((to, message));
    }
    Ok((messages, account::sender(account::options(&args.sender)?, password).await?))
}

fn address(recipient: &Recipient) -> Result<Address> {
    let parsed = Address::parse(&recipient.address, "recipient");
    parsed.map_err(|error| match recipient.line {
        Some(line) => {
            Error::invalid_input(format!("Line {line} of the file of recipients: {}", error.detail()))
        }
        None => error,
    })
}

async fn deliver(
    args: &SendArgs,
    style: Style,
    message: Message,
    sender: Sender,
    interrupt: &mut Interrupt,
) -> u8 {
    let deadline = Instant::now() + args.timeout;
    let end = deadline + OVERTIME;
    let steps = Arc::new(Mutex::new(Vec::new()));
    let (log, verbose) = (Arc::clone(&steps), args.verbose);
    let account = sender.account.timeout(args.timeout).on_step(move |step| {
        if verbose {
            output::step(step);
        }
        log.lock().unwrap_or_else(PoisonError::into_inner).push(step.clone());
    });
    let client = match sign_in(account, interrupt, |error| report(style, &Err(error))).await {
        Ok(client) => client,
        Err(code) => return code,
    };
    let opening = std::mem::take(&mut *steps.lock().unwrap_or_else(PoisonError::into_inner));
    // A timeout of zero would be refused as an argument; here it is one that has run out.
    let rest = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let (mut result, interrupted) = tokio::select! {
        result = client.send(message.timeout(rest)) => (result, false),
        () = interrupt.asked() => {
            (Err(Error::cancelled("Interrupted while the message was on its way; it may have arrived.", Sent::Maybe)), true)
        }
    };
    if let Ok(receipt) = &mut result {
        // For whoever runs the command, signing in is part of the send.
        receipt.steps.splice(0..0, opening);
    }
    let code = report(style, &result);
    if interrupted {
        client.cancel_all();
        wait_briefly(client.sign_out(), interrupt).await;
        return code;
    }
    let outcome =
        Outcome { code, sent: result.is_ok(), submitted: args.wait == Wait::Submitted, phrases: &ONE };
    outcome.sign_out(&client, end, interrupt).await
}

/// What is said of one message, or of several.
struct Phrases {
    on_its_way: &'static str,
    not_answered: &'static str,
}

const ONE: Phrases = Phrases {
    on_its_way: "The message is on its way all the same",
    not_answered: "Interrupted before the recipient had answered; the message may not arrive.",
};

/// How sending ended, before the session is closed.
struct Outcome {
    code: u8,
    /// Something was sent.
    sent: bool,
    submitted: bool,
    phrases: &'static Phrases,
}

impl Outcome {
    /// Closes the session and gives the exit code.
    async fn sign_out(self, client: &Client, end: Instant, interrupt: &mut Interrupt) -> u8 {
        let mut sign_out = pin!(client.sign_out());
        tokio::select! {
            signed_out = timeout_at(end, &mut sign_out) => {
                let why = match signed_out {
                    Ok(Ok(())) => return self.code,
                    Ok(Err(error)) => error.to_string(),
                    Err(_) => "the server did not answer in time.".to_owned(),
                };
                if self.sent {
                    output::print_stderr(&format!("{}, but signing out failed: {why}", self.phrases.on_its_way));
                }
                self.code
            }
            () = interrupt.asked() => {
                client.cancel_all();
                wait_briefly(sign_out, interrupt).await;
                // What was delivered stays delivered; what was only submitted is withdrawn by signing out.
                if self.submitted && self.sent {
                    let error = Error::cancelled(self.phrases.not_answered, Sent::Maybe);
                    output::print_stderr(error.detail());
                    return error.kind().exit_code();
                }
                self.code
            }
        }
    }
}

/// The client, or the exit code that `report` gives when there is none.
async fn sign_in(
    account: Account,
    interrupt: &mut Interrupt,
    report: impl Fn(Error) -> u8,
) -> Result<Client, u8> {
    let mut sign_in = pin!(Client::sign_in(account));
    tokio::select! {
        client = &mut sign_in => client.map_err(&report),
        () = interrupt.asked() => {
            let code = report(Error::cancelled("Interrupted before anything was sent.", Sent::No));
            // The session may be half open. Only a finished sign-in can be undone.
            let undo = async {
                if let Ok(client) = sign_in.await {
                    let _ = client.sign_out().await;
                }
            };
            wait_briefly(undo, interrupt).await;
            Err(code)
        }
    }
}

/// Gives `task` a short time to finish; a second signal ends even that.
async fn wait_briefly<T>(task: impl Future<Output = T>, interrupt: &mut Interrupt) {
    tokio::select! {
        _ = timeout(GRACE, task) => (),
        () = interrupt.asked() => (),
    }
}

/// Prints the outcome and gives its exit code.
fn report(style: Style, result: &Result<Receipt>) -> u8 {
    match result {
        Ok(receipt) => {
            output::receipt(style, receipt);
            0
        }
        Err(error) => {
            output::error(style, error);
            error.kind().exit_code()
        }
    }
}
