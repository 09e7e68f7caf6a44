//! The spawner: refuses everything until its operations arrive.

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use spec_core::SandboxSpawner;
use spec_core::id::{OutputCursor, RunKey, SandboxKey};
use spec_core::sandbox::{
    Capabilities, FoundSandbox, Labels, Output, RunRequest, Sandbox, SandboxFile, SandboxPath,
    SandboxRef, SpawnError, SpawnErrorKind, SpawnRequest, Termination,
};

use crate::DaytonaConfig;

/// Sandboxes at Daytona.
///
/// **Has no operations in this version:** each is answered
/// [`Rejected`](SpawnErrorKind::Rejected), and nothing is ever sent to Daytona.
#[derive(Debug, Clone)]
pub struct DaytonaSpawner {
    config: DaytonaConfig,
}

impl DaytonaSpawner {
    /// A spawner for the account that `config` names.
    #[must_use]
    pub fn new(config: DaytonaConfig) -> Self {
        Self { config }
    }

    /// What it was configured with.
    #[must_use]
    pub fn config(&self) -> &DaytonaConfig {
        &self.config
    }
}

fn no_operations_yet() -> SpawnError {
    SpawnError::new(
        SpawnErrorKind::Rejected,
        "the Daytona adapter of this version has no operations yet; use spec-local",
    )
}

#[async_trait]
impl SandboxSpawner for DaytonaSpawner {
    async fn spawn(&self, _request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        Err(no_operations_yet())
    }

    async fn write_files(
        &self,
        _sandbox: &SandboxRef,
        _files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        Err(no_operations_yet())
    }

    async fn start(&self, _sandbox: &SandboxRef, _run: &RunRequest) -> Result<(), SpawnError> {
        Err(no_operations_yet())
    }

    async fn output(
        &self,
        _sandbox: &SandboxRef,
        _run: &RunKey,
        _after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        Err(no_operations_yet())
    }

    async fn read_file(
        &self,
        _sandbox: &SandboxRef,
        _path: &SandboxPath,
        _max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        Err(no_operations_yet())
    }

    async fn terminate(&self, _sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        Err(no_operations_yet())
    }

    async fn find(&self, _key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        Err(no_operations_yet())
    }

    async fn list(&self, _labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        Err(no_operations_yet())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_operation_is_refused_for_good_and_says_what_to_use_instead() {
        let config = DaytonaConfig::new("http://127.0.0.1:9/api", "k").unwrap();
        let spawner = DaytonaSpawner::new(config);
        let key = "spec-01900000-0000-7000-8000-000000000001-explore-1"
            .parse()
            .unwrap();
        let error = spawner.find(key).await.unwrap_err();
        assert_eq!(error.kind(), SpawnErrorKind::Rejected);
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("spec-local"), "{error}");
    }
}
