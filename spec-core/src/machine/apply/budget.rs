//! What is left of a budget, and what becomes of a spec when nothing is.

use super::Change;
use crate::attempt::{AttemptStage, FailureKind};
use crate::event::EventBody;
use crate::id::UserId;
use crate::machine::Refusal;
use crate::phase::Phase;
use crate::policy::{Budget, Policy};
use crate::spec::Spec;
use crate::status::SpecStatus;

impl Change {
    /// Why no run of `phase` can be paid, if so. SYNC asks no agent and costs nothing.
    pub(super) fn used_up(&self, phase: Phase) -> Option<String> {
        if phase == Phase::Sync {
            return None;
        }
        let Spec { policy, usage, .. } = &self.spec;
        let of_phase = self.spec.phases.get(phase).usage;
        let of_spec = policy.budget.used_up_by(*usage);
        of_spec
            .map(|used| format!("the budget of the spec is used up: {used}"))
            .or_else(|| {
                let used = policy.phase_budget.used_up_by(of_phase)?;
                Some(format!("the budget of the phase is used up: {used}"))
            })
    }

    /// Refuses what would fail at once.
    pub(super) fn require_budget(&self, phase: Phase) -> Result<(), Refusal> {
        match self.used_up(phase) {
            Some(exceeded) => Err(Refusal::BudgetExceeded { exceeded }),
            None => Ok(()),
        }
    }

    pub(super) fn set_budget(
        &mut self,
        by: UserId,
        budget: Option<Budget>,
        phase_budget: Option<Budget>,
    ) -> Result<(), Refusal> {
        let Policy {
            budget: before,
            phase_budget: before_of_phase,
            ..
        } = self.spec.policy;
        let failed = self.spec.status == SpecStatus::Failed;
        let over_budget = self
            .spec
            .failure
            .as_ref()
            .filter(|failure| failed && failure.kind == FailureKind::BudgetExceeded)
            .map(|failure| failure.phase);
        let by_whom = by.clone();
        self.push(EventBody::BudgetChanged {
            by,
            budget: budget.unwrap_or(before),
            phase_budget: phase_budget.unwrap_or(before_of_phase),
        })?;
        let Some(phase) = over_budget else {
            return self.end_unpaid();
        };
        self.require_budget(phase)?;
        self.push(EventBody::ExecutionResumed { by: by_whom })?;
        self.start_phase(phase)
    }

    /// What was counted late, or a smaller budget, may leave nothing for a run that has not begun.
    pub(super) fn end_unpaid(&mut self) -> Result<(), Refusal> {
        let begun = self
            .spec
            .active_attempt()
            .filter(|(_, attempt)| {
                matches!(
                    attempt.stage,
                    AttemptStage::Spawning | AttemptStage::Starting
                )
            })
            .map(|(key, _)| key);
        match begun.and_then(|key| Some((key, self.used_up(key.phase)?))) {
            Some((key, message)) => {
                self.fail(key, FailureKind::BudgetExceeded, &message, Vec::new(), None)
            }
            None => Ok(()),
        }
    }
}
