//! A spec in full.

use schemars::JsonSchema;
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
use spec_core::machine::{Allowed, PhaseProgress, Progress, progress};
use spec_core::policy::Gate;
use spec_core::sandbox::Isolation;
use spec_core::spec::{Approval, Description, Feedback, PhaseState, Title};
use spec_core::{Phase, PhaseStatus, Policy, Spec, SpecStatus};

use super::usage::UsageDetail;

/// Body of `GET /specs/{spec_id}`, and of commands.
#[derive(Debug, Serialize, JsonSchema)]
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

/// What the caller can ask of the spec right now: what it takes, and they may do. Of phases: of which.
#[derive(Debug, Serialize, JsonSchema)]
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
    set_budget: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ProgressDetail {
    percent: u8,
    headline: String,
    phases: Vec<PhaseProgressDetail>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PhaseProgressDetail {
    phase: Phase,
    status: PhaseStatus,
    attempt: AttemptNumber,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FailureDetail<'a> {
    phase: Phase,
    attempt: AttemptNumber,
    kind: FailureKind,
    message: &'a str,
}

#[derive(Debug, Serialize, JsonSchema)]
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

#[derive(Debug, Serialize, JsonSchema)]
struct AcceptedDetail {
    version: ArtifactVersion,
    content_hash: ContentHash,
    warnings: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ApprovalDetail<'a> {
    by: &'a UserId,
    at: Timestamp,
    version: ArtifactVersion,
    content_hash: ContentHash,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FeedbackDetail<'a> {
    by: &'a UserId,
    at: Timestamp,
    comment: &'a str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AttemptDetail<'a> {
    attempt: AttemptNumber,
    repair: RepairNumber,
    agent: &'a AgentName,
    agent_version: Option<&'a str>,
    model: Option<&'a str>,
    stage: StageName,
    /// `null` while it is under way.
    outcome: Option<OutcomeName>,
    failure: Option<FailureDetail<'a>>,
    findings: &'a [Finding],
    sandbox: SandboxDetail<'a>,
    usage: UsageDetail,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    deadline: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SandboxDetail<'a> {
    id: Option<&'a SandboxId>,
    status: SandboxStatusName,
    isolation: Option<&'a Isolation>,
}

/// How far an attempt has got.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum StageName {
    Spawning,
    Starting,
    Running,
    Collecting,
    Ended,
}

/// How an attempt ended.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum OutcomeName {
    Accepted,
    Failed,
    Cancelled,
    Paused,
}

/// Where the sandbox of an attempt stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum SandboxStatusName {
    Requested,
    Ready,
    Ending,
    Gone,
    Abandoned,
}

impl<'a> SpecDetail<'a> {
    /// `spec`, of which its reader can ask `allowed`.
    pub(crate) fn new(spec: &'a Spec, allowed: Allowed) -> Self {
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
            actions: allowed.into(),
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
            set_budget,
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
            set_budget,
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
            Some(AttemptOutcome::Accepted) => (Some(OutcomeName::Accepted), None),
            Some(AttemptOutcome::Failed { failure }) => {
                (Some(OutcomeName::Failed), Some(failure.into()))
            }
            Some(AttemptOutcome::Cancelled) => (Some(OutcomeName::Cancelled), None),
            Some(AttemptOutcome::Paused) => (Some(OutcomeName::Paused), None),
        };
        Self {
            attempt: attempt.number,
            repair: attempt.repair,
            agent: &attempt.agent,
            agent_version: attempt.agent_version.as_deref(),
            model: attempt.model.as_deref(),
            stage: StageName::of(&attempt.stage),
            outcome,
            failure,
            findings: &attempt.findings,
            sandbox: SandboxDetail {
                id: attempt.facts.as_ref().map(|facts| &facts.id),
                status: SandboxStatusName::of(attempt.sandbox),
                isolation: attempt.facts.as_ref().map(|facts| &facts.isolation),
            },
            usage: attempt.usage.into(),
            started_at: attempt.started_at,
            ended_at: attempt.ended_at,
            deadline: attempt.deadline,
        }
    }
}

impl StageName {
    fn of(stage: &AttemptStage) -> Self {
        match stage {
            AttemptStage::Spawning => Self::Spawning,
            AttemptStage::Starting => Self::Starting,
            AttemptStage::Running => Self::Running,
            AttemptStage::Collecting { .. } => Self::Collecting,
            AttemptStage::Ended(_) => Self::Ended,
        }
    }
}

impl SandboxStatusName {
    fn of(status: SandboxStatus) -> Self {
        match status {
            SandboxStatus::Requested => Self::Requested,
            SandboxStatus::Ready => Self::Ready,
            SandboxStatus::Ending { .. } => Self::Ending,
            SandboxStatus::Gone => Self::Gone,
            SandboxStatus::Abandoned => Self::Abandoned,
        }
    }
}
