//! `SandboxSpawner` for shared and boxed spawners.

use std::sync::Arc;

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use super::{
    Capabilities, FoundSandbox, Labels, Output, RunRequest, Sandbox, SandboxFile, SandboxPath,
    SandboxRef, SandboxSpawner, SpawnError, SpawnRequest, Termination,
};
use crate::id::{OutputCursor, RunKey, SandboxKey};

macro_rules! forward {
    ($pointer:ident) => {
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: SandboxSpawner + ?Sized> SandboxSpawner for $pointer<T> {
            async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
                (**self).spawn(request).await
            }

            async fn write_files(
                &self,
                sandbox: &SandboxRef,
                files: &[SandboxFile],
            ) -> Result<(), SpawnError> {
                (**self).write_files(sandbox, files).await
            }

            async fn start(
                &self,
                sandbox: &SandboxRef,
                run: &RunRequest,
            ) -> Result<(), SpawnError> {
                (**self).start(sandbox, run).await
            }

            async fn output(
                &self,
                sandbox: &SandboxRef,
                run: &RunKey,
                after: Option<OutputCursor>,
            ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
                (**self).output(sandbox, run, after).await
            }

            async fn read_file(
                &self,
                sandbox: &SandboxRef,
                path: &SandboxPath,
                max_bytes: u64,
            ) -> Result<Option<Vec<u8>>, SpawnError> {
                (**self).read_file(sandbox, path, max_bytes).await
            }

            async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
                (**self).terminate(sandbox).await
            }

            async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
                (**self).find(key).await
            }

            async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
                (**self).list(labels).await
            }

            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }
        }
    };
}

forward!(Arc);
forward!(Box);
