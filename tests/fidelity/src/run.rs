//! The tests: one for each recording, none where there are no recordings.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::client;
use crate::recordings::{self, Exchange, Recordings};
use crate::verdict::Verdict;

/// How often each thing was checked.
type Figures = Arc<Mutex<BTreeMap<&'static str, usize>>>;

/// Runs one test a recording and says how it went.
///
/// Where there are no recordings it prints one line that says so, and succeeds.
pub fn run() -> ExitCode {
    let arguments = Arguments::from_args();
    let recordings = match recordings::find() {
        Ok(recordings) => recordings,
        Err(why) => {
            say(&format!("skipped: no recorded UCWA traffic to hold against: {why}"));
            return ExitCode::SUCCESS;
        }
    };
    let figures = Figures::default();
    let mut trials = client_trials(&recordings, &figures);
    trials.extend(recordings.broken.iter().map(|(name, why)| {
        let why = why.clone();
        Trial::test(name, move || Err(Failed::from(why))).with_kind("no recording")
    }));
    trials.extend(recordings.others.iter().map(|name| {
        let done =
            || Ok(libtest_mimic::Completion::ignored_with("neither request nor response nor exchanges"));
        Trial::ignorable_test(name, done).with_kind("no recording")
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        let figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
        let counts: Vec<_> = figures.iter().map(|(what, count)| format!("{what} {count}")).collect();
        say(&format!("decoders against {} answers: {}", recordings.exchanges.len(), counts.join(", ")));
    }
    conclusion.exit_code()
}

/// Prints a line; a closed output is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn client_trials(recordings: &Recordings, figures: &Figures) -> Vec<Trial> {
    let mut trials = Vec::new();
    for exchange in &recordings.exchanges {
        let (label, exchange, figures) = (label(exchange), exchange.clone(), Arc::clone(figures));
        trials.push(
            Trial::test(exchange.name(), move || settle(&client::check(&exchange), &figures))
                .with_kind(label),
        );
    }
    let mut files: BTreeMap<(&str, &str), Vec<&Exchange>> = BTreeMap::new();
    for exchange in &recordings.exchanges {
        files.entry((&exchange.folder, &exchange.file)).or_default().push(exchange);
    }
    for ((folder, file), exchanges) in files {
        if let Some(verdict) = client::in_order(&exchanges) {
            let figures = Arc::clone(figures);
            let trial = Trial::test(format!("{folder}/{file}"), move || settle(&verdict, &figures));
            trials.push(trial.with_kind("the exchanges in their order"));
        }
    }
    trials
}

/// What there is to check: the status and what the body is.
fn label(exchange: &Exchange) -> String {
    let Some(response) = &exchange.response else { return "no answer recorded: request only".to_owned() };
    let status = match (response.status, exchange.status_inferred) {
        (Some(status), false) => status.to_string(),
        (Some(status), true) => format!("{status}?"),
        (None, _) => "no status".to_owned(),
    };
    let cut = if exchange.truncated { ", cut off" } else { "" };
    format!("{status}, {}{cut}", client::content(exchange).describe())
}

fn settle(verdict: &Verdict, figures: &Figures) -> Result<(), Failed> {
    let mut figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
    for what in &verdict.checked {
        *figures.entry(what).or_default() += 1;
    }
    verdict.outcome().map_err(Failed::from)
}
