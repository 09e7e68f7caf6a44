//! What the tests of the reaper and of retention have in common.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use spec_core::SandboxSpawner;
use spec_core::id::{
    AttemptKey, AttemptNumber, Environment, Epoch, OutputCursor, RunKey, SandboxKey, SpecId,
};
use spec_core::sandbox::{
    Capabilities, Checkout, FoundSandbox, Labels, Output, RunRequest, Sandbox, SandboxFile,
    SandboxPath, SandboxRef, SpawnError, SpawnRequest, Termination,
};
use spec_core::testing::ScriptedSpawner;
use spec_core::{Phase, RunnerConfig};

use crate::scene::{LEASE, World};

/// Older than any sandbox has to be to be taken for one that nobody needs.
pub(crate) const OLD: Duration = Duration::from_mins(20);

pub(crate) fn config() -> RunnerConfig {
    RunnerConfig::in_environment("test")
        .unwrap()
        .with_lease(LEASE)
        .with_linger(Duration::ZERO)
}

pub(crate) fn sandbox_key(spec_id: SpecId, attempt: u32) -> SandboxKey {
    let key = AttemptKey {
        spec_id,
        phase: Phase::Explore,
        attempt: AttemptNumber::new(attempt),
    };
    key.sandbox_key()
}

/// Makes a sandbox without a driver, as one that died or was late would have left it.
pub(crate) async fn leave_behind(world: &World, key: SandboxKey, environment: &str) {
    let request = SpawnRequest {
        key,
        environment: Environment::new(environment).unwrap(),
        epoch: Epoch::new(1),
        checkout: Checkout::new("https://example.invalid/demo.git"),
        ttl: Duration::from_hours(1),
    };
    world.spawner.spawn(&request).await.unwrap();
}

/// Lets all tasks go as far as they come while no time passes.
pub(crate) async fn settle() {
    for _turn in 0..300 {
        tokio::task::yield_now().await;
    }
}

/// Lets time pass in steps that no heartbeat is late for.
pub(crate) async fn pass(world: &World, time: Duration) {
    const STEP: Duration = Duration::from_secs(2);
    let mut left = time;
    while !left.is_zero() {
        settle().await;
        world.clock.advance(left.min(STEP));
        left = left.saturating_sub(STEP);
    }
    settle().await;
}

/// Polls a future as long as something happens while no time passes, and drops it: as if the process
/// had ended there.
pub(crate) async fn until_it_waits(work: impl Future) {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        _done = &mut work => {}
        () = settle() => {}
    }
}

type Listing = dyn Fn(Vec<FoundSandbox>) -> Result<Vec<FoundSandbox>, SpawnError> + Send + Sync;
type Ending = dyn Fn(SandboxKey) -> End + Send + Sync;

/// What becomes of a request to end a sandbox.
#[derive(Debug)]
pub(crate) enum End {
    Pass,
    Fail(SpawnError),
    Hang,
}

/// A spawner that answers the reaper as a test wants.
#[derive(Clone)]
pub(crate) struct RuledSpawner {
    inner: ScriptedSpawner,
    listing: Arc<Listing>,
    ending: Arc<Ending>,
}

impl RuledSpawner {
    pub(crate) fn new(inner: &ScriptedSpawner) -> Self {
        Self {
            inner: inner.clone(),
            listing: Arc::new(Ok),
            ending: Arc::new(|_| End::Pass),
        }
    }

    pub(crate) fn listing(
        mut self,
        rule: impl Fn(Vec<FoundSandbox>) -> Result<Vec<FoundSandbox>, SpawnError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.listing = Arc::new(rule);
        self
    }

    pub(crate) fn ending(
        mut self,
        rule: impl Fn(SandboxKey) -> End + Send + Sync + 'static,
    ) -> Self {
        self.ending = Arc::new(rule);
        self
    }
}

impl fmt::Debug for RuledSpawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl SandboxSpawner for RuledSpawner {
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        self.inner.spawn(request).await
    }

    async fn write_files(
        &self,
        sandbox: &SandboxRef,
        files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        self.inner.write_files(sandbox, files).await
    }

    async fn start(&self, sandbox: &SandboxRef, run: &RunRequest) -> Result<(), SpawnError> {
        self.inner.start(sandbox, run).await
    }

    async fn output(
        &self,
        sandbox: &SandboxRef,
        run: &RunKey,
        after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        self.inner.output(sandbox, run, after).await
    }

    async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        self.inner.read_file(sandbox, path, max_bytes).await
    }

    async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        match (self.ending)(sandbox.key) {
            End::Pass => self.inner.terminate(sandbox).await,
            End::Fail(error) => Err(error),
            End::Hang => std::future::pending().await,
        }
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        self.inner.find(key).await
    }

    async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        (self.listing)(self.inner.list(labels).await?)
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}
