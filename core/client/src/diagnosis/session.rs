//! The checks of an open session: its event channel, and closing it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::advice::{Reason, advice};
use super::cause::{finding, reason_of};
use super::check::{Check, CheckName, CheckOutcome};
use super::exchanges::{Exchange, Exchanges, line_of};
use super::report::Report;
use crate::error::{Error, ErrorKind};
use crate::session::Session;
use crate::session::application::{Application, ChannelEnd};
use crate::steps::{Step, StepLog};

/// How long the event channel is listened to. A pool without events holds the request back for 180 s (events reference).
const LISTEN: Duration = Duration::from_secs(4);

/// A request that waits as long counts as held back.
const HELD: Duration = Duration::from_secs(2);

/// How often it is looked whether something came.
const INTERVAL: Duration = Duration::from_millis(20);

/// Lets the session's own event channel ask for events. Held back is as good as answered.
pub(super) async fn check_events(application: &Application, exchanges: &Exchanges, report: &mut Report<'_>) {
    let begun = Instant::now();
    let _asks = application.awaited.keep_polling();
    let asked = || exchanges.matching(|exchange| exchange.step == Step::Confirm);
    let is_done =
        |exchange: &Exchange| exchange.outcome.as_ref().is_ok_and(|response| response.refusal.is_none());
    let is_held = || exchanges.waiting(Step::Confirm) >= HELD;
    while begun.elapsed() < LISTEN
        && !is_held()
        && !asked().iter().any(is_done)
        && application.channel_end.get().is_none()
    {
        sleep(INTERVAL).await;
    }
    let held = is_held();
    let asked = asked();
    let bad = asked.iter().filter(|exchange| !is_done(exchange)).count();
    let end = match application.channel_end.get() {
        Some(ChannelEnd::Failed(error) | ChannelEnd::ForGood(error)) => Some(error.clone()),
        Some(ChannelEnd::Gone) => {
            Some(Error::new(ErrorKind::Closed, "The server says that the session is gone."))
        }
        None => None,
    };
    let done = asked.last().filter(|last| is_done(last));
    let check = match (end, done) {
        (Some(error), _) => failed(&asked, Some(error), CheckOutcome::Failed),
        (None, None) if !held => failed(&asked, refusal_of(&asked), CheckOutcome::Failed),
        (None, _) if bad > 0 => failed(&asked, refusal_of(&asked), CheckOutcome::Warning),
        (None, Some(last)) => Check::passed(CheckName::EventChannel, line_of(std::slice::from_ref(last))),
        (None, None) => {
            Check::passed(CheckName::EventChannel, "the server holds the request until there are events")
        }
    };
    report.add(check.elapsed(begun.elapsed()));
}

/// The error of the last request that was no success.
fn refusal_of(asked: &[Exchange]) -> Option<Error> {
    asked.iter().rev().find_map(|exchange| match &exchange.outcome {
        Ok(response) => response.refusal.clone(),
        Err(error) => Some(error.clone()),
    })
}

fn failed(asked: &[Exchange], error: Option<Error>, outcome: CheckOutcome) -> Check {
    let seen = line_of(asked.last().map_or(&[], std::slice::from_ref));
    let error =
        error.unwrap_or_else(|| Error::new(ErrorKind::Timeout, "No request for events was answered."));
    let bad: Vec<Exchange> = asked
        .iter()
        .filter(|exchange| {
            exchange.outcome.as_ref().is_ok_and(|response| response.refusal.is_some())
                || exchange.outcome.is_err()
        })
        .cloned()
        .collect();
    let times = match bad.len() {
        0 | 1 => String::new(),
        times => format!(", {times} times"),
    };
    Check::new(CheckName::EventChannel, outcome, format!("{}{times} ({seen})", finding(&error)))
        .advised(Some(advice(CheckName::EventChannel, Some(error.kind()), reason_of(&error, &bad))))
        .kind(error.kind())
}

/// Signs out. What was sent would have arrived all the same.
pub(super) async fn check_sign_out(session: &Arc<Session>, log: &StepLog, report: &mut Report<'_>) {
    let begun = Instant::now();
    let check = match session.sign_out(log, None).await {
        Ok(()) => Check::passed(CheckName::SignOut, "the session is closed"),
        Err(error) => Check::new(CheckName::SignOut, CheckOutcome::Warning, finding(&error))
            .advised(Some(advice(CheckName::SignOut, Some(error.kind()), Reason::Other)))
            .kind(error.kind()),
    };
    report.add(check.elapsed(begun.elapsed()));
}
