//! Limits on what agents may consume.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::invalid_input::InvalidInput;
use crate::usage::Usage;

/// Limits on what agents may consume. `None`: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// Tokens of every kind together, from 1.
    #[schemars(range(min = 1))]
    pub tokens: Option<u64>,
    /// Money, in millionths of a US dollar, from 1. With such a limit only models may be used whose
    /// price is known.
    #[schemars(range(min = 1))]
    pub cost_micro_usd: Option<u64>,
}

impl Budget {
    /// True when it limits nothing.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// What is left of it after `used`.
    #[must_use]
    pub fn left(&self, used: Usage) -> Self {
        let left = |limit: Option<u64>, used| limit.map(|limit| limit.saturating_sub(used));
        Self {
            tokens: left(self.tokens, used.tokens()),
            cost_micro_usd: left(self.cost_micro_usd, used.cost_micro_usd),
        }
    }

    /// The stricter of each limit.
    #[must_use]
    pub fn and(&self, other: Self) -> Self {
        let stricter = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
        Self {
            tokens: stricter(self.tokens, other.tokens),
            cost_micro_usd: stricter(self.cost_micro_usd, other.cost_micro_usd),
        }
    }

    /// How `used` is beyond it, in words; `None` while it is kept to.
    #[must_use]
    pub fn exceeded_by(&self, used: Usage) -> Option<String> {
        self.first_over(used, |used, limit| used > limit)
    }

    /// Likewise, also when nothing is left of it.
    #[must_use]
    pub fn used_up_by(&self, used: Usage) -> Option<String> {
        self.first_over(used, |used, limit| used >= limit)
    }

    /// The limit to which `is_over` applies, in words, or the one that cannot be kept.
    fn first_over(&self, used: Usage, is_over: fn(u64, u64) -> bool) -> Option<String> {
        if let Some(limit) = self.tokens.filter(|limit| is_over(used.tokens(), *limit)) {
            return Some(format!("{} tokens of {limit} are used", used.tokens()));
        }
        let limit = self.cost_micro_usd?;
        if used.unpriced_tokens > 0 {
            return Some(format!(
                "the price of {} tokens is not known, so that the limit of {} cannot be kept; \
                 give the machine a price for the model, or limit tokens instead",
                used.unpriced_tokens,
                dollars(limit)
            ));
        }
        let used = used.cost_micro_usd;
        is_over(used, limit).then(|| format!("{} of {} are used", dollars(used), dollars(limit)))
    }

    /// What share of it is used, in words, when that has just come to `percent`.
    #[must_use]
    pub fn warning(&self, percent: u8, before: Usage, now: Usage) -> Option<String> {
        let crossed = |limit: Option<u64>, before: u64, now: u64| {
            let limit = u128::from(limit?);
            let share = |used| u128::from(used) * 100 / limit.max(1);
            let percent = u128::from(percent);
            (share(before) < percent && share(now) >= percent).then(|| share(now))
        };
        let tokens = crossed(self.tokens, before.tokens(), now.tokens());
        let money = crossed(
            self.cost_micro_usd,
            before.cost_micro_usd,
            now.cost_micro_usd,
        );
        match (tokens, money) {
            (Some(tokens), Some(money)) => Some(format!(
                "{tokens} % of the tokens and {money} % of the money"
            )),
            (Some(share), None) => Some(format!("{share} % of the tokens")),
            (None, Some(share)) => Some(format!("{share} % of the money")),
            (None, None) => None,
        }
    }

    /// Checks the bounds.
    pub(crate) fn validate(&self, field: &'static str) -> Result<(), InvalidInput> {
        if self.tokens == Some(0) || self.cost_micro_usd == Some(0) {
            return Err(InvalidInput::new(field, "limits must be at least 1"));
        }
        Ok(())
    }
}

/// As people write it: `$0.0123`.
fn dollars(micro_usd: u64) -> String {
    let (whole, part) = (micro_usd / 1_000_000, micro_usd % 1_000_000);
    let part = format!("{part:06}");
    let part = part.trim_end_matches('0');
    format!("${whole}.{part:0<2}")
}
