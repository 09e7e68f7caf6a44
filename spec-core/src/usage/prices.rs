//! What tokens cost, for agents that count tokens and report no money.

mod list;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::invalid_input::InvalidInput;

/// Tokens that a [`ModelPrice`] is for.
const PER_TOKENS: u128 = 1_000_000;

/// Prefixes that name the vendor whose list price is meant. Anybody else may sell the same model at
/// another price.
const VENDORS: [&str; 4] = ["anthropic/", "gemini/", "google/", "openai/"];

/// What a model costs, in micro-US-dollars per million tokens: 4 US dollars are `4_000_000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// Tokens read that no cache is concerned with.
    pub input: u64,
    /// Tokens read from a cache.
    pub cached_input: u64,
    /// Tokens read and written to a cache.
    pub cache_write: u64,
    /// Tokens written, those of reasoning among them.
    pub output: u64,
}

impl ModelPrice {
    fn cost_micro_usd(&self, input: u64, cached_input: u64, cache_write: u64, output: u64) -> u64 {
        let sum = [
            (input, self.input),
            (cached_input, self.cached_input),
            (cache_write, self.cache_write),
            (output, self.output),
        ]
        .into_iter()
        .map(|(tokens, price)| u128::from(tokens) * u128::from(price))
        .fold(0_u128, u128::saturating_add);
        u64::try_from(sum.div_ceil(PER_TOKENS)).unwrap_or(u64::MAX)
    }
}

/// Prices of models, by name.
///
/// [`PriceTable::default`] is the built-in table: list prices, of the day that
/// [`version`](Self::version) names. What it yields is an estimate and may be too low: it has the price
/// of short prompts where long ones cost up to twice as much, and of caches with the shortest life,
/// and it has no price for what a vendor's own tools do.
///
/// A host with other prices changes it by [`with_price`](Self::with_price) and
/// [`merged_with`](Self::merged_with), or loads a table:
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// let ours: spec_core::PriceTable = serde_json::from_str(
///     r#"{
///         "version": "2026-12-01, our contract",
///         "models": {
///             "claude-opus-5-5": {
///                 "input": 3000000, "cached_input": 150000, "cache_write": 3750000, "output": 15000000
///             }
///         }
///     }"#,
/// )?;
/// let prices = spec_core::PriceTable::default().merged_with(ours);
/// assert_eq!(prices.cost_micro_usd("claude-opus-5-5", 1_000, 0, 0, 0), Some(3_000));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct PriceTable {
    version: String,
    models: BTreeMap<String, ModelPrice>,
}

/// A table as it is loaded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    version: String,
    models: BTreeMap<String, ModelPrice>,
}

impl TryFrom<Unchecked> for PriceTable {
    type Error = InvalidInput;

    fn try_from(Unchecked { version, models }: Unchecked) -> Result<Self, InvalidInput> {
        if version.is_empty() {
            let reason = "must say of when the prices are";
            return Err(InvalidInput::new("version", reason));
        }
        if models.contains_key("") {
            let reason = "must not hold a model without a name";
            return Err(InvalidInput::new("models", reason));
        }
        Ok(Self { version, models })
    }
}

impl Default for PriceTable {
    fn default() -> Self {
        let price = |&(model, input, cached_input, cache_write, output): &(&str, _, _, _, _)| {
            let price = ModelPrice {
                input,
                cached_input,
                cache_write,
                output,
            };
            (model.to_owned(), price)
        };
        Self {
            version: list::VERSION.to_owned(),
            models: list::PRICES.iter().map(price).collect(),
        }
    }
}

impl PriceTable {
    /// A table without prices, of the version `none`.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            version: "none".to_owned(),
            models: BTreeMap::new(),
        }
    }

    /// Of when the prices are: a date for the built-in ones.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Sets or replaces the price of a model. The version stays.
    #[must_use]
    pub fn with_price(mut self, model: impl Into<String>, price: ModelPrice) -> Self {
        self.models.insert(model.into(), price);
        self
    }

    /// Adds the prices of another table, which replace those of the same name. The version then names
    /// both, unless they are the same.
    #[must_use]
    pub fn merged_with(mut self, overrides: Self) -> Self {
        if self.version != overrides.version {
            self.version = format!("{} + {}", self.version, overrides.version);
        }
        self.models.extend(overrides.models);
        self
    }

    /// The price of a model: of exactly this name; then without the prefix of its vendor
    /// (`anthropic/`, `gemini/`, `google/`, `openai/`); then without a date (`-20260115`,
    /// `-2026-01-15`) or `-latest` at its end; then without both.
    ///
    /// `None` for everything else: names that only begin alike may have any price.
    #[must_use]
    pub fn price(&self, model: &str) -> Option<&ModelPrice> {
        let bare = VENDORS.iter().find_map(|vendor| model.strip_prefix(vendor));
        let dated = [Some(model), bare];
        let undated = dated.map(|name| name.and_then(without_version));
        let mut candidates = dated.into_iter().chain(undated).flatten();
        candidates.find_map(|name| self.models.get(name))
    }

    /// What tokens of a model cost, in micro-US-dollars, rounded up; `u64::MAX` when it is more than
    /// that. `None` when the table has no [`price`](Self::price) for the model.
    ///
    /// No token may be counted twice: `input` is without those read from a cache and those written to
    /// one.
    #[must_use]
    pub fn cost_micro_usd(
        &self,
        model: &str,
        input: u64,
        cached_input: u64,
        cache_write: u64,
        output: u64,
    ) -> Option<u64> {
        let price = self.price(model)?;
        Some(price.cost_micro_usd(input, cached_input, cache_write, output))
    }
}

/// The name before a date or `-latest`.
fn without_version(name: &str) -> Option<&str> {
    if let Some(name) = name.strip_suffix("-latest") {
        return Some(name);
    }
    [8, 10].into_iter().find_map(|length| {
        let (name, date) = name.split_at_checked(name.len().checked_sub(length)?)?;
        is_date(date).then(|| name.strip_suffix('-')).flatten()
    })
}

/// Whether this is a day of this century, as `YYYYMMDD` or `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let parts = match text.len() {
        8 => [text.get(..4), text.get(4..6), text.get(6..)],
        10 => {
            let hyphens = [text.get(4..5), text.get(7..8)];
            if hyphens != [Some("-"); 2] {
                return false;
            }
            [text.get(..4), text.get(5..7), text.get(8..)]
        }
        _ => return false,
    };
    let is_within = |(part, range): (Option<&str>, RangeInclusive<u32>)| {
        part.filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|part| part.parse().ok())
            .is_some_and(|number| range.contains(&number))
    };
    parts
        .into_iter()
        .zip([2000..=2099, 1..=12, 1..=31])
        .all(is_within)
}

#[cfg(test)]
mod tests;
