//! Which differences are allowed, and which exchanges are outside the sandbox's scope. Each with its reason.
//!
//! An allowance holds in the transcripts it names, and in transcripts that nobody has read yet. One that is needed
//! nowhere is an error: it would hide what comes later.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::shape::Difference;
use crate::client;
use crate::content::Content;
use crate::plain;
use crate::recordings::Exchange;

/// The two data files of this crate.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The transcripts that the allowances were written for.
    known: BTreeSet<String>,
    allowances: Vec<Allowance>,
    out_of_scope: Vec<OutOfScope>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowanceFile {
    known_transcripts: BTreeSet<String>,
    allowances: Vec<Allowance>,
}

/// A difference that is meant to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowance {
    /// The probes, as their table names them.
    probes: Vec<String>,
    /// The kind of difference.
    difference: String,
    /// Where. `*` is any part, `**` any number of parts, `{a,b}` one of these.
    path: String,
    /// The transcripts that need it.
    transcripts: Vec<String>,
    /// Why, with the source.
    reason: String,
}

/// Exchanges the sandbox does not play.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutOfScope {
    /// The method and the end of the path; `{}` is any part. Any request when it is absent.
    #[serde(default)]
    request: Option<String>,
    /// The rel of the answer, or of the resources that all its events are about.
    #[serde(default)]
    rel: Option<String>,
    /// A text that the body of the request holds.
    #[serde(default)]
    body: Option<String>,
    /// True when it is about answers in XML.
    #[serde(default)]
    xml: bool,
    /// The transcripts that need it.
    transcripts: Vec<String>,
    /// Why.
    reason: String,
}

/// A rule that was needed: its index, the alternative of its path, the transcript.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    Allowance { index: usize, path: String, transcript: String },
    OutOfScope { index: usize, transcript: String },
}

impl Rules {
    /// True for a transcript that somebody has read and whose differences are explained, one by one.
    pub(crate) fn knows(&self, exchange: &Exchange) -> bool {
        self.known.contains(&exchange.file)
    }

    /// Reads the data files.
    pub(crate) fn load() -> Result<Self, String> {
        let file: AllowanceFile = serde_json::from_str(include_str!("../../data/allowances.json"))
            .map_err(|error| format!("data/allowances.json: {error}"))?;
        let out_of_scope: Vec<OutOfScope> =
            serde_json::from_str(include_str!("../../data/out_of_scope.json"))
                .map_err(|error| format!("data/out_of_scope.json: {error}"))?;
        Ok(Self { known: file.known_transcripts, allowances: file.allowances, out_of_scope })
    }

    /// How many rules there are: allowances, exchanges out of scope.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.allowances.len(), self.out_of_scope.len())
    }

    /// Why the sandbox does not play an exchange, if it does not.
    pub(crate) fn out_of_scope(&self, exchange: &Exchange) -> Option<(String, Use)> {
        let index = self.out_of_scope.iter().position(|rule| {
            let named = rule.request.as_deref().is_none_or(|pattern| asks(exchange, pattern));
            let about = rule.rel.as_deref().is_none_or(|rel| is_about(exchange, rel));
            let body = rule.body.as_deref().is_none_or(|text| says(exchange, text));
            let xml = !rule.xml || client::content(exchange) == Content::Xml;
            self.holds_in(&rule.transcripts, exchange) && named && about && body && xml
        })?;
        let rule_use = Use::OutOfScope { index, transcript: exchange.file.clone() };
        Some((self.out_of_scope[index].reason.clone(), rule_use))
    }

    /// Splits differences into those that no rule explains and the rules that explain the others.
    pub(crate) fn explain(
        &self,
        exchange: &Exchange,
        probe: &str,
        differences: Vec<Difference>,
    ) -> (Vec<Difference>, Vec<Use>) {
        let mut uses = Vec::new();
        let unexplained = differences.into_iter().filter(|difference| {
            let mut explained = false;
            for (index, rule) in self.allowances.iter().enumerate() {
                let meant =
                    rule.difference == difference.kind && rule.probes.iter().any(|name| name == probe);
                if !meant || !self.holds_in(&rule.transcripts, exchange) {
                    continue;
                }
                for path in alternatives(&rule.path).into_iter().filter(|path| covers(path, &difference.path))
                {
                    explained = true;
                    uses.push(Use::Allowance { index, path, transcript: exchange.file.clone() });
                }
            }
            !explained
        });
        let unexplained = unexplained.collect();
        (unexplained, uses)
    }

    fn holds_in(&self, transcripts: &[String], exchange: &Exchange) -> bool {
        transcripts.contains(&exchange.file) || !self.known.contains(&exchange.file)
    }

    /// What is wrong with the rules themselves, given the transcripts at hand and the rules that were needed.
    pub(crate) fn complaints(&self, present: &BTreeSet<&str>, uses: &BTreeSet<Use>) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut check = |name: String, transcripts: &[String], reason: &str| {
            if reason.trim().is_empty() {
                wrong.push(format!("{name} has no reason"));
            }
            for transcript in transcripts.iter().filter(|t| !self.known.contains(*t)) {
                wrong.push(format!("{name} names {transcript}, which is not among the known transcripts"));
            }
        };
        for rule in &self.allowances {
            check(
                format!("the allowance {} {}", rule.difference, rule.path),
                &rule.transcripts,
                &rule.reason,
            );
        }
        for rule in &self.out_of_scope {
            check(format!("out of scope: {}", rule.reason), &rule.transcripts, &rule.reason);
        }
        for (index, rule) in self.allowances.iter().enumerate() {
            let used = |path: Option<&str>, transcript: Option<&str>| {
                uses.iter().any(|rule_use| matches!(rule_use, Use::Allowance { index: i, path: p, transcript: t }
                    if *i == index && path.is_none_or(|path| p == path) && transcript.is_none_or(|transcript| t == transcript)))
            };
            let name = format!("the allowance {} {}", rule.difference, rule.path);
            for transcript in rule.transcripts.iter().filter(|t| present.contains(t.as_str())) {
                if !used(None, Some(transcript)) {
                    wrong.push(format!("{name} is not needed in {transcript}"));
                }
            }
            if rule.transcripts.iter().all(|t| present.contains(t.as_str())) {
                let unused = alternatives(&rule.path).into_iter().filter(|path| !used(Some(path), None));
                wrong.extend(unused.map(|path| format!("{name} is not needed for {path}")));
            }
        }
        for (index, rule) in self.out_of_scope.iter().enumerate() {
            for transcript in rule.transcripts.iter().filter(|t| present.contains(t.as_str())) {
                if !uses.contains(&Use::OutOfScope { index, transcript: transcript.clone() }) {
                    wrong.push(format!("out of scope ({}) is not needed in {transcript}", rule.reason));
                }
            }
        }
        wrong
    }
}

/// True when an exchange's request is the one a pattern such as `POST {}/accept` means.
pub(super) fn asks(exchange: &Exchange, pattern: &str) -> bool {
    let Some(request) = &exchange.request else { return false };
    let Some((method, path)) = pattern.split_once(' ') else { return false };
    let asked = request.url.split(['?', '#']).next().unwrap_or_default();
    let asked =
        asked.split_once("://").map_or(asked, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let asked: Vec<_> = asked.split('/').filter(|part| !part.is_empty()).collect();
    let wanted: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let same = |(asked, wanted): (&&str, &&str)| *wanted == "{}" || asked.eq_ignore_ascii_case(wanted);
    // The pattern "/" is the root of a host and nothing else.
    let fits = if wanted.is_empty() { asked.is_empty() } else { wanted.len() <= asked.len() };
    method == request.method && fits && asked.iter().rev().zip(wanted.iter().rev()).all(same)
}

/// True when the body of an exchange's request holds a text.
fn says(exchange: &Exchange, text: &str) -> bool {
    let body = exchange.request.as_ref().and_then(|request| request.body.as_deref()).unwrap_or_default();
    String::from_utf8_lossy(body).contains(text)
}

fn is_about(exchange: &Exchange, rel: &str) -> bool {
    let Content::Json(body) = client::content(exchange) else { return false };
    let events = plain::events(&body);
    body["rel"] == rel || (!events.is_empty() && events.iter().all(|event| event.rel() == rel))
}

/// The paths that a path with `{a,b}` in it stands for.
fn alternatives(path: &str) -> Vec<String> {
    // `{id}` is the name of a member, not a choice.
    let choice = path
        .match_indices('{')
        .find(|(at, _)| path[*at..].split('}').next().is_some_and(|inner| inner.contains(',')));
    let Some((open, _)) = choice else { return vec![path.to_owned()] };
    let Some(close) = path[open..].find('}').map(|offset| open + offset) else {
        return vec![path.to_owned()];
    };
    let choices = path[open + 1..close].split(',');
    choices
        .flat_map(|choice| alternatives(&format!("{}{}{}", &path[..open], choice.trim(), &path[close + 1..])))
        .collect()
}

/// True when a pattern without choices covers a path.
fn covers(pattern: &str, path: &str) -> bool {
    fn parts(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern, path) {
            ([], []) => true,
            (["**", rest @ ..], _) => (0..=path.len()).any(|skipped| parts(rest, &path[skipped..])),
            ([one, rest @ ..], [part, others @ ..]) => (*one == "*" || one == part) && parts(rest, others),
            _ => false,
        }
    }
    parts(&pattern.split('/').collect::<Vec<_>>(), &path.split('/').collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recordings::Request;

    #[test]
    fn patterns_cover_what_they_say() {
        assert!(covers("**/_links/eject", "sender/x/_links/eject"));
        assert!(covers("**/_links/eject", "_links/eject"));
        assert!(covers("*/b", "a/b"));
        assert!(!covers("*/b", "a/c/b"));
        assert!(!covers("_links/eject", "_links/eject/href"));
        assert_eq!(alternatives("a/{b,c}/{d, e}"), ["a/b/d", "a/b/e", "a/c/d", "a/c/e"]);
        assert_eq!(alternatives("a/{id}"), ["a/{id}"]);
    }

    #[test]
    fn requests_are_told_by_method_and_end_of_path() {
        let exchange = |method: &str, url: &str| Exchange {
            folder: String::new(),
            file: String::new(),
            number: None,
            kind: String::new(),
            body_is_json: None,
            truncated: false,
            status_inferred: false,
            request: Some(Request { method: method.to_owned(), url: url.to_owned(), ..Request::default() }),
            response: None,
        };
        let end = exchange(
            "POST",
            "https://h:443/ucwa/v1/applications/1/communication/conversations/2/messaging/terminate?x=/y",
        );
        assert!(asks(&end, "POST conversations/{}/Messaging/terminate"));
        assert!(!asks(&end, "GET conversations/{}/messaging/terminate"));
        assert!(!asks(&end, "POST conversations/{}/messaging"));
        assert!(asks(&exchange("GET", "https://lyncdiscover.contoso.com/"), "GET /"));
        assert!(!asks(&end, "POST /"));
        assert!(asks(&exchange("POST", "/ucwa/v1/applications"), "POST applications"));
    }

    #[test]
    fn the_data_files_are_read() {
        let rules = Rules::load().unwrap();
        assert!(rules.count().0 > 0 && rules.count().1 > 0);
        assert_eq!(rules.complaints(&BTreeSet::new(), &BTreeSet::new()), Vec::<String>::new());
    }
}
