//! What the sandbox remembers between requests.

pub(crate) mod accounts;
pub(crate) mod application;
pub(crate) mod channel;
pub(crate) mod contents;
pub(crate) mod conversation;
pub(crate) mod faults;
pub(crate) mod inbox;
pub(crate) mod journal;
pub(crate) mod news;
pub(crate) mod recipients;
pub(crate) mod shared;
pub(crate) mod tickets;
