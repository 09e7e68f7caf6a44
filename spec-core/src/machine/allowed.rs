//! What a person can ask of a spec right now.

use super::{Command, Input, apply};
use crate::phase::Phase;
use crate::policy::Budget;
use crate::spec::{Comment, Spec};
use crate::status::PhaseStatus;

/// What a person can ask of a spec right now: what would be taken, and would change something.
///
/// For showing; the machine decides anew when it is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a command of its own; none excludes another"
)]
pub struct Allowed {
    /// [`Command::Execute`].
    pub execute: bool,
    /// [`Command::Cancel`].
    pub cancel: bool,
    /// [`Command::Pause`].
    pub pause: bool,
    /// [`Command::Resume`].
    pub resume: bool,
    /// [`Command::Archive`].
    pub archive: bool,
    /// The phase that waits for approval: [`Command::Approve`].
    pub approve: Option<Phase>,
    /// Likewise for [`Command::RequestChanges`], which a used-up budget forbids.
    pub request_changes: Option<Phase>,
    /// The phases that can be done again: [`Command::Retry`].
    pub retry: Vec<Phase>,
    /// [`Command::SetBudget`], as far as the new budget is large enough.
    pub set_budget: bool,
}

/// What a person can ask of `spec` right now. Pure and total: each command is tried.
#[must_use]
pub fn allowed(spec: &Spec) -> Allowed {
    let by = &spec.owner;
    let is_taken = |command| {
        apply(spec, Input::Command(command), spec.updated_at)
            .is_ok_and(|transition| !transition.events.is_empty())
    };
    let waiting = spec.phases.iter().find_map(|(phase, state)| {
        let waits = state.status == PhaseStatus::AwaitingApproval;
        Some((phase, state.accepted.filter(|_| waits)?.content_hash))
    });
    let comment = Comment::new("?").ok();
    Allowed {
        execute: is_taken(Command::Execute { by: by.clone() }),
        cancel: is_taken(Command::Cancel {
            by: by.clone(),
            reason: None,
        }),
        pause: is_taken(Command::Pause { by: by.clone() }),
        resume: is_taken(Command::Resume { by: by.clone() }),
        archive: is_taken(Command::Archive { by: by.clone() }),
        approve: waiting
            .filter(|(phase, content_hash)| {
                is_taken(Command::Approve {
                    by: by.clone(),
                    phase: *phase,
                    content_hash: *content_hash,
                })
            })
            .map(|(phase, _)| phase),
        request_changes: waiting
            .zip(comment)
            .filter(|((phase, content_hash), comment)| {
                is_taken(Command::RequestChanges {
                    by: by.clone(),
                    phase: *phase,
                    content_hash: *content_hash,
                    comment: comment.clone(),
                })
            })
            .map(|((phase, _), _)| phase),
        retry: Phase::ALL
            .into_iter()
            .filter(|phase| {
                is_taken(Command::Retry {
                    by: by.clone(),
                    phase: *phase,
                    feedback: None,
                })
            })
            .collect(),
        set_budget: is_taken(Command::SetBudget {
            by: by.clone(),
            budget: Some(Budget::default()),
            phase_budget: Some(Budget::default()),
        }),
    }
}
