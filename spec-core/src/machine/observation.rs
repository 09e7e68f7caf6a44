//! What a runner saw of the world.

use std::time::Duration;

use crate::agent::RunReport;
use crate::artifact::Artifact;
use crate::attempt::{FailureKind, PinnedInputs, SandboxFacts};
use crate::finding::Finding;
use crate::id::{AttemptKey, RunKey};
use crate::sandbox::RunEnd;

use super::Command;

/// An input to [`apply`](super::apply()).
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A person asked for something.
    Command(Command),
    /// A runner saw something.
    Observation(Observation),
}

/// What became of a run's result.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is good.
    Accepted {
        /// The artifact; its version must follow the phase's last one.
        artifact: Box<Artifact>,
    },
    /// It is not; a repair may help.
    Rejected {
        /// [`FailureKind::InvalidOutput`], [`FailureKind::NoResult`] or [`FailureKind::AgentFailed`].
        kind: FailureKind,
        /// In one sentence.
        message: String,
        /// What is wrong, place by place.
        findings: Vec<Finding>,
        /// The output, if it is short enough to be shown to the next run.
        output: Option<String>,
    },
}

/// Something a runner saw.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// The sandbox is ready.
    SandboxReady {
        /// The attempt.
        key: AttemptKey,
        /// What is known of it.
        facts: SandboxFacts,
    },
    /// The run was started, now or earlier.
    RunStarted {
        /// The run.
        run: RunKey,
        /// What it was given.
        inputs: PinnedInputs,
    },
    /// The run ended.
    RunEnded {
        /// The run.
        run: RunKey,
        /// How.
        end: RunEnd,
        /// The last lines of its standard error.
        stderr_tail: String,
        /// What its output told.
        report: Box<RunReport>,
    },
    /// The run was given up, or its attempt has ended.
    RunStopped {
        /// The run.
        run: RunKey,
        /// What its output told, and why it was given up.
        report: Box<RunReport>,
    },
    /// The run's result was judged.
    Judged {
        /// The run.
        run: RunKey,
        /// The verdict.
        verdict: Verdict,
    },
    /// An effect failed and may succeed later.
    EffectFailed {
        /// The attempt.
        key: AttemptKey,
        /// What failed.
        message: String,
        /// How long the provider asked to wait.
        retry_after: Option<Duration>,
    },
    /// The attempt cannot go on.
    AttemptFailed {
        /// The attempt.
        key: AttemptKey,
        /// Kind of failure.
        kind: FailureKind,
        /// What happened and what to do.
        message: String,
    },
    /// The attempt's time is up.
    DeadlinePassed {
        /// The attempt.
        key: AttemptKey,
    },
    /// Nothing is left of the attempt's sandbox.
    SandboxGone {
        /// The attempt.
        key: AttemptKey,
    },
    /// The end of the attempt's sandbox is not confirmed yet.
    SandboxEnding {
        /// The attempt.
        key: AttemptKey,
        /// What the provider said, if it failed.
        message: Option<String>,
        /// How long the provider asked to wait.
        retry_after: Option<Duration>,
    },
}
