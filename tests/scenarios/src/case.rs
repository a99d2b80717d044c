//! Reading the file.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The name of the case and of its test.
    pub name: String,
    /// The server to start.
    pub sandbox: Sandbox,
    /// Who sends.
    pub account: Account,
    /// What to call.
    pub action: Action,
    /// How many messages.
    pub count: usize,
    /// How many messages a driver sends that starts a process for each.
    pub processes: usize,
    /// What to send.
    pub message: Message,
    /// What must come of it.
    pub expect: Expect,
}

/// The server of a case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    /// `one-pool`, `two-pools` or `redirect`.
    pub layout: String,
    /// Whether it speaks https.
    pub https: bool,
    /// How long `silent@` rings, in milliseconds.
    pub ring_ms: u64,
    /// Faults in the sandbox's own JSON.
    pub faults: Vec<Value>,
}

/// The sender of a case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The address.
    pub address: String,
    /// The name to sign in with, if it differs.
    pub username: Option<String>,
    /// The password.
    pub password: String,
    /// `right` or `none`.
    pub ca: String,
    /// `sandbox` or a URL that may hold `{root}`.
    pub server: String,
}

impl Account {
    /// The URL of the discovery root, `root` being that of the sandbox.
    pub fn server_url(&self, root: &str) -> String {
        match self.server.as_str() {
            "sandbox" => root.to_owned(),
            other => other.replace("{root}", root),
        }
    }
}

/// What a case calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The one-call function.
    Send,
    /// One client, one call for all messages.
    SendAll,
    /// One client, a thread a message.
    Threads,
}

/// The message of a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The recipient.
    pub to: String,
    /// The text.
    pub text: String,
    /// Whether the text is html.
    pub html: bool,
    /// The subject, if there is one.
    pub subject: Option<String>,
    /// `normal`, `urgent` or `emergency`.
    pub importance: String,
    /// How long the send may take, in milliseconds.
    pub timeout_ms: u64,
    /// `delivered` or `submitted`.
    pub wait: String,
}

impl Message {
    /// This message as the one with number `n`.
    pub fn number(&self, n: usize) -> Self {
        let put = |text: &str| numbered(text, n);
        Self {
            to: put(&self.to),
            text: put(&self.text),
            subject: self.subject.as_deref().map(put),
            ..self.clone()
        }
    }
}

/// What must come of a case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Members of every receipt.
    pub receipt: Option<Map<String, Value>>,
    /// Members of every error.
    pub error: Option<Map<String, Value>>,
    /// The exit code of the command.
    pub exit_code: u8,
    /// Everything delivered.
    pub inbox: Option<Vec<Map<String, Value>>>,
    /// How many messages were delivered.
    pub inbox_count: Option<usize>,
    /// How many requests the sandbox saw.
    pub requests: Option<usize>,
    /// The most requests on the way to the acceptance.
    pub requests_before_accept: Option<usize>,
}

/// `{n}` replaced by the number of the message.
pub fn numbered(text: &str, n: usize) -> String {
    text.replace("{n}", &n.to_string())
}

/// The cases of the file, defaults filled in and long texts written out.
///
/// # Errors
/// A sentence when the text is not the format of the README, or a case contradicts itself.
pub fn load(text: &str) -> Result<Vec<Case>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        defaults: Value,
        cases: Vec<Value>,
    }
    let file: File = serde_json::from_str(text).map_err(|e| format!("scenarios.json: {e}"))?;
    let cases: Vec<Case> =
        file.cases.into_iter().map(|case| read(&file.defaults, case)).collect::<Result<_, _>>()?;
    let mut names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("scenarios.json: two cases are named {:?}", pair[0])),
        None => Ok(cases),
    }
}

fn read(defaults: &Value, case: Value) -> Result<Case, String> {
    let name = case["name"].to_string();
    let case: Case = serde_json::from_value(written_out(merged(defaults, case)))
        .map_err(|e| format!("case {name}: {e}"))?;
    let expect = &case.expect;
    if expect.receipt.is_some() == expect.error.is_some() {
        return Err(format!("case {name}: it must expect either a receipt or an error"));
    }
    if expect.error.is_some() == (expect.exit_code == 0) {
        return Err(format!("case {name}: its exit code does not fit"));
    }
    if expect.receipt.is_some() && expect.inbox.is_none() && expect.inbox_count.is_none() {
        return Err(format!("case {name}: it expects a receipt but no delivered message"));
    }
    Ok(case)
}

/// `case` over `defaults`, object by object.
fn merged(defaults: &Value, case: Value) -> Value {
    match (defaults, case) {
        (Value::Object(defaults), Value::Object(mut case)) => {
            for (name, default) in defaults {
                let value = match case.remove(name) {
                    Some(value) => merged(default, value),
                    None => default.clone(),
                };
                case.insert(name.clone(), value);
            }
            Value::Object(case)
        }
        (_, case) => case,
    }
}

/// `{"repeat": "x", "times": 3}` as `"xxx"`, wherever it stands.
fn written_out(value: Value) -> Value {
    match value {
        Value::Object(map) => match (map.get("repeat"), map.get("times").and_then(Value::as_u64)) {
            (Some(Value::String(part)), Some(times)) if map.len() == 2 => {
                Value::String(part.repeat(times as usize))
            }
            _ => Value::Object(map.into_iter().map(|(name, value)| (name, written_out(value))).collect()),
        },
        Value::Array(values) => Value::Array(values.into_iter().map(written_out).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file(case: &Value) -> String {
        let mut file: Value = serde_json::from_str(include_str!("../scenarios.json")).unwrap();
        file["cases"] = json!([case]);
        file.to_string()
    }

    #[test]
    fn the_file_is_in_its_format() {
        assert!(load(include_str!("../scenarios.json")).unwrap().len() > 60);
    }

    #[test]
    fn defaults_and_long_texts_are_filled_in() {
        let case = json!({"name": "a", "message": {"text": {"repeat": "ab", "times": 3}},
                          "expect": {"receipt": {}, "inbox_count": 1}});
        let cases = load(&file(&case)).unwrap();
        assert_eq!(cases[0].message.text, "ababab");
        assert_eq!(cases[0].message.to, "lenea@contoso.com");
    }

    #[test]
    fn refuses_a_case_that_contradicts_itself() {
        for expect in [
            json!({}),
            json!({"receipt": {}}),
            json!({"error": {}}),
            json!({"receipt": {}, "inbox": [], "exit_code": 4}),
            json!({"receipt": {}, "error": {}, "inbox": [], "exit_code": 4}),
            json!({"recepit": {}, "inbox": []}),
        ] {
            assert!(load(&file(&json!({"name": "a", "expect": expect}))).is_err(), "{expect}");
        }
    }
}
