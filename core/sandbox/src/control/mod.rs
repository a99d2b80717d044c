//! The sandbox's own HTTP interface, under `/sandbox/api/`, and its page, at `/sandbox/`.

mod access;
pub(crate) mod api;
mod exchanges;
mod live;
mod page;
