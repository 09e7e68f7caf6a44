//! A store that notes when its changes were made durable, and how often it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};
use spec_core::artifact::Artifact;
use spec_core::clock::{Clock as _, SystemClock, Timestamp};
use spec_core::event::SpecEvent;
use spec_core::id::{ArtifactVersion, Duty, RunnerId, SandboxId, Sequence, SpecId};
use spec_core::store::{
    Append, Appended, Claim, Claimed, Commit, Committed, Create, Created, Heartbeat, Lease, Page,
    PageLimit, SpecQuery, SpecSummary, StoreError, StoredSpec, Wakeup,
};
use spec_core::{Phase, SpecStore};

/// What a store has noted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Notes {
    /// Spec, place of the last event of a change, and when the store had answered it, in microseconds
    /// since 1970. The other events of a change have no time of their own.
    pub(super) commits: Vec<(SpecId, u64, i64)>,
    /// How often each thing was asked of the store.
    pub(super) calls: BTreeMap<String, u64>,
}

/// Shared by the store and whoever reads the notes.
#[derive(Debug, Clone, Default)]
pub(super) struct Notebook(Arc<Mutex<Notes>>);

impl Notebook {
    pub(super) fn read(&self) -> Notes {
        self.lock().clone()
    }

    fn called(&self, name: &str) {
        *self.lock().calls.entry(name.to_owned()).or_default() += 1;
    }

    fn stored(&self, id: SpecId, last: Sequence) {
        let now = SystemClock.now().as_micros();
        self.lock().commits.push((id, last.get().into(), now));
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes every call on to a store.
#[derive(Debug)]
pub(super) struct NotingStore<S> {
    store: S,
    notes: Notebook,
}

impl<S> NotingStore<S> {
    pub(super) fn new(store: S, notes: Notebook) -> Self {
        Self { store, notes }
    }
}

#[async_trait]
impl<S: SpecStore> SpecStore for NotingStore<S> {
    async fn create(&self, create: Create) -> Result<Created, StoreError> {
        self.notes.called("create");
        self.store.create(create).await
    }

    async fn get(&self, id: SpecId) -> Result<Option<StoredSpec>, StoreError> {
        self.notes.called("get");
        self.store.get(id).await
    }

    async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, StoreError> {
        self.store.list(query).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        self.notes.called("commit");
        let id = commit.spec.id;
        let committed = self.store.commit(commit).await?;
        self.notes.stored(id, committed.last_sequence);
        Ok(committed)
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        self.notes.called("append");
        let (id, is_told) = (append.spec_id, !append.events.is_empty());
        let appended = self.store.append(append).await?;
        if is_told {
            self.notes.stored(id, appended.last_sequence);
        }
        Ok(appended)
    }

    async fn events(
        &self,
        id: SpecId,
        after: Sequence,
        limit: PageLimit,
    ) -> Result<Vec<SpecEvent>, StoreError> {
        self.notes.called("events");
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
