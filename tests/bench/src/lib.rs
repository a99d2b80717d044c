//! Benchmarks of the client. `make bench` runs them and writes `BENCHMARKS.md`.
//!
//! Every figure that has a budget is a ratio: ours and what it is compared with are measured in turn, in one process,
//! against one server. The server is a sandbox in another process ([`serve`]), behind links of several lengths
//! ([`link`]).

pub mod accounts;
pub mod bare;
pub mod first;
pub mod languages;
pub mod link;
pub mod next;
pub mod serve;
pub mod target;
pub mod throughput;
pub mod usage;
