//! Which origins a sandbox has.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which origins the sandbox opens and what each of them does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// One origin does everything.
    #[default]
    OnePool,
    /// The first origin holds discovery and a token service, the second one holds the applications and
    /// a token service of its own. A token of the first is refused by the second.
    TwoPools,
    /// The first origin answers discovery with a `redirect` link to the second, which does everything.
    Redirect,
}

impl Layout {
    /// Every layout, the usual one first.
    pub const ALL: &[Layout] = &[Layout::OnePool, Layout::TwoPools, Layout::Redirect];

    /// The stable name: `one-pool`, `two-pools` or `redirect`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnePool => "one-pool",
            Self::TwoPools => "two-pools",
            Self::Redirect => "redirect",
        }
    }

    /// The number of listeners this layout needs.
    pub(crate) fn origins(self) -> usize {
        match self {
            Self::OnePool => 1,
            Self::TwoPools | Self::Redirect => 2,
        }
    }

    /// The index of the origin that holds the applications until [`Sandbox::move_home`](crate::Sandbox::move_home).
    pub(crate) fn home_pool(self) -> usize {
        self.origins() - 1
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown layout {0:?}: use one-pool, two-pools or redirect")]
pub struct UnknownLayout(String);

impl FromStr for Layout {
    type Err = UnknownLayout;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.iter().find(|layout| layout.as_str() == text);
        named.copied().ok_or_else(|| UnknownLayout(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_reads_back_what_it_prints() {
        for layout in [Layout::OnePool, Layout::TwoPools, Layout::Redirect] {
            assert_eq!(layout.to_string().parse::<Layout>(), Ok(layout));
        }
        assert!("three-pools".parse::<Layout>().unwrap_err().to_string().contains("three-pools"));
    }
}
