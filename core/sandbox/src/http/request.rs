//! One request: path, query, headers, body.

use std::collections::HashMap;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::connection::handle::ConnectionHandle;
use crate::http::input::Input;
use crate::http::response::{Response, UcwaError};
use crate::values::media_type;
use crate::values::origin::RequestedHost;

/// A request with its whole body.
#[derive(Debug)]
pub(crate) struct Request {
    /// Its number in the journal.
    pub(crate) number: u64,
    pub(crate) method: Method,
    /// The segments of the path, decoded and in lower case, without empty ones: paths with doubled slashes are served.
    pub(crate) segments: Vec<String>,
    pub(crate) query: String,
    /// The host of the request, as the client named it.
    pub(crate) requested_host: Option<RequestedHost>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Index of the origin that received it.
    pub(crate) pool: usize,
    /// The connection the request came on.
    pub(crate) connection: ConnectionHandle,
    /// The number of its stream, over HTTP/2.
    pub(crate) stream: Option<u32>,
}

impl Request {
    /// The segments of a path as [`Request::segments`] holds them.
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
        media_type::essence(self.header(CONTENT_TYPE.as_str()).unwrap_or_default())
    }

    /// The input of a POST or PUT: members of a JSON body and of the query, names without regard to case.
    ///
    /// The body wins over the query (QueryParameters allows either).
    pub(crate) fn input(&self) -> Result<Input, Response> {
        let mut members = HashMap::new();
        for (name, value) in form_urlencoded::parse(self.query.as_bytes()) {
            members.insert(name.to_lowercase(), Value::String(value.into_owned()));
        }
        if !self.body.is_empty() {
            if !self.media_type().contains("json") {
                return Err(UcwaError::MediaType.into());
            }
            let body: Value = serde_json::from_slice(&self.body).map_err(|_| UcwaError::Deserialization)?;
            let Value::Object(body) = body else { return Err(UcwaError::Deserialization.into()) };
            members.extend(body.into_iter().map(|(name, value)| (name.to_lowercase(), value)));
        }
        Ok(Input::new(members))
    }
}
