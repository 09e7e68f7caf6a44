//! What a person can ask of a spec.

use crate::id::{ContentHash, UserId};
use crate::phase::Phase;
use crate::policy::Budget;
use crate::spec::Comment;

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
    /// Let the spec go on after a gate. To repeat it for the same content changes nothing.
    Approve {
        /// Who asks.
        by: UserId,
        /// The gate's phase.
        phase: Phase,
        /// The content that is approved. Refused when the phase has another by now.
        content_hash: ContentHash,
    },
    /// Have the phase before a gate done again.
    RequestChanges {
        /// Who asks.
        by: UserId,
        /// The gate's phase.
        phase: Phase,
        /// The content that is to be changed. Refused when the phase has another by now.
        content_hash: ContentHash,
        /// What to change. The agent is told.
        comment: Comment,
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
    /// Stop for now: the attempt under way ends, and its sandbox with it. What was accepted is kept.
    Pause {
        /// Who asks.
        by: UserId,
    },
    /// Go on after a pause: the phase that was under way begins anew.
    Resume {
        /// Who asks.
        by: UserId,
    },
    /// Do a phase again, and after it those that build on it.
    Retry {
        /// Who asks.
        by: UserId,
        /// The phase. All before it are completed.
        phase: Phase,
        /// What to do differently. The agent is told.
        feedback: Option<Comment>,
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
            Self::RequestChanges { .. } => "request changes to",
            Self::Answer { .. } => "answer",
            Self::Edit { .. } => "edit",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Retry { .. } => "retry",
        }
    }
}
