//! The rules a spec was launched with. They travel with the spec: changing the host's defaults does
//! not change specs that are under way.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::AgentName;
use crate::invalid_input::InvalidInput;
use crate::phase::Phase;
use crate::usage::Usage;

/// Serialises durations as whole seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u64(value.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
        u64::deserialize(input).map(Duration::from_secs)
    }
}

/// What stands between a phase's accepted artifact and the next phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Nothing.
    #[default]
    None,
    /// A person's approval.
    Approve,
}

/// One gate per phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gates {
    /// After EXPLORE.
    pub explore: Gate,
    /// After REQUIREMENTS.
    pub requirements: Gate,
    /// After DESIGN.
    pub design: Gate,
    /// After TASKS.
    pub tasks: Gate,
    /// After SYNC.
    pub sync: Gate,
}

impl Gates {
    /// The gate after `phase`.
    #[must_use]
    pub fn after(&self, phase: Phase) -> Gate {
        match phase {
            Phase::Explore => self.explore,
            Phase::Requirements => self.requirements,
            Phase::Design => self.design,
            Phase::Tasks => self.tasks,
            Phase::Sync => self.sync,
        }
    }
}

/// What happens to questions that a phase's output carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Questions {
    /// They are shown; the defaults hold.
    #[default]
    Ignore,
    /// The spec waits for answers.
    Block,
}

/// Whether phases share a sandbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SandboxReuse {
    /// Every attempt gets its own.
    #[default]
    PerPhase,
    /// One is kept for the whole spec.
    PerSpec,
}

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
        if let Some(limit) = self.tokens.filter(|limit| used.tokens() > *limit) {
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
        (used.cost_micro_usd > limit).then(|| {
            format!(
                "{} of {} are used",
                dollars(used.cost_micro_usd),
                dollars(limit)
            )
        })
    }

    /// Likewise, also when nothing is left of it.
    #[must_use]
    pub fn used_up_by(&self, used: Usage) -> Option<String> {
        let left = self.left(used);
        if left.tokens == Some(0) || left.cost_micro_usd == Some(0) {
            let (limit, used) = match (left.tokens, self.tokens, self.cost_micro_usd) {
                (Some(0), Some(limit), _) => {
                    (format!("{limit}"), format!("{} tokens", used.tokens()))
                }
                (_, _, limit) => (
                    dollars(limit.unwrap_or_default()),
                    dollars(used.cost_micro_usd),
                ),
            };
            return Some(format!("{used} of {limit} are used"));
        }
        self.exceeded_by(used)
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

/// The rules a spec was launched with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Approval after each phase.
    pub gates: Gates,
    /// What happens to questions.
    pub questions: Questions,
    /// Attempts at a phase, 1 to 10; each begins with a fresh sandbox.
    #[schemars(range(min = 1, max = 10))]
    pub max_attempts: u32,
    /// Runs after the first within one attempt, 0 to 10; each is given the findings of the last.
    #[schemars(range(max = 10))]
    pub max_repairs: u32,
    /// Wait before the second attempt; doubles with every further one. At most an hour.
    #[serde(rename = "backoff_seconds", with = "seconds")]
    #[schemars(with = "u64", range(max = 3600))]
    pub backoff: Duration,
    /// Longest duration of one attempt, sandbox included: 1 second to 24 hours.
    #[serde(rename = "attempt_timeout_seconds", with = "seconds")]
    #[schemars(with = "u64", range(min = 1, max = 86400))]
    pub attempt_timeout: Duration,
    /// Longest output of one run, standard output and error together: 1 KiB to 1 GiB.
    #[schemars(range(min = 1024, max = 1_073_741_824))]
    pub max_output_bytes: u64,
    /// Limits on what agents may consume for the spec.
    pub budget: Budget,
    /// Limits on what they may consume for each phase.
    pub phase_budget: Budget,
    /// The share of a budget, in per cent, at which a warning is shown: 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    pub budget_warning_percent: u8,
    /// Whether phases share a sandbox.
    pub sandbox_reuse: SandboxReuse,
    /// The agent that does the work; `None`: the project's default, else the machine's.
    #[schemars(with = "Option<String>")]
    pub agent: Option<AgentName>,
    /// The agent that takes over when that one's output stays unusable.
    #[schemars(with = "Option<String>")]
    pub fallback_agent: Option<AgentName>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            gates: Gates::default(),
            questions: Questions::default(),
            max_attempts: 3,
            max_repairs: 2,
            backoff: Duration::from_secs(2),
            attempt_timeout: Duration::from_mins(15),
            max_output_bytes: 64 * 1024 * 1024,
            budget: Budget::default(),
            phase_budget: Budget::default(),
            budget_warning_percent: 80,
            sandbox_reuse: SandboxReuse::default(),
            agent: None,
            fallback_agent: None,
        }
    }
}

impl Policy {
    /// Checks the bounds, and that nothing is asked for that this version does not do.
    ///
    /// # Errors
    ///
    /// Names the first field that is out of bounds or not available yet.
    pub fn validate(&self) -> Result<(), InvalidInput> {
        let out_of_bounds = |field, bounds: &str| Err(InvalidInput::new(field, bounds));
        if !(1..=10).contains(&self.max_attempts) {
            return out_of_bounds("policy.max_attempts", "must be 1 to 10");
        }
        if self.max_repairs > 10 {
            return out_of_bounds("policy.max_repairs", "must be 0 to 10");
        }
        if self.backoff > Duration::from_hours(1) {
            return out_of_bounds("policy.backoff_seconds", "must be at most 3600");
        }
        if !(Duration::from_secs(1)..=Duration::from_hours(24)).contains(&self.attempt_timeout) {
            return out_of_bounds("policy.attempt_timeout_seconds", "must be 1 to 86400");
        }
        if !(1024..=1_073_741_824).contains(&self.max_output_bytes) {
            return out_of_bounds("policy.max_output_bytes", "must be 1024 to 1073741824");
        }
        self.budget.validate("policy.budget")?;
        self.phase_budget.validate("policy.phase_budget")?;
        if !(1..=100).contains(&self.budget_warning_percent) {
            return out_of_bounds("policy.budget_warning_percent", "must be 1 to 100");
        }
        let unavailable = |field| Err(InvalidInput::new(field, "is not available in this version"));
        if Phase::ALL
            .iter()
            .any(|phase| self.gates.after(*phase) != Gate::None)
        {
            return unavailable("policy.gates");
        }
        if self.questions != Questions::Ignore {
            return unavailable("policy.questions");
        }
        if self.sandbox_reuse != SandboxReuse::PerPhase {
            return unavailable("policy.sandbox_reuse");
        }
        Ok(())
    }
}
