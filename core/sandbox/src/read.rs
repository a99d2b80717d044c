//! Reads what a program tells the sandbox in JSON. What is wrong with it is told in plain words, with what there is instead.

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{self, IntoDeserializer};
use serde_json::{Map, Value, json};

use crate::behaviour::Behaviour;
use crate::faults::{Action, ErrorBody, Fault, GatewayBody};
use crate::layout::ChallengeStyle;

/// What was read, or why it cannot be: a sentence without its beginning and its end.
type Read<T> = Result<T, String>;

/// An object's members.
type Members = Map<String, Value>;

/// Reads one fault or a list of them.
pub(crate) fn faults(json: &[u8]) -> Read<Vec<Fault>> {
    match value(json)? {
        Value::Array(list) => {
            let numbered =
                |(at, one)| fault(one).map_err(|why| format!("in number {} of the list {why}", at + 1));
            list.into_iter().enumerate().map(numbered).collect()
        }
        one => Ok(vec![fault(one)?]),
    }
}

/// Reads one fault.
pub(crate) fn fault(value: Value) -> Read<Fault> {
    let Value::Object(mut members) = value else {
        return Err("it is not an object with route and action".to_owned());
    };
    only(&members, "a fault", &["route", "skip", "times", "action"])?;
    let mut take = |name| members.remove(name).unwrap_or_default();
    let (route, action) = (one_of(take("route"), "route", "routes")?, action(take("action"))?);
    let count = |name, usual: u32| match members.get(name) {
        None => Ok(usual),
        Some(value) => whole(name, value, 0, u32::MAX.into()).map(|count| count as u32),
    };
    Ok(Fault::on(route, action).skip(count("skip", 0)?).times(count("times", 1)?))
}

/// Reads an action in any of its forms: a name, an object with one name that holds its members, or members with a `type`.
fn action(value: Value) -> Read<Action> {
    let (name, members) = match value {
        Value::Object(mut members) => match (members.remove("type"), members.len()) {
            (Some(name), _) => (name, members),
            (None, 1) => match members.into_iter().next() {
                Some((name, Value::Object(members))) => (name.into(), members),
                Some((name, Value::Null)) => (name.into(), Members::new()),
                Some((name, _)) => return Err(format!("what {} holds is not an object", shown(&name))),
                None => (Value::Null, Members::new()),
            },
            _ => return Err("the action is not a name, and not an object with one name".to_owned()),
        },
        name => (name, Members::new()),
    };
    let name = known::<Action>(&name, "action", "actions")?;
    let has = members_of(&name);
    only(&members, &format!("the action {name}"), has)?;
    for &member in has {
        let holds = |most| whole(member, members.get(member).unwrap_or(&Value::Null), 0, most).map(drop);
        match (member, members.get(member)) {
            ("code" | "subcode" | "diagnostics", None | Some(Value::Null | Value::String(_))) => {}
            ("code" | "subcode" | "diagnostics", _) => return Err(format!("{member} is not a text")),
            ("body" | "retry_after", None | Some(Value::Null)) => {}
            ("processed", None | Some(Value::Bool(_))) => {}
            ("processed", _) => return Err("processed is not true or false".to_owned()),
            ("body", Some(body)) if name == "gateway_error" => {
                drop(known::<GatewayBody>(body, "body", "bodies")?);
            }
            ("body", Some(body)) => drop(known::<ErrorBody>(body, "body", "bodies")?),
            ("http", status) => drop(whole(member, status.unwrap_or(&Value::Null), 100, 999)?),
            ("connections" | "error", _) => holds(u32::MAX.into())?,
            _ => holds(1 << 40)?,
        }
    }
    let plain = if has.is_empty() { json!(name) } else { json!({ name: members }) };
    serde_json::from_value(plain).map_err(|e| e.to_string())
}

/// Reads what a recipient does.
pub(crate) fn behaviour(json: &[u8]) -> Read<Behaviour> {
    let value = value(json)?;
    let name = match value.as_object().filter(|members| members.len() == 1).and_then(|m| m.keys().next()) {
        Some(name) => &json!(name),
        None => &value,
    };
    known::<Behaviour>(name, "behaviour", "behaviours")?;
    serde_json::from_value(value).map_err(|_| {
        "accept_after holds milliseconds, forward_to an address, and the others nothing".to_owned()
    })
}

/// Reads the form of the challenge.
pub(crate) fn challenge(json: &[u8]) -> Read<ChallengeStyle> {
    one_of(value(json)?, "challenge", "challenges")
}

pub(crate) fn value(json: &[u8]) -> Read<Value> {
    serde_json::from_slice(json)
        .map_err(|e| format!("it is not JSON, see line {} column {}", e.line(), e.column()))
}

/// A value of an enum whose variants are names alone.
fn one_of<T: for<'de> Deserialize<'de>>(value: Value, one: &str, many: &str) -> Read<T> {
    known::<T>(&value, one, many)?;
    serde_json::from_value(value).map_err(|e| e.to_string())
}

/// A name that an enum has.
fn known<T: for<'de> Deserialize<'de>>(value: &Value, one: &str, many: &str) -> Read<String> {
    let names = names::<T>();
    let why = match value {
        Value::String(name) if names.contains(&name.as_str()) => return Ok(name.clone()),
        Value::String(name) => format!("there is no {one} {}", shown(name)),
        Value::Null => format!("there is no {one}"),
        _ => format!("the {one} is not a name"),
    };
    Err(format!("{why}; the {many} are {}", names.join(", ")))
}

/// Refuses members that `owner` does not have.
fn only(members: &Members, owner: &str, names: &[&str]) -> Read<()> {
    match members.keys().find(|name| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) if names.is_empty() => {
            Err(format!("{owner} has no members, and here it has {}", shown(name)))
        }
        Some(name) => {
            Err(format!("{owner} has no member {}; its members are {}", shown(name), names.join(", ")))
        }
    }
}

fn whole(name: &str, value: &Value, least: u64, most: u64) -> Read<u64> {
    let number = value.as_u64().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("{name} is not a whole number from {least} to {most}"))
}

/// A name as it was given, short and on one line.
fn shown(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    format!("`{plain}`")
}

/// The names serde expects where it is given another. To ask it is to have no second list of them.
#[derive(Debug, thiserror::Error)]
#[error("another name is expected")]
struct Expected(&'static [&'static str]);

impl de::Error for Expected {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self(&[])
    }

    fn unknown_variant(_: &str, names: &'static [&'static str]) -> Self {
        Self(names)
    }

    fn unknown_field(_: &str, names: &'static [&'static str]) -> Self {
        Self(names)
    }
}

/// How the variants of an enum are written.
fn names<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    T::deserialize("".into_deserializer()).map_or_else(|Expected(names)| names, |_| &[])
}

/// The members of an action; those without any are written as a name alone.
fn members_of(action: &str) -> &'static [&'static str] {
    let unknown = MapDeserializer::new(std::iter::once(("", ())));
    let action = MapDeserializer::new(std::iter::once((action, unknown)));
    Action::deserialize(MapAccessDeserializer::new(action)).map_or_else(|Expected(names)| names, |_| &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "the routes are discovery, user, token, applications, events, start_messaging, send_message, stop_messaging, delete_application, any";
    const ACTIONS: &str = "the actions are status, delay, delay_answer, gateway_error, drop_before, drop_after, reset_before, reset_after, reset_stream, go_away, then_refuse, then_distrust, cut_body, html_instead, wrong_content_type, oversized, duplicate_events, delay_events, bare_events, early_events, skip_states";

    fn refused(json: &str) -> String {
        faults(json.as_bytes()).expect_err(json)
    }

    #[test]
    fn what_is_no_json_or_no_fault_is_told_as_such() {
        for (json, why) in [
            ("", "it is not JSON, see line 1 column 0"),
            ("drop_after", "it is not JSON, see line 1 column 1"),
            (r#"{"route": "any","#, "it is not JSON, see line 1 column 16"),
            ("{\n'route': 'any'}", "it is not JSON, see line 2 column 1"),
            ("null", "it is not an object with route and action"),
            (r#""drop_after""#, "it is not an object with route and action"),
            ("7", "it is not an object with route and action"),
            ("[7]", "in number 1 of the list it is not an object with route and action"),
        ] {
            assert_eq!(refused(json), why, "{json}");
        }
        assert_eq!(faults(b"[]"), Ok(Vec::new()));
    }

    #[test]
    fn a_route_an_action_or_a_member_that_there_is_not_is_named_with_those_that_there_are() {
        for (json, why) in [
            (r#"{"route": "nowhere", "action": "drop_after"}"#, format!("there is no route `nowhere`; {ROUTES}")),
            (r#"{"route": "Any", "action": "drop_after"}"#, format!("there is no route `Any`; {ROUTES}")),
            (r#"{"route": 7, "action": "drop_after"}"#, format!("the route is not a name; {ROUTES}")),
            (r#"{"action": "drop_after"}"#, format!("there is no route; {ROUTES}")),
            (r#"{"route": "any"}"#, format!("there is no action; {ACTIONS}")),
            (r#"{"route": "any", "action": "explode"}"#, format!("there is no action `explode`; {ACTIONS}")),
            (r#"{"route": "any", "action": {"explode": {}}}"#, format!("there is no action `explode`; {ACTIONS}")),
            (r#"{"route": "any", "action": {"type": "explode"}}"#, format!("there is no action `explode`; {ACTIONS}")),
            (r#"{"route": "any", "action": {}}"#, "the action is not a name, and not an object with one name".to_owned()),
            (r#"{"route": "any", "action": ["drop_after"]}"#, format!("the action is not a name; {ACTIONS}")),
            (
                r#"{"route": "any", "action": {"delay": {"ms": 1}, "drop_after": {}}}"#,
                "the action is not a name, and not an object with one name".to_owned(),
            ),
            (r#"{"route": "any", "action": {"delay": 50}}"#, "what `delay` holds is not an object".to_owned()),
            (
                r#"{"route": "any", "time": 2, "action": "drop_after"}"#,
                "a fault has no member `time`; its members are route, skip, times, action".to_owned(),
            ),
            (
                r#"{"route": "any", "action": {"status": {"htp": 503}}}"#,
                "the action status has no member `htp`; its members are http, code, subcode, retry_after, body, diagnostics".to_owned(),
            ),
            (
                r#"{"route": "any", "action": {"type": "delay", "seconds": 1}}"#,
                "the action delay has no member `seconds`; its members are ms".to_owned(),
            ),
            (
                r#"{"route": "any", "action": {"drop_after": {"ms": 1}}}"#,
                "the action drop_after has no members, and here it has `ms`".to_owned(),
            ),
            (
                r#"{"route": "any", "action": {"status": {"http": 503, "body": "xml"}}}"#,
                "there is no body `xml`; the bodies are json, html, text".to_owned(),
            ),
            (
                r#"[{"route": "any", "action": "drop_after"}, {"route": "a\nb", "action": "drop_after"}]"#,
                format!("in number 2 of the list there is no route `ab`; {ROUTES}"),
            ),
        ] {
            assert_eq!(refused(json), why, "{json}");
        }
    }

    #[test]
    fn a_member_that_holds_something_else_is_named() {
        let most = 1_u64 << 40;
        for (action, why) in [
            (r#"{"status": {}}"#, "http is not a whole number from 100 to 999".to_owned()),
            (r#"{"status": null}"#, "http is not a whole number from 100 to 999".to_owned()),
            (r#"{"status": {"http": "503"}}"#, "http is not a whole number from 100 to 999".to_owned()),
            (r#"{"gateway_error": {"http": 99}}"#, "http is not a whole number from 100 to 999".to_owned()),
            (r#"{"status": {"http": 503, "code": 7}}"#, "code is not a text".to_owned()),
            (
                r#"{"status": {"http": 503, "retry_after": -1}}"#,
                format!("retry_after is not a whole number from 0 to {most}"),
            ),
            (r#"{"delay": {"ms": 1.5}}"#, format!("ms is not a whole number from 0 to {most}")),
            (r#"{"oversized": {}}"#, format!("bytes is not a whole number from 0 to {most}")),
            (
                r#"{"then_distrust": {"connections": 4294967296}}"#,
                "connections is not a whole number from 0 to 4294967295".to_owned(),
            ),
        ] {
            assert_eq!(refused(&format!(r#"{{"route": "any", "action": {action}}}"#)), why, "{action}");
        }
        for count in ["-1", "1.0", "\"1\"", "null", "4294967296"] {
            for name in ["skip", "times"] {
                assert_eq!(
                    refused(&format!(r#"{{"route": "any", "{name}": {count}, "action": "drop_after"}}"#)),
                    format!("{name} is not a whole number from 0 to 4294967295")
                );
            }
        }
    }

    #[test]
    fn every_action_is_read_and_told_with_its_members() {
        for &name in names::<Action>() {
            let value = |member: &&str| match *member {
                "body" => json!("html"),
                "processed" => json!(false),
                "code" | "subcode" | "diagnostics" => json!("x"),
                _ => json!(500),
            };
            let members: Members = members_of(name).iter().map(|m| ((*m).to_owned(), value(m))).collect();
            let fault = fault(json!({ "route": "any", "action": { name: members } })).unwrap();
            let action = serde_json::to_value(&fault.action).unwrap();
            let written = if members.is_empty() { json!(name) } else { json!({ name: members }) };
            assert_eq!(action, written);
        }
    }

    #[test]
    fn a_behaviour_and_a_challenge_are_told_the_same_way() {
        const BEHAVIOURS: &str = "the behaviours are accept, accept_after, decline, no_answer, busy, offline, unknown, forward_to, drop, echo";
        const HOLD: &str = "accept_after holds milliseconds, forward_to an address, and the others nothing";
        for (json, why) in [
            (r#""sleepy""#, format!("there is no behaviour `sleepy`; {BEHAVIOURS}")),
            (r#"{"forward": "amy@contoso.com"}"#, format!("there is no behaviour `forward`; {BEHAVIOURS}")),
            ("{}", format!("the behaviour is not a name; {BEHAVIOURS}")),
            ("busy", "it is not JSON, see line 1 column 1".to_owned()),
            (r#""forward_to""#, HOLD.to_owned()),
            (r#"{"accept_after": "3s"}"#, HOLD.to_owned()),
            (r#"{"busy": 3}"#, HOLD.to_owned()),
        ] {
            assert_eq!(behaviour(json.as_bytes()).unwrap_err(), why, "{json}");
        }
        assert_eq!(
            challenge(br#""three-lines""#).unwrap_err(),
            "there is no challenge `three-lines`; the challenges are two-lines, unquoted, one-line, on-403-28055, windows-only, passive"
        );
        assert_eq!(challenge(b"").unwrap_err(), "it is not JSON, see line 1 column 0");
    }
}
