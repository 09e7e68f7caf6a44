//! [`DaytonaSpawner`].

mod checkout;
mod create;
mod files;
mod follow;
mod list;
mod place;
mod preflight;
mod run;
mod shared;
mod terminate;

pub use preflight::Preflight;

use std::sync::Arc;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use spec_core::SandboxSpawner;
use spec_core::id::{OutputCursor, RunKey, SandboxKey};
use spec_core::sandbox::{
    Capabilities, FoundSandbox, Labels, Output, RunRequest, Sandbox, SandboxFile, SandboxPath,
    SandboxRef, SpawnError, SpawnRequest, Termination,
};

use crate::client::Client;
use crate::config::{ConfigError, DaytonaConfig};
use shared::Shared;

/// Makes sandboxes at Daytona and runs programs there.
///
/// Every sandbox is named after its key, carries labels by which a reaper finds it, has a time to
/// live that Daytona itself enforces, and is deleted when it stops. Any number of spawners, in any
/// number of processes, may share an account. Runs survive the end of the process that started them.
///
/// Cloning is cheap and shares everything.
#[derive(Debug, Clone)]
pub struct DaytonaSpawner {
    shared: Arc<Shared>,
}

impl DaytonaSpawner {
    /// A spawner for the account that `config` names. Sends nothing; see [`preflight`](Self::preflight).
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made, for example because this machine trusts no certificates.
    pub fn new(config: DaytonaConfig) -> Result<Self, ConfigError> {
        Client::new(config).map(Self::over)
    }

    /// The same over the host's own HTTP client, with its proxies and its trust.
    ///
    /// Output is followed over a WebSocket, which needs HTTP/1.1: a client that may speak HTTP/2 has
    /// to be built with `http1_only`. One that follows redirects may hand the key to where they lead.
    #[must_use]
    pub fn with_http_client(config: DaytonaConfig, http: reqwest::Client) -> Self {
        Self::over(Client::with_http(config, http))
    }

    fn over(client: Client) -> Self {
        Self {
            shared: Arc::new(Shared::new(client)),
        }
    }

    /// What it was configured with.
    #[must_use]
    pub fn config(&self) -> &DaytonaConfig {
        self.shared.client.config()
    }

    /// Asks Daytona whether the key is good for what this spawner does. Makes and changes nothing. What
    /// Daytona does not answer is asked again for as long as one request may take.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](spec_core::sandbox::SpawnErrorKind::Unauthorized) when the key is not known, or
    /// lacks a permission, which is named; a key that may make sandboxes and not delete them would leak
    /// every one. [`Protocol`](spec_core::sandbox::SpawnErrorKind::Protocol) when something else than
    /// Daytona's API answers.
    pub async fn preflight(&self) -> Result<Preflight, SpawnError> {
        preflight::ask(&self.shared.client).await
    }

    /// Completes when no request for a sandbox is under way, which takes no longer than one may take, and
    /// what Daytona wants to be waited for before it. To be awaited before the process ends, so
    /// that no sandbox is made of which nobody knows; whatever happens then, its time to live bounds
    /// its cost.
    pub async fn close(&self) {
        self.shared.close().await;
    }
}

#[async_trait]
impl SandboxSpawner for DaytonaSpawner {
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        self.shared.spawn(request).await
    }

    async fn write_files(
        &self,
        sandbox: &SandboxRef,
        files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        self.shared.write_files(sandbox, files).await
    }

    async fn start(&self, sandbox: &SandboxRef, run: &RunRequest) -> Result<(), SpawnError> {
        self.shared.start(sandbox, run).await
    }

    async fn output(
        &self,
        sandbox: &SandboxRef,
        run: &RunKey,
        after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        follow::follow(Arc::clone(&self.shared), sandbox, run, after.as_ref()).await
    }

    async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        self.shared.read_file(sandbox, path, max_bytes).await
    }

    async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        self.shared.terminate(sandbox).await
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        self.shared.find(key).await
    }

    async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        self.shared.list(labels).await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
            .with_detached_runs(true)
            .with_native_ttl(true)
    }
}
