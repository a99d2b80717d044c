//! The way of one request to its resource and back, through the faults that lie on it.

pub(crate) mod exchange;
mod fault_injection;
mod fault_responses;
mod route;
mod router;
