//! Stores that are wrong in one way each: they show that the conformance suite sees it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use crate::artifact::Artifact;
use crate::clock::{Clock, Timestamp};
use crate::event::SpecEvent;
use crate::id::{ArtifactVersion, Duty, RunnerId, Sequence, SpecId};
use crate::phase::Phase;
use crate::store::{
    Append, Appended, Claim, Claimed, Commit, Committed, Create, Created, Heartbeat, Lease,
    MemoryStore, Page, PageLimit, SpecQuery, SpecStore, SpecSummary, StoreError, StoreErrorKind,
    StoredSpec, Wakeup,
};

/// What is wrong with a [`BrokenStore`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Commits win whatever revision they were made from.
    IgnoresRevision,
    /// Commits under an old lease succeed.
    IgnoresFence,
    /// A commit stores the state and drops the events.
    DropsEvents,
    /// A refused commit leaves its events behind.
    KeepsEventsOfRefusedCommits,
    /// A commit whose future is dropped stays half done.
    StopsHalfway,
    /// Two events of a spec stand at one place.
    ReusesSequence,
    /// A repeated creation stores a second spec.
    ForgetsIdempotencyKey,
    /// A held spec is handed out again.
    ClaimsTwice,
    /// Specs are handed out in a format that the runner does not know.
    IgnoresMachineVersion,
    /// Claims are not counted.
    CountsNoClaims,
    /// Runners are let back in after their lease has expired.
    ForgivesExpiredRunners,
    /// How far output was read is lost.
    ForgetsCheckpoint,
    /// Of the artifacts of a commit, the last is lost.
    LosesArtifact,
    /// Later pages of a list leave out their first spec.
    ListSkips,
    /// Times are cut to milliseconds.
    CutsTime,
    /// Nobody is told of changes.
    WakesNobody,
}

/// A store in memory with one [`Fault`]. Never to be used for anything but tests of tests.
#[derive(Debug)]
pub struct BrokenStore {
    inner: MemoryStore,
    fault: Fault,
    memory: Mutex<Memory>,
}

/// What some faults have to remember.
#[derive(Debug, Default)]
struct Memory {
    leftovers: HashMap<SpecId, Commit>,
    half_done: HashMap<SpecId, Sequence>,
    claimed: Vec<Claimed>,
}

impl BrokenStore {
    /// An empty store with a fault.
    #[must_use]
    pub fn new(fault: Fault, clock: impl Clock) -> Self {
        Self {
            inner: MemoryStore::with_clock(clock),
            fault,
            memory: Mutex::default(),
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn commit_in_two_parts(&self, commit: Commit) -> Result<Committed, StoreError> {
        let id = commit.spec.id;
        let before = self.inner.get(id).await?;
        let visible = before.map_or(Sequence::default(), |stored| stored.last_sequence);
        self.memory().half_done.insert(id, visible);
        let committed = self.inner.commit(commit).await;
        for _turn in 0..8 {
            tokio::task::yield_now().await;
        }
        self.memory().half_done.remove(&id);
        committed
    }

    /// Makes the commit fit whatever is stored.
    async fn overrule(&self, commit: &mut Commit) -> Result<(), StoreError> {
        if let Some(current) = self.inner.get(commit.spec.id).await? {
            commit.expected = current.spec.revision;
            commit.spec.revision = commit.spec.revision.max(current.spec.revision.next());
        }
        Ok(())
    }
}

#[async_trait]
impl SpecStore for BrokenStore {
    async fn create(&self, mut create: Create) -> Result<Created, StoreError> {
        if self.has(Fault::ForgetsIdempotencyKey) {
            create.idempotency_key = None;
        }
        self.inner.create(create).await
    }

    async fn get(&self, id: SpecId) -> Result<Option<StoredSpec>, StoreError> {
        let mut stored = self.inner.get(id).await?;
        if let Some(stored) = &mut stored {
            if self.has(Fault::ForgetsCheckpoint) {
                stored.checkpoint = None;
            }
            if self.has(Fault::CutsTime) {
                let micros = stored.spec.created_at.as_micros();
                stored.spec.created_at = Timestamp::from_micros(micros - micros % 1000);
            }
        }
        Ok(stored)
    }

    async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, StoreError> {
        let mut page = self.inner.list(query).await?;
        if self.has(Fault::ListSkips) && query.before.is_some() && !page.items.is_empty() {
            page.items.remove(0);
        }
        Ok(page)
    }

    async fn commit(&self, mut commit: Commit) -> Result<Committed, StoreError> {
        match self.fault {
            Fault::IgnoresRevision => self.overrule(&mut commit).await?,
            Fault::IgnoresFence => commit.lease = None,
            Fault::DropsEvents => commit.events.clear(),
            Fault::LosesArtifact => drop(commit.artifacts.pop()),
            Fault::StopsHalfway => return self.commit_in_two_parts(commit).await,
            Fault::KeepsEventsOfRefusedCommits => {
                let refused = commit.clone();
                let outcome = self.inner.commit(commit).await;
                if outcome.is_err() {
                    self.memory().leftovers.insert(refused.spec.id, refused);
                }
                return outcome;
            }
            Fault::ReusesSequence
            | Fault::ForgetsIdempotencyKey
            | Fault::ClaimsTwice
            | Fault::IgnoresMachineVersion
            | Fault::CountsNoClaims
            | Fault::ForgivesExpiredRunners
            | Fault::ForgetsCheckpoint
            | Fault::ListSkips
            | Fault::CutsTime
            | Fault::WakesNobody => {}
        }
        self.inner.commit(commit).await
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        self.inner.append(append).await
    }

    async fn events(
        &self,
        id: SpecId,
        after: Sequence,
        limit: PageLimit,
    ) -> Result<Vec<SpecEvent>, StoreError> {
        let mut events = self.inner.events(id, after, limit).await?;
        let last = events.last().map_or(after, |event| event.sequence);
        let memory = self.memory();
        if let Some(visible) = memory.half_done.get(&id) {
            events.retain(|event| event.sequence <= *visible);
        }
        if let Some(refused) = memory.leftovers.get(&id) {
            events.extend(
                refused
                    .events
                    .iter()
                    .map(|event| event.clone().at_sequence(id, last.next())),
            );
        }
        if self.has(Fault::ReusesSequence)
            && let [.., before, last] = events.as_mut_slice()
        {
            last.sequence = before.sequence;
        }
        Ok(events)
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
        let mut claim = *claim;
        if self.has(Fault::IgnoresMachineVersion) {
            claim.machine_version = u16::MAX;
        }
        let mut claimed = self.inner.claim(&claim).await?;
        if self.has(Fault::CountsNoClaims) {
            for claimed in &mut claimed {
                claimed.fruitless = 0;
            }
        }
        if self.has(Fault::ClaimsTwice) {
            let mut memory = self.memory();
            claimed.extend(memory.claimed.clone());
            memory.claimed.clone_from(&claimed);
        }
        Ok(claimed)
    }

    async fn heartbeat(&self, runner: RunnerId, lease: Duration) -> Result<Heartbeat, StoreError> {
        match self.inner.heartbeat(runner, lease).await {
            Err(error)
                if error.kind() == StoreErrorKind::Fenced
                    && self.has(Fault::ForgivesExpiredRunners) =>
            {
                self.inner.retire(runner).await?;
                self.inner.heartbeat(runner, lease).await
            }
            outcome => outcome,
        }
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

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        if self.has(Fault::WakesNobody) {
            // Ends at once instead of never, so that nobody has to wait to see it.
            return futures_util::stream::empty().boxed();
        }
        self.inner.wakeups()
    }
}
