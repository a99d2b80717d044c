//! The sandbox's answers, held against recorded ones.

mod events;
mod probes;
mod rules;
mod shape;
mod stage;
mod table;

use std::collections::BTreeSet;

pub(crate) use self::rules::{Rules, Use};

use self::probes::Answers;
use self::shape::Difference;
use self::table::Probe;
use crate::client;
use crate::content::Content;
use crate::recordings::{Exchange, Response};

/// What became of an exchange.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// The sandbox was asked. What no rule explains is wrong.
    Compared {
        /// Differences without an explanation, in words.
        wrong: Vec<String>,
        /// How many differences are explained.
        explained: usize,
    },
    /// The sandbox does not play this.
    OutOfScope(String),
    /// There is nothing to compare, or nobody has taught the tests how.
    NotCompared(String),
}

/// Asks the sandbox what the recorded client asked, and compares.
pub(crate) fn hold(exchange: &Exchange, rules: &Rules) -> Held {
    let (recorded, (probe, name)) = match scope(exchange, rules) {
        Ok(asked) => asked,
        Err(left_out) => return left_out,
    };
    let differences = match ask(probe, exchange) {
        Ok(answers) => compare(exchange, recorded, &answers),
        Err(why) => {
            let wrong = vec![format!("the sandbox was asked in vain: {why}")];
            return (Outcome::Compared { wrong, explained: 0 }, BTreeSet::new());
        }
    };
    let all = differences.len();
    let (unexplained, uses) = rules.explain(exchange, name, differences);
    let wrong: Vec<_> = unexplained.iter().map(|difference| format!("{name}: {difference}")).collect();
    (Outcome::Compared { explained: all - wrong.len(), wrong }, uses.into_iter().collect())
}

/// True when the sandbox is not asked at all.
pub(crate) fn is_left_out(exchange: &Exchange, rules: &Rules) -> bool {
    scope(exchange, rules).is_err()
}

/// What became of an exchange, and the rules that were needed.
type Held = (Outcome, BTreeSet<Use>);

/// The recorded answer and the probe to compare it with, or why nothing is compared.
fn scope<'a>(exchange: &'a Exchange, rules: &Rules) -> Result<(&'a Response, (Probe, &'static str)), Held> {
    if let Some((reason, rule)) = rules.out_of_scope(exchange) {
        return Err((Outcome::OutOfScope(reason), BTreeSet::from([rule])));
    }
    let not_compared = |why: &str| (Outcome::NotCompared(why.to_owned()), BTreeSet::new());
    let recorded = exchange.response.as_ref().filter(|response| response.status.is_some());
    let recorded = recorded.ok_or_else(|| not_compared("the recording shows no answer"))?;
    let probe = table::of(exchange).ok_or_else(|| not_compared("no probe is known for this request"))?;
    Ok((recorded, probe))
}

/// One sandbox for each exchange, on a runtime of its own.
fn ask(probe: Probe, exchange: &Exchange) -> Result<Answers, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(probe.answers(exchange))
}

fn compare(exchange: &Exchange, recorded: &Response, answers: &Answers) -> Vec<Difference> {
    let body = match client::content(exchange) {
        Content::Json(body) => body,
        _ => serde_json::Value::Null,
    };
    let answer = match answers {
        Answers::Channel(stream) => return events::compare(recorded, &body, stream),
        Answers::One(answer) => answer,
    };
    let mut found = shape::heads(recorded, answer);
    let content = |response: &Response| {
        Content::of(response.body.as_deref(), response.header("content-type").first().copied())
    };
    match (content(recorded), content(answer)) {
        (Content::Json(theirs), Content::Json(ours)) => found.extend(shape::bodies("", &theirs, &ours)),
        // A 201 or 204 without a body has none; elsewhere the documents may just not show it.
        (Content::Nothing, Content::Nothing) => {}
        (Content::Nothing, ours) if is_empty(recorded) => {
            found.push(Difference::new("extra", "body", ours.describe()));
        }
        (Content::Nothing, _) => {}
        (theirs, ours) if theirs == ours => {}
        (theirs, ours) => found.push(Difference::new(
            "type",
            "body",
            format!("{}, sandbox {}", theirs.describe(), ours.describe()),
        )),
    }
    found
}

fn is_empty(recorded: &Response) -> bool {
    matches!(recorded.status, Some(201 | 204)) || recorded.header("content-length").first() == Some(&"0")
}
