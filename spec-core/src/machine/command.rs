//! What a person can ask of a spec.

use crate::finding::Finding;
use crate::id::{ContentHash, UserId};
use crate::phase::Phase;
use crate::policy::Budget;

/// Something a person asks for. The commands that this version does not do yet have their place and
/// are answered [`Unavailable`](super::Refusal::Unavailable).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Command {
    /// Start a draft.
    Execute {
        /// Who asks.
        by: UserId,
    },
    /// Stop for good.
    Cancel {
        /// Who asks.
        by: UserId,
        /// Why, at most 1,000 characters.
        reason: Option<String>,
    },
    /// Put a finished spec or a draft away.
    Archive {
        /// Who asks.
        by: UserId,
    },
    /// Change the limits on what agents may consume. A spec that failed because a budget was used up
    /// goes on, if something is left of the new one.
    SetBudget {
        /// Who asks.
        by: UserId,
        /// The limits of the spec; `None`: as they are.
        budget: Option<Budget>,
        /// The limits of each phase; `None`: as they are.
        phase_budget: Option<Budget>,
    },
    /// Let the spec go on after a gate. Not available yet.
    Approve {
        /// Who asks.
        by: UserId,
        /// The gate's phase.
        phase: Phase,
        /// The content that is approved.
        content_hash: ContentHash,
    },
    /// Have a phase done again. Not available yet.
    RequestChanges {
        /// Who asks.
        by: UserId,
        /// The gate's phase.
        phase: Phase,
        /// The content that is refused.
        content_hash: ContentHash,
        /// What to change.
        findings: Vec<Finding>,
    },
    /// Answer a question. Not available yet.
    Answer {
        /// Who asks.
        by: UserId,
        /// The question.
        question: crate::artifact::QuestionId,
        /// The answer.
        answer: String,
    },
    /// Replace a phase's artifact. Not available yet.
    Edit {
        /// Who asks.
        by: UserId,
        /// The phase.
        phase: Phase,
        /// The content that is replaced.
        content_hash: ContentHash,
        /// The new content.
        content: serde_json::Value,
    },
    /// Stop for now. Not available yet.
    Pause {
        /// Who asks.
        by: UserId,
    },
    /// Go on after a pause. Not available yet.
    Resume {
        /// Who asks.
        by: UserId,
    },
    /// Do a phase again. Not available yet.
    Retry {
        /// Who asks.
        by: UserId,
        /// The phase.
        phase: Phase,
    },
}

impl Command {
    /// The verb, for messages.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Execute { .. } => "execute",
            Self::Cancel { .. } => "cancel",
            Self::Archive { .. } => "archive",
            Self::SetBudget { .. } => "change the budget of",
            Self::Approve { .. } => "approve",
            Self::RequestChanges { .. } => "request changes",
            Self::Answer { .. } => "answer",
            Self::Edit { .. } => "edit",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Retry { .. } => "retry",
        }
    }
}
