//! Where a spec and each of its phases stand.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::invalid_input::InvalidInput;

/// Where a spec stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SpecStatus {
    /// Created, not started.
    Draft,
    /// A phase is under way, or the end of a sandbox is being awaited.
    Executing,
    /// Waits for a person to approve a phase's artifact.
    AwaitingApproval,
    /// Waits for a person to answer questions.
    AwaitingAnswers,
    /// Stopped by a person, to be resumed.
    Paused,
    /// All phases done and all sandboxes gone.
    Completed,
    /// A phase failed for good; what was accepted before is kept.
    Failed,
    /// Stopped by a person for good, and all sandboxes gone.
    Cancelled,
}

impl SpecStatus {
    /// All statuses.
    pub const ALL: [Self; 8] = [
        Self::Draft,
        Self::Executing,
        Self::AwaitingApproval,
        Self::AwaitingAnswers,
        Self::Paused,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name on the wire and in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Executing => "executing",
            Self::AwaitingApproval => "awaiting_approval",
            Self::AwaitingAnswers => "awaiting_answers",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// True when the execution has come to an end. A person may have phases done again of what has
    /// completed or failed.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Completed | Self::Failed | Self::Cancelled => true,
            Self::Draft
            | Self::Executing
            | Self::AwaitingApproval
            | Self::AwaitingAnswers
            | Self::Paused => false,
        }
    }
}

impl fmt::Display for SpecStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SpecStatus {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::as_str).join(", ");
                InvalidInput::new("status", format!("`{text}` is none of {known}"))
            })
    }
}

/// Where a phase stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhaseStatus {
    /// Not begun.
    Pending,
    /// An attempt is under way or waits for its turn.
    Running,
    /// Its artifact waits for approval.
    AwaitingApproval,
    /// Its questions wait for answers.
    AwaitingAnswers,
    /// Its artifact was accepted.
    Completed,
    /// All attempts were used up.
    Failed,
    /// It was completed and is to be done again: a person asked for it, or its input is changing.
    Stale,
}

impl PhaseStatus {
    /// The name on the wire and in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::AwaitingApproval => "awaiting_approval",
            Self::AwaitingAnswers => "awaiting_answers",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Stale => "stale",
        }
    }
}

impl fmt::Display for PhaseStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
