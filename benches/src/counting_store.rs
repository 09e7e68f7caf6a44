//! A store that counts what is asked of it, and tells when a spec has reached its end.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use spec_core::artifact::Artifact;
use spec_core::event::SpecEvent;
use spec_core::id::{ArtifactVersion, RunnerId, Sequence, SpecId};
use spec_core::store::{
    Append, Appended, Claim, Claimed, Commit, Committed, Create, Created, Heartbeat, Lease, Page,
    PageLimit, SpecQuery, SpecSummary, StoreError, StoredSpec, Wakeup,
};
use spec_core::{Phase, SpecStatus, SpecStore};

use crate::countdown::Countdown;

/// Calls that were answered, of the kinds that are made for every spec.
#[derive(Debug, Default)]
pub(crate) struct StoreCalls {
    create: AtomicU64,
    commit: AtomicU64,
    append: AtomicU64,
    get: AtomicU64,
    artifacts: AtomicU64,
    claim: AtomicU64,
    release: AtomicU64,
}

impl StoreCalls {
    /// How often each was called.
    pub(crate) fn by_name(&self) -> BTreeMap<&'static str, u64> {
        let Self {
            create,
            commit,
            append,
            get,
            artifacts,
            claim,
            release,
        } = self;
        let counted = [
            ("create", create),
            ("commit", commit),
            ("append", append),
            ("get", get),
            ("artifacts", artifacts),
            ("claim", claim),
            ("release", release),
        ];
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        counted.map(|(name, counter)| (name, load(counter))).into()
    }

    /// States that were recorded: each has a revision of its own.
    pub(crate) fn revisions(&self) -> u64 {
        self.create.load(Ordering::Relaxed) + self.commit.load(Ordering::Relaxed)
    }
}

fn count(calls: &AtomicU64) {
    calls.fetch_add(1, Ordering::Relaxed);
}

/// Passes every call on.
pub(crate) struct CountingStore<S> {
    store: S,
    countdown: Arc<Countdown>,
    calls: Arc<StoreCalls>,
}

impl<S> CountingStore<S> {
    pub(crate) fn new(store: S, countdown: Arc<Countdown>, calls: Arc<StoreCalls>) -> Self {
        Self {
            store,
            countdown,
            calls,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for CountingStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CountingStore").field(&self.store).finish()
    }
}

#[async_trait]
impl<S: SpecStore> SpecStore for CountingStore<S> {
    async fn create(&self, create: Create) -> Result<Created, StoreError> {
        let created = self.store.create(create).await?;
        count(&self.calls.create);
        Ok(created)
    }

    async fn get(&self, id: SpecId) -> Result<Option<StoredSpec>, StoreError> {
        count(&self.calls.get);
        self.store.get(id).await
    }

    async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, StoreError> {
        self.store.list(query).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let status = commit.spec.status;
        let committed = self.store.commit(commit).await?;
        count(&self.calls.commit);
        // A spec that failed is left out, so that the round runs into its time limit.
        if status == SpecStatus::Completed {
            self.countdown.finished();
        }
        Ok(committed)
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        count(&self.calls.append);
        self.store.append(append).await
    }

    async fn events(
        &self,
        id: SpecId,
        after: Sequence,
        limit: PageLimit,
    ) -> Result<Vec<SpecEvent>, StoreError> {
        self.store.events(id, after, limit).await
    }

    async fn artifact(
        &self,
        id: SpecId,
        phase: Phase,
        version: Option<ArtifactVersion>,
    ) -> Result<Option<Artifact>, StoreError> {
        self.store.artifact(id, phase, version).await
    }

    async fn artifacts(&self, id: SpecId) -> Result<Vec<Artifact>, StoreError> {
        count(&self.calls.artifacts);
        self.store.artifacts(id).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        count(&self.calls.claim);
        self.store.claim(claim).await
    }

    async fn heartbeat(&self, runner: RunnerId, lease: Duration) -> Result<Heartbeat, StoreError> {
        self.store.heartbeat(runner, lease).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        count(&self.calls.release);
        self.store.release(lease).await
    }

    async fn retire(&self, runner: RunnerId) -> Result<(), StoreError> {
        self.store.retire(runner).await
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        self.store.wakeups()
    }
}
