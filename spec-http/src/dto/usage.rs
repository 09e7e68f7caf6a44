//! What agents consumed, and what they may.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use spec_core::id::{AgentName, AttemptNumber, SpecId};
use spec_core::policy::Budget;
use spec_core::usage::{AgentUsage, AttemptUsage, PhaseUsage, SpecUsage};
use spec_core::{Phase, Usage};

use super::fields;
use crate::error::ApiError;

/// Tokens by kind, and money. Every count is told, also when it is 0.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UsageDetail {
    input_tokens: u64,
    cached_input_tokens: u64,
    cache_write_tokens: u64,
    output_tokens: u64,
    cost_micro_usd: u64,
    /// Of the tokens, those whose price is not known: they are not in the cost.
    unpriced_tokens: u64,
}

impl From<Usage> for UsageDetail {
    fn from(usage: Usage) -> Self {
        let Usage {
            input_tokens,
            cached_input_tokens,
            cache_write_tokens,
            output_tokens,
            cost_micro_usd,
            unpriced_tokens,
        } = usage;
        Self {
            input_tokens,
            cached_input_tokens,
            cache_write_tokens,
            output_tokens,
            cost_micro_usd,
            unpriced_tokens,
        }
    }
}

/// Body of `GET /specs/{spec_id}/usage`. Other than in the spec's detail, the run that is under way is
/// counted, as far as it was told.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SpecUsageDetail {
    spec_id: SpecId,
    total: UsageDetail,
    budget: Budget,
    phase_budget: Budget,
    phases: Vec<PhaseUsageDetail>,
    agents: Vec<AgentUsageDetail>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PhaseUsageDetail {
    phase: Phase,
    usage: UsageDetail,
    attempts: Vec<AttemptUsageDetail>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AttemptUsageDetail {
    attempt: AttemptNumber,
    agent: AgentName,
    agent_version: Option<String>,
    model: Option<String>,
    usage: UsageDetail,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AgentUsageDetail {
    agent: AgentName,
    usage: UsageDetail,
}

impl SpecUsageDetail {
    pub(crate) fn new(spec_id: SpecId, usage: SpecUsage) -> Self {
        let SpecUsage {
            total,
            budget,
            phase_budget,
            phases,
            agents,
        } = usage;
        Self {
            spec_id,
            total: total.into(),
            budget,
            phase_budget,
            phases: phases.into_iter().map(PhaseUsageDetail::from).collect(),
            agents: agents.into_iter().map(AgentUsageDetail::from).collect(),
        }
    }
}

impl From<PhaseUsage> for PhaseUsageDetail {
    fn from(usage: PhaseUsage) -> Self {
        let PhaseUsage {
            phase,
            usage,
            attempts,
        } = usage;
        Self {
            phase,
            usage: usage.into(),
            attempts: attempts.into_iter().map(AttemptUsageDetail::from).collect(),
        }
    }
}

impl From<AttemptUsage> for AttemptUsageDetail {
    fn from(usage: AttemptUsage) -> Self {
        let AttemptUsage {
            attempt,
            agent,
            agent_version,
            model,
            usage,
        } = usage;
        Self {
            attempt,
            agent,
            agent_version,
            model,
            usage: usage.into(),
        }
    }
}

impl From<AgentUsage> for AgentUsageDetail {
    fn from(usage: AgentUsage) -> Self {
        let AgentUsage { agent, usage } = usage;
        Self {
            agent,
            usage: usage.into(),
        }
    }
}

/// Body of `PUT /specs/{spec_id}/budget`. Each of the two is replaced as a whole; one that is left out
/// stays as it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetBody {
    #[schemars(with = "Option<Budget>")]
    budget: Option<Map<String, Value>>,
    #[schemars(with = "Option<Budget>")]
    phase_budget: Option<Map<String, Value>>,
}

impl BudgetBody {
    /// The budget of the spec and that of each phase, as far as they are to change; or everything that
    /// is wrong with them.
    pub(crate) fn into_budgets(self) -> Result<(Option<Budget>, Option<Budget>), ApiError> {
        let mut errors = Vec::new();
        let mut read = |place, asked: Option<Map<String, Value>>| {
            let read = fields::read(place, Value::Object(asked?));
            read.map_err(|error| errors.push(error)).ok()
        };
        let budgets = (
            read("budget", self.budget),
            read("phase_budget", self.phase_budget),
        );
        if !errors.is_empty() {
            return Err(ApiError::invalid_fields(errors));
        }
        if budgets == (None, None) {
            return Err(ApiError::invalid(
                "body",
                "names neither `budget` nor `phase_budget`",
            ));
        }
        Ok(budgets)
    }
}
