//! The service with a sandbox behind it.
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

#[path = "../common/mod.rs"]
mod common;

mod access;
mod connections;
mod ending;
mod events;
mod limits;
mod metrics;
mod openapi;
mod page;
mod problems;
mod sessions;
mod shapes;
