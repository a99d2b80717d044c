//! The tests: one for each recording, none where there are no recordings.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::client;
use crate::recordings::{self, Exchange, Recordings};
use crate::sandbox::{self, Outcome, Rules, Use};
use crate::verdict::Verdict;

/// What the decoders' tests found out together.
#[derive(Default)]
struct Findings {
    /// How often each thing was checked.
    counts: BTreeMap<&'static str, usize>,
    notes: Vec<String>,
}

type Figures = Arc<Mutex<Findings>>;

/// What became of an exchange with the sandbox, and the rules that were needed.
type Compared = (Outcome, BTreeSet<Use>);

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
    let comparisons = match Comparisons::new(&recordings) {
        Ok(comparisons) => Arc::new(comparisons),
        Err(why) => {
            say(&format!("the rules cannot be read: {why}"));
            return ExitCode::FAILURE;
        }
    };
    let figures = Figures::default();
    let mut trials = client_trials(&recordings, &figures);
    trials.extend(no_recordings(&recordings));
    trials.extend(sandbox_trials(&comparisons));
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        let figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
        let counts: Vec<_> = figures.counts.iter().map(|(what, count)| format!("{what} {count}")).collect();
        say(&format!(
            "recorded exchanges {}; checks of decoders: {}",
            recordings.exchanges.len(),
            counts.join(", ")
        ));
        figures.notes.iter().for_each(|note| say(&format!("note: {note}")));
        comparisons.left_out().iter().chain(&comparisons.unread()).for_each(|line| say(line));
        say(&comparisons.summary());
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
        *figures.counts.entry(what).or_default() += 1;
    }
    figures.notes.extend(verdict.notes.iter().cloned());
    verdict.outcome().map_err(Failed::from)
}

/// Files in the folder that are no recordings: broken ones fail, others are named.
fn no_recordings(recordings: &Recordings) -> Vec<Trial> {
    let broken = recordings.broken.iter().map(|(name, why)| {
        let why = why.clone();
        Trial::test(name, move || Err(Failed::from(why))).with_kind("no recording")
    });
    recordings
        .others
        .iter()
        .for_each(|name| say(&format!("no recording: {name}: neither request nor response nor exchanges")));
    broken.collect()
}

/// The sandbox held against each exchange of a transcript, at most once each.
struct Comparisons {
    rules: Rules,
    /// Each transcript's exchanges, with what became of them.
    all: Vec<(Exchange, OnceLock<Compared>)>,
}

impl Comparisons {
    fn new(recordings: &Recordings) -> Result<Self, String> {
        let all = recordings.exchanges.iter().map(|exchange| (exchange.clone(), OnceLock::new())).collect();
        Ok(Self { rules: Rules::load()?, all })
    }

    fn result(&self, index: usize) -> &Compared {
        let (exchange, result) = &self.all[index];
        result.get_or_init(|| sandbox::hold(exchange, &self.rules))
    }

    /// Waits for every comparison and looks whether each rule was needed.
    fn complaints(&self) -> Vec<String> {
        let uses = (0..self.all.len()).flat_map(|index| self.result(index).1.clone()).collect();
        let present = self.all.iter().map(|(exchange, _)| exchange.file.as_str()).collect();
        self.rules.complaints(&present, &uses)
    }

    /// One line for each exchange the sandbox is not asked for, with the reason.
    fn left_out(&self) -> Vec<String> {
        let outcomes =
            (0..self.all.len()).filter(|index| sandbox::is_left_out(&self.all[*index].0, &self.rules));
        outcomes
            .map(|index| match &self.result(index).0 {
                Outcome::OutOfScope(why) => format!("out of scope: {}: {why}", self.all[index].0.name()),
                Outcome::NotCompared(why) => format!("not compared: {}: {why}", self.all[index].0.name()),
                Outcome::Compared { .. } => String::new(),
            })
            .collect()
    }

    /// One line for each difference from a transcript that nobody has read.
    fn unread(&self) -> Vec<String> {
        let unread = self.all.iter().filter(|(exchange, _)| !self.rules.knows(exchange));
        unread
            .filter_map(|(exchange, result)| match result.get() {
                Some((Outcome::Compared { wrong, .. }, _)) => Some((exchange, wrong)),
                _ => None,
            })
            .flat_map(|(exchange, wrong)| {
                wrong.iter().map(|w| format!("differs, not explained: {}: {w}", exchange.name()))
            })
            .collect()
    }

    fn summary(&self) -> String {
        let (mut compared, mut explained, mut out_of_scope, mut not_compared) = (0, 0, 0, Vec::new());
        for (exchange, result) in &self.all {
            match result.get().map(|(outcome, _)| outcome) {
                Some(Outcome::Compared { explained: here, .. }) => {
                    compared += 1;
                    explained += here;
                }
                Some(Outcome::OutOfScope(_)) => out_of_scope += 1,
                Some(Outcome::NotCompared(why)) => not_compared.push(format!("{} ({why})", exchange.name())),
                None => {}
            }
        }
        let (allowances, scopes) = self.rules.count();
        let named =
            if not_compared.is_empty() { String::new() } else { format!(": {}", not_compared.join(", ")) };
        format!(
            "sandbox against {} exchanges: compared {compared} ({explained} differences explained by {allowances} allowances), \
             out of scope {out_of_scope} ({scopes} reasons), not compared {}{named}",
            self.all.len(),
            not_compared.len(),
        )
    }
}

fn sandbox_trials(comparisons: &Arc<Comparisons>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (index, (exchange, _)) in comparisons.all.iter().enumerate() {
        if sandbox::is_left_out(exchange, &comparisons.rules) {
            continue;
        }
        let request = exchange.request.as_ref();
        let asked = request
            .map_or_else(|| "no request".to_owned(), |r| format!("{} {}", r.method, last_parts(&r.url)));
        let comparisons = Arc::clone(comparisons);
        let compare = move || match &comparisons.result(index).0 {
            Outcome::Compared { wrong, .. } if wrong.is_empty() => Ok(()),
            // Differences from a recording that nobody has read are a finding to look at: they are told at the end. Another
            // status is wrong all the same.
            Outcome::Compared { wrong, .. }
                if !wrong.iter().any(|w| w.contains(": status "))
                    && !comparisons.rules.knows(&comparisons.all[index].0) =>
            {
                Ok(())
            }
            Outcome::Compared { wrong, .. } => Err(Failed::from(wrong.join("\n"))),
            Outcome::OutOfScope(why) | Outcome::NotCompared(why) => Err(Failed::from(why.as_str())),
        };
        let name = format!("sandbox/{}#{}", exchange.file, exchange.number.unwrap_or(1));
        trials.push(Trial::test(name, compare).with_kind(asked));
    }
    let comparisons = Arc::clone(comparisons);
    let needed = move || match comparisons.complaints().as_slice() {
        [] => Ok(()),
        complaints => Err(Failed::from(complaints.join("\n"))),
    };
    trials.push(Trial::test("sandbox/every rule is needed", needed).with_kind("allowances"));
    trials
}

/// The end of a URL, enough to know the resource.
fn last_parts(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let parts: Vec<_> = path.trim_end_matches('/').rsplit('/').take(2).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}
