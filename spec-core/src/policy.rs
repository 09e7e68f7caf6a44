//! The rules a spec was launched with. They travel with the spec: changing the host's defaults does
//! not change specs that are under way.

mod budget;

pub use budget::Budget;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::AgentName;
use crate::invalid_input::InvalidInput;
use crate::phase::Phase;

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
        if self.questions != Questions::Ignore {
            return unavailable("policy.questions");
        }
        if self.sandbox_reuse != SandboxReuse::PerPhase {
            return unavailable("policy.sandbox_reuse");
        }
        Ok(())
    }
}
