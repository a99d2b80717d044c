//! The cases of `scenarios.json`, what a driver is asked and answers, and the verdict on it.
//!
//! The README next to the file describes both formats. The judge is the binary `scenarios`.

mod case;
mod protocol;
mod verdict;

pub use case::{Account, Action, Case, Expect, Message, Sandbox, load, numbered};
pub use protocol::{Answer, Sender, Task, serve};
pub use verdict::{Observed, Strictness, verdict};
