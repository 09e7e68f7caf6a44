//! A store that can be watched at work.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use spec_core::artifact::Artifact;
use spec_core::clock::Timestamp;
use spec_core::event::SpecEvent;
use spec_core::id::{ArtifactVersion, Duty, RunnerId, SandboxId, Sequence, SpecId};
use spec_core::store::{
    Append, Appended, Claim, Claimed, Commit, Committed, Create, Created, Heartbeat, Lease, Page,
    PageLimit, SpecQuery, SpecSummary, StoreError, StoredSpec, Wakeup,
};
use spec_core::{Phase, SpecStatus, SpecStore};

/// Learns of what a store was asked.
pub(crate) trait Observer: Send + Sync + 'static {
    /// A call of the kinds that are made for every spec begins.
    fn called(&self, _name: &'static str) {}

    /// Events up to `last` were stored, and so the caller knows.
    fn stored(&self, _id: SpecId, _last: Sequence) {}

    /// A spec's state was stored, and so the caller knows; its revision was raised by so many.
    fn committed(&self, _status: SpecStatus, _raised: u32) {}
}

/// Passes every call on to `store`.
pub(crate) struct ObservedStore<S, O> {
    store: S,
    observer: O,
}

impl<S, O> ObservedStore<S, O> {
    pub(crate) fn new(store: S, observer: O) -> Self {
        Self { store, observer }
    }
}

impl<S: fmt::Debug, O> fmt::Debug for ObservedStore<S, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObservedStore").field(&self.store).finish()
    }
}

#[async_trait]
impl<S: SpecStore, O: Observer> SpecStore for ObservedStore<S, O> {
    async fn create(&self, create: Create) -> Result<Created, StoreError> {
        self.observer.called("create");
        let status = create.spec.status;
        let created = self.store.create(create).await?;
        let (Created::New { stored, .. } | Created::Existing(stored)) = &created;
        self.observer.stored(stored.spec.id, stored.last_sequence);
        self.observer.committed(status, 1);
        Ok(created)
    }

    async fn get(&self, id: SpecId) -> Result<Option<StoredSpec>, StoreError> {
        self.observer.called("get");
        self.store.get(id).await
    }

    async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, StoreError> {
        self.store.list(query).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        self.observer.called("commit");
        let (id, status) = (commit.spec.id, commit.spec.status);
        let raised = commit.spec.revision.get() - commit.expected.get();
        let committed = self.store.commit(commit).await?;
        self.observer.stored(id, committed.last_sequence);
        self.observer.committed(status, raised);
        Ok(committed)
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        self.observer.called("append");
        let id = append.spec_id;
        let appended = self.store.append(append).await?;
        self.observer.stored(id, appended.last_sequence);
        Ok(appended)
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
        self.observer.called("artifacts");
        self.store.artifacts(id).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        self.observer.called("claim");
        self.store.claim(claim).await
    }

    async fn heartbeat(&self, runner: RunnerId, lease: Duration) -> Result<Heartbeat, StoreError> {
        self.store.heartbeat(runner, lease).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.observer.called("release");
        self.store.release(lease).await
    }

    async fn retire(&self, runner: RunnerId) -> Result<(), StoreError> {
        self.store.retire(runner).await
    }

    async fn lead(
        &self,
        duty: &Duty,
        runner: RunnerId,
        term: Duration,
    ) -> Result<bool, StoreError> {
        self.store.lead(duty, runner, term).await
    }

    async fn purge(&self, archived_before: Timestamp, limit: PageLimit) -> Result<u32, StoreError> {
        self.store.purge(archived_before, limit).await
    }

    async fn announce(&self, sandbox: &SandboxId) -> Result<(), StoreError> {
        self.store.announce(sandbox).await
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        self.store.wakeups()
    }
}
