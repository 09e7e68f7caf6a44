//! Numbers of tokens.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// Tokens of one answer, or of many. Each is counted once: what came from a cache, or was written to
/// one, is not in `input`. All sums saturate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Read, and in no cache.
    pub input: u64,
    /// Read from a cache.
    pub cached: u64,
    /// Read, and written to a cache.
    pub cache_write: u64,
    /// Written.
    pub output: u64,
}

impl Tokens {
    /// What the request of this number costs unless its turn says otherwise. No two numbers cost the
    /// same, so that a request that is counted twice or not at all shows in every sum.
    #[must_use]
    pub fn of_request(number: u64) -> Self {
        let plus = |base: u64, step: u64| base.saturating_add(number.saturating_mul(step));
        Self {
            input: plus(1_000, 10),
            cached: plus(300, 7),
            cache_write: plus(50, 3),
            output: plus(40, 2),
        }
    }

    /// Everything that was read.
    #[must_use]
    pub fn all_input(self) -> u64 {
        self.input
            .saturating_add(self.cached)
            .saturating_add(self.cache_write)
    }
}

impl Add for Tokens {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            output: self.output.saturating_add(other.output),
        }
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Tokens {
    fn sum<I: Iterator<Item = Self>>(tokens: I) -> Self {
        tokens.fold(Self::default(), Add::add)
    }
}
