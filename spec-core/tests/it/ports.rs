//! Ports that misbehave as a test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use spec_core::artifact::Artifact;
use spec_core::clock::Timestamp;
use spec_core::event::SpecEvent;
use spec_core::id::{
    ArtifactVersion, Duty, OutputCursor, RunKey, RunnerId, SandboxId, SandboxKey, Sequence, SpecId,
};
use spec_core::sandbox::{
    Capabilities, FoundSandbox, Labels, Output, RunRequest, Sandbox, SandboxFile, SandboxPath,
    SandboxRef, SpawnError, SpawnRequest, Termination,
};
use spec_core::store::{
    Append, Appended, Claim, Claimed, Commit, Committed, Create, Created, Heartbeat, Lease,
    MemoryStore, Page, PageLimit, SpecQuery, SpecSummary, StoreError, StoreErrorKind, StoredSpec,
    Wakeup,
};
use spec_core::testing::ScriptedSpawner;
use spec_core::{Phase, SandboxSpawner, SpecStore};

/// A call of a store.
#[derive(Debug)]
pub(crate) enum Call<'a> {
    Get,
    Events,
    Commit(&'a Commit),
    Append,
    Claim,
    Heartbeat,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    Pass,
    Fail(StoreErrorKind),
    FailAfter(StoreErrorKind),
    Hang,
    /// Takes a while, as a disk does.
    Slow,
    /// Likewise, and then fails.
    SlowFail(StoreErrorKind),
}

type Ear = dyn Fn(BoxStream<'static, Wakeup>) -> BoxStream<'static, Wakeup> + Send + Sync;
type Rule = dyn Fn(Call<'_>) -> Fate + Send + Sync;

/// A store whose calls meet the fate that a rule says.
#[derive(Clone)]
pub(crate) struct RuledStore {
    inner: Arc<MemoryStore>,
    rule: Arc<Rule>,
    ear: Arc<Ear>,
}

impl RuledStore {
    pub(crate) fn new(
        inner: &Arc<MemoryStore>,
        rule: impl Fn(Call<'_>) -> Fate + Send + Sync + 'static,
    ) -> Self {
        Self {
            inner: Arc::clone(inner),
            rule: Arc::new(rule),
            ear: Arc::new(|hints| hints),
        }
    }

    /// Its stream of hints ends at once.
    pub(crate) fn without_hints(self) -> Self {
        // One that must not be asked again after its end, as many streams.
        self.with_hints(|_| stream::unfold((), |()| async { None }).boxed())
    }

    /// Its hints arrive as `ear` hears them.
    pub(crate) fn with_hints(
        mut self,
        ear: impl Fn(BoxStream<'static, Wakeup>) -> BoxStream<'static, Wakeup> + Send + Sync + 'static,
    ) -> Self {
        self.ear = Arc::new(ear);
        self
    }

    async fn meet<T: Send>(
        &self,
        fate: Fate,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let failed = |kind| Err(StoreError::new(kind, "the rule says so"));
        match fate {
            Fate::Pass => call.await,
            Fate::Fail(kind) => failed(kind),
            Fate::FailAfter(kind) => {
                call.await?;
                failed(kind)
            }
            Fate::Hang => std::future::pending().await,
            Fate::SlowFail(kind) => {
                for _turn in 0..1000 {
                    tokio::task::yield_now().await;
                }
                failed(kind)
            }
            Fate::Slow => {
                for _turn in 0..1000 {
                    tokio::task::yield_now().await;
                }
                call.await
            }
        }
    }
}

impl std::fmt::Debug for RuledStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl SpecStore for RuledStore {
    async fn create(&self, create: Create) -> Result<Created, StoreError> {
        self.inner.create(create).await
    }

    async fn get(&self, id: SpecId) -> Result<Option<StoredSpec>, StoreError> {
        self.meet((self.rule)(Call::Get), self.inner.get(id)).await
    }

    async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, StoreError> {
        self.inner.list(query).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let fate = (self.rule)(Call::Commit(&commit));
        self.meet(fate, self.inner.commit(commit)).await
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        self.meet((self.rule)(Call::Append), self.inner.append(append))
            .await
    }

    async fn events(
        &self,
        id: SpecId,
        after: Sequence,
        limit: PageLimit,
    ) -> Result<Vec<SpecEvent>, StoreError> {
        let events = self.inner.events(id, after, limit);
        self.meet((self.rule)(Call::Events), events).await
    }

    async fn artifact(
        &self,
        id: SpecId,
        phase: Phase,
        version: Option<ArtifactVersion>,
    ) -> Result<Option<Artifact>, StoreError> {
        self.inner.artifact(id, phase, version).await
    }

    async fn artifacts(&self, id: SpecId) -> Result<Vec<Artifact>, StoreError> {
        self.inner.artifacts(id).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        self.meet((self.rule)(Call::Claim), self.inner.claim(claim))
            .await
    }

    async fn heartbeat(&self, runner: RunnerId, lease: Duration) -> Result<Heartbeat, StoreError> {
        let fate = (self.rule)(Call::Heartbeat);
        self.meet(fate, self.inner.heartbeat(runner, lease)).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.inner.release(lease).await
    }

    async fn retire(&self, runner: RunnerId) -> Result<(), StoreError> {
        self.inner.retire(runner).await
    }

    async fn lead(
        &self,
        duty: &Duty,
        runner: RunnerId,
        term: Duration,
    ) -> Result<bool, StoreError> {
        self.inner.lead(duty, runner, term).await
    }

    async fn purge(&self, archived_before: Timestamp, limit: PageLimit) -> Result<u32, StoreError> {
        self.inner.purge(archived_before, limit).await
    }

    async fn announce(&self, sandbox: &SandboxId) -> Result<(), StoreError> {
        self.inner.announce(sandbox).await
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        (self.ear)(self.inner.wakeups())
    }
}

/// A spawner whose output streams break off, without an end, after so many lines each.
#[derive(Debug, Clone)]
pub(crate) struct BreakingSpawner {
    pub(crate) inner: ScriptedSpawner,
    pub(crate) lines: usize,
    pub(crate) breaks: Arc<AtomicUsize>,
}

#[async_trait]
impl SandboxSpawner for BreakingSpawner {
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
        self.breaks.fetch_add(1, Ordering::SeqCst);
        let whole = self.inner.output(sandbox, run, after).await?;
        Ok(whole.take(self.lines).boxed())
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
        self.inner.terminate(sandbox).await
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        self.inner.find(key).await
    }

    async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        self.inner.list(labels).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}
