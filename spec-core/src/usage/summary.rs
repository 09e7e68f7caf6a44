//! What a spec has consumed, by phase, attempt and agent.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Usage;
use crate::attempt::Attempt;
use crate::id::{AgentName, AttemptKey, AttemptNumber};
use crate::phase::Phase;
use crate::policy::Budget;
use crate::spec::Spec;
use crate::store::Checkpoint;

/// What one attempt has consumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptUsage {
    /// The attempt.
    pub attempt: AttemptNumber,
    /// Who did the work.
    pub agent: AgentName,
    /// Version of the agent's program, as it says.
    pub agent_version: Option<String>,
    /// The model it talked to, as it says.
    pub model: Option<String>,
    /// What it has consumed, the run that is under way included as far as it was told.
    pub usage: Usage,
}

/// What a phase has consumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhaseUsage {
    /// The phase.
    pub phase: Phase,
    /// Its attempts together.
    pub usage: Usage,
    /// Each of them, oldest first.
    pub attempts: Vec<AttemptUsage>,
}

/// What an agent has consumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgentUsage {
    /// The agent.
    pub agent: AgentName,
    /// Its attempts together.
    pub usage: Usage,
}

/// What a spec has consumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpecUsage {
    /// All of it.
    pub total: Usage,
    /// The limits of the spec.
    pub budget: Budget,
    /// The limits of each phase.
    pub phase_budget: Budget,
    /// Phase by phase, those that have not begun left out.
    pub phases: Vec<PhaseUsage>,
    /// Agent by agent, by name; those that consumed nothing left out.
    pub agents: Vec<AgentUsage>,
}

/// Sums up what `spec` has consumed. The checkpoint tells of the run that is under way.
pub(crate) fn of_spec(spec: &Spec, checkpoint: Option<&Checkpoint>) -> SpecUsage {
    let mut total = Usage::default();
    let mut phases = Vec::new();
    let mut agents: BTreeMap<&AgentName, Usage> = BTreeMap::new();
    for (phase, state) in spec.phases.iter() {
        let mut of_phase = Usage::default();
        let mut attempts = Vec::new();
        for attempt in &state.attempts {
            let key = AttemptKey {
                spec_id: spec.id,
                phase,
                attempt: attempt.number,
            };
            let usage = of_attempt(key, attempt, checkpoint);
            of_phase += usage;
            *agents.entry(&attempt.agent).or_default() += usage;
            attempts.push(AttemptUsage {
                attempt: attempt.number,
                agent: attempt.agent.clone(),
                agent_version: attempt.agent_version.clone(),
                model: attempt.model.clone(),
                usage,
            });
        }
        total += of_phase;
        if !attempts.is_empty() {
            phases.push(PhaseUsage {
                phase,
                usage: of_phase,
                attempts,
            });
        }
    }
    let agents = agents
        .into_iter()
        .filter(|(_, usage)| !usage.is_nothing())
        .map(|(agent, usage)| AgentUsage {
            agent: agent.clone(),
            usage,
        })
        .collect();
    SpecUsage {
        total,
        budget: spec.policy.budget,
        phase_budget: spec.policy.phase_budget,
        phases,
        agents,
    }
}

fn of_attempt(key: AttemptKey, attempt: &Attempt, checkpoint: Option<&Checkpoint>) -> Usage {
    let mut usage = attempt.usage;
    let running = attempt.uncounted.map(|repair| key.run_key(repair));
    if let Some(checkpoint) = checkpoint.filter(|checkpoint| Some(checkpoint.run) == running) {
        usage += checkpoint.record.usage();
    }
    usage
}
