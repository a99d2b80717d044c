//! `send-im send`: signs in, sends, prints the outcome at once, signs out.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use send_im::{Account, Client, Error, Message, Receipt, Result, Sent, Wait};
use tokio::time::{Instant, timeout, timeout_at};

use crate::account::{self, Sender};
use crate::args::SendArgs;
use crate::input;
use crate::interrupt::Interrupt;
use crate::output::{self, Style};

/// How long an interrupted command may take to sign out.
const GRACE: Duration = Duration::from_secs(5);
/// How long after its timeout the command may still be at work. It promises to end within 5 s; ending takes a moment too.
const OVERTIME: Duration = Duration::from_millis(4800);

/// Sends one message and gives the exit code.
pub(crate) async fn run(args: SendArgs, mut interrupt: Interrupt) -> u8 {
    let style = if args.json { Style::Json } else { Style::Plain };
    let prepared = tokio::select! {
        prepared = prepare(&args) => prepared,
        () = interrupt.asked() => Err(Error::cancelled("Interrupted before anything was sent.", Sent::No)),
    };
    match prepared {
        Ok((message, sender)) => deliver(&args, style, message, sender, &mut interrupt).await,
        Err(error) => report(style, &Err(error)),
    }
}

/// All that needs no request: the text, the password, the account, and whether the message can be sent at all.
async fn prepare(args: &SendArgs) -> Result<(Message, Sender)> {
    let input = input::read(args).await?;
    let message = match args.html {
        true => Message::html(&args.to, input.text),
        false => Message::text(&args.to, input.text),
    };
    let message = message.importance(args.importance).wait(args.wait).timeout(args.timeout);
    let message = args.subject.iter().fold(message, |message, subject| message.subject(subject));
    // A mistyped argument costs no request, and no sign-in.
    message.check()?;
    Ok((message, account::sender(account::given(&args.sender)?, input.password).await?))
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
    let client = match sign_in(style, account, interrupt).await {
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
        wind_up(client.sign_out(), interrupt).await;
        return code;
    }
    let mut sign_out = pin!(client.sign_out());
    tokio::select! {
        signed_out = timeout_at(end, &mut sign_out) => {
            let why = match signed_out {
                Ok(Ok(())) => return code,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "the server did not answer in time.".to_owned(),
            };
            if result.is_ok() {
                output::complain(&format!("The message is on its way all the same, but signing out failed: {why}"));
            }
            code
        }
        () = interrupt.asked() => {
            client.cancel_all();
            wind_up(sign_out, interrupt).await;
            // What was delivered stays delivered; what was only submitted is withdrawn by signing out.
            if args.wait == Wait::Submitted && result.is_ok() {
                let error = Error::cancelled("Interrupted before the recipient had answered; the message may not arrive.", Sent::Maybe);
                output::complain(error.detail());
                return error.kind().exit_code();
            }
            code
        }
    }
}

/// The client, or the exit code when there is none.
async fn sign_in(style: Style, account: Account, interrupt: &mut Interrupt) -> Result<Client, u8> {
    let mut sign_in = pin!(Client::sign_in(account));
    tokio::select! {
        client = &mut sign_in => client.map_err(|error| report(style, &Err(error))),
        () = interrupt.asked() => {
            let code = report(style, &Err(Error::cancelled("Interrupted before anything was sent.", Sent::No)));
            // The session may be half open. Only a finished sign-in can be undone.
            let undo = async {
                if let Ok(client) = sign_in.await {
                    let _ = client.sign_out().await;
                }
            };
            wind_up(undo, interrupt).await;
            Err(code)
        }
    }
}

/// Gives `task` a short time to finish; a second signal ends even that.
async fn wind_up<T>(task: impl Future<Output = T>, interrupt: &mut Interrupt) {
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
