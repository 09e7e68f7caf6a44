//! A spawner that fails one call on purpose.

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use super::{FaultMode, FaultPlan};
use crate::id::{OutputCursor, RunKey, SandboxKey};
use crate::sandbox::{
    Capabilities, FoundSandbox, Labels, Output, RunRequest, Sandbox, SandboxFile, SandboxPath,
    SandboxRef, SandboxSpawner, SpawnError, SpawnErrorKind, SpawnRequest, Termination,
};

/// Passes every call on to another spawner and fails the one that a [`FaultPlan`] names: with
/// [`SpawnErrorKind::Unavailable`] before, with [`SpawnErrorKind::Timeout`] after its effect.
///
/// `capabilities` and the items of an output stream are not counted.
#[derive(Debug, Clone)]
pub struct FaultySpawner<P> {
    inner: P,
    plan: FaultPlan,
}

impl<P> FaultySpawner<P> {
    /// Fails the call of `inner` that `plan` names.
    #[must_use]
    pub fn new(inner: P, plan: FaultPlan) -> Self {
        Self { inner, plan }
    }
}

impl<P: SandboxSpawner> FaultySpawner<P> {
    async fn strike<T: Send>(
        &self,
        call: impl Future<Output = Result<T, SpawnError>> + Send,
    ) -> Result<T, SpawnError> {
        match self.plan.next() {
            None => call.await,
            Some(FaultMode::Before) => Err(SpawnError::new(
                SpawnErrorKind::Unavailable,
                "a planned fault: nothing was done",
            )),
            Some(FaultMode::Hangs) => std::future::pending().await,
            Some(FaultMode::After) => {
                let _lost = call.await;
                Err(SpawnError::new(
                    SpawnErrorKind::Timeout,
                    "a planned fault: the answer was lost",
                ))
            }
        }
    }
}

#[async_trait]
impl<P: SandboxSpawner> SandboxSpawner for FaultySpawner<P> {
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        self.strike(self.inner.spawn(request)).await
    }

    async fn write_files(
        &self,
        sandbox: &SandboxRef,
        files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        self.strike(self.inner.write_files(sandbox, files)).await
    }

    async fn start(&self, sandbox: &SandboxRef, run: &RunRequest) -> Result<(), SpawnError> {
        self.strike(self.inner.start(sandbox, run)).await
    }

    async fn output(
        &self,
        sandbox: &SandboxRef,
        run: &RunKey,
        after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        self.strike(self.inner.output(sandbox, run, after)).await
    }

    async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        self.strike(self.inner.read_file(sandbox, path, max_bytes))
            .await
    }

    async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        self.strike(self.inner.terminate(sandbox)).await
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        self.strike(self.inner.find(key)).await
    }

    async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        self.strike(self.inner.list(labels)).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::conformance::spawner::{KnownRepository, SpawnerFixture};
    use crate::testing::scripted::tests::ScriptedFixture;

    /// Without a fault the decorator is a spawner like any other.
    #[derive(Debug)]
    struct FaultlessFixture;

    #[async_trait]
    impl SpawnerFixture for FaultlessFixture {
        async fn fresh(&self) -> Arc<dyn SandboxSpawner> {
            let inner = ScriptedFixture.fresh().await;
            Arc::new(FaultySpawner::new(inner, FaultPlan::never()))
        }

        fn repository(&self) -> KnownRepository {
            ScriptedFixture.repository()
        }

        async fn reopen(&self, old: Arc<dyn SandboxSpawner>) -> Option<Arc<dyn SandboxSpawner>> {
            Some(old)
        }

        fn runs_programs(&self) -> bool {
            false
        }
    }

    crate::spawner_conformance!(FaultlessFixture, without programs);
}
