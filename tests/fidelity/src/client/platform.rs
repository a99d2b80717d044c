//! Rels with the prefix of the Trusted Application API mean what they mean without it.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};
use send_im_ucwa::application::Links;
use send_im_ucwa::discovery::DiscoveryAnswer;
use send_im_ucwa::events::Batch;
use send_im_ucwa::hypermedia::Resource;
use serde_json::{Map, Value};

use crate::plain::PREFIX;
use crate::verdict::Verdict;

/// Random choices of prefixes to take off.
const CASES: u32 = 24;

/// A recording with prefixes: without all of them, and without some. Any other one: with prefixes everywhere.
pub(super) fn check(bytes: &[u8], value: &Value, verdict: &mut Verdict) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let count = text.matches(PREFIX).count();
    if count == 0 {
        let prefixed = with_prefix(value);
        if prefixed != *value {
            same_answer(&prefixed, value, verdict);
            verdict.checked("prefix put on");
        }
        return;
    }
    let Ok(stripped) = serde_json::from_str::<Value>(&text.replace(PREFIX, "")) else { return };
    same_answer(value, &stripped, verdict);
    let property = |keep: Vec<bool>| {
        let mut keep = keep.into_iter();
        let mut parts = text.split(PREFIX);
        let mut some = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            some.push_str(if keep.next().unwrap_or_default() { PREFIX } else { "" });
            some.push_str(part);
        }
        let mut verdict = Verdict::default();
        match serde_json::from_str(&some) {
            Ok(some) => same_answer(&some, &stripped, &mut verdict),
            Err(why) => verdict.wrong.push(why.to_string()),
        }
        verdict.outcome().map_err(proptest::test_runner::TestCaseError::fail)
    };
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    if let Err(why) = TestRunner::new(config).run(&vec(any::<bool>(), count), property) {
        verdict.wrong.push(format!("with some prefixes: {why}"));
    }
    verdict.checked("prefix taken off");
}

/// Decodes both and compares what comes out.
fn same_answer(prefixed: &Value, bare: &Value, verdict: &mut Verdict) {
    let (with, without) = (prefixed.to_string(), bare.to_string());
    let (with, without) = (with.as_bytes(), without.as_bytes());
    // With both spellings of one rel in an object, taking off the prefix makes two links one.
    if !spelled_twice(prefixed) {
        verdict.equal("where it leads", DiscoveryAnswer::parse(with), DiscoveryAnswer::parse(without));
        let links = |bytes| Links::parse(bytes).map(|l| (l.this, l.events, l.start_messaging));
        verdict.equal("the application", links(with), links(without));
    }
    if let (Ok(a), Ok(b)) = (Batch::parse(with), Batch::parse(without)) {
        verdict.equal("the way on", a.then, b.then);
        verdict.equal("the number of events", a.events.len(), b.events.len());
        for (a, b) in a.events.into_iter().zip(b.events) {
            verdict.equal(
                format_args!("the event {} {:?}", b.rel, b.kind),
                (&a.sender, &a.rel, &a.href, a.kind, a.status, &a.reason),
                (&b.sender, &b.rel, &b.href, b.kind, b.status, &b.reason),
            );
            verdict.equal("a resource is embedded", a.resource.is_some(), b.resource.is_some());
        }
    } else {
        verdict.wrong.push("an object is no answer of the event channel".to_owned());
    }
    same_resources(prefixed, bare, verdict);
}

fn spelled_twice(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            let twice = members
                .keys()
                .filter_map(|name| name.strip_prefix(PREFIX))
                .any(|bare| members.contains_key(bare));
            twice || members.values().any(spelled_twice)
        }
        Value::Array(items) => items.iter().any(spelled_twice),
        _ => false,
    }
}

/// Goes through both values side by side and compares the resources in them.
fn same_resources(prefixed: &Value, bare: &Value, verdict: &mut Verdict) {
    match (prefixed, bare) {
        (Value::Object(a), Value::Object(b)) => {
            same_resource(a, b, verdict);
            for (name, bare) in b {
                let twice = a.contains_key(name) && a.contains_key(&format!("{PREFIX}{name}"));
                if let (Some(prefixed), false) =
                    (a.get(name).or_else(|| a.get(&format!("{PREFIX}{name}"))), twice)
                {
                    same_resources(prefixed, bare, verdict);
                }
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            a.iter().zip(b).for_each(|(a, b)| same_resources(a, b, verdict))
        }
        _ => {}
    }
}

fn same_resource(prefixed: &Map<String, Value>, bare: &Map<String, Value>, verdict: &mut Verdict) {
    let parse =
        |members: &Map<String, Value>| Resource::parse(Value::Object(members.clone()).to_string().as_bytes());
    let (Ok(a), Ok(b)) = (parse(prefixed), parse(bare)) else {
        return verdict.wrong.push("an object is no resource".to_owned());
    };
    for section in ["_links", "_embedded"] {
        let Some(rels) = bare.get(section).and_then(Value::as_object) else { continue };
        let twice = |rel: &str| {
            let rels = prefixed.get(section).and_then(Value::as_object);
            rels.is_some_and(|rels| rels.contains_key(rel) && rels.contains_key(&format!("{PREFIX}{rel}")))
        };
        for rel in rels.keys().filter(|rel| !twice(rel)) {
            if section == "_links" {
                verdict.equal(
                    format_args!("the links {rel}"),
                    a.links(rel).collect::<Vec<_>>(),
                    b.links(rel).collect(),
                );
            } else {
                verdict.equal(
                    format_args!("what is embedded as {rel}"),
                    a.all_embedded(rel).len(),
                    b.all_embedded(rel).len(),
                );
            }
        }
    }
    for name in bare.keys().filter(|name| *name != "rel") {
        verdict.equal(
            format_args!("the text {name}"),
            a.text(name).map(|t| t.replace(PREFIX, "")),
            b.text(name).map(str::to_owned),
        );
    }
}

/// The same value with the prefix before the rels of links, embedded resources, senders and events.
fn with_prefix(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let prefixed = members.iter().map(|(name, value)| {
                let value = with_prefix(value);
                let value = match (name.as_str(), value) {
                    ("_links" | "_embedded", Value::Object(rels)) => Value::Object(
                        rels.into_iter().map(|(rel, value)| (format!("{PREFIX}{rel}"), value)).collect(),
                    ),
                    ("rel", Value::String(rel)) => Value::String(format!("{PREFIX}{rel}")),
                    (_, value) => value,
                };
                (name.clone(), value)
            });
            Value::Object(prefixed.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(with_prefix).collect()),
        other => other.clone(),
    }
}
