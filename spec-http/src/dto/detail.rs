//! A spec in full.

use serde::Serialize;
use spec_core::attempt::{
    Attempt, AttemptOutcome, AttemptStage, Failure, FailureKind, SandboxStatus,
};
use spec_core::check::Finding;
use spec_core::clock::Timestamp;
use spec_core::id::{
    AgentName, ArtifactVersion, AttemptNumber, CommitId, ContentHash, ProjectId, RepairNumber,
    Revision, SandboxId, SpecId, UserId,
};
use spec_core::machine::{Allowed, PhaseProgress, Progress, allowed, progress};
use spec_core::policy::Gate;
use spec_core::sandbox::Isolation;
use spec_core::spec::{Approval, Description, Feedback, PhaseState, Title};
use spec_core::{Phase, PhaseStatus, Policy, Spec, SpecStatus};

use super::usage::UsageDetail;

/// Body of `GET /specs/{spec_id}`, and of commands.
#[derive(Debug, Serialize)]
pub(crate) struct SpecDetail<'a> {
    id: SpecId,
    project_id: &'a ProjectId,
    owner: &'a UserId,
    title: &'a Title,
    description: &'a Description,
    status: SpecStatus,
    current_phase: Option<Phase>,
    progress: ProgressDetail,
    sandbox_id: Option<&'a SandboxId>,
    commit: Option<&'a CommitId>,
    agent: &'a AgentName,
    policy: &'a Policy,
    failure: Option<FailureDetail<'a>>,
    usage: UsageDetail,
    phases: Vec<PhaseDetail<'a>>,
    actions: Actions,
    revision: Revision,
    created_at: Timestamp,
    updated_at: Timestamp,
    archived_at: Option<Timestamp>,
}

/// What a person can ask of the spec right now. Of phases: of which.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a command of its own; none excludes another"
)]
struct Actions {
    execute: bool,
    cancel: bool,
    pause: bool,
    resume: bool,
    archive: bool,
    approve: Option<Phase>,
    request_changes: Option<Phase>,
    retry: Vec<Phase>,
}

#[derive(Debug, Serialize)]
struct ProgressDetail {
    percent: u8,
    headline: String,
    phases: Vec<PhaseProgressDetail>,
}

#[derive(Debug, Serialize)]
struct PhaseProgressDetail {
    phase: Phase,
    status: PhaseStatus,
    attempt: AttemptNumber,
}

#[derive(Debug, Serialize)]
struct FailureDetail<'a> {
    phase: Phase,
    attempt: AttemptNumber,
    kind: FailureKind,
    message: &'a str,
}

#[derive(Debug, Serialize)]
struct PhaseDetail<'a> {
    phase: Phase,
    status: PhaseStatus,
    /// What stands between its artifact and the next phase.
    gate: Gate,
    accepted: Option<AcceptedDetail>,
    approval: Option<ApprovalDetail<'a>>,
    /// What was asked to be done differently since the phase last passed its gate, oldest first.
    feedback: Vec<FeedbackDetail<'a>>,
    attempts: Vec<AttemptDetail<'a>>,
    usage: UsageDetail,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct AcceptedDetail {
    version: ArtifactVersion,
    content_hash: ContentHash,
    warnings: u32,
}

#[derive(Debug, Serialize)]
struct ApprovalDetail<'a> {
    by: &'a UserId,
    at: Timestamp,
    version: ArtifactVersion,
    content_hash: ContentHash,
}

#[derive(Debug, Serialize)]
struct FeedbackDetail<'a> {
    by: &'a UserId,
    at: Timestamp,
    comment: &'a str,
}

#[derive(Debug, Serialize)]
struct AttemptDetail<'a> {
    attempt: AttemptNumber,
    repair: RepairNumber,
    agent: &'a AgentName,
    agent_version: Option<&'a str>,
    model: Option<&'a str>,
    stage: &'static str,
    /// `null` while it is under way.
    outcome: Option<&'static str>,
    failure: Option<FailureDetail<'a>>,
    findings: &'a [Finding],
    sandbox: SandboxDetail<'a>,
    usage: UsageDetail,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    deadline: Timestamp,
}

#[derive(Debug, Serialize)]
struct SandboxDetail<'a> {
    id: Option<&'a SandboxId>,
    status: &'static str,
    isolation: Option<&'a Isolation>,
}

impl<'a> From<&'a Spec> for SpecDetail<'a> {
    fn from(spec: &'a Spec) -> Self {
        Self {
            id: spec.id,
            project_id: &spec.project_id,
            owner: &spec.owner,
            title: &spec.title,
            description: &spec.description,
            status: spec.status,
            current_phase: spec.current_phase(),
            progress: progress(spec).into(),
            sandbox_id: spec.sandbox_id(),
            commit: spec.commit.as_ref(),
            agent: &spec.agent,
            policy: &spec.policy,
            failure: spec.failure.as_ref().map(FailureDetail::from),
            usage: spec.usage.into(),
            phases: spec
                .phases
                .iter()
                .map(|(phase, state)| {
                    PhaseDetail::new(phase, spec.policy.gates.after(phase), state)
                })
                .collect(),
            actions: allowed(spec).into(),
            revision: spec.revision,
            created_at: spec.created_at,
            updated_at: spec.updated_at,
            archived_at: spec.archived_at,
        }
    }
}

impl From<Progress> for ProgressDetail {
    fn from(progress: Progress) -> Self {
        let Progress {
            percent,
            headline,
            phases,
        } = progress;
        let detail = |PhaseProgress {
                          phase,
                          status,
                          attempt,
                      }| PhaseProgressDetail {
            phase,
            status,
            attempt,
        };
        Self {
            percent,
            headline,
            phases: phases.into_iter().map(detail).collect(),
        }
    }
}

impl<'a> From<&'a Failure> for FailureDetail<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self {
            phase: failure.phase,
            attempt: failure.attempt,
            kind: failure.kind,
            message: &failure.message,
        }
    }
}

impl From<Allowed> for Actions {
    fn from(allowed: Allowed) -> Self {
        let Allowed {
            execute,
            cancel,
            pause,
            resume,
            archive,
            approve,
            request_changes,
            retry,
        } = allowed;
        Self {
            execute,
            cancel,
            pause,
            resume,
            archive,
            approve,
            request_changes,
            retry,
        }
    }
}

impl<'a> From<&'a Approval> for ApprovalDetail<'a> {
    fn from(approval: &'a Approval) -> Self {
        Self {
            by: &approval.by,
            at: approval.at,
            version: approval.version,
            content_hash: approval.content_hash,
        }
    }
}

impl<'a> From<&'a Feedback> for FeedbackDetail<'a> {
    fn from(feedback: &'a Feedback) -> Self {
        Self {
            by: &feedback.by,
            at: feedback.at,
            comment: feedback.comment.as_str(),
        }
    }
}

impl<'a> PhaseDetail<'a> {
    fn new(phase: Phase, gate: Gate, state: &'a PhaseState) -> Self {
        Self {
            phase,
            status: state.status,
            gate,
            approval: state.approval.as_ref().map(ApprovalDetail::from),
            feedback: state.feedback.iter().map(FeedbackDetail::from).collect(),
            accepted: state.accepted.map(|accepted| AcceptedDetail {
                version: accepted.version,
                content_hash: accepted.content_hash,
                warnings: accepted.warnings,
            }),
            attempts: state.attempts.iter().map(AttemptDetail::from).collect(),
            usage: state.usage.into(),
            started_at: state.started_at,
            completed_at: state.completed_at,
        }
    }
}

impl<'a> From<&'a Attempt> for AttemptDetail<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        let (outcome, failure) = match attempt.outcome() {
            None => (None, None),
            Some(AttemptOutcome::Accepted) => (Some("accepted"), None),
            Some(AttemptOutcome::Failed { failure }) => (Some("failed"), Some(failure.into())),
            Some(AttemptOutcome::Cancelled) => (Some("cancelled"), None),
            Some(AttemptOutcome::Paused) => (Some("paused"), None),
        };
        Self {
            attempt: attempt.number,
            repair: attempt.repair,
            agent: &attempt.agent,
            agent_version: attempt.agent_version.as_deref(),
            model: attempt.model.as_deref(),
            stage: stage_name(&attempt.stage),
            outcome,
            failure,
            findings: &attempt.findings,
            sandbox: SandboxDetail {
                id: attempt.facts.as_ref().map(|facts| &facts.id),
                status: sandbox_status_name(attempt.sandbox),
                isolation: attempt.facts.as_ref().map(|facts| &facts.isolation),
            },
            usage: attempt.usage.into(),
            started_at: attempt.started_at,
            ended_at: attempt.ended_at,
            deadline: attempt.deadline,
        }
    }
}

fn stage_name(stage: &AttemptStage) -> &'static str {
    match stage {
        AttemptStage::Spawning => "spawning",
        AttemptStage::Starting => "starting",
        AttemptStage::Running => "running",
        AttemptStage::Collecting { .. } => "collecting",
        AttemptStage::Ended(_) => "ended",
    }
}

fn sandbox_status_name(status: SandboxStatus) -> &'static str {
    match status {
        SandboxStatus::Requested => "requested",
        SandboxStatus::Ready => "ready",
        SandboxStatus::Ending { .. } => "ending",
        SandboxStatus::Gone => "gone",
        SandboxStatus::Abandoned => "abandoned",
    }
}
