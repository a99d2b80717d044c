//! Faults, behaviours and challenges as JSON. An error names what is wrong and which values there are.

use std::str::FromStr;

use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{self, IntoDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use crate::values::behaviour::Behaviour;
use crate::values::challenge_style::ChallengeStyle;
use crate::values::fault::{Action, ErrorBody, Fault, GatewayBody};

/// The value, or a clause that says what is wrong with the JSON.
type Parsed<T> = Result<T, String>;

type Members = Map<String, Value>;

/// JSON that is not a fault; the message is one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("This is not a fault: {0}.")]
pub struct NotAFault(String);

impl FromStr for Fault {
    type Err = NotAFault;

    fn from_str(json: &str) -> Result<Self, NotAFault> {
        value(json.as_bytes()).and_then(fault).map_err(NotAFault)
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        fault(Value::deserialize(from)?).map_err(|why| de::Error::custom(NotAFault(why)))
    }
}

/// Reads one fault or a list of them.
pub(crate) fn faults(json: &[u8]) -> Parsed<Vec<Fault>> {
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
fn fault(value: Value) -> Parsed<Fault> {
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
fn action(value: Value) -> Parsed<Action> {
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
        let whole_to = |max| whole(member, members.get(member).unwrap_or(&Value::Null), 0, max).map(drop);
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
            ("connections" | "error", _) => whole_to(u32::MAX.into())?,
            _ => whole_to(1 << 40)?,
        }
    }
    let plain = if has.is_empty() { json!(name) } else { json!({ name: members }) };
    serde_json::from_value(plain).map_err(|e| e.to_string())
}

/// Reads a recipient's behaviour.
pub(crate) fn behaviour(json: &[u8]) -> Parsed<Behaviour> {
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
pub(crate) fn challenge(json: &[u8]) -> Parsed<ChallengeStyle> {
    one_of(value(json)?, "challenge", "challenges")
}

fn value(json: &[u8]) -> Parsed<Value> {
    serde_json::from_slice(json)
        .map_err(|e| format!("it is not JSON, see line {} column {}", e.line(), e.column()))
}

/// A value of an enum whose variants have no members.
fn one_of<T: for<'de> Deserialize<'de>>(value: Value, one: &str, many: &str) -> Parsed<T> {
    known::<T>(&value, one, many)?;
    serde_json::from_value(value).map_err(|e| e.to_string())
}

/// The name of a variant of this enum.
fn known<T: for<'de> Deserialize<'de>>(value: &Value, one: &str, many: &str) -> Parsed<String> {
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
fn only(members: &Members, owner: &str, names: &[&str]) -> Parsed<()> {
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

fn whole(name: &str, value: &Value, min: u64, max: u64) -> Parsed<u64> {
    let number = value.as_u64().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| format!("{name} is not a whole number from {min} to {max}"))
}

/// A name as it was given, shortened and on one line.
fn shown(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    format!("`{plain}`")
}

/// An error that carries the names serde would have accepted, so that they are not listed a second time here.
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

/// The names of an enum's variants in JSON.
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
mod tests;
