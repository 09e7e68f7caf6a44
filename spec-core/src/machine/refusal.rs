//! Why an input was not taken.

use crate::id::AttemptKey;
use crate::phase::Phase;
use crate::status::SpecStatus;

/// Why an input was not taken. The spec is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The spec's status forbids the command.
    #[error("cannot {verb} a spec that is {status}")]
    Forbidden {
        /// What was asked for.
        verb: &'static str,
        /// Where the spec stands.
        status: SpecStatus,
    },
    /// The spec is put away.
    #[error("cannot {verb} a spec that is archived")]
    Archived {
        /// What was asked for.
        verb: &'static str,
    },
    /// The phase does not wait for approval.
    #[error("cannot {verb} {phase}: it does not wait for approval")]
    NotAwaitingApproval {
        /// What was asked for.
        verb: &'static str,
        /// Of which phase.
        phase: Phase,
    },
    /// The phase has another artifact than the one that was spoken of.
    #[error("cannot {verb} {phase}: it has another artifact by now; look at it again")]
    StaleArtifact {
        /// What was asked for.
        verb: &'static str,
        /// Of which phase.
        phase: Phase,
    },
    /// A phase before it is not completed.
    #[error("cannot {verb} {phase}: {before} has to be done before it")]
    NotReached {
        /// What was asked for.
        verb: &'static str,
        /// Of which phase.
        phase: Phase,
        /// The first that is not completed.
        before: Phase,
    },
    /// The spec is heading for an end already.
    #[error("cannot {verb} a spec that is {towards}")]
    EndingAlready {
        /// What was asked for.
        verb: &'static str,
        /// What is happening.
        towards: &'static str,
    },
    /// The budget would be used up already.
    #[error("the budget is too small: {exceeded}")]
    BudgetExceeded {
        /// How it is used up.
        exceeded: String,
    },
    /// The command has its place and is not available in this version.
    #[error("`{verb}` is not available in this version")]
    Unavailable {
        /// What was asked for.
        verb: &'static str,
    },
    /// The observation does not concern what is under way: the spec has moved on.
    #[error("{what} of {phase} attempt {attempt} is not what the spec is waiting for", phase = key.phase, attempt = key.attempt)]
    Stale {
        /// What was observed.
        what: &'static str,
        /// Of which attempt.
        key: AttemptKey,
    },
    /// The stored state contradicts itself: a defect, to be reported.
    #[error("the stored state contradicts itself")]
    Inconsistent,
}
