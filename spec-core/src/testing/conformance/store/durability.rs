//! Clauses about what a store keeps when it is closed and opened again.

use super::bench::{Bench, LEASE, PAST_LEASE, refused};
use super::{StoreFixture, not_run, sample};
use crate::id::{Duty, IdempotencyKey, Sequence};
use crate::store::{Commit, Create, Created, PageLimit, SpecQuery, StoreErrorKind};

/// Opens the bench's store anew; `None` when it keeps nothing.
async fn reopened(bench: Bench<'_>) -> Option<Bench<'_>> {
    let Bench { fixture, store } = bench;
    let reopened = fixture.reopen(store).await;
    if reopened.is_none() {
        not_run("the store is not meant to keep anything");
    }
    reopened.map(|store| Bench { fixture, store })
}

/// State, events, artifacts and checkpoint are as they were.
pub async fn reopening_keeps_specs_events_and_artifacts(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    for step in sample::steps_to_artifact(&bench.stored(id).await.spec, bench.now()) {
        bench.commit(step).await;
    }
    let lease = bench.claim_one(bench.runner().await).await.lease;
    let stored = bench.stored(id).await;
    bench.append(lease, &stored, 9).await;

    let before = bench.consistent(id).await;
    let events = |bench: &Bench<'_>| {
        let store = bench.shared();
        async move {
            let events = store.events(id, Sequence::default(), PageLimit::MAX);
            events.await.unwrap()
        }
    };
    let events_before = events(&bench).await;
    let artifacts = bench.store.artifacts(id).await.unwrap();
    let page = bench.store.list(&SpecQuery::default()).await.unwrap();

    let Some(bench) = reopened(bench).await else {
        return;
    };
    assert_eq!(bench.consistent(id).await, before);
    assert_eq!(events(&bench).await, events_before);
    assert_eq!(bench.store.artifacts(id).await.unwrap(), artifacts);
    assert_eq!(bench.store.list(&SpecQuery::default()).await.unwrap(), page);
}

/// Who holds what, who was fenced, and which keys were used, is as it was.
pub async fn reopening_keeps_leases_and_keys(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let keyed = |bench: &Bench<'_>| Create {
        idempotency_key: Some(IdempotencyKey::new("launch-1").unwrap()),
        ..sample::create(sample::new_spec(), bench.now())
    };
    let spec = bench.create(keyed(&bench)).await.spec;
    let (one, other) = (bench.runner().await, bench.runner().await);
    let old = bench.claim_one(one).await.lease;
    bench.store.release(&old).await.unwrap();
    let current = bench.claim_one(one).await.lease;

    let Some(bench) = reopened(bench).await else {
        return;
    };
    assert_eq!(bench.claim(other).await, []);
    let step = sample::step(&spec, bench.now());
    let late = Commit::new(step.clone()).under(old);
    assert_eq!(
        refused(bench.store.commit(late).await),
        StoreErrorKind::Fenced
    );
    bench.fixture.advance(PAST_LEASE).await;
    let taken = bench.claim_one(bench.runner().await).await;
    assert!(taken.lease.epoch > current.epoch);
    assert_eq!(taken.fruitless, 1);
    bench.commit_under(taken.lease, step).await;
    let again = bench.store.create(keyed(&bench)).await.unwrap();
    assert_eq!(again, Created::Existing(bench.consistent(spec.id).await));
}

/// Who leads, and until when, is as it was.
pub async fn reopening_keeps_duties(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (one, other) = (sample::runner_id(), sample::runner_id());
    let duty = Duty::new("sweep").unwrap();
    assert!(bench.store.lead(&duty, one, LEASE).await.unwrap());

    let Some(bench) = reopened(bench).await else {
        return;
    };
    assert!(!bench.store.lead(&duty, other, LEASE).await.unwrap());
    assert!(bench.store.lead(&duty, one, LEASE).await.unwrap());
    bench.fixture.advance(PAST_LEASE).await;
    assert!(bench.store.lead(&duty, other, LEASE).await.unwrap());
}
