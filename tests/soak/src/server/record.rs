//! What the proxy has done and seen, for the report.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

#[derive(Default, Serialize)]
pub(crate) struct Record {
    /// Requests by route.
    pub(crate) requests: BTreeMap<&'static str, u64>,
    /// Faults by kind, and by status where a gateway answered.
    pub(crate) faults: BTreeMap<String, u64>,
    /// The faults of requests that carry a message, each with the request's body.
    pub(crate) messages: Vec<(String, String)>,
    /// The sessions that no client has closed, by id.
    pub(crate) sessions: HashMap<String, Session>,
}

/// A session that the sandbox has opened.
#[derive(Default, Serialize)]
pub(crate) struct Session {
    /// An answer that names it has reached the client. Without one, nobody can close it.
    pub(crate) named: bool,
    /// How often a client has asked to close it.
    pub(crate) deletes: u64,
    /// The faults of these requests.
    pub(crate) failed_deletes: Vec<String>,
    /// The statuses with which the sandbox itself refused them.
    pub(crate) refused_deletes: Vec<u16>,
}
