//! One text to several recipients: a session for all, and a line for each as soon as it ends.

use std::collections::HashSet;
use std::future::pending;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use send_im::{Address, Error, Message, Receipt, Result, Sent, Wait};
use tokio::time::{Instant, sleep_until};

use super::progress::Progress;
use super::{GRACE, OVERTIME, Outcome, Phrases, sign_in, wait_briefly};
use crate::account::Sender;
use crate::args::SendArgs;
use crate::interrupt::Interrupt;
use crate::output::{self, Style};

const SEVERAL: Phrases = Phrases {
    on_its_way: "The messages are on their way all the same",
    not_answered: "Interrupted before every recipient had answered; messages may not arrive.",
};

/// Sends the messages and gives the largest of their exit codes.
pub(super) async fn deliver(
    args: &SendArgs,
    style: Style,
    messages: Vec<(Address, Message)>,
    sender: Sender,
    interrupt: &mut Interrupt,
) -> u8 {
    let account = sender.account.timeout(args.timeout);
    let account = if args.verbose { account.on_step(output::step) } else { account };
    let refused = |error: Error| {
        match style {
            // One sentence says it of all.
            Style::Plain => output::error(style, &error),
            Style::Json => messages.iter().for_each(|(to, _)| output::error_to(style, to.as_str(), &error)),
        }
        error.kind().exit_code()
    };
    let client = match sign_in(account, interrupt, refused).await {
        Ok(client) => client,
        Err(code) => return code,
    };
    let progress = Progress::new(messages.len(), !args.verbose);
    let mut waiting: HashSet<String> = messages.iter().map(|(to, _)| to.as_str().to_owned()).collect();
    let (mut code, mut sent) = (0, false);
    let mut report_one = |to: &str, result: Result<Receipt>| {
        sent |= result.is_ok();
        progress.ended(|| code = code.max(report(style, to, &result)));
    };
    let send = |(to, message): (Address, Message)| {
        // Each has begun before the first one is waited for.
        let sending = client.send_in_turn(message);
        async move { (to, sending.await) }
    };
    let mut sends: FuturesUnordered<_> = messages.into_iter().map(send).collect();
    let mut given_up: Option<Instant> = None;
    loop {
        let grace = async {
            match given_up {
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        };
        tokio::select! {
            ended = sends.next() => match ended {
                Some((to, result)) => {
                    waiting.remove(to.as_str());
                    report_one(to.as_str(), result);
                }
                None => break,
            },
            () = interrupt.asked() => {
                if given_up.is_some() {
                    break;
                }
                // Each of the others now tells whether it can have arrived.
                client.cancel_all();
                given_up = Some(Instant::now() + GRACE);
            }
            () = grace => break,
        }
    }
    for to in waiting {
        let detail = "Interrupted while the message was on its way; it may have arrived.";
        report_one(&to, Err(Error::cancelled(detail, Sent::Maybe)));
    }
    drop(progress);
    if given_up.is_some() {
        wait_briefly(client.sign_out(), interrupt).await;
        return code;
    }
    // What was submitted rings for as long as its timeout says.
    let end = Instant::now() + args.timeout + OVERTIME;
    let outcome = Outcome { code, sent, submitted: args.wait == Wait::Submitted, phrases: &SEVERAL };
    outcome.sign_out(&client, end, interrupt).await
}

/// Prints the outcome of one message and gives its exit code.
fn report(style: Style, to: &str, result: &Result<Receipt>) -> u8 {
    match result {
        Ok(receipt) => {
            output::receipt(style, receipt);
            0
        }
        Err(error) => {
            output::error_to(style, to, error);
            error.kind().exit_code()
        }
    }
}
