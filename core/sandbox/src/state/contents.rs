//! What requests and their answers held, as far as it may be shown.
//!
//! Nothing secret gets here: of headers only those are kept that hold none, no body of a token service, and no form, in
//! which a client that is astray may send its password anywhere.

use std::collections::VecDeque;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::Serialize;

use crate::values::media_type;

/// When there are more, the oldest are dropped.
const MAX_KEPT: usize = 1000;
/// What they may have together, in bytes.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// The longest body that is kept, in bytes; of a longer one its beginning is.
const MAX_BODY: usize = 64 * 1024;
/// The longest value of a header that is kept, in bytes.
const MAX_VALUE: usize = 2048;

/// Headers whose values hold no secret. Of others the name is kept.
const SHOWN: [&str; 28] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "allow",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expires",
    "host",
    "if-match",
    "if-none-match",
    "location",
    "origin",
    "pragma",
    "retry-after",
    "server",
    "user-agent",
    "vary",
    "warning",
    "www-authenticate",
    "x-aspnet-version",
    "x-ms-diagnostics",
    "x-ms-requiresminresourceversion",
    "x-ms-server-fqdn",
    "x-powered-by",
];

/// Headers and body of a request or of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Part {
    /// Names and values, in order; `null` is a value that is not shown.
    pub(crate) headers: Vec<(String, Option<String>)>,
    /// Its beginning, up to [`MAX_BODY`]; none where it is not shown.
    pub(crate) body: Option<String>,
    /// The length of the whole body.
    pub(crate) bytes: usize,
}

impl Part {
    /// `secret`: the body holds a password or a token.
    pub(crate) fn of(headers: &HeaderMap, body: &[u8], secret: bool) -> Self {
        let shown = headers.iter().map(|(name, value)| {
            let value = SHOWN.contains(&name.as_str()).then(|| beginning(value.as_bytes(), MAX_VALUE));
            (name.as_str().to_owned(), value)
        });
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = media_type::essence(content_type.unwrap_or_default());
        let is_shown = !secret
            && (body.is_empty()
                || essence.ends_with("json")
                || ["text/plain", "text/html"].contains(&&*essence));
        Self {
            headers: shown.collect(),
            body: is_shown.then(|| beginning(body, MAX_BODY)),
            bytes: body.len(),
        }
    }

    /// True where only the beginning of the body is kept.
    pub(crate) fn is_cut(&self) -> bool {
        self.body.is_some() && self.bytes > MAX_BODY
    }

    fn size(&self) -> usize {
        let headers =
            self.headers.iter().map(|(name, value)| name.len() + value.as_ref().map_or(0, String::len));
        headers.sum::<usize>() + self.body.as_ref().map_or(0, String::len)
    }
}

fn beginning(bytes: &[u8], longest: usize) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(longest)]).into_owned()
}

/// What a request and its answer held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Contents {
    pub(crate) request: Part,
    /// None as long as there is no answer.
    pub(crate) answer: Option<Part>,
}

/// The contents of the latest requests, by their number in the journal.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// In order of the numbers.
    list: VecDeque<(u64, Contents)>,
    bytes: usize,
}

impl Kept {
    pub(crate) fn add(&mut self, number: u64, request: Part) {
        self.bytes += request.size();
        // Bodies end in another order than their requests began.
        let at = self.list.partition_point(|(other, _)| *other < number);
        self.list.insert(at, (number, Contents { request, answer: None }));
        self.shrink();
    }

    pub(crate) fn answer(&mut self, number: u64, answer: Part) {
        let Ok(at) = self.list.binary_search_by_key(&number, |(number, _)| *number) else { return };
        self.bytes += answer.size();
        self.list[at].1.answer = Some(answer);
        self.shrink();
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Contents> {
        let at = self.list.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        Some(&self.list[at].1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(u64, Contents)> {
        self.list.iter()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn shrink(&mut self) {
        while self.list.len() > MAX_KEPT || self.bytes > MAX_BYTES {
            let Some((_, oldest)) = self.list.pop_front() else { return };
            self.bytes -= oldest.request.size() + oldest.answer.as_ref().map_or(0, Part::size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(body: &[u8]) -> Part {
        Part::of(&HeaderMap::from_iter([(CONTENT_TYPE, "application/json".parse().unwrap())]), body, false)
    }

    #[test]
    fn of_a_header_that_may_hold_a_secret_the_name_is_kept() {
        let headers = [("authorization", "Bearer x"), ("cookie", "a=b"), ("x-own", "c"), ("host", "pool")];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let part = Part::of(&HeaderMap::from_iter(headers), b"", false);
        let shown: Vec<_> = part.headers.iter().filter(|(_, value)| value.is_some()).collect();
        assert_eq!(shown, [&("host".to_owned(), Some("pool".to_owned()))]);
        assert_eq!(part.headers.len(), 4);
    }

    #[test]
    fn a_form_and_what_is_said_to_be_secret_is_not_shown() {
        let kind = |kind: &str| HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
        let form = kind("application/x-www-form-urlencoded; charset=utf-8");
        assert_eq!(Part::of(&form, b"password=x", false).body, None);
        assert_eq!(Part::of(&HeaderMap::new(), b"password=x", false).body, None);
        assert_eq!(Part::of(&kind("application/json"), b"{}", true).body, None);
        assert_eq!(
            Part::of(&kind("text/plain; charset=utf-8"), b"hello", false).body.as_deref(),
            Some("hello")
        );
    }

    #[test]
    fn the_oldest_go_where_there_are_too_many_or_they_are_too_large() {
        let mut kept = Kept::default();
        (1..=1002).for_each(|number| kept.add(number, json(b"{}")));
        assert_eq!((kept.list.len(), kept.get(2), kept.get(3).is_some()), (1000, None, true));
        for number in 2000..2200 {
            kept.add(number, json(&vec![b'x'; 10 * MAX_BODY]));
            kept.answer(number, json(&vec![b'y'; MAX_BODY]));
        }
        assert!(kept.bytes <= MAX_BYTES);
        let held: usize = kept
            .list
            .iter()
            .map(|(_, one)| one.request.size() + one.answer.as_ref().map_or(0, Part::size))
            .sum();
        assert_eq!(kept.bytes, held);
        let last = kept.get(2199).unwrap();
        assert_eq!(
            (last.request.bytes, last.request.body.as_ref().unwrap().len()),
            (10 * MAX_BODY, MAX_BODY)
        );
        kept.answer(1, json(b"late"));
        assert_eq!(kept.get(1), None);
    }

    #[test]
    fn a_body_that_ends_late_stands_where_its_request_began() {
        let mut kept = Kept::default();
        [1, 3, 2].into_iter().for_each(|number| kept.add(number, json(b"{}")));
        assert_eq!(kept.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3]);
    }
}
