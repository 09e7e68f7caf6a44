//! What happened to a spec, in order. The events are the record; the state is their fold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::agent::RunReport;
use crate::attempt::{Failure, PinnedInputs, SandboxFacts};
use crate::clock::Timestamp;
use crate::finding::Finding;
use crate::id::{
    AgentName, ArtifactVersion, AttemptNumber, ContentHash, ProjectId, RepairNumber, Revision,
    Sequence, SpecId, UserId,
};
use crate::phase::Phase;
use crate::policy::{Budget, Policy};
use crate::sandbox::RunEnd;
use crate::spec::{Comment, Description, Title};

/// Something that happened to a spec, in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SpecEvent {
    /// The spec.
    pub spec_id: SpecId,
    /// Place within the spec: dense, from 1.
    pub sequence: Sequence,
    /// When it happened.
    pub at: Timestamp,
    /// Revision of the state after it.
    pub revision: Revision,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// An event that a store has not given its place yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// When it happened.
    pub at: Timestamp,
    /// Revision of the state after it.
    pub revision: Revision,
    /// What happened.
    pub body: EventBody,
}

impl NewEvent {
    /// The event in its place.
    #[must_use]
    pub fn at_sequence(self, spec_id: SpecId, sequence: Sequence) -> SpecEvent {
        let Self { at, revision, body } = self;
        SpecEvent {
            spec_id,
            sequence,
            at,
            revision,
            body,
        }
    }
}

/// A line of progress for a person to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProgressItem {
    /// What kind of thing the agent did.
    pub kind: ProgressKind,
    /// In words.
    pub text: String,
    /// How much of the phase is done, in thousandths, if the agent says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permille: Option<u16>,
}

impl Eq for ProgressItem {}

/// What kind of thing an agent did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgressKind {
    /// It said something.
    Message,
    /// It thought something.
    Thinking,
    /// It used a tool.
    Tool,
    /// It read or wrote a file.
    File,
    /// Something went wrong and it goes on.
    Warning,
    /// It printed something that its decoder does not know.
    Output,
}

/// What happened. The names are part of the wire format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
#[non_exhaustive]
pub enum EventBody {
    /// The spec was created.
    #[serde(rename = "spec.created")]
    Created {
        /// The project it is for.
        project_id: ProjectId,
        /// Who launched it.
        owner: UserId,
        /// A title to show.
        title: Title,
        /// The idea, exactly as typed.
        description: Description,
        /// The rules it was launched with.
        policy: Box<Policy>,
        /// The agent that does the work.
        agent: AgentName,
        /// Version of the state format.
        machine_version: u16,
    },
    /// Execution began.
    #[serde(rename = "spec.execution_started")]
    ExecutionStarted {
        /// Who asked for it.
        by: UserId,
    },
    /// A phase began.
    #[serde(rename = "spec.phase_started")]
    PhaseStarted {
        /// The phase.
        phase: Phase,
        /// Its first attempt.
        attempt: AttemptNumber,
        /// The agent that does the work.
        agent: AgentName,
        /// The attempt fails when it is not done by then.
        deadline: Timestamp,
    },
    /// An attempt failed and another one follows.
    #[serde(rename = "spec.phase_retry")]
    PhaseRetry {
        /// The phase.
        phase: Phase,
        /// The attempt that follows.
        attempt: AttemptNumber,
        /// The agent that does the work.
        agent: AgentName,
        /// Why the attempt before it failed.
        failure: Failure,
        /// What was wrong with its output.
        findings: Vec<Finding>,
        /// That output, if it is short enough to be shown to the next run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<String>,
        /// It does not begin before.
        not_before: Timestamp,
        /// It fails when it is not done by then.
        deadline: Timestamp,
    },
    /// An output was refused, and the same attempt goes on with what was wrong with it.
    #[serde(rename = "spec.phase_repair")]
    PhaseRepair {
        /// The phase.
        phase: Phase,
        /// The attempt.
        attempt: AttemptNumber,
        /// The run that follows.
        repair: RepairNumber,
        /// What was wrong.
        findings: Vec<Finding>,
        /// The output, if it is short enough to be shown to the next run, and that has not seen it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<String>,
    },
    /// Something the attempt needs failed and will be tried again.
    #[serde(rename = "spec.effect_failed")]
    EffectFailed {
        /// The phase.
        phase: Phase,
        /// The attempt.
        attempt: AttemptNumber,
        /// What failed.
        message: String,
        /// How many effects failed in a row.
        failures: u32,
        /// It is not tried again before.
        not_before: Timestamp,
    },
    /// A sandbox is ready.
    #[serde(rename = "sandbox.spawned")]
    SandboxSpawned {
        /// The phase.
        phase: Phase,
        /// The attempt.
        attempt: AttemptNumber,
        /// The sandbox.
        sandbox: SandboxFacts,
    },
    /// A run began.
    #[serde(rename = "spec.run_started")]
    RunStarted {
        /// The phase.
        phase: Phase,
        /// The attempt.
        attempt: AttemptNumber,
        /// The run.
        repair: RepairNumber,
        /// What it was given.
        inputs: PinnedInputs,
    },
    /// The agent did something. Changes no state.
    #[serde(rename = "spec.progress")]
    Progress {
        /// The phase.
        phase: Phase,
        /// The attempt.
        attempt: AttemptNumber,
        /// The run.
        repair: RepairNumber,
        /// What it did, oldest first.
        items: Vec<ProgressItem>,
        /// Items left out since the last event, because there were too many.
        #[serde(default)]
        omitted: u64,
    },
    /// A run ended.
    #[serde(rename = "spec.run_ended")]
    RunEnded {
        /// The phase.
        phase: Phase,
        /// The attempt.
        attempt: AttemptNumber,
        /// The run.
        repair: RepairNumber,
        /// How.
        end: RunEnd,
        /// The last lines of its standard error.
        stderr_tail: String,
        /// What its output told.
        #[serde(flatten)]
        report: Box<RunReport>,
    },
    /// A run was given up, or with it its attempt: what it had consumed until then.
    #[serde(rename = "spec.run_stopped")]
    RunStopped {
        /// The phase.
        phase: Phase,
        /// The attempt.
        attempt: AttemptNumber,
        /// The run.
        repair: RepairNumber,
        /// What its output told.
        #[serde(flatten)]
        report: Box<RunReport>,
    },
    /// A phase's output was accepted.
    #[serde(rename = "spec.phase_completed")]
    PhaseCompleted {
        /// The phase.
        phase: Phase,
        /// The attempt.
        attempt: AttemptNumber,
        /// Version of the artifact.
        version: ArtifactVersion,
        /// Hash of the artifact.
        content_hash: ContentHash,
        /// Findings that did not block it.
        warnings: u32,
    },
    /// A phase's output waits for a person's approval.
    #[serde(rename = "spec.approval_requested")]
    ApprovalRequested {
        /// The phase.
        phase: Phase,
        /// Version of the artifact.
        version: ArtifactVersion,
        /// Hash of the artifact. An approval names it.
        content_hash: ContentHash,
    },
    /// A person approved a phase's output.
    #[serde(rename = "spec.phase_approved")]
    PhaseApproved {
        /// Who.
        by: UserId,
        /// The phase.
        phase: Phase,
        /// Version of the artifact.
        version: ArtifactVersion,
        /// Hash of the artifact.
        content_hash: ContentHash,
    },
    /// A person asked for changes to a phase's output, instead of approving it.
    #[serde(rename = "spec.changes_requested")]
    ChangesRequested {
        /// Who.
        by: UserId,
        /// The phase.
        phase: Phase,
        /// Version of the artifact.
        version: ArtifactVersion,
        /// Hash of the artifact.
        content_hash: ContentHash,
        /// What to change.
        comment: Comment,
    },
    /// A phase failed for good.
    #[serde(rename = "spec.phase_failed")]
    PhaseFailed {
        /// Why.
        failure: Failure,
        /// What was wrong with the last output, if that was it.
        findings: Vec<Finding>,
    },
    /// The end of a sandbox was asked for and is not confirmed.
    #[serde(rename = "sandbox.ending")]
    SandboxEnding {
        /// The phase.
        phase: Phase,
        /// The attempt.
        attempt: AttemptNumber,
        /// How often it was asked for.
        asked: u32,
        /// Why it is not confirmed, if the provider said so.
        message: Option<String>,
        /// When to ask again.
        ask_again_at: Timestamp,
    },
    /// The end of a sandbox is confirmed.
    #[serde(rename = "sandbox.terminated")]
    SandboxTerminated {
        /// The phase.
        phase: Phase,
        /// The attempt.
        attempt: AttemptNumber,
    },
    /// The end of a sandbox could not be confirmed; the reaper and its TTL take over.
    #[serde(rename = "sandbox.abandoned")]
    SandboxAbandoned {
        /// The phase.
        phase: Phase,
        /// The attempt.
        attempt: AttemptNumber,
        /// The last thing the provider said.
        message: String,
    },
    /// A person asked to stop for good.
    #[serde(rename = "spec.cancel_requested")]
    CancelRequested {
        /// Who.
        by: UserId,
        /// Why, if they said so.
        reason: Option<String>,
    },
    /// The limits on what agents may consume were changed.
    #[serde(rename = "spec.budget_changed")]
    BudgetChanged {
        /// Who did it.
        by: UserId,
        /// Those of the spec.
        budget: Budget,
        /// Those of each phase.
        phase_budget: Budget,
    },
    /// A person stopped the spec for now; the attempt under way has ended.
    #[serde(rename = "spec.execution_paused")]
    ExecutionPaused {
        /// Who.
        by: UserId,
    },
    /// A person asked to do a phase again, and after it those that build on it.
    #[serde(rename = "spec.retry_requested")]
    RetryRequested {
        /// Who.
        by: UserId,
        /// The phase.
        phase: Phase,
        /// What to do differently, if they said so.
        feedback: Option<Comment>,
    },
    /// A spec that was paused, or had failed, goes on.
    #[serde(rename = "spec.execution_resumed")]
    ExecutionResumed {
        /// Who asked for it.
        by: UserId,
    },
    /// All phases are done and all sandboxes gone.
    #[serde(rename = "spec.execution_completed")]
    ExecutionCompleted {},
    /// A phase failed for good, and all sandboxes are gone.
    #[serde(rename = "spec.execution_failed")]
    ExecutionFailed {
        /// Why.
        failure: Failure,
    },
    /// The spec was cancelled, and all sandboxes are gone.
    #[serde(rename = "spec.execution_cancelled")]
    ExecutionCancelled {},
    /// The spec was put away.
    #[serde(rename = "spec.archived")]
    Archived {
        /// Who did it.
        by: UserId,
    },
}

impl EventBody {
    /// The name on the wire, for example `spec.phase_started`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "spec.created",
            Self::ExecutionStarted { .. } => "spec.execution_started",
            Self::PhaseStarted { .. } => "spec.phase_started",
            Self::PhaseRetry { .. } => "spec.phase_retry",
            Self::PhaseRepair { .. } => "spec.phase_repair",
            Self::EffectFailed { .. } => "spec.effect_failed",
            Self::SandboxSpawned { .. } => "sandbox.spawned",
            Self::RunStarted { .. } => "spec.run_started",
            Self::Progress { .. } => "spec.progress",
            Self::RunEnded { .. } => "spec.run_ended",
            Self::RunStopped { .. } => "spec.run_stopped",
            Self::BudgetChanged { .. } => "spec.budget_changed",
            Self::ExecutionResumed { .. } => "spec.execution_resumed",
            Self::ExecutionPaused { .. } => "spec.execution_paused",
            Self::RetryRequested { .. } => "spec.retry_requested",
            Self::ApprovalRequested { .. } => "spec.approval_requested",
            Self::PhaseApproved { .. } => "spec.phase_approved",
            Self::ChangesRequested { .. } => "spec.changes_requested",
            Self::PhaseCompleted { .. } => "spec.phase_completed",
            Self::PhaseFailed { .. } => "spec.phase_failed",
            Self::SandboxEnding { .. } => "sandbox.ending",
            Self::SandboxTerminated { .. } => "sandbox.terminated",
            Self::SandboxAbandoned { .. } => "sandbox.abandoned",
            Self::CancelRequested { .. } => "spec.cancel_requested",
            Self::ExecutionCompleted {} => "spec.execution_completed",
            Self::ExecutionFailed { .. } => "spec.execution_failed",
            Self::ExecutionCancelled {} => "spec.execution_cancelled",
            Self::Archived { .. } => "spec.archived",
        }
    }

    /// The phase it is about, if it is about one.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        match self {
            Self::PhaseStarted { phase, .. }
            | Self::PhaseRetry { phase, .. }
            | Self::PhaseRepair { phase, .. }
            | Self::EffectFailed { phase, .. }
            | Self::SandboxSpawned { phase, .. }
            | Self::RunStarted { phase, .. }
            | Self::Progress { phase, .. }
            | Self::RunEnded { phase, .. }
            | Self::RunStopped { phase, .. }
            | Self::PhaseCompleted { phase, .. }
            | Self::ApprovalRequested { phase, .. }
            | Self::PhaseApproved { phase, .. }
            | Self::ChangesRequested { phase, .. }
            | Self::RetryRequested { phase, .. }
            | Self::SandboxEnding { phase, .. }
            | Self::SandboxTerminated { phase, .. }
            | Self::SandboxAbandoned { phase, .. } => Some(*phase),
            Self::PhaseFailed { failure, .. } | Self::ExecutionFailed { failure } => {
                Some(failure.phase)
            }
            Self::Created { .. }
            | Self::ExecutionStarted { .. }
            | Self::CancelRequested { .. }
            | Self::BudgetChanged { .. }
            | Self::ExecutionResumed { .. }
            | Self::ExecutionPaused { .. }
            | Self::ExecutionCompleted {}
            | Self::ExecutionCancelled {}
            | Self::Archived { .. } => None,
        }
    }

    /// True when the execution has come to an end. A person may still have phases done again.
    #[must_use]
    pub fn ends_execution(&self) -> bool {
        matches!(
            self,
            Self::ExecutionCompleted {}
                | Self::ExecutionFailed { .. }
                | Self::ExecutionCancelled {}
        )
    }
}
