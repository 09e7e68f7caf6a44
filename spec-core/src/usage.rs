//! What agents consumed: tokens, money, and the rules by which each is counted once.

mod ledger;
mod prices;
mod summary;

pub use ledger::{RunLedger, UsageReport, UsageScope};
pub use prices::{ModelPrice, PriceTable};
pub(crate) use summary::of_spec;
pub use summary::{AgentUsage, AttemptUsage, PhaseUsage, SpecUsage};

use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tokens by kind. All counts saturate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tokens {
    /// Read, without those that came from a cache or were written to one.
    pub input: u64,
    /// Read from a cache.
    pub cached_input: u64,
    /// Read and written to a cache.
    pub cache_write: u64,
    /// Written, thoughts included.
    pub output: u64,
}

/// Tokens and money. All counts saturate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Usage {
    /// Tokens read, without those that came from a cache or were written to one.
    pub input_tokens: u64,
    /// Tokens read from a cache.
    pub cached_input_tokens: u64,
    /// Tokens read and written to a cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_tokens: u64,
    /// Tokens written, thoughts included.
    pub output_tokens: u64,
    /// Money, in millionths of a US dollar, at list price.
    pub cost_micro_usd: u64,
    /// Of the tokens, those whose price is not known: they are not in the money.
    #[serde(skip_serializing_if = "is_zero")]
    pub unpriced_tokens: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Usage {
    /// All tokens, of every kind: what token budgets count.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.cached_input_tokens)
            .saturating_add(self.cache_write_tokens)
            .saturating_add(self.output_tokens)
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The larger of each count.
    fn max(self, other: Self) -> Self {
        self.zip(other, u64::max)
    }

    /// What is beyond `other`, count by count.
    fn beyond(self, other: Self) -> Self {
        self.zip(other, u64::saturating_sub)
    }

    fn zip(self, other: Self, with: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            input_tokens: with(self.input_tokens, other.input_tokens),
            cached_input_tokens: with(self.cached_input_tokens, other.cached_input_tokens),
            cache_write_tokens: with(self.cache_write_tokens, other.cache_write_tokens),
            output_tokens: with(self.output_tokens, other.output_tokens),
            cost_micro_usd: with(self.cost_micro_usd, other.cost_micro_usd),
            unpriced_tokens: with(self.unpriced_tokens, other.unpriced_tokens),
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = self.zip(other, u64::saturating_add);
    }
}
