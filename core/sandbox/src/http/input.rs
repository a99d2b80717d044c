//! The input of an operation: the members of a JSON body and of the query.

use std::collections::HashMap;

use serde_json::Value;

/// The members of an input, by lower-case name.
#[derive(Debug)]
pub(crate) struct Input(HashMap<String, Value>);

impl Input {
    /// `members` have lower-case names.
    pub(crate) fn new(members: HashMap<String, Value>) -> Self {
        Self(members)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(&name.to_lowercase()).filter(|value| !value.is_null())
    }

    /// A text member; none if it is absent, null or no text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// A text member of at most `limit` characters. Why it is invalid goes into `invalid`.
    pub(crate) fn limited(
        &self,
        name: &'static str,
        limit: usize,
        invalid: &mut Vec<(&'static str, String)>,
    ) -> Option<String> {
        match self.get(name) {
            None => None,
            Some(Value::String(text)) if text.chars().count() <= limit => Some(text.clone()),
            Some(Value::String(_)) => {
                invalid.push((name, format!("is longer than {limit} characters")));
                None
            }
            Some(_) => {
                invalid.push((name, "is not a string".to_owned()));
                None
            }
        }
    }

    /// A list of texts; in a query one value stands for a list.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<String>> {
        match self.get(name)? {
            Value::Array(items) => Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            Value::String(one) => Some(vec![one.clone()]),
            _ => None,
        }
    }

    /// The href of a link in the input.
    pub(crate) fn link(&self, rel: &str) -> Option<String> {
        let links = self.get("_links")?.as_object()?;
        let (_, link) = links.iter().find(|(name, _)| name.eq_ignore_ascii_case(rel))?;
        link.get("href").and_then(Value::as_str).map(str::to_owned)
    }
}
