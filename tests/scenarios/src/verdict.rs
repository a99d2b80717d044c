//! The comparison of what a case expects with what happened.

use serde_json::{Map, Value};

use crate::case::{Case, numbered};
use crate::protocol::Answer;

/// The shortest text that an error must not repeat, in characters. A shorter one can be part of another word.
const TELLING: usize = 10;

/// What the judge saw.
#[derive(Debug, Default)]
pub struct Observed {
    /// What the driver answered, in the order of the messages.
    pub answers: Vec<Answer>,
    /// Everything the sandbox delivered.
    pub messages: Vec<Value>,
    /// Every request the sandbox saw.
    pub journal: Vec<Value>,
    /// How many applications are open after the sign-out.
    pub open_applications: usize,
}

/// What of an answer is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Every member the case names.
    Members,
    /// Whether it is a receipt or an error, and the exit code.
    ExitCode,
}

/// Compares, and names everything that is not as the case expects.
///
/// `count` is the number of messages sent: the case's own `count`, or its `processes`.
///
/// # Errors
/// One line a difference.
pub fn verdict(case: &Case, count: usize, observed: &Observed, strictness: Strictness) -> Result<(), String> {
    let mut wrong = Vec::new();
    answers(case, count, observed, strictness, &mut wrong);
    if strictness == Strictness::Members {
        formats(observed, &mut wrong);
    }
    secrets(case, count, observed, &mut wrong);
    inbox(case, count, observed, &mut wrong);
    requests(case, observed, &mut wrong);
    if observed.open_applications != 0 {
        wrong.push(format!("{} applications are still open", observed.open_applications));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn answers(case: &Case, count: usize, observed: &Observed, strictness: Strictness, wrong: &mut Vec<String>) {
    if observed.answers.len() != count {
        wrong.push(format!("{} results for {count} messages", observed.answers.len()));
    }
    for (n, answer) in (1..).zip(&observed.answers) {
        let (name, expected, actual) = match (answer, &case.expect.receipt, &case.expect.error) {
            (Answer::Receipt(receipt), Some(expected), _) => ("receipt", expected, receipt),
            (Answer::Error(error), _, Some(expected)) => ("error", expected, error),
            (Answer::Receipt(receipt), None, _) => {
                wrong.push(format!("message {n} succeeded: {receipt}"));
                continue;
            }
            (Answer::Error(error), _, None) => {
                wrong.push(format!("message {n} failed: {error}"));
                continue;
            }
        };
        let mut found = match strictness {
            Strictness::Members => differences(expected, actual, n),
            Strictness::ExitCode => Vec::new(),
        };
        if name == "error" && actual["exit_code"] != case.expect.exit_code {
            found.push(format!("exit_code is {}, not {}", actual["exit_code"], case.expect.exit_code));
        }
        wrong.extend(found.into_iter().map(|d| format!("{name} {n}: {d}\n  in {actual}")));
    }
}

fn inbox(case: &Case, count: usize, observed: &Observed, wrong: &mut Vec<String>) {
    let mut left: Vec<&Value> = observed.messages.iter().collect();
    if let Some(expected) = case.expect.inbox_count
        && left.len() != expected
    {
        wrong.push(format!("{} messages were delivered, not {expected}", left.len()));
    }
    let not_sent = |answer: &Answer| matches!(answer, Answer::Error(error) if error["sent"] == "no");
    let none_was_sent = match &case.expect.error {
        Some(error) => {
            error.get("sent").is_some_and(|sent| sent == "no") || observed.answers.iter().all(not_sent)
        }
        None => false,
    };
    let nothing = Vec::new();
    let expected = match (&case.expect.inbox, case.expect.inbox_count) {
        (Some(expected), _) => expected,
        (None, None) if none_was_sent => &nothing,
        _ => return,
    };
    for entry in expected {
        for n in 1..=count {
            match left.iter().position(|message| differences(entry, message, n).is_empty()) {
                Some(at) => drop(left.swap_remove(at)),
                None => wrong
                    .push(format!("not delivered: {}", short(&expanded(&Value::Object(entry.clone()), n)))),
            }
        }
    }
    wrong.extend(left.iter().map(|message| format!("delivered, but not expected: {}", short(message))));
}

fn requests(case: &Case, observed: &Observed, wrong: &mut Vec<String>) {
    if let Some(expected) = case.expect.requests
        && observed.journal.len() != expected
    {
        wrong.push(format!(
            "{} requests, not {expected}:\n{}",
            observed.journal.len(),
            listed(&observed.journal)
        ));
    }
    if let Some(most) = case.expect.requests_before_accept {
        let on_the_way = |request: &&Value| !path(request).contains("/events");
        let invitation = |request: &Value| {
            request["method"] == "POST"
                && path(request).to_ascii_lowercase().ends_with("/messaginginvitations")
        };
        match observed.journal.iter().filter(on_the_way).position(invitation) {
            // The invitation itself, and the event channel's answer.
            Some(before) if before + 2 <= most => (),
            Some(before) => {
                wrong.push(format!(
                    "{} requests before the acceptance, not {most}:\n{}",
                    before + 2,
                    listed(&observed.journal)
                ));
            }
            None => wrong.push(format!("no invitation was posted:\n{}", listed(&observed.journal))),
        }
    }
}

/// The form a receipt names must be the form that was delivered.
fn formats(observed: &Observed, wrong: &mut Vec<String>) {
    if let ([Answer::Receipt(receipt)], [message]) = (&observed.answers[..], &observed.messages[..])
        && message["format"].as_str()
            != Some(&format!("text/{}", receipt["format"].as_str().unwrap_or_default()))
    {
        wrong.push(format!("the receipt says {}, delivered was {}", receipt["format"], message["format"]));
    }
}

fn secrets(case: &Case, count: usize, observed: &Observed, wrong: &mut Vec<String>) {
    let password = &case.account.password;
    for (n, answer) in (1..=count).zip(&observed.answers) {
        let (Answer::Receipt(value) | Answer::Error(value)) = answer;
        let shown = strings(value);
        if password.chars().count() >= TELLING && shown.iter().any(|s| s.contains(password.as_str())) {
            wrong.push(format!("result {n} shows the password"));
        }
        let text = numbered(&case.message.text, n);
        if matches!(answer, Answer::Error(_))
            && text.chars().count() >= TELLING
            && shown.iter().any(|s| s.contains(&text))
        {
            wrong.push(format!("error {n} shows the text"));
        }
    }
}

/// Each member of `expected` that is not the same in `actual`.
fn differences(expected: &Map<String, Value>, actual: &Value, n: usize) -> Vec<String> {
    expected
        .iter()
        .filter_map(|(name, value)| {
            let value = expanded(value, n);
            match actual.get(name) {
                Some(found) if same(found, &value) => None,
                Some(found) => Some(format!("{name} is {}, not {}", short(found), short(&value))),
                None => Some(format!("{name} is missing")),
            }
        })
        .collect()
}

/// Whether two values are equal. A language may write 600 for 600.0.
fn same(one: &Value, other: &Value) -> bool {
    one == other || (one.is_number() && one.as_f64() == other.as_f64())
}

fn expanded(value: &Value, n: usize) -> Value {
    match value {
        Value::String(text) => Value::String(numbered(text, n)),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), expanded(value, n))).collect(),
        other => other.clone(),
    }
}

fn path(request: &Value) -> &str {
    let path = request["path"].as_str().unwrap_or_default();
    path.split('?').next().unwrap_or_default()
}

fn listed(journal: &[Value]) -> String {
    let lines = journal.iter().map(|r| format!("  {} {}", r["method"].as_str().unwrap_or_default(), path(r)));
    lines.collect::<Vec<_>>().join("\n")
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(300) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text,
    }
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(map) => map.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::case::load;

    fn case(expect: &Value) -> Case {
        let mut file: Value = serde_json::from_str(include_str!("../scenarios.json")).unwrap();
        file["cases"] = json!([{"name": "a", "message": {"text": "message {n} of many"}, "expect": expect}]);
        load(&file.to_string()).unwrap().remove(0)
    }

    fn delivered(text: &str) -> Value {
        json!({"to": "lenea@contoso.com", "text": text, "format": "text/plain"})
    }

    fn receipt(to: &str, printed: &str) -> Answer {
        Answer::Receipt(json!({"to": to, "format": "plain", "printed": printed}))
    }

    fn refused(sent: &str, detail: &str, exit_code: u8) -> Answer {
        Answer::Error(
            json!({"kind": "busy", "sent": sent, "detail": detail, "exit_code": exit_code, "retry_after": 600}),
        )
    }

    fn good() -> (Case, Observed) {
        let case =
            case(&json!({"receipt": {"to": "lenea@contoso.com"}, "inbox": [{"text": "message {n} of many"}],
                                "requests": 2, "requests_before_accept": 3}));
        let observed = Observed {
            answers: vec![receipt("lenea@contoso.com", "")],
            messages: vec![delivered("message 1 of many")],
            journal: vec![
                json!({"method": "GET", "path": "/"}),
                json!({"method": "POST", "path": "/ucwa/messagingInvitations"}),
            ],
            open_applications: 0,
        };
        (case, observed)
    }

    fn why(change: impl FnOnce(&mut Case, &mut Observed)) -> String {
        let (mut case, mut observed) = good();
        change(&mut case, &mut observed);
        verdict(&case, 1, &observed, Strictness::Members).unwrap_err()
    }

    #[test]
    fn what_is_expected_passes() {
        let (case, observed) = good();
        assert_eq!(verdict(&case, 1, &observed, Strictness::Members), Ok(()));
    }

    #[test]
    fn each_difference_is_seen() {
        assert!(why(|_, o| o.answers.clear()).contains("0 results"));
        assert!(
            why(|_, o| o.answers[0] = Answer::Error(json!({"kind": "busy"}))).contains("message 1 failed")
        );
        assert!(why(|_, o| o.answers[0] = receipt("x@y.z", "")).contains("to is"));
        assert!(why(|_, o| o.messages.clear()).contains("not delivered"));
        assert!(why(|_, o| o.messages.push(delivered("message 1 of many"))).contains("not expected"));
        assert!(why(|_, o| o.messages[0]["text"] = json!("other")).contains("not delivered"));
        assert!(why(|_, o| o.messages[0]["format"] = json!("text/html")).contains("delivered was"));
        assert!(why(|_, o| drop(o.journal.pop())).contains("1 requests, not 2"));
        assert!(why(|c, _| c.expect.requests_before_accept = Some(2)).contains("3 requests before"));
        assert!(why(|_, o| o.open_applications = 1).contains("still open"));
        assert!(
            why(|_, o| o.answers[0] = receipt("lenea@contoso.com", "s3cret-of-tosh")).contains("password")
        );
    }

    #[test]
    fn an_error_that_claims_nothing_was_sent_is_held_to_it() {
        let case = case(&json!({"error": {"kind": "busy", "retry_after": 600.0}, "exit_code": 4}));
        let mut observed = Observed { answers: vec![refused("no", "", 4)], ..Observed::default() };
        let judged = |observed: &Observed| verdict(&case, 1, observed, Strictness::Members);
        assert_eq!(judged(&observed), Ok(()));
        observed.messages.push(delivered("message 1 of many"));
        assert!(judged(&observed).unwrap_err().contains("not expected"));
        observed.answers = vec![refused("maybe", "lost: message 1 of many", 4)];
        assert!(judged(&observed).unwrap_err().contains("shows the text"));
        observed.answers = vec![refused("maybe", "", 5)];
        assert!(judged(&observed).unwrap_err().contains("exit_code is 5, not 4"));
        assert!(
            verdict(&case, 1, &observed, Strictness::ExitCode).unwrap_err().contains("exit_code is 5, not 4")
        );
    }
}
