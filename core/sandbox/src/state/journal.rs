//! The requests that were received, and how they were answered.

use std::collections::VecDeque;

use serde::Serialize;

use crate::sync::Mutex;

/// When there are more, the oldest are dropped.
const MAX_EXCHANGES: usize = 100_000;

/// One request and the status it was answered with. Bodies and `Authorization` are never recorded.
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
    /// The status answered; none while the request is open and when the connection was dropped instead.
    pub status: Option<u16>,
}

/// The exchanges since the start or the last clearing.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Exchanges>);

#[derive(Debug, Default)]
struct Exchanges {
    last_number: u64,
    list: VecDeque<Exchange>,
}

impl Journal {
    /// Records a request that has just arrived and returns its number.
    pub(crate) fn record_request(
        &self,
        method: String,
        path: String,
        origin: String,
        pool: usize,
        connection: u64,
    ) -> u64 {
        let mut exchanges = self.0.lock();
        exchanges.last_number += 1;
        let number = exchanges.last_number;
        if exchanges.list.len() == MAX_EXCHANGES {
            exchanges.list.pop_front();
        }
        exchanges.list.push_back(Exchange { number, method, path, origin, pool, connection, status: None });
        number
    }

    /// Records the status a request was answered with.
    pub(crate) fn record_status(&self, number: u64, status: u16) {
        let mut exchanges = self.0.lock();
        let Some(first) = exchanges.list.front().map(|exchange| exchange.number) else { return };
        // Numbers are consecutive, so the position follows from the number.
        let position = number.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        if let Some(exchange) = position.and_then(|at| exchanges.list.get_mut(at)) {
            exchange.status = Some(status);
        }
    }

    pub(crate) fn all(&self) -> Vec<Exchange> {
        self.0.lock().list.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().list.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_answer_finds_its_request_after_clearing() {
        let journal = Journal::default();
        let request = |path: &str| journal.record_request("GET".into(), path.into(), "http://a".into(), 0, 1);
        let first = request("/1");
        journal.clear();
        let second = request("/2");
        journal.record_status(first, 200);
        journal.record_status(second, 404);
        let all = journal.all();
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].number, all[0].status), (2, Some(404)));
    }
}
