//! A client that stays signed in for a long time, through what happens to servers meanwhile.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod clock;
#[path = "../common/mod.rs"]
mod common;
mod failover;
mod forgotten;
mod tokens;
mod week;
