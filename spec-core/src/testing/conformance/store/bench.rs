//! A store under test, and the few things that most cases do with it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{StoreFixture, sample};
use crate::clock::Timestamp;
use crate::id::{RunnerId, Sequence, SpecId};
use crate::machine::{Transition, replay};
use crate::spec::MACHINE_VERSION;
use crate::store::{
    Append, Claim, Claimed, Commit, Committed, Create, Created, Lease, PageLimit, SpecStore,
    StoreError, StoreErrorKind, StoredSpec,
};

/// How long the leases of the suite's runners last.
pub(super) const LEASE: Duration = Duration::from_mins(1);
/// Longer than any lease of the suite.
pub(super) const PAST_LEASE: Duration = Duration::from_secs(61);

pub(super) struct Bench<'a> {
    pub(super) fixture: &'a dyn StoreFixture,
    pub(super) store: Arc<dyn SpecStore>,
}

impl<'a> Bench<'a> {
    pub(super) async fn new(fixture: &'a dyn StoreFixture) -> Self {
        let store = fixture.fresh().await;
        Self { fixture, store }
    }

    /// The store, to be taken into a task.
    pub(super) fn shared(&self) -> Arc<dyn SpecStore> {
        Arc::clone(&self.store)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.fixture.now()
    }

    pub(super) async fn create(&self, create: Create) -> StoredSpec {
        match self.store.create(create).await.unwrap() {
            Created::New { stored, .. } => stored,
            Created::Existing(earlier) => panic!("spec {} was not expected", earlier.spec.id),
        }
    }

    /// A spec that is due now.
    pub(super) async fn launch(&self) -> StoredSpec {
        self.create(sample::create(sample::new_spec(), self.now()))
            .await
    }

    /// A spec that waits for a person.
    pub(super) async fn draft(&self) -> StoredSpec {
        let mut new = sample::new_spec();
        new.auto_execute = false;
        self.create(sample::create(new, self.now())).await
    }

    pub(super) async fn commit(&self, transition: Transition) -> Committed {
        self.store.commit(Commit::new(transition)).await.unwrap()
    }

    pub(super) async fn commit_under(&self, lease: Lease, transition: Transition) -> Committed {
        let commit = Commit::new(transition).under(lease);
        self.store.commit(commit).await.unwrap()
    }

    /// Takes the spec to the stage where a run is followed.
    pub(super) async fn run_started(&self, id: SpecId) -> StoredSpec {
        for _effect in ["spawn", "start"] {
            let spec = self.stored(id).await.spec;
            self.commit(sample::step(&spec, self.now())).await;
        }
        self.stored(id).await
    }

    pub(super) async fn append(&self, lease: Lease, stored: &StoredSpec, line: u64) {
        self.store
            .append(self.lines(lease, stored, line))
            .await
            .unwrap();
    }

    /// A line of output and the checkpoint after it.
    pub(super) fn lines(&self, lease: Lease, stored: &StoredSpec, line: u64) -> Append {
        Append {
            spec_id: stored.spec.id,
            lease,
            events: vec![sample::progress(
                &stored.spec,
                &format!("line {line}"),
                self.now(),
            )],
            checkpoint: sample::checkpoint(&stored.spec, line),
        }
    }

    /// A runner with a lease.
    pub(super) async fn runner(&self) -> RunnerId {
        let runner = sample::runner_id();
        self.store.heartbeat(runner, LEASE).await.unwrap();
        runner
    }

    pub(super) async fn claim(&self, runner: RunnerId) -> Vec<Claimed> {
        self.store.claim(&any(runner)).await.unwrap()
    }

    /// The one spec that is due.
    pub(super) async fn claim_one(&self, runner: RunnerId) -> Claimed {
        let mut claimed = self.claim(runner).await;
        assert_eq!(claimed.len(), 1, "one spec is due");
        claimed.remove(0)
    }

    pub(super) async fn stored(&self, id: SpecId) -> StoredSpec {
        self.store.get(id).await.unwrap().unwrap()
    }

    /// The spec, after a check that its state is what its events make of it.
    pub(super) async fn consistent(&self, id: SpecId) -> StoredSpec {
        // A change that a dropped future left on its way may land between two reads.
        loop {
            let stored = self.stored(id).await;
            let events = self
                .store
                .events(id, Sequence::default(), PageLimit::MAX)
                .await
                .unwrap();
            if self.stored(id).await != stored {
                continue;
            }
            assert_eq!(
                events.last().unwrap().sequence,
                stored.last_sequence,
                "the last event stands at the last place"
            );
            assert_eq!(
                replay(&events).unwrap(),
                stored.spec,
                "the state is the fold of the events"
            );
            return stored;
        }
    }
}

/// A request for everything that is due.
pub(super) fn any(runner: RunnerId) -> Claim {
    Claim {
        runner,
        limit: 1000,
        machine_version: MACHINE_VERSION,
        only: None,
        max_per_project: None,
    }
}

pub(super) fn ids(claimed: &[Claimed]) -> Vec<SpecId> {
    claimed
        .iter()
        .map(|claimed| claimed.lease.spec_id)
        .collect()
}

/// The kind of error that a call failed with.
pub(super) fn refused<T: fmt::Debug>(result: Result<T, StoreError>) -> StoreErrorKind {
    result.expect_err("the call is to be refused").kind()
}
