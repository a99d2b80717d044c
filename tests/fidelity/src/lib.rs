//! Client and sandbox held against recorded UCWA traffic.
//!
//! The recordings are no part of this repository. `UCWA_RECORDINGS` names their folder; without it they are looked
//! for beside the workspace. Any folder will do: what a recording is good for is told from what it holds.

mod client;
mod content;
mod plain;
mod recordings;
mod run;
mod sandbox;
mod verdict;

pub use run::run;
