//! The requests that were received, and how they were answered.

use std::collections::VecDeque;

use serde::Serialize;

use crate::state::contents::{Contents, Kept, Part};
use crate::state::news::{Change, News};
use crate::sync::Mutex;

/// When there are more, the oldest are dropped.
const MAX_EXCHANGES: usize = 100_000;

/// One request and the status it was answered with, without headers and bodies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Exchange {
    /// Counts requests on all origins, from 1, in the order they arrived.
    pub number: u64,
    /// `GET`, `POST`, `PUT`, `DELETE` …
    pub method: String,
    /// Path and query as received; a token request shows its path only.
    pub path: String,
    /// Scheme, host and port of the listener, for example `http://127.0.0.1:41234`.
    pub origin: String,
    /// Index of the pool behind that listener: 0 for the discovery root, 1 for the second pool.
    pub pool: usize,
    /// Counts connections on all origins, from 1: requests over one connection have the same number. Not serialized.
    #[serde(skip)]
    pub connection: u64,
    /// The status answered; none while the request is open and where it was closed instead.
    pub status: Option<u16>,
    /// Who closed its connection or its HTTP/2 stream before there was an answer; none otherwise.
    pub closed_by: Option<ClosedBy>,
}

/// The side that ended a request without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClosedBy {
    /// The program that had asked, or its machine.
    Client,
    /// A fault, or the end of the sandbox.
    Sandbox,
}

/// The exchanges since the start or the last clearing.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    exchanges: Mutex<Exchanges>,
    contents: Mutex<Kept>,
    news: News,
}

#[derive(Debug, Default)]
struct Exchanges {
    last_number: u64,
    list: VecDeque<Exchange>,
}

impl Exchanges {
    /// Numbers are consecutive, so the position follows from the number.
    fn get(&mut self, number: u64) -> Option<&mut Exchange> {
        let at = number.checked_sub(self.list.front()?.number)?;
        self.list.get_mut(usize::try_from(at).ok()?)
    }
}

impl Journal {
    pub(crate) fn new(news: News) -> Self {
        Self { news, ..Self::default() }
    }

    /// Records a request that has just arrived and returns its number.
    pub(crate) fn record_request(
        &self,
        method: String,
        path: String,
        origin: String,
        pool: usize,
        connection: u64,
    ) -> u64 {
        let mut exchanges = self.exchanges.lock();
        exchanges.last_number += 1;
        let number = exchanges.last_number;
        if exchanges.list.len() == MAX_EXCHANGES {
            exchanges.list.pop_front();
        }
        let exchange =
            Exchange { number, method, path, origin, pool, connection, status: None, closed_by: None };
        exchanges.list.push_back(exchange);
        number
    }

    /// Records what a request held.
    pub(crate) fn record_contents(&self, number: u64, request: Part) {
        self.contents.lock().add(number, request);
    }

    /// Records the status a request was answered with, and what the answer held.
    pub(crate) fn record_answer(&self, number: u64, status: u16, answer: Part) {
        self.contents.lock().answer(number, answer);
        if let Some(exchange) = self.exchanges.lock().get(number) {
            exchange.status = Some(status);
        }
        self.news.tell(Change::Ended(number));
    }

    /// Records that there is no answer; nothing where there was one.
    pub(crate) fn record_closed(&self, number: u64, by: ClosedBy) {
        if let Some(exchange) = self.exchanges.lock().get(number).filter(|open| open.status.is_none()) {
            exchange.closed_by = Some(by);
            self.news.tell(Change::Ended(number));
        }
    }

    /// The last exchanges, so many at most, oldest first.
    pub(crate) fn last(&self, most: usize) -> Vec<Exchange> {
        let exchanges = self.exchanges.lock();
        exchanges.list.iter().skip(exchanges.list.len().saturating_sub(most)).cloned().collect()
    }

    pub(crate) fn get(&self, number: u64) -> Option<Exchange> {
        self.exchanges.lock().get(number).cloned()
    }

    /// What this request and its answer held, if that is still kept.
    pub(crate) fn contents(&self, number: u64) -> Option<Contents> {
        self.contents.lock().get(number).cloned()
    }

    /// The numbers of the requests whose contents are like that, in order.
    pub(crate) fn numbers_with(&self, alike: impl Fn(&Contents) -> bool) -> Vec<u64> {
        let contents = self.contents.lock();
        contents.iter().filter(|(_, contents)| alike(contents)).map(|(number, _)| *number).collect()
    }

    pub(crate) fn clear(&self) {
        self.exchanges.lock().list.clear();
        self.contents.lock().clear();
        self.news.tell(Change::Resource("journal"));
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    #[test]
    fn a_late_answer_finds_its_request_after_clearing() {
        let journal = Journal::default();
        let request = |path: &str| journal.record_request("GET".into(), path.into(), "http://a".into(), 0, 1);
        let first = request("/1");
        journal.clear();
        let second = request("/2");
        let nothing = || Part::of(&HeaderMap::new(), b"", false);
        journal.record_answer(first, 200, nothing());
        journal.record_answer(second, 404, nothing());
        [first, second].into_iter().for_each(|number| journal.record_closed(number, ClosedBy::Client));
        let all = journal.last(9);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].number, all[0].status, all[0].closed_by), (2, Some(404), None));
    }
}
