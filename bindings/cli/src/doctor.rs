//! `send-im doctor`: walks as a send would, and tells each check as it is made.

use std::io::{self, IsTerminal};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use send_im::bindings::AccountOptions;
use send_im::{AdviceOwner, Check, CheckName, CheckOutcome, Diagnosis, Error, Result, Sent};
use tokio::time::timeout;

use crate::account::{self, Sender};
use crate::args::DoctorArgs;
use crate::input;
use crate::interrupt::Interrupt;
use crate::output::{self, Style};

/// How long an interrupted diagnosis may take to close its session.
const GRACE: Duration = Duration::from_secs(5);

/// Diagnoses, and gives the exit code.
pub(crate) async fn run(args: DoctorArgs, mut interrupt: Interrupt) -> u8 {
    let style = if args.json { Style::Json } else { Style::Plain };
    let muted = AtomicBool::new(args.json);
    let mut diagnosing = pin!(diagnose(&args, &muted));
    let diagnosed = tokio::select! {
        diagnosed = &mut diagnosing => diagnosed,
        () = interrupt.asked() => {
            muted.store(true, Ordering::Release);
            let error = Error::cancelled("Interrupted; nothing was sent.", Sent::No);
            output::error(style, &error);
            // There may be a session, which only a diagnosis that goes on closes. A second signal ends even that.
            tokio::select! {
                _ = timeout(GRACE, diagnosing) => (),
                () = interrupt.asked() => (),
            }
            return error.kind().exit_code();
        }
    };
    match diagnosed {
        Ok(diagnosis) => {
            match style {
                Style::Json => output::json_line(&diagnosis),
                Style::Plain => drop(output::print_line(&closing(&diagnosis, args.domain.is_some()))),
            }
            diagnosis.exit_code()
        }
        Err(error) => {
            output::error(style, &error);
            error.kind().exit_code()
        }
    }
}

/// Tells each check as it is made, until it is muted.
async fn diagnose(args: &DoctorArgs, muted: &AtomicBool) -> Result<Diagnosis> {
    let options = account::options(&args.sender)?;
    let Sender { account, _sandbox } = match &args.domain {
        // The variable names the server of the account, and there is none.
        Some(domain) => {
            let server = args.sender.server.clone();
            account::of_domain(AccountOptions { server, ..options }, domain).await?
        }
        None => {
            let password = match args.sender.password_stdin {
                true => Some(input::password().await?),
                false => None,
            };
            account::sender(options, password).await?
        }
    };
    let marks = Marks::of_output();
    let print = |check: &Check| {
        if !muted.load(Ordering::Acquire) {
            drop(output::print_line(&line(check, marks)));
        }
    };
    account.timeout(args.timeout).diagnose_with(print).await
}

/// How outcomes are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marks {
    /// One sign, in colour.
    Signs,
    /// A word, for a file, a pipe, and where `NO_COLOR` is set.
    Words,
}

impl Marks {
    fn of_output() -> Self {
        let wants_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if io::stdout().is_terminal() && !wants_none { Marks::Signs } else { Marks::Words }
    }

    fn of(self, outcome: CheckOutcome) -> String {
        let sign = |sign: &str, colour: u8| format!("\x1b[{colour}m{sign}\x1b[0m");
        match (self, outcome) {
            (Marks::Words, outcome) => format!("{:<8}", outcome.as_str()),
            (Marks::Signs, CheckOutcome::Passed) => sign("✓", 32),
            (Marks::Signs, CheckOutcome::Warning) => sign("!", 33),
            (Marks::Signs, CheckOutcome::Failed) => sign("✗", 31),
            (Marks::Signs, _) => "-".to_owned(),
        }
    }
}

/// A check, with the advice below it.
fn line(check: &Check, marks: Marks) -> String {
    let mark = marks.of(check.outcome);
    let elapsed = match check.elapsed.as_millis() {
        0 => String::new(),
        ms => format!(" ({ms} ms)"),
    };
    let line = format!("{mark} {:<13} {}{elapsed}", check.name.as_str(), output::printable(&check.seen));
    match &check.advice {
        None => line,
        Some(advice) => format!("{line}\n    {}: {}", who(advice.who), output::printable(&advice.what)),
    }
}

fn who(owner: AdviceOwner) -> &'static str {
    match owner {
        AdviceOwner::You => "You",
        AdviceOwner::Network => "Whoever runs the network",
        _ => "The pool's administrator",
    }
}

/// The last line: whether a message can be sent.
fn closing(diagnosis: &Diagnosis, without_account: bool) -> String {
    let warnings = diagnosis.checks.iter().filter(|check| check.outcome == CheckOutcome::Warning).count();
    let warned = match warnings {
        0 => String::new(),
        1 => " One check has a warning.".to_owned(),
        more => format!(" {more} checks have warnings."),
    };
    match diagnosis.first_failure() {
        Some(check) => {
            let what = match check.name {
                CheckName::EventChannel => "A message may arrive, but what became of it may stay unknown",
                _ => "A message cannot be sent",
            };
            let meets = match check.kind {
                Some(kind) if check.name != CheckName::EventChannel => {
                    format!(" A send ends with the error {kind}.")
                }
                _ => String::new(),
            };
            format!("{what}: {} failed.{meets}{warned}", check.name)
        }
        None if without_account => format!("The server answers and asks for a sign-in.{warned}"),
        None => format!("No check failed. Nothing was sent.{warned}"),
    }
}
