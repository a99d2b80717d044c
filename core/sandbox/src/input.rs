//! What a request carries: path, query, headers, body, and the members of its input.

use std::collections::HashMap;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::door::Line;
use crate::origin::Asked;
use crate::reply::{Problem, Reply};

/// One request, read completely.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The segments of the path, decoded and in lower case. Empty ones are left out: a doubled slash is served.
    pub(crate) segments: Vec<String>,
    pub(crate) query: String,
    /// The host that was asked for.
    pub(crate) asked: Option<Asked>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Index of the origin that received it.
    pub(crate) pool: usize,
    /// The connection the request came on.
    pub(crate) connection: Line,
    /// The number of its stream, over HTTP/2.
    pub(crate) stream: Option<u32>,
}

impl Call {
    /// The segments of a path as [`Call::segments`] holds them.
    pub(crate) fn split(path: &str) -> Vec<String> {
        path.split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().to_lowercase())
            .collect()
    }

    pub(crate) fn path(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The first query value with this name; names are compared without regard to case.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
    }

    /// The token of an `Authorization: Bearer` header.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let value = self.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The media type without its parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let value = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The input of a POST or PUT: members of a JSON body and of the query, names without regard to case.
    ///
    /// The body wins over the query (QueryParameters allows either).
    pub(crate) fn input(&self) -> Result<Input, Reply> {
        let mut members = HashMap::new();
        for (name, value) in form_urlencoded::parse(self.query.as_bytes()) {
            members.insert(name.to_lowercase(), Value::String(value.into_owned()));
        }
        if !self.body.is_empty() {
            if !self.media_type().contains("json") {
                return Err(Problem::MediaType.into());
            }
            let body: Value = serde_json::from_slice(&self.body).map_err(|_| Problem::Deserialization)?;
            let Value::Object(body) = body else { return Err(Problem::Deserialization.into()) };
            members.extend(body.into_iter().map(|(name, value)| (name.to_lowercase(), value)));
        }
        Ok(Input(members))
    }
}

/// The members of an input, by lower-case name.
#[derive(Debug)]
pub(crate) struct Input(HashMap<String, Value>);

impl Input {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(&name.to_lowercase()).filter(|value| !value.is_null())
    }

    /// A text member; none if it is absent, null or no text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// A text member of at most `limit` characters; the complaint goes into `faults`.
    pub(crate) fn limited(
        &self,
        name: &'static str,
        limit: usize,
        faults: &mut Vec<(&'static str, String)>,
    ) -> Option<String> {
        match self.get(name) {
            None => None,
            Some(Value::String(text)) if text.chars().count() <= limit => Some(text.clone()),
            Some(Value::String(_)) => {
                faults.push((name, format!("is longer than {limit} characters")));
                None
            }
            Some(_) => {
                faults.push((name, "is not a string".to_owned()));
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
