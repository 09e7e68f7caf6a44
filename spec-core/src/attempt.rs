//! One attempt at a phase: a sandbox, and one or more runs of an agent in it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::agent::ResultAt;
use crate::clock::Timestamp;
use crate::finding::Finding;
use crate::id::{
    AgentName, AgentSessionId, AttemptKey, AttemptNumber, CommitId, ContentHash, RepairNumber,
    SandboxId,
};
use crate::phase::Phase;
use crate::sandbox::{Isolation, Layout, Origin, RunEnd, SandboxRef};
use crate::usage::Usage;

/// Kind of failure, for branching and for choosing what to offer a person.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureKind {
    /// The project is gone, or its owner may no longer use it.
    ProjectUnavailable,
    /// The repository cannot be checked out.
    CheckoutRejected,
    /// The sandbox provider refused for good.
    SandboxRejected,
    /// The sandbox provider failed too often.
    SandboxUnavailable,
    /// The sandbox stopped or vanished during the run.
    SandboxLost,
    /// No agent of that name is registered with this machine.
    UnknownAgent,
    /// The agent's program does not exist in the sandbox.
    AgentNotFound,
    /// The agent ended with an error.
    AgentFailed,
    /// The agent's program was ended from outside, before it said its last word.
    Interrupted,
    /// The agent's model does not accept its key.
    AgentUnauthorized,
    /// The agent's model is overloaded, or allows no more for now.
    ModelUnavailable,
    /// The agent kept to a limit of its own, such as one on turns, before it was done.
    AgentLimit,
    /// The budget of the phase or the spec is used up.
    BudgetExceeded,
    /// The agent ended well and left no result.
    NoResult,
    /// The agent's result is not acceptable.
    InvalidOutput,
    /// The agent printed more than the policy allows.
    TooMuchOutput,
    /// The attempt's time was up.
    DeadlineExceeded,
    /// A target of SYNC refused the spec.
    SyncRejected,
    /// Runners took the spec again and again without getting anywhere.
    Poisoned,
}

impl FailureKind {
    /// True when another attempt may go better.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        match self {
            Self::SandboxUnavailable
            | Self::SandboxLost
            | Self::AgentFailed
            | Self::Interrupted
            | Self::ModelUnavailable
            | Self::NoResult
            | Self::InvalidOutput
            | Self::TooMuchOutput
            | Self::DeadlineExceeded => true,
            Self::ProjectUnavailable
            | Self::CheckoutRejected
            | Self::SandboxRejected
            | Self::UnknownAgent
            | Self::AgentNotFound
            | Self::AgentUnauthorized
            | Self::AgentLimit
            | Self::BudgetExceeded
            | Self::SyncRejected
            | Self::Poisoned => false,
        }
    }

    /// True when waiting makes another attempt more likely to go better.
    #[must_use]
    pub fn passes_with_time(self) -> bool {
        match self {
            Self::SandboxUnavailable
            | Self::SandboxLost
            | Self::AgentFailed
            | Self::ModelUnavailable
            | Self::DeadlineExceeded => true,
            Self::ProjectUnavailable
            | Self::CheckoutRejected
            | Self::SandboxRejected
            | Self::UnknownAgent
            | Self::AgentNotFound
            | Self::AgentUnauthorized
            | Self::AgentLimit
            | Self::BudgetExceeded
            | Self::Interrupted
            | Self::NoResult
            | Self::InvalidOutput
            | Self::TooMuchOutput
            | Self::SyncRejected
            | Self::Poisoned => false,
        }
    }

    /// True when another agent may do what this one could not.
    #[must_use]
    pub fn is_of_the_agent(self) -> bool {
        match self {
            Self::UnknownAgent
            | Self::AgentNotFound
            | Self::AgentFailed
            | Self::Interrupted
            | Self::AgentUnauthorized
            | Self::ModelUnavailable
            | Self::AgentLimit
            | Self::NoResult
            | Self::InvalidOutput
            | Self::TooMuchOutput
            | Self::DeadlineExceeded => true,
            Self::ProjectUnavailable
            | Self::CheckoutRejected
            | Self::SandboxRejected
            | Self::SandboxUnavailable
            | Self::SandboxLost
            | Self::BudgetExceeded
            | Self::SyncRejected
            | Self::Poisoned => false,
        }
    }
}

/// Why an attempt, a phase or a spec failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The phase.
    pub phase: Phase,
    /// The attempt.
    pub attempt: AttemptNumber,
    /// Kind of failure.
    pub kind: FailureKind,
    /// What happened and what to do, for a person. Holds no secret.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "phase {}, attempt {}: {}",
            self.phase, self.attempt, self.message
        )
    }
}

/// Where the sandbox of an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum SandboxStatus {
    /// It may exist: the intent to make it is committed.
    Requested,
    /// It exists.
    Ready,
    /// Its end was asked for and is not confirmed.
    Ending {
        /// How often it was asked for.
        asked: u32,
        /// When to ask again.
        ask_again_at: Timestamp,
    },
    /// Its end is confirmed.
    Gone,
    /// Its end could not be confirmed; the reaper and its TTL take over.
    Abandoned,
}

impl SandboxStatus {
    /// True when nothing more is to be done about it here.
    #[must_use]
    pub fn is_settled(self) -> bool {
        match self {
            Self::Gone | Self::Abandoned => true,
            Self::Requested | Self::Ready | Self::Ending { .. } => false,
        }
    }
}

/// What is known of a sandbox once it is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SandboxFacts {
    /// The provider's id.
    pub id: SandboxId,
    /// Whether it was made or found by the call that is recorded.
    pub origin: Origin,
    /// The commit that is checked out.
    pub commit: CommitId,
    /// Where things are inside.
    pub layout: Layout,
    /// What keeps it apart from the rest.
    pub isolation: Isolation,
}

/// What a run was given, so that it can be told later why it did what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PinnedInputs {
    /// Hash of the prompt.
    pub prompt_hash: ContentHash,
    /// Version of the templates that it was made from; empty where there is no prompt.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prompt_version: String,
    /// Hash of the schema.
    pub schema_hash: ContentHash,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// Its output was accepted.
    Accepted,
    /// It failed.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// The spec was cancelled.
    Cancelled,
    /// The spec was paused.
    Paused,
}

/// How far an attempt has got. Each stage before the last names the effect that is owed next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum AttemptStage {
    /// A sandbox is to be made.
    Spawning,
    /// A run is to be started.
    Starting,
    /// The run is to be followed.
    Running,
    /// The run has ended; its result is to be collected and judged.
    Collecting {
        /// How it ended.
        end: RunEnd,
        /// The last lines of its standard error.
        stderr_tail: String,
        /// The line that holds its result, if its output does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultAt>,
    },
    /// Nothing is owed but the end of the sandbox.
    Ended(AttemptOutcome),
}

/// One attempt at a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: AttemptNumber,
    /// The run it is at: 0, or the number of the repair.
    pub repair: RepairNumber,
    /// How far it has got.
    pub stage: AttemptStage,
    /// The agent that does the work.
    pub agent: AgentName,
    /// Where its sandbox stands.
    pub sandbox: SandboxStatus,
    /// Its sandbox, once ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<SandboxFacts>,
    /// What the present run was given, once started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<PinnedInputs>,
    /// What was wrong with the output before, to be given to the next run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// That output, until the next run has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The agent's session, by which it can be told to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<AgentSessionId>,
    /// What was counted for that session.
    #[serde(default, skip_serializing_if = "Usage::is_nothing")]
    pub session_usage: Usage,
    /// Version of the agent's program, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// The model that the agent talked to, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The run that was started, or may have been, and whose consumption is not counted yet. A pause
    /// or a cancellation may have overtaken the word of its beginning, and even of its sandbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncounted: Option<RepairNumber>,
    /// Effects of this attempt that failed in a row and will be tried again.
    pub failed_effects: u32,
    /// The next effect is not due before.
    pub not_before: Timestamp,
    /// The attempt fails when it is not done by then.
    pub deadline: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What its ended runs consumed.
    #[serde(default, skip_serializing_if = "Usage::is_nothing")]
    pub usage: Usage,
}

impl Attempt {
    /// Enough to find its sandbox, given the key of the attempt itself.
    pub(crate) fn sandbox_ref(&self, key: AttemptKey) -> SandboxRef {
        SandboxRef {
            key: key.sandbox_key(),
            id: self.facts.as_ref().map(|facts| facts.id.clone()),
        }
    }

    /// How it ended, if it has.
    #[must_use]
    pub fn outcome(&self) -> Option<&AttemptOutcome> {
        match &self.stage {
            AttemptStage::Ended(outcome) => Some(outcome),
            AttemptStage::Spawning
            | AttemptStage::Starting
            | AttemptStage::Running
            | AttemptStage::Collecting { .. } => None,
        }
    }
}
