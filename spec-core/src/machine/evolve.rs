//! The state as the fold of the events.

use crate::agent::RunReport;
use crate::attempt::{Attempt, AttemptOutcome, AttemptStage, FailureKind, SandboxStatus};
use crate::clock::Timestamp;
use crate::event::{EventBody, NewEvent, SpecEvent};
use crate::id::{AgentName, AttemptNumber, RepairNumber, Revision, Sequence, SpecId};
use crate::phase::Phase;
use crate::policy::Gate;
use crate::spec::{AcceptedArtifact, Approval, Ending, Feedback, PhaseState, Phases, Spec};
use crate::status::{PhaseStatus, SpecStatus};
use crate::usage::Usage;

/// Events that do not make up a spec.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// There are none.
    #[error("there are no events")]
    Empty,
    /// The first is not `spec.created`.
    #[error("event {sequence} creates no spec")]
    NotCreated {
        /// Its place.
        sequence: Sequence,
    },
    /// A place is missing, taken twice, or of another spec.
    #[error("event {found} stands where {expected} is expected")]
    Gap {
        /// The place that was expected.
        expected: Sequence,
        /// The place that was found.
        found: Sequence,
    },
    /// An event does not fit the state before it.
    #[error("`{name}` does not fit the state before it")]
    Misfit {
        /// Its name.
        name: &'static str,
    },
}

/// Rebuilds a spec from all its events.
///
/// # Errors
///
/// When the events are not the whole history of one spec.
pub fn replay<'a>(events: impl IntoIterator<Item = &'a SpecEvent>) -> Result<Spec, ReplayError> {
    let mut events = events.into_iter();
    let first = events.next().ok_or(ReplayError::Empty)?;
    let mut expected = Sequence::new(1);
    if first.sequence != expected {
        return Err(ReplayError::Gap {
            expected,
            found: first.sequence,
        });
    }
    let mut spec = create(first.spec_id, first.at, first.revision, &first.body).ok_or(
        ReplayError::NotCreated {
            sequence: first.sequence,
        },
    )?;
    for event in events {
        expected = expected.next();
        if event.sequence != expected || event.spec_id != spec.id {
            return Err(ReplayError::Gap {
                expected,
                found: event.sequence,
            });
        }
        evolve(&mut spec, event.at, event.revision, &event.body)?;
    }
    Ok(spec)
}

/// The state after the event that creates it.
pub(super) fn create(
    id: SpecId,
    at: Timestamp,
    revision: Revision,
    body: &EventBody,
) -> Option<Spec> {
    let EventBody::Created {
        project_id,
        owner,
        title,
        description,
        policy,
        agent,
        machine_version,
    } = body
    else {
        return None;
    };
    Some(Spec {
        id,
        project_id: project_id.clone(),
        owner: owner.clone(),
        title: title.clone(),
        description: description.clone(),
        policy: (**policy).clone(),
        agent: agent.clone(),
        status: SpecStatus::Draft,
        ending: None,
        phases: Phases::default(),
        commit: None,
        failure: None,
        usage: Usage::default(),
        revision,
        machine_version: *machine_version,
        created_at: at,
        updated_at: at,
        archived_at: None,
    })
}

pub(super) fn evolve_new(spec: &mut Spec, event: &NewEvent) -> Result<(), ReplayError> {
    evolve(spec, event.at, event.revision, &event.body)
}

/// Moves the state over one event.
#[expect(
    clippy::too_many_lines,
    reason = "one arm per event reads best in one place"
)]
fn evolve(
    spec: &mut Spec,
    at: Timestamp,
    revision: Revision,
    body: &EventBody,
) -> Result<(), ReplayError> {
    let misfit = || ReplayError::Misfit { name: body.name() };
    match body {
        EventBody::Created { .. } => return Err(misfit()),
        EventBody::Progress { .. } => return Ok(()),
        EventBody::ExecutionStarted { by: _ } => spec.status = SpecStatus::Executing,
        EventBody::PhaseStarted {
            phase,
            attempt,
            agent,
            deadline,
        } => {
            let state = spec.phases.get_mut(*phase);
            state.status = PhaseStatus::Running;
            state.began_at = *attempt;
            state.started_at = Some(at);
            state.completed_at = None;
            state
                .attempts
                .push(begin(*attempt, agent, at, at, *deadline));
        }
        EventBody::PhaseRetry {
            phase,
            attempt,
            agent,
            failure,
            findings,
            previous,
            not_before,
            deadline,
        } => {
            let outcome = AttemptOutcome::Failed {
                failure: failure.clone(),
            };
            let state = spec.phases.get_mut(*phase);
            end(state, failure.attempt, outcome, at).ok_or_else(misfit)?;
            let mut next = begin(*attempt, agent, at, *not_before, *deadline);
            next.findings.clone_from(findings);
            next.previous.clone_from(previous);
            state.attempts.push(next);
        }
        EventBody::PhaseRepair {
            phase,
            attempt,
            repair,
            findings,
            previous,
        } => {
            let attempt = running(spec, *phase, *attempt).ok_or_else(misfit)?;
            attempt.previous.clone_from(previous);
            attempt.repair = *repair;
            attempt.stage = AttemptStage::Starting;
            attempt.inputs = None;
            attempt.findings.clone_from(findings);
        }
        EventBody::EffectFailed {
            phase,
            attempt,
            message: _,
            failures,
            not_before,
        } => {
            let attempt = running(spec, *phase, *attempt).ok_or_else(misfit)?;
            attempt.failed_effects = *failures;
            attempt.not_before = *not_before;
        }
        EventBody::SandboxSpawned {
            phase,
            attempt,
            sandbox,
        } => {
            let attempt = running(spec, *phase, *attempt).ok_or_else(misfit)?;
            attempt.sandbox = SandboxStatus::Ready;
            attempt.facts = Some(sandbox.clone());
            attempt.stage = AttemptStage::Starting;
            attempt.failed_effects = 0;
            spec.commit.get_or_insert_with(|| sandbox.commit.clone());
        }
        EventBody::RunStarted {
            phase,
            attempt,
            repair,
            inputs,
        } => {
            let attempt = running(spec, *phase, *attempt).ok_or_else(misfit)?;
            attempt.previous = None;
            attempt.uncounted = Some(*repair);
            attempt.stage = AttemptStage::Running;
            attempt.inputs = Some(inputs.clone());
            attempt.failed_effects = 0;
        }
        EventBody::RunEnded {
            phase,
            attempt,
            repair: _,
            end,
            stderr_tail,
            report,
        } => {
            let running = running(spec, *phase, *attempt).ok_or_else(misfit)?;
            running.stage = AttemptStage::Collecting {
                end: end.clone(),
                stderr_tail: stderr_tail.clone(),
                result: report.result.clone(),
            };
            running.failed_effects = 0;
            count(spec, *phase, *attempt, report).ok_or_else(misfit)?;
        }
        EventBody::RunStopped {
            phase,
            attempt,
            repair: _,
            report,
        } => count(spec, *phase, *attempt, report).ok_or_else(misfit)?,
        EventBody::PhaseCompleted {
            phase,
            attempt,
            version,
            content_hash,
            warnings,
        } => {
            let has_gate = spec.policy.gates.after(*phase) != Gate::None;
            let state = spec.phases.get_mut(*phase);
            end(state, *attempt, AttemptOutcome::Accepted, at).ok_or_else(misfit)?;
            if !has_gate {
                state.feedback.clear();
            }
            state.status = PhaseStatus::Completed;
            state.completed_at = Some(at);
            state.accepted = Some(AcceptedArtifact {
                version: *version,
                content_hash: *content_hash,
                warnings: *warnings,
            });
            if phase.next().is_none() {
                spec.ending = Some(Ending::Completing);
            }
        }
        EventBody::ApprovalRequested {
            phase,
            version: _,
            content_hash: _,
        } => {
            spec.phases.get_mut(*phase).status = PhaseStatus::AwaitingApproval;
            spec.status = SpecStatus::AwaitingApproval;
            spec.ending = None;
        }
        EventBody::PhaseApproved {
            by,
            phase,
            version,
            content_hash,
        } => {
            let state = spec.phases.get_mut(*phase);
            state.status = PhaseStatus::Completed;
            state.feedback.clear();
            state.approval = Some(Approval {
                by: by.clone(),
                at,
                version: *version,
                content_hash: *content_hash,
            });
            spec.status = SpecStatus::Executing;
            if phase.next().is_none() {
                spec.ending = Some(Ending::Completing);
            }
        }
        EventBody::ChangesRequested {
            by,
            phase,
            version: _,
            content_hash: _,
            comment,
        } => {
            let state = spec.phases.get_mut(*phase);
            state.add_feedback(Feedback {
                by: by.clone(),
                at,
                comment: comment.clone(),
            });
            spec.status = SpecStatus::Executing;
        }
        EventBody::PhaseFailed {
            failure,
            findings: _,
        } => {
            let outcome = AttemptOutcome::Failed {
                failure: failure.clone(),
            };
            let state = spec.phases.get_mut(failure.phase);
            end(state, failure.attempt, outcome, at).ok_or_else(misfit)?;
            state.status = PhaseStatus::Failed;
            spec.failure = Some(failure.clone());
            spec.ending = Some(Ending::Failing);
        }
        EventBody::SandboxEnding {
            phase,
            attempt,
            asked,
            message: _,
            ask_again_at,
        } => {
            let attempt = find(spec, *phase, *attempt).ok_or_else(misfit)?;
            attempt.sandbox = SandboxStatus::Ending {
                asked: *asked,
                ask_again_at: *ask_again_at,
            };
        }
        EventBody::SandboxTerminated { phase, attempt } => {
            find(spec, *phase, *attempt).ok_or_else(misfit)?.sandbox = SandboxStatus::Gone;
        }
        EventBody::SandboxAbandoned {
            phase,
            attempt,
            message: _,
        } => {
            find(spec, *phase, *attempt).ok_or_else(misfit)?.sandbox = SandboxStatus::Abandoned;
        }
        EventBody::CancelRequested { by, reason } => {
            stop(spec, AttemptOutcome::Cancelled, at).ok_or_else(misfit)?;
            if spec.status != SpecStatus::Draft {
                spec.status = SpecStatus::Executing;
            }
            spec.ending = Some(Ending::Cancelling {
                by: by.clone(),
                reason: reason.clone(),
            });
        }
        EventBody::BudgetChanged {
            by: _,
            budget,
            phase_budget,
        } => {
            spec.policy.budget = *budget;
            spec.policy.phase_budget = *phase_budget;
        }
        EventBody::ExecutionPaused { by: _ } => {
            stop(spec, AttemptOutcome::Paused, at).ok_or_else(misfit)?;
            spec.status = SpecStatus::Paused;
        }
        EventBody::RetryRequested {
            by,
            phase,
            feedback,
        } => {
            for undone in Phase::ALL.into_iter().filter(|undone| undone >= phase) {
                let state = spec.phases.get_mut(undone);
                state.status = state.undone();
                state.approval = None;
            }
            if let Some(comment) = feedback {
                spec.phases.get_mut(*phase).add_feedback(Feedback {
                    by: by.clone(),
                    at,
                    comment: comment.clone(),
                });
            }
            if *phase == Phase::Explore {
                // It looks at the repository as it is now.
                spec.commit = None;
            }
            spec.status = SpecStatus::Executing;
            spec.failure = None;
        }
        EventBody::ExecutionResumed { by: _ } => {
            spec.status = SpecStatus::Executing;
            spec.failure = None;
        }
        EventBody::ExecutionCompleted {} => finish(spec, SpecStatus::Completed),
        EventBody::ExecutionFailed { failure: _ } => finish(spec, SpecStatus::Failed),
        EventBody::ExecutionCancelled {} => finish(spec, SpecStatus::Cancelled),
        EventBody::Archived { by: _ } => spec.archived_at = Some(at),
    }
    spec.revision = revision;
    spec.updated_at = at;
    Ok(())
}

fn begin(
    number: AttemptNumber,
    agent: &AgentName,
    started_at: Timestamp,
    not_before: Timestamp,
    deadline: Timestamp,
) -> Attempt {
    Attempt {
        number,
        repair: RepairNumber::new(0),
        stage: AttemptStage::Spawning,
        agent: agent.clone(),
        sandbox: SandboxStatus::Requested,
        facts: None,
        inputs: None,
        findings: Vec::new(),
        previous: None,
        session: None,
        session_usage: Usage::default(),
        agent_version: None,
        model: None,
        uncounted: None,
        failed_effects: 0,
        not_before,
        deadline,
        started_at,
        ended_at: None,
        usage: Usage::default(),
    }
}

/// Counts what a run of an attempt consumed, be the attempt under way or not.
fn count(spec: &mut Spec, phase: Phase, number: AttemptNumber, report: &RunReport) -> Option<()> {
    let RunReport {
        usage,
        session,
        version,
        model,
        result: _,
        outcome: _,
    } = report;
    let attempt = find(spec, phase, number)?;
    attempt.uncounted = None;
    attempt.usage += *usage;
    if let Some(session) = session {
        if attempt.session.as_ref() != Some(session) {
            attempt.session = Some(session.clone());
            attempt.session_usage = Usage::default();
        }
        attempt.session_usage += *usage;
    }
    for (known, told) in [
        (&mut attempt.agent_version, version),
        (&mut attempt.model, model),
    ] {
        if told.is_some() {
            known.clone_from(told);
        }
    }
    spec.phases.get_mut(phase).usage += *usage;
    spec.usage += *usage;
    Some(())
}

fn find(spec: &mut Spec, phase: Phase, number: AttemptNumber) -> Option<&mut Attempt> {
    find_in(spec.phases.get_mut(phase), number)
}

fn find_in(state: &mut PhaseState, number: AttemptNumber) -> Option<&mut Attempt> {
    state
        .attempts
        .iter_mut()
        .find(|attempt| attempt.number == number)
}

fn running(spec: &mut Spec, phase: Phase, number: AttemptNumber) -> Option<&mut Attempt> {
    find(spec, phase, number).filter(|attempt| attempt.outcome().is_none())
}

fn end(
    state: &mut PhaseState,
    number: AttemptNumber,
    outcome: AttemptOutcome,
    at: Timestamp,
) -> Option<()> {
    let attempt = find_in(state, number).filter(|attempt| attempt.outcome().is_none())?;
    if may_have_started(&attempt.stage, &outcome) {
        attempt.uncounted = Some(attempt.repair);
    }
    attempt.stage = AttemptStage::Ended(outcome);
    attempt.ended_at = Some(at);
    Some(())
}

/// Ends the attempt that is under way, if one is; its phase, or the one that waits, is not done.
fn stop(spec: &mut Spec, outcome: AttemptOutcome, at: Timestamp) -> Option<()> {
    let Some(phase) = spec.current_phase() else {
        return Some(());
    };
    let under_way = spec.active_attempt().map(|(key, _)| key.attempt);
    let state = spec.phases.get_mut(phase);
    if let Some(attempt) = under_way {
        end(state, attempt, outcome, at)?;
    }
    state.status = state.undone();
    Some(())
}

/// Whether a run that nobody has told of may have been started, when its attempt ended so at that
/// stage. Whoever started it may not have come to say so, nor that its sandbox is ready.
fn may_have_started(stage: &AttemptStage, outcome: &AttemptOutcome) -> bool {
    let has_sandbox = *stage == AttemptStage::Starting;
    if !has_sandbox && *stage != AttemptStage::Spawning {
        return false;
    }
    match outcome {
        AttemptOutcome::Cancelled | AttemptOutcome::Paused => true,
        AttemptOutcome::Failed { failure } => {
            matches!(
                failure.kind,
                FailureKind::DeadlineExceeded | FailureKind::Poisoned
            ) || has_sandbox
                && matches!(
                    failure.kind,
                    FailureKind::BudgetExceeded | FailureKind::SandboxUnavailable
                )
        }
        AttemptOutcome::Accepted => false,
    }
}

fn finish(spec: &mut Spec, status: SpecStatus) {
    spec.status = status;
    spec.ending = None;
}
