//! The same choices for the same seed.

use std::ops::Range;
use std::time::Duration;

/// Xorshift; good enough to mix traffic.
pub(crate) struct Chance(u64);

impl Chance {
    /// The choices made under `name`, apart from those under other names.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        let mixed =
            name.bytes().fold(seed, |mixed, byte| (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(mixed)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13 | 1;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    /// True so many times in a thousand.
    pub(crate) fn permille(&mut self, times: u64) -> bool {
        self.below(1000) < times
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }

    /// One of these names, each as often as the number beside it says.
    pub(crate) fn weighted(&mut self, from: &[(&'static str, u64)]) -> &'static str {
        let mut left = self.below(from.iter().map(|(_, weight)| weight).sum());
        let found = from.iter().find(|(_, weight)| {
            let found = left < *weight;
            left = left.saturating_sub(*weight);
            found
        });
        found.map_or("", |(name, _)| name)
    }

    pub(crate) fn millis(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(range.start + self.below(range.end - range.start))
    }
}
