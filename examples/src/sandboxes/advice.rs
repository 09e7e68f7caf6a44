//! Errors of a spawner, with what to do about them in this program.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use spec_core::SandboxSpawner;
use spec_core::id::{OutputCursor, RunKey, SandboxKey};
use spec_core::sandbox::{
    Capabilities, FoundSandbox, Labels, Output, RunRequest, Sandbox, SandboxFile, SandboxPath,
    SandboxRef, SpawnError, SpawnErrorKind, SpawnRequest, Termination,
};

/// A spawner whose sandboxes come from a snapshot, which may lack the agent: it says what to do then.
#[derive(Debug)]
pub(super) struct Advised<P>(P);

impl<P: SandboxSpawner> Advised<P> {
    pub(super) fn new(spawner: P) -> Self {
        Self(spawner)
    }
}

fn advised(error: SpawnError) -> SpawnError {
    if error.kind() != SpawnErrorKind::ProgramNotFound {
        return error;
    }
    let advice = "build one from examples/daytona/Dockerfile and name its snapshot with --daytona-snapshot, \
                  or say with --agent-program where the program is";
    SpawnError::new(
        SpawnErrorKind::ProgramNotFound,
        format!("{error}; {advice}"),
    )
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<P: SandboxSpawner> SandboxSpawner for Advised<P> {
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        self.0.spawn(request).await
    }

    async fn write_files(
        &self,
        sandbox: &SandboxRef,
        files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        self.0.write_files(sandbox, files).await
    }

    async fn start(&self, sandbox: &SandboxRef, run: &RunRequest) -> Result<(), SpawnError> {
        self.0.start(sandbox, run).await.map_err(advised)
    }

    async fn output(
        &self,
        sandbox: &SandboxRef,
        run: &RunKey,
        after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        self.0.output(sandbox, run, after).await
    }

    async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        self.0.read_file(sandbox, path, max_bytes).await
    }

    async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        self.0.terminate(sandbox).await
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        self.0.find(key).await
    }

    async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        self.0.list(labels).await
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_explained_and_every_other_error_is_left_alone() {
        let missing = SpawnError::new(SpawnErrorKind::ProgramNotFound, "there is no `agent`");
        let told = advised(missing);
        assert_eq!(told.kind(), SpawnErrorKind::ProgramNotFound);
        for said in [
            "there is no `agent`; ",
            "examples/daytona/Dockerfile",
            "--daytona-snapshot",
            "--agent-program",
        ] {
            assert!(told.to_string().contains(said), "{told}");
        }
        let other = SpawnError::new(SpawnErrorKind::NotFound, "no such sandbox");
        assert_eq!(advised(other).to_string(), "no such sandbox");
    }
}
