//! Stores that are wrong in one way each: they show that the conformance suite sees it.

mod fault;
mod search;
mod waiting;

pub use fault::Fault;

use std::collections::{HashMap, HashSet};
use std::future::ready;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use crate::artifact::Artifact;
use crate::clock::{Clock, Timestamp};
use crate::event::SpecEvent;
use crate::id::{
    ArtifactVersion, Duty, IdempotencyKey, ProjectId, RunnerId, SandboxId, Sequence, SpecId, UserId,
};
use crate::phase::Phase;
use crate::store::{
    Append, Appended, Claim, Claimed, Commit, Committed, Create, Created, Heartbeat, Lease,
    MemoryStore, Page, PageLimit, SpecQuery, SpecStore, SpecSummary, StoreError, StoreErrorKind,
    StoredSpec, Wakeup,
};

/// Length of the ids that many providers give: a UUID.
const LENGTH_OF_MOST: usize = 36;

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
    /// Who holds what, as far as claims tell.
    leases: HashMap<SpecId, (ProjectId, Lease)>,
    leaders: HashMap<Duty, RunnerId>,
    keys: HashMap<(UserId, IdempotencyKey), StoredSpec>,
    deleted: HashMap<SpecId, Vec<SpecEvent>>,
    ended: HashSet<SpecId>,
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

    /// A heartbeat that lets an expired runner back in.
    async fn revive(&self, runner: RunnerId, lease: Duration) -> Result<Heartbeat, StoreError> {
        match self.inner.heartbeat(runner, lease).await {
            Err(error) if error.kind() == StoreErrorKind::Fenced => {
                self.inner.retire(runner).await?;
                self.inner.heartbeat(runner, lease).await
            }
            outcome => outcome,
        }
    }

    /// Keeps to a key whatever has become of its spec.
    async fn create_once(
        &self,
        create: Create,
        key: IdempotencyKey,
    ) -> Result<Created, StoreError> {
        let key = (create.spec.owner.clone(), key);
        let earlier = self.memory().keys.get(&key).cloned();
        if let Some(earlier) = earlier {
            return Ok(Created::Existing(earlier));
        }
        let created = self.inner.create(create).await?;
        if let Created::New { stored, .. } = &created {
            self.memory().keys.insert(key, stored.clone());
        }
        Ok(created)
    }

    /// Claims the longest due under a cap, counting what was held some time before.
    async fn claim_in_order(
        &self,
        claim: Claim,
        cap: NonZeroU32,
    ) -> Result<Vec<Claimed>, StoreError> {
        let mut held = HashMap::<ProjectId, u32>::new();
        for (project, _) in self.memory().leases.values() {
            *held.entry(project.clone()).or_default() += 1;
        }
        if self.has(Fault::ChecksCapTooEarly) {
            for _turn in 0..64 {
                tokio::task::yield_now().await;
            }
        }
        let all = Claim {
            limit: u32::MAX,
            max_per_project: None,
            ..claim
        };
        let mut kept = Vec::new();
        let limit = usize::try_from(claim.limit).unwrap_or(usize::MAX);
        for claimed in self.inner.claim(&all).await? {
            let held = held
                .entry(claimed.stored.spec.project_id.clone())
                .or_default();
            if *held < cap.get() && kept.len() < limit {
                *held += 1;
                kept.push(claimed);
            } else {
                self.inner.release(&claimed.lease).await?;
            }
        }
        Ok(kept)
    }

    /// What a search finds by rules of its own; `None` when it has none.
    async fn search(
        &self,
        query: &SpecQuery,
        text: &str,
    ) -> Result<Option<Page<SpecSummary>>, StoreError> {
        let Some(is_found) = search::rule(self.fault, text) else {
            return Ok(None);
        };
        let all = SpecQuery {
            search: None,
            ..query.clone()
        };
        let mut page = self.inner.list(&all).await?;
        page.items.retain(|item| is_found(item.title.as_str()));
        Ok(Some(page))
    }

    /// Remembers the events of all that may be deleted next.
    async fn remember_archived(&self) -> Result<(), StoreError> {
        let query = SpecQuery {
            include_archived: true,
            ..SpecQuery::default()
        };
        for summary in self.inner.list(&query).await?.items {
            if summary.archived_at.is_some() {
                let events = self
                    .inner
                    .events(summary.id, Sequence::default(), PageLimit::MAX)
                    .await?;
                self.memory().deleted.insert(summary.id, events);
            }
        }
        Ok(())
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
        if self.has(Fault::IgnoresRunnerOfNewSpecs) {
            create.runner = None;
        }
        if self.has(Fault::HandsNewSpecsToTheDead)
            && let Some(runner) = create.runner
        {
            self.revive(runner, Duration::from_mins(1)).await?;
        }
        if self.has(Fault::PurgeKeepsKeys)
            && let Some(key) = create.idempotency_key.clone()
        {
            return self.create_once(create, key).await;
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
        if let Some(search) = &query.search
            && let Some(page) = self.search(query, search.as_str()).await?
        {
            return Ok(page);
        }
        let mut page = self.inner.list(query).await?;
        if self.has(Fault::ListSkips) && query.before.is_some() && !page.items.is_empty() {
            page.items.remove(0);
        }
        Ok(page)
    }

    async fn commit(&self, mut commit: Commit) -> Result<Committed, StoreError> {
        if self.has(Fault::StopsHalfway) {
            return self.commit_in_two_parts(commit).await;
        }
        if self.has(Fault::IgnoresRevision) {
            self.overrule(&mut commit).await?;
        }
        if self.has(Fault::IgnoresFence) {
            commit.lease = None;
        }
        if self.has(Fault::DropsEvents) {
            commit.events.clear();
        }
        if self.has(Fault::LosesArtifact) {
            commit.artifacts.pop();
        }
        if self.has(Fault::CountsOneRevision) {
            commit.spec.revision = commit.expected.next();
        }
        if self.has(Fault::KeepsAfterCommit) {
            commit.release = false;
        }
        self.note_end(&commit.spec);
        let asked = commit.clone();
        let outcome = self.inner.commit(commit).await;
        let id = asked.spec.id;
        if outcome.is_err() && self.has(Fault::KeepsEventsOfRefusedCommits) {
            self.memory().leftovers.insert(id, asked.clone());
        }
        let takes_away = outcome.is_err() && self.has(Fault::ReleasesRefusedCommits)
            || asked.lease.is_none() && self.has(Fault::ReleasesWithoutLease);
        let holder = self.memory().leases.get(&id).map(|(_, lease)| *lease);
        if asked.release
            && takes_away
            && let Some(holder) = holder
        {
            self.inner.release(&holder).await?;
        }
        outcome
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
        if let Some(deleted) = memory.deleted.get(&id) {
            events.clone_from(deleted);
        }
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
        if self.has(Fault::IgnoresCap) {
            claim.max_per_project = None;
        }
        let mut claimed = match claim.max_per_project {
            Some(cap) if self.has(Fault::GivesNoTurns) || self.has(Fault::ChecksCapTooEarly) => {
                self.claim_in_order(claim, cap).await?
            }
            Some(_) | None => self.inner.claim(&claim).await?,
        };
        claimed = self.without_withheld(claimed).await?;
        if self.has(Fault::ClaimsWhatWaits) {
            claimed.extend(self.waiting(&claim).await?);
        }
        self.memory().leases.extend(claimed.iter().map(|claimed| {
            let project = claimed.stored.spec.project_id.clone();
            (claimed.lease.spec_id, (project, claimed.lease))
        }));
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
        if self.has(Fault::ForgivesExpiredRunners) {
            return self.revive(runner, lease).await;
        }
        self.inner.heartbeat(runner, lease).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        if self.has(Fault::LosesReleases) {
            return Ok(());
        }
        self.memory().leases.retain(|_, (_, held)| held != lease);
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
        if self.has(Fault::ElectsEverybody) {
            return Ok(true);
        }
        if self.has(Fault::DeposesNobody) {
            let mut memory = self.memory();
            let first = memory.leaders.entry(duty.clone()).or_insert(runner);
            return Ok(*first == runner);
        }
        if self.has(Fault::MixesDuties) {
            let Ok(only) = Duty::new("everything") else {
                return Ok(false);
            };
            return self.inner.lead(&only, runner, term).await;
        }
        self.inner.lead(duty, runner, term).await
    }

    async fn purge(
        &self,
        mut archived_before: Timestamp,
        mut limit: PageLimit,
    ) -> Result<u32, StoreError> {
        if self.has(Fault::PurgesTooEarly) {
            archived_before = Timestamp::from_micros(i64::MAX);
        }
        if self.has(Fault::PurgesWithoutLimit) {
            limit = PageLimit::MAX;
        }
        if self.has(Fault::PurgeKeepsEvents) {
            self.remember_archived().await?;
        }
        self.inner.purge(archived_before, limit).await
    }

    async fn announce(&self, sandbox: &SandboxId) -> Result<(), StoreError> {
        if self.has(Fault::CutsAnnouncements) {
            let cut: String = sandbox.as_str().chars().take(LENGTH_OF_MOST).collect();
            if let Ok(cut) = SandboxId::new(cut) {
                return self.inner.announce(&cut).await;
            }
        }
        self.inner.announce(sandbox).await
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        if self.has(Fault::WakesNobody) {
            // Ends at once instead of never, so that nobody has to wait to see it.
            return futures_util::stream::empty().boxed();
        }
        let all_due = self.has(Fault::CallsAllDue);
        let no_sandboxes = self.has(Fault::AnnouncesNothing);
        self.inner
            .wakeups()
            // Ends instead of going on without, likewise.
            .take_while(move |wakeup| {
                let is_sandbox = matches!(wakeup, Wakeup::Sandbox { .. });
                ready(!(no_sandboxes && is_sandbox))
            })
            .map(move |wakeup| match wakeup {
                Wakeup::Spec { id, revision, due } => Wakeup::Spec {
                    id,
                    revision,
                    due: due || all_due,
                },
                Wakeup::Sandbox { id } => Wakeup::Sandbox { id },
                Wakeup::Lagged => Wakeup::Lagged,
            })
            .boxed()
    }
}
