//! The sandbox's own HTTP interface, under `/sandbox/api/`.

mod access;
pub(crate) mod api;
