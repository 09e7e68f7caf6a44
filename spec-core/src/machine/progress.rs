//! What a person sees of a state.

use serde::{Deserialize, Serialize};

use crate::id::AttemptNumber;
use crate::phase::Phase;
use crate::spec::{Ending, Spec};
use crate::status::{PhaseStatus, SpecStatus};

/// What a person sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How much is done, 0 to 100; 100 only when the spec is completed.
    pub percent: u8,
    /// Where it stands, in one sentence.
    pub headline: String,
    /// The phases in order.
    pub phases: Vec<PhaseProgress>,
}

/// What a person sees of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseProgress {
    /// The phase.
    pub phase: Phase,
    /// Where it stands.
    pub status: PhaseStatus,
    /// The attempt it is at; 0 before the first.
    pub attempt: AttemptNumber,
}

/// What a person sees of `spec`. Pure and total.
#[must_use]
pub fn progress(spec: &Spec) -> Progress {
    let phases: Vec<_> = spec
        .phases
        .iter()
        .map(|(phase, state)| PhaseProgress {
            phase,
            status: state.status,
            attempt: state
                .attempts
                .last()
                .map_or(AttemptNumber::new(0), |last| last.number),
        })
        .collect();
    let done = phases
        .iter()
        .filter(|phase| phase.status == PhaseStatus::Completed)
        .count();
    // The last hundredth belongs to the sandboxes' end.
    let percent = match (spec.status, done) {
        (SpecStatus::Completed, _) => 100,
        (_, 0) => 0,
        (_, 1) => 20,
        (_, 2) => 40,
        (_, 3) => 60,
        (_, 4) => 80,
        _ => 99,
    };
    Progress {
        percent,
        headline: headline(spec),
        phases,
    }
}

fn headline(spec: &Spec) -> String {
    let phase = spec.current_phase().map_or("no phase", Phase::as_str);
    match (spec.status, &spec.ending) {
        (SpecStatus::Draft, _) => "Not started".to_owned(),
        (SpecStatus::Executing, None) => format!("Working on {phase}"),
        (SpecStatus::Executing, Some(Ending::Completing)) => "Finishing".to_owned(),
        (SpecStatus::Executing, Some(Ending::Failing)) => format!("Stopping: {phase} failed"),
        (SpecStatus::Executing, Some(Ending::Cancelling { .. })) => "Cancelling".to_owned(),
        (SpecStatus::AwaitingApproval, _) => format!("Waiting for approval of {phase}"),
        (SpecStatus::AwaitingAnswers, _) => format!("Waiting for answers in {phase}"),
        (SpecStatus::Paused, _) => format!("Paused in {phase}"),
        (SpecStatus::Completed, _) => "Completed".to_owned(),
        (SpecStatus::Failed, _) => format!("Failed in {phase}"),
        (SpecStatus::Cancelled, _) => format!("Cancelled in {phase}"),
    }
}
