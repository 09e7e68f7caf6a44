//! A store that tells when a spec has reached its end, as its caller learns it.

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

/// Passes every call on and counts what was committed.
pub(crate) struct TerminalStore<S> {
    store: S,
    countdown: Arc<Countdown>,
    revisions: Arc<AtomicU64>,
}

impl<S> TerminalStore<S> {
    /// Over `store`; `revisions` counts the states that were recorded.
    pub(crate) fn new(store: S, countdown: Arc<Countdown>, revisions: Arc<AtomicU64>) -> Self {
        Self {
            store,
            countdown,
            revisions,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for TerminalStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TerminalStore").field(&self.store).finish()
    }
}

#[async_trait]
impl<S: SpecStore> SpecStore for TerminalStore<S> {
    async fn create(&self, create: Create) -> Result<Created, StoreError> {
        let created = self.store.create(create).await?;
        self.revisions.fetch_add(1, Ordering::Relaxed);
        Ok(created)
    }

    async fn get(&self, id: SpecId) -> Result<Option<StoredSpec>, StoreError> {
        self.store.get(id).await
    }

    async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, StoreError> {
        self.store.list(query).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let status = commit.spec.status;
        let committed = self.store.commit(commit).await?;
        self.revisions.fetch_add(1, Ordering::Relaxed);
        // A spec that failed is left out, so that the round runs into its time limit.
        if status == SpecStatus::Completed {
            self.countdown.finished();
        }
        Ok(committed)
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
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
        self.store.artifacts(id).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        self.store.claim(claim).await
    }

    async fn heartbeat(&self, runner: RunnerId, lease: Duration) -> Result<Heartbeat, StoreError> {
        self.store.heartbeat(runner, lease).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.store.release(lease).await
    }

    async fn retire(&self, runner: RunnerId) -> Result<(), StoreError> {
        self.store.retire(runner).await
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        self.store.wakeups()
    }
}
