//! Clauses about [`heartbeat`](crate::SpecStore::heartbeat), [`release`](crate::SpecStore::release)
//! and [`retire`](crate::SpecStore::retire).

use std::time::Duration;

use super::bench::{Bench, LEASE, PAST_LEASE, ids, refused};
use super::{StoreFixture, sample};
use crate::id::Epoch;
use crate::store::{Held, Lease, StoreErrorKind};

/// A runner learns what it holds, at which epoch, and whether a command came in between.
pub async fn heartbeat_lists_what_is_held(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let runner = bench.runner().await;
    let beat = async || {
        let mut held = bench.store.heartbeat(runner, LEASE).await.unwrap().held;
        held.sort_unstable_by_key(|held| held.spec_id);
        held
    };
    assert_eq!(beat().await, []);
    bench.launch().await;
    bench.launch().await;
    let claimed = bench.claim(runner).await;
    bench.launch().await;
    bench.claim_one(bench.runner().await).await;

    let mut expected: Vec<_> = claimed
        .iter()
        .map(|claimed| Held {
            spec_id: claimed.lease.spec_id,
            epoch: claimed.lease.epoch,
            revision: claimed.stored.spec.revision,
        })
        .collect();
    expected.sort_unstable_by_key(|held| held.spec_id);
    assert_eq!(beat().await, expected);

    let cancelled = expected.first_mut().unwrap();
    let spec = bench.stored(cancelled.spec_id).await.spec;
    let committed = bench
        .commit(sample::cancel(&spec, "ada", bench.now()))
        .await;
    cancelled.revision = committed.revision;
    assert_eq!(beat().await, expected);
}

/// A runner that keeps beating keeps what it holds, however long that takes.
pub async fn heartbeat_extends_the_lease(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let runner = bench.runner().await;
    bench.claim_one(runner).await;
    for _beat in 0..4 {
        bench.fixture.advance(LEASE / 2).await;
        let before = bench.now();
        let beat = bench.store.heartbeat(runner, LEASE).await.unwrap();
        assert!(beat.expires_at >= before + LEASE);
        assert!(beat.expires_at <= bench.now() + LEASE);
        assert_eq!(beat.held.len(), 1);
    }
    assert_eq!(bench.claim(bench.runner().await).await, []);
}

/// A runner that was too late must come back as another one, whether or not it held anything.
pub async fn heartbeat_refuses_an_expired_runner(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let (idle, busy) = (bench.runner().await, bench.runner().await);
    bench.claim_one(busy).await;
    bench.fixture.advance(PAST_LEASE).await;
    for runner in [idle, busy, idle] {
        let late = bench.store.heartbeat(runner, LEASE).await;
        assert_eq!(refused(late), StoreErrorKind::Fenced);
    }
    bench.claim_one(bench.runner().await).await;
}

/// What is given back can be claimed at once.
pub async fn release_lets_another_runner_claim(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let (one, other) = (bench.runner().await, bench.runner().await);
    let claimed = bench.claim_one(one).await;
    bench.store.release(&claimed.lease).await.unwrap();
    assert_eq!(bench.store.heartbeat(one, LEASE).await.unwrap().held, []);
    assert_eq!(bench.claim_one(other).await.stored, claimed.stored);
}

/// A late release takes nothing from the present holder; nor does one of a spec that never was.
pub async fn release_under_a_stale_lease_does_nothing(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let (one, other) = (bench.runner().await, bench.runner().await);
    let stale = bench.claim_one(one).await.lease;
    bench.store.release(&stale).await.unwrap();
    bench.store.release(&stale).await.unwrap();
    let current = bench.claim_one(other).await.lease;

    bench.store.release(&stale).await.unwrap();
    let wrong_runner = Lease {
        runner: one,
        ..current
    };
    bench.store.release(&wrong_runner).await.unwrap();
    let unknown = Lease {
        spec_id: sample::spec_id(),
        runner: one,
        epoch: Epoch::new(1),
    };
    bench.store.release(&unknown).await.unwrap();
    assert_eq!(bench.claim(one).await, []);
    assert_eq!(
        bench
            .store
            .heartbeat(other, LEASE)
            .await
            .unwrap()
            .held
            .len(),
        1
    );
}

/// A runner that ends in good order leaves nothing to wait for.
pub async fn retire_gives_everything_back(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    for _spec in 0..3 {
        bench.launch().await;
    }
    let (one, other) = (bench.runner().await, bench.runner().await);
    let claimed = bench.claim(one).await;
    assert_eq!(claimed.len(), 3);
    bench.store.retire(one).await.unwrap();
    bench.store.retire(one).await.unwrap();
    let again = bench.claim(other).await;
    let (mut before, mut after) = (ids(&claimed), ids(&again));
    before.sort_unstable();
    after.sort_unstable();
    assert_eq!(after, before);

    // Forgotten: it cannot claim, and may begin anew.
    let late = super::bench::any(one);
    assert_eq!(
        refused(bench.store.claim(&late).await),
        StoreErrorKind::Fenced
    );
    let anew = bench.store.heartbeat(one, Duration::from_secs(5)).await;
    assert_eq!(anew.unwrap().held, []);
}
