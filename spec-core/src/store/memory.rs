//! Specs in memory: for tests, and for hosts that can afford to forget.

mod tables;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use futures_util::stream::unfold;
use tokio::sync::broadcast::{self, error::RecvError};

use self::tables::Tables;
use super::{
    Append, Appended, Claim, Claimed, Commit, Committed, Create, Created, Heartbeat, Lease, Page,
    PageLimit, SpecQuery, SpecStore, SpecSummary, StoreError, StoredSpec, Wakeup,
};
use crate::artifact::Artifact;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::event::SpecEvent;
use crate::id::{ArtifactVersion, Duty, RunnerId, SandboxId, Sequence, SpecId};
use crate::phase::Phase;

/// Hints that a slow listener may fall behind before it is told that it lagged.
const WAKEUPS_KEPT: usize = 1024;

/// Keeps specs in memory. Clones share them; when the last one is dropped, they are gone.
///
/// Everything else is as the contract of [`SpecStore`] says: several machines and runners can work
/// on one store.
#[derive(Clone)]
pub struct MemoryStore {
    inner: Arc<Inner>,
}

struct Inner {
    tables: Mutex<Tables>,
    wakeups: broadcast::Sender<Wakeup>,
    clock: Box<dyn Clock>,
}

impl MemoryStore {
    /// An empty store that takes the time from `clock`.
    #[must_use]
    pub fn with_clock(clock: impl Clock) -> Self {
        Self {
            inner: Arc::new(Inner {
                tables: Mutex::default(),
                wakeups: broadcast::Sender::new(WAKEUPS_KEPT),
                clock: Box::new(clock),
            }),
        }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // Every change is checked before the first write, so a panic elsewhere leaves none half done.
        self.inner
            .tables
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, specs: impl IntoIterator<Item = SpecId>) {
        for id in specs {
            let Some(wakeup) = self.tables().wakeup(id) else {
                continue;
            };
            // An error says that nobody listens.
            let _listeners = self.inner.wakeups.send(wakeup);
        }
    }
}

impl Default for MemoryStore {
    /// An empty store that takes the time from the machine.
    fn default() -> Self {
        Self::with_clock(SystemClock)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("specs", &self.tables().len())
            .field("clock", &self.inner.clock)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl SpecStore for MemoryStore {
    async fn create(&self, create: Create) -> Result<Created, StoreError> {
        let created = self.tables().create(create, self.inner.clock.now())?;
        match &created {
            Created::New { stored, .. } => self.wake([stored.spec.id]),
            Created::Existing(_) => {}
        }
        Ok(created)
    }

    async fn get(&self, id: SpecId) -> Result<Option<StoredSpec>, StoreError> {
        Ok(self.tables().get(id))
    }

    async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, StoreError> {
        Ok(self.tables().list(query))
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let id = commit.spec.id;
        let committed = self.tables().commit(commit)?;
        self.wake([id]);
        Ok(committed)
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        let id = append.spec_id;
        let appended = self.tables().append(append)?;
        self.wake([id]);
        Ok(appended)
    }

    async fn events(
        &self,
        id: SpecId,
        after: Sequence,
        limit: PageLimit,
    ) -> Result<Vec<SpecEvent>, StoreError> {
        Ok(self.tables().events(id, after, limit))
    }

    async fn artifact(
        &self,
        id: SpecId,
        phase: Phase,
        version: Option<ArtifactVersion>,
    ) -> Result<Option<Artifact>, StoreError> {
        Ok(self.tables().artifact(id, phase, version))
    }

    async fn artifacts(&self, id: SpecId) -> Result<Vec<Artifact>, StoreError> {
        let tables = self.tables();
        Ok(Phase::ALL
            .into_iter()
            .filter_map(|phase| tables.artifact(id, phase, None))
            .collect())
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        self.tables().claim(claim, self.inner.clock.now())
    }

    async fn heartbeat(&self, runner: RunnerId, lease: Duration) -> Result<Heartbeat, StoreError> {
        self.tables()
            .heartbeat(runner, lease, self.inner.clock.now())
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        if self.tables().release(lease) {
            self.wake([lease.spec_id]);
        }
        Ok(())
    }

    async fn retire(&self, runner: RunnerId) -> Result<(), StoreError> {
        let given_back = self.tables().retire(runner);
        self.wake(given_back);
        Ok(())
    }

    async fn lead(
        &self,
        duty: &Duty,
        runner: RunnerId,
        term: Duration,
    ) -> Result<bool, StoreError> {
        let now = self.inner.clock.now();
        Ok(self.tables().lead(duty, runner, term, now))
    }

    async fn purge(&self, archived_before: Timestamp, limit: PageLimit) -> Result<u32, StoreError> {
        Ok(self.tables().purge(archived_before, limit))
    }

    async fn announce(&self, sandbox: &SandboxId) -> Result<(), StoreError> {
        let id = sandbox.clone();
        // An error says that nobody listens.
        let _listeners = self.inner.wakeups.send(Wakeup::Sandbox { id });
        Ok(())
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        let receiver = self.inner.wakeups.subscribe();
        unfold(receiver, |mut receiver| async move {
            let wakeup = match receiver.recv().await {
                Ok(wakeup) => wakeup,
                Err(RecvError::Lagged(_)) => Wakeup::Lagged,
                Err(RecvError::Closed) => return None,
            };
            Some((wakeup, receiver))
        })
        .boxed()
    }
}
