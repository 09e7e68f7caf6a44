//! A store that fails one call on purpose.

use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use super::{FaultMode, FaultPlan};
use crate::artifact::Artifact;
use crate::clock::Timestamp;
use crate::event::SpecEvent;
use crate::id::{ArtifactVersion, Duty, RunnerId, SandboxId, Sequence, SpecId};
use crate::phase::Phase;
use crate::store::{
    Append, Appended, Claim, Claimed, Commit, Committed, Create, Created, Heartbeat, Lease, Page,
    PageLimit, SpecQuery, SpecStore, SpecSummary, StoreError, StoreErrorKind, StoredSpec, Wakeup,
};

/// Passes every call on to another store and fails the one that a [`FaultPlan`] names, with
/// [`StoreErrorKind::Unavailable`].
///
/// `wakeups` is not counted.
#[derive(Debug, Clone)]
pub struct FaultyStore<S> {
    inner: S,
    plan: FaultPlan,
}

impl<S> FaultyStore<S> {
    /// Fails the call of `inner` that `plan` names.
    #[must_use]
    pub fn new(inner: S, plan: FaultPlan) -> Self {
        Self { inner, plan }
    }
}

impl<S: SpecStore> FaultyStore<S> {
    async fn strike<T: Send>(
        &self,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let message = match self.plan.next() {
            None => return call.await,
            Some(FaultMode::Before) => "a planned fault: nothing was done",
            Some(FaultMode::Hangs) => return std::future::pending().await,
            Some(FaultMode::After) => {
                let _lost = call.await;
                "a planned fault: the answer was lost"
            }
        };
        Err(StoreError::new(StoreErrorKind::Unavailable, message))
    }
}

#[async_trait]
impl<S: SpecStore> SpecStore for FaultyStore<S> {
    async fn create(&self, create: Create) -> Result<Created, StoreError> {
        self.strike(self.inner.create(create)).await
    }

    async fn get(&self, id: SpecId) -> Result<Option<StoredSpec>, StoreError> {
        self.strike(self.inner.get(id)).await
    }

    async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, StoreError> {
        self.strike(self.inner.list(query)).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        self.strike(self.inner.commit(commit)).await
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        self.strike(self.inner.append(append)).await
    }

    async fn events(
        &self,
        id: SpecId,
        after: Sequence,
        limit: PageLimit,
    ) -> Result<Vec<SpecEvent>, StoreError> {
        self.strike(self.inner.events(id, after, limit)).await
    }

    async fn artifact(
        &self,
        id: SpecId,
        phase: Phase,
        version: Option<ArtifactVersion>,
    ) -> Result<Option<Artifact>, StoreError> {
        self.strike(self.inner.artifact(id, phase, version)).await
    }

    async fn artifacts(&self, id: SpecId) -> Result<Vec<Artifact>, StoreError> {
        self.strike(self.inner.artifacts(id)).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        self.strike(self.inner.claim(claim)).await
    }

    async fn heartbeat(&self, runner: RunnerId, lease: Duration) -> Result<Heartbeat, StoreError> {
        self.strike(self.inner.heartbeat(runner, lease)).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.strike(self.inner.release(lease)).await
    }

    async fn retire(&self, runner: RunnerId) -> Result<(), StoreError> {
        self.strike(self.inner.retire(runner)).await
    }

    async fn lead(
        &self,
        duty: &Duty,
        runner: RunnerId,
        term: Duration,
    ) -> Result<bool, StoreError> {
        self.strike(self.inner.lead(duty, runner, term)).await
    }

    async fn purge(&self, archived_before: Timestamp, limit: PageLimit) -> Result<u32, StoreError> {
        self.strike(self.inner.purge(archived_before, limit)).await
    }

    async fn announce(&self, sandbox: &SandboxId) -> Result<(), StoreError> {
        self.strike(self.inner.announce(sandbox)).await
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        self.inner.wakeups()
    }
}
