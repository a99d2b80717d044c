//! The cases of `scenarios.json`, and the comparison of what a case expects with what happened.
//!
//! The format is described in the README next to the file. This crate knows neither the client nor the sandbox: a runner
//! gives it JSON, so the runners of the Rust crate and of the command compare the same way.

mod case;
mod verdict;

pub use case::{Account, Action, Case, Expect, Message, Sandbox, load, numbered};
pub use verdict::{Observed, verdict, verdict_of_the_server};
