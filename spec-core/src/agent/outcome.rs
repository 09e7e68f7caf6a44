//! What a run came to, by what its agent said and how its program ended.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AgentEnd, RunRecord};
use crate::attempt::FailureKind;
use crate::sandbox::RunEnd;

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RunOutcome {
    /// It says that it is done: its result decides.
    #[default]
    Done,
    /// It failed.
    Failed {
        /// Kind of failure.
        kind: FailureKind,
        /// What happened.
        message: String,
    },
}

/// What a run of `who` came to. Neither its word nor its exit code alone is believed: a program that
/// was interrupted may exit with 0, and one that says "success" may have been refused by its model.
pub(crate) fn outcome(
    who: &str,
    record: &RunRecord,
    tells_its_end: bool,
    end: &RunEnd,
    stderr_tail: &str,
) -> RunOutcome {
    let failed = |kind, said: &str| {
        let message = match said.trim() {
            "" => format!("{who} {end}"),
            said => format!("{who} {end}; it last said: {said}"),
        };
        RunOutcome::Failed { kind, message }
    };
    match (end, record.end()) {
        (RunEnd::Lost { .. }, _) => failed(FailureKind::SandboxLost, stderr_tail),
        (RunEnd::TimedOut, _) => failed(FailureKind::DeadlineExceeded, stderr_tail),
        (_, Some(AgentEnd::Failed { kind, message })) => RunOutcome::Failed {
            kind: *kind,
            message: format!("{who} gave up: {message}"),
        },
        (_, Some(AgentEnd::Completed)) => RunOutcome::Done,
        (RunEnd::Exited { code: 0 }, None) if !tells_its_end => RunOutcome::Done,
        (_, None) if tells_its_end && was_interrupted(end) => {
            failed(FailureKind::Interrupted, stderr_tail)
        }
        (_, None) => failed(FailureKind::AgentFailed, stderr_tail),
    }
}

/// Whether a program that did not say its last word was ended by somebody else: by a signal, or by
/// itself on SIGINT or SIGTERM, with the exit code that shells give to it or with 0.
fn was_interrupted(end: &RunEnd) -> bool {
    match end {
        RunEnd::Exited { code } => matches!(code, 0 | 129..=159),
        RunEnd::Signaled { .. } => true,
        RunEnd::TimedOut | RunEnd::Lost { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::AgentEvent;

    fn of(said: Option<AgentEnd>, tells_its_end: bool, end: &RunEnd) -> Option<FailureKind> {
        let mut record = RunRecord::default();
        if let Some(said) = said {
            record.note(AgentEvent::Ended(said), None, |_| None);
        }
        match outcome("agent", &record, tells_its_end, end, "") {
            RunOutcome::Done => None,
            RunOutcome::Failed { kind, .. } => Some(kind),
        }
    }

    #[test]
    fn an_exit_code_of_0_without_a_last_word_is_no_success() {
        let exited = |code| RunEnd::Exited { code };
        let killed = RunEnd::Signaled { signal: 9 };
        assert_eq!(of(None, true, &exited(0)), Some(FailureKind::Interrupted));
        assert_eq!(of(None, true, &exited(143)), Some(FailureKind::Interrupted));
        assert_eq!(of(None, true, &killed), Some(FailureKind::Interrupted));
        assert_eq!(of(None, true, &exited(1)), Some(FailureKind::AgentFailed));
        assert_eq!(of(None, false, &exited(0)), None);
        assert_eq!(of(None, false, &killed), Some(FailureKind::AgentFailed));
    }

    #[test]
    fn a_last_word_counts_for_more_than_the_exit_code() {
        let done = || Some(AgentEnd::Completed);
        assert_eq!(of(done(), true, &RunEnd::Signaled { signal: 15 }), None);
        let refused = AgentEnd::Failed {
            kind: FailureKind::ModelUnavailable,
            message: String::new(),
        };
        assert_eq!(
            of(Some(refused), true, &RunEnd::Exited { code: 0 }),
            Some(FailureKind::ModelUnavailable)
        );
        let lost = RunEnd::Lost {
            reason: String::new(),
        };
        assert_eq!(of(done(), true, &lost), Some(FailureKind::SandboxLost));
    }
}
