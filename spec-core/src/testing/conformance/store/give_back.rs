//! Clauses about commits that [give the spec back](crate::store::Commit::and_release).

use std::time::Duration;

use super::bench::{Bench, LEASE, refused};
use super::{StoreFixture, sample};
use crate::store::{Claimed, Commit, StoreErrorKind};

/// What is given back with a commit can be claimed at once, as the commit left it.
pub async fn commit_and_release_lets_another_runner_claim(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let (one, other) = (bench.runner().await, bench.runner().await);
    let Claimed { lease, stored, .. } = bench.claim_one(one).await;
    let commit = Commit::new(sample::step(&stored.spec, bench.now())).under(lease);
    bench.store.commit(commit.and_release()).await.unwrap();
    assert_eq!(bench.store.heartbeat(one, LEASE).await.unwrap().held, []);

    let claimed = bench.claim_one(other).await;
    assert_eq!(claimed.stored, bench.consistent(lease.spec_id).await);
    assert!(claimed.stored.spec.revision > stored.spec.revision);
    assert!(claimed.lease.epoch > lease.epoch);
}

/// After it, the lease is worth nothing, even before anybody else claims the spec.
pub async fn commit_and_release_ends_the_lease(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    let running = bench.run_started(id).await;
    let lease = bench.claim_one(bench.runner().await).await.lease;
    let step = sample::step(&running.spec, bench.now());
    let after = step.spec.clone();
    let commit = Commit::new(step).under(lease).and_release();
    bench.store.commit(commit).await.unwrap();

    let next = Commit::new(sample::step(&after, bench.now())).under(lease);
    assert_eq!(
        refused(bench.store.commit(next).await),
        StoreErrorKind::Fenced
    );
    let late = bench.store.append(bench.lines(lease, &running, 1)).await;
    assert_eq!(refused(late), StoreErrorKind::Fenced);
    assert_eq!(bench.consistent(id).await.spec, after);
}

/// A runner that commits and gives back did not die of the spec.
pub async fn commit_and_release_is_not_fruitless(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    for _round in 0..3 {
        let claimed = bench.claim_one(bench.runner().await).await;
        assert_eq!(claimed.fruitless, 0);
        let step = sample::step(&claimed.stored.spec, bench.now());
        let commit = Commit::new(step).under(claimed.lease).and_release();
        bench.store.commit(commit).await.unwrap();
    }
}

/// What is given back until its time comes is left alone until then.
pub async fn commit_and_release_of_a_spec_that_waits_keeps_it_waiting(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let Claimed { lease, stored, .. } = bench.claim_one(bench.runner().await).await;
    let wait = Duration::from_mins(10);
    let failed = sample::failed_effect(&stored.spec, wait, bench.now());
    let commit = Commit::new(failed).under(lease).and_release();
    bench.store.commit(commit).await.unwrap();
    assert_eq!(bench.claim(bench.runner().await).await, []);
    bench.fixture.advance(wait + Duration::from_secs(1)).await;
    bench.claim_one(bench.runner().await).await;
}

/// A person's command has nothing to give back, whatever it says.
pub async fn commit_and_release_without_a_lease_takes_nothing_away(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let (one, other) = (bench.runner().await, bench.runner().await);
    let Claimed { lease, stored, .. } = bench.claim_one(one).await;
    let cancel = sample::cancel(&stored.spec, "ada", bench.now());
    let cancelled = cancel.spec.clone();
    bench
        .store
        .commit(Commit::new(cancel).and_release())
        .await
        .unwrap();

    assert_eq!(bench.claim(other).await, []);
    let held = bench.store.heartbeat(one, LEASE).await.unwrap().held;
    assert_eq!(held.len(), 1);
    bench
        .commit_under(lease, sample::step(&cancelled, bench.now()))
        .await;
}

/// A commit that is refused, as stale or as fenced, gives nothing back.
pub async fn refused_commits_release_nothing(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let (one, other) = (bench.runner().await, bench.runner().await);
    let old = bench.claim_one(one).await.lease;
    bench.store.release(&old).await.unwrap();
    let Claimed { lease, stored, .. } = bench.claim_one(one).await;
    let observed = sample::step(&stored.spec, bench.now());
    let cancel = sample::cancel(&stored.spec, "ada", bench.now());
    let cancelled = cancel.spec.clone();
    bench.commit(cancel).await;

    for (lease, kind) in [
        (lease, StoreErrorKind::Conflict),
        (old, StoreErrorKind::Fenced),
    ] {
        let commit = Commit::new(observed.clone()).under(lease).and_release();
        assert_eq!(refused(bench.store.commit(commit).await), kind);
        assert_eq!(bench.claim(other).await, []);
    }
    bench
        .commit_under(lease, sample::step(&cancelled, bench.now()))
        .await;
    bench.consistent(lease.spec_id).await;
}
