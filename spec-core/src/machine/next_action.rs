//! What the world still owes a state.

use crate::attempt::{AttemptStage, SandboxStatus};
use crate::clock::Timestamp;
use crate::id::{AttemptKey, RunKey};
use crate::phase::Phase;
use crate::sandbox::SandboxRef;
use crate::spec::Spec;
use crate::status::SpecStatus;

/// What is owed next. Every effect is idempotent on its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Make the sandbox of this attempt, or adopt it.
    Spawn(AttemptKey),
    /// Start this run, unless it was started.
    Start(RunKey),
    /// Follow this run until it ends, or until then.
    Follow {
        /// The run.
        run: RunKey,
        /// When to look up from it.
        until: Timestamp,
    },
    /// Collect this run's result and judge it.
    Evaluate(RunKey),
    /// Likewise for SYNC: compute the report and hand the spec to the targets.
    Sync(RunKey),
    /// Count what this run of an ended attempt has consumed, while its sandbox still tells.
    Account(RunKey),
    /// The attempt's time is up; nothing to do but to say so.
    Expire(AttemptKey),
    /// End this sandbox.
    Terminate(SandboxRef),
    /// Nothing until then.
    SleepUntil(Timestamp),
    /// Nothing until a person's command.
    Nothing,
}

/// What is owed to `spec` next. Pure and total.
#[must_use]
pub fn next_action(spec: &Spec, now: Timestamp) -> Action {
    let mut wake: Option<Timestamp> = None;
    let mut sleep_until = |at: Timestamp| wake = Some(wake.map_or(at, |wake| wake.min(at)));

    for (key, attempt) in spec.attempts() {
        if attempt.outcome().is_none() {
            continue;
        }
        let due = match attempt.sandbox {
            SandboxStatus::Gone | SandboxStatus::Abandoned => continue,
            SandboxStatus::Requested | SandboxStatus::Ready => now,
            SandboxStatus::Ending { ask_again_at, .. } => ask_again_at,
        };
        if let Some(repair) = attempt.uncounted {
            return Action::Account(key.run_key(repair));
        }
        if due <= now {
            return Action::Terminate(attempt.sandbox_ref(key));
        }
        sleep_until(due);
    }

    if spec.status == SpecStatus::Executing
        && spec.ending.is_none()
        && let Some((key, attempt)) = spec.active_attempt()
    {
        if attempt.deadline <= now {
            return Action::Expire(key);
        }
        let run = key.run_key(attempt.repair);
        if attempt.not_before > now {
            sleep_until(attempt.not_before);
            sleep_until(attempt.deadline);
        } else {
            return match &attempt.stage {
                AttemptStage::Spawning => Action::Spawn(key),
                AttemptStage::Starting => Action::Start(run),
                AttemptStage::Running => Action::Follow {
                    run,
                    until: wake.map_or(attempt.deadline, |wake| wake.min(attempt.deadline)),
                },
                AttemptStage::Collecting { .. } if key.phase == Phase::Sync => Action::Sync(run),
                AttemptStage::Collecting { .. } => Action::Evaluate(run),
                // `active_attempt` has none that ended.
                AttemptStage::Ended(_) => Action::Nothing,
            };
        }
    }
    wake.map_or(Action::Nothing, Action::SleepUntil)
}

/// When something is owed to `spec` by itself; `None` when only a person's command can change it.
///
/// A time in the past means now. Stores derive from it who can be [claimed](crate::SpecStore::claim).
#[must_use]
pub fn due_at(spec: &Spec) -> Option<Timestamp> {
    match next_action(spec, spec.updated_at) {
        Action::Nothing => None,
        Action::SleepUntil(at) => Some(at),
        Action::Spawn(_)
        | Action::Start(_)
        | Action::Follow { .. }
        | Action::Evaluate(_)
        | Action::Sync(_)
        | Action::Account(_)
        | Action::Expire(_)
        | Action::Terminate(_) => Some(spec.updated_at),
    }
}
