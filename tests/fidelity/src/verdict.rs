//! What a check found out.

use std::fmt::{Debug, Display};

/// The findings about one recording.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// What was held against the recording, in words, each once.
    pub(crate) checked: Vec<&'static str>,
    /// What is wrong, in words.
    pub(crate) wrong: Vec<String>,
    /// What a reader should know although it is not wrong.
    pub(crate) notes: Vec<String>,
}

impl Verdict {
    /// Notes that something was held against the recording.
    pub(crate) fn checked(&mut self, what: &'static str) {
        if !self.checked.contains(&what) {
            self.checked.push(what);
        }
    }

    /// Complains unless both are equal.
    pub(crate) fn equal<T: PartialEq + Debug>(&mut self, what: impl Display, got: T, expected: T) {
        if got != expected {
            self.wrong.push(format!("{what}: {got:?}, expected {expected:?}"));
        }
    }

    /// Complains unless it holds.
    pub(crate) fn holds(&mut self, what: impl Display, holds: bool) {
        if !holds {
            self.wrong.push(format!("not so: {what}"));
        }
    }

    /// Nothing is wrong, or all of it as one text.
    pub(crate) fn outcome(&self) -> Result<(), String> {
        if self.wrong.is_empty() { Ok(()) } else { Err(self.wrong.join("\n")) }
    }
}
