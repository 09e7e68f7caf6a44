//! Decorators that fail one call on purpose.

mod spawner;
mod store;

pub use spawner::FaultySpawner;
pub use store::FaultyStore;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where in a call it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultMode {
    /// The call has no effect.
    Before,
    /// The call has its effect and its answer is lost.
    After,
    /// The call has no effect and does not end.
    Hangs,
}

/// Which call fails. Clones share the count: give one to each decorator to count the calls of
/// several ports in the order in which they happen.
///
/// A test that runs the same scenario with `nth(1, …)`, `nth(2, …)`, … until [`calls`](Self::calls)
/// stays below the number has failed each call once.
#[derive(Debug, Clone)]
pub struct FaultPlan {
    number: Option<u64>,
    mode: FaultMode,
    calls: Arc<AtomicU64>,
}

impl FaultPlan {
    /// The `number`-th call fails, from 1.
    #[must_use]
    pub fn nth(number: u64, mode: FaultMode) -> Self {
        Self {
            number: Some(number),
            mode,
            calls: Arc::default(),
        }
    }

    /// No call fails; they are counted.
    #[must_use]
    pub fn never() -> Self {
        Self {
            number: None,
            mode: FaultMode::Before,
            calls: Arc::default(),
        }
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// True when the call that is to fail has happened.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        self.number.is_some_and(|number| self.calls() >= number)
    }

    /// Counts a call and says how it fails, if it does.
    fn next(&self) -> Option<FaultMode> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        (self.number == Some(call)).then_some(self.mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{SandboxRef, SandboxSpawner, SpawnError};
    use crate::testing::conformance::spawner::{SmallProgram, Stage};
    use crate::testing::scripted::tests::ScriptedFixture;
    use crate::testing::{RunScript, ScriptedSpawner};

    async fn scenario(
        spawner: &impl SandboxSpawner,
        stage: &Stage,
        sandbox: &SandboxRef,
    ) -> Result<(), SpawnError> {
        let run = stage.program(SmallProgram::default().argv());
        spawner.spawn(&stage.request()).await?;
        spawner.start(sandbox, &run).await?;
        spawner.terminate(sandbox).await?;
        Ok(())
    }

    #[tokio::test]
    async fn each_call_fails_once_and_a_repetition_does_nothing_twice() {
        let stage = Stage::new(&ScriptedFixture).await;
        let sandbox = stage.by_key();
        for mode in [FaultMode::Before, FaultMode::After] {
            for number in 1.. {
                let scripted = ScriptedSpawner::new(|_| RunScript::exits(0));
                let plan = FaultPlan::nth(number, mode);
                let faulty = FaultySpawner::new(scripted.clone(), plan.clone());
                let first = scenario(&faulty, &stage, &sandbox).await;
                if !plan.has_struck() {
                    assert_eq!((number, plan.calls()), (4, 3));
                    first.unwrap();
                    break;
                }
                let error = first.unwrap_err();
                assert!(error.is_retryable(), "{error}");
                let made = scripted.created(stage.key());
                let expected = usize::from(number > 1 || mode == FaultMode::After);
                assert_eq!(made, expected, "call {number} failed {mode:?}");
                let by_end = number == 3 && mode == FaultMode::After;
                scenario(&faulty, &stage, &sandbox).await.unwrap();
                // Only after a termination that did happen is there something to be made again.
                assert_eq!(scripted.created(stage.key()), 1 + usize::from(by_end));
                assert_eq!(scripted.starts(&stage.run(0)), 1 + usize::from(by_end));
                assert_eq!(scripted.live(), []);
            }
        }
    }
}
