//! Clauses about commits and appends under a lease.

use super::bench::{Bench, PAST_LEASE, refused};
use super::{StoreFixture, sample};
use crate::store::{Claimed, Commit, Lease, StoreErrorKind, StoredSpec};

/// A spec whose run is followed, held by a first runner and then taken over by a second one.
async fn taken_over(bench: &Bench<'_>) -> (StoredSpec, Lease, Lease) {
    let id = bench.launch().await.spec.id;
    let stored = bench.run_started(id).await;
    let Claimed { lease: old, .. } = bench.claim_one(bench.runner().await).await;
    bench.fixture.advance(PAST_LEASE).await;
    let Claimed { lease: new, .. } = bench.claim_one(bench.runner().await).await;
    assert!(new.epoch > old.epoch);
    (stored, old, new)
}

/// The former holder cannot commit, the present one can.
pub async fn commit_is_fenced_by_a_later_claim(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (before, old, new) = taken_over(&bench).await;
    let transition = sample::step(&before.spec, bench.now());
    let late = Commit::new(transition.clone()).under(old);
    assert_eq!(
        refused(bench.store.commit(late).await),
        StoreErrorKind::Fenced
    );
    assert_eq!(bench.consistent(before.spec.id).await, before);
    bench.commit_under(new, transition).await;
}

/// A commit that is both late and stale is told that it is late: its runner must stop, not retry.
pub async fn commit_reports_the_fence_before_the_conflict(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (before, old, new) = taken_over(&bench).await;
    let transition = sample::step(&before.spec, bench.now());
    bench.commit_under(new, transition.clone()).await;
    let late = Commit::new(transition).under(old);
    assert_eq!(
        refused(bench.store.commit(late).await),
        StoreErrorKind::Fenced
    );
}

/// A lease that was given back is no longer current, even before anybody else claims the spec.
pub async fn commit_is_fenced_after_the_lease_was_given_back(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let Claimed { lease, stored, .. } = bench.claim_one(bench.runner().await).await;
    bench.store.release(&lease).await.unwrap();
    let late = Commit::new(sample::step(&stored.spec, bench.now())).under(lease);
    assert_eq!(
        refused(bench.store.commit(late).await),
        StoreErrorKind::Fenced
    );
    assert_eq!(bench.consistent(stored.spec.id).await, stored);
}

/// A lease speaks for its own spec only.
pub async fn commit_is_fenced_under_the_lease_of_another_spec(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    bench.launch().await;
    let claimed = bench.claim(bench.runner().await).await;
    let [one, other] = claimed.as_slice() else {
        panic!("two specs are due: {claimed:?}");
    };
    let wrong = Commit::new(sample::step(&one.stored.spec, bench.now())).under(other.lease);
    assert_eq!(
        refused(bench.store.commit(wrong).await),
        StoreErrorKind::Fenced
    );
    assert_eq!(bench.consistent(one.lease.spec_id).await, one.stored);
}

/// Clocks decide who may claim, epochs decide who may commit.
pub async fn commit_under_an_expired_lease_succeeds_until_somebody_takes_over(
    fixture: &dyn StoreFixture,
) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let Claimed { lease, stored, .. } = bench.claim_one(bench.runner().await).await;
    bench.fixture.advance(PAST_LEASE).await;
    bench
        .commit_under(lease, sample::step(&stored.spec, bench.now()))
        .await;
}

/// A person's command needs no lease, and takes none away.
pub async fn commit_without_a_lease_succeeds_while_a_runner_holds_the_spec(
    fixture: &dyn StoreFixture,
) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let Claimed { lease, stored, .. } = bench.claim_one(bench.runner().await).await;
    let observed = sample::step(&stored.spec, bench.now());
    let cancelled = sample::cancel(&stored.spec, "ada", bench.now());
    let spec = cancelled.spec.clone();
    bench.commit(cancelled).await;

    // The runner made its observation of a state that the command has replaced.
    let stale = Commit::new(observed).under(lease);
    assert_eq!(
        refused(bench.store.commit(stale).await),
        StoreErrorKind::Conflict
    );
    bench
        .commit_under(lease, sample::step(&spec, bench.now()))
        .await;
    bench.consistent(spec.id).await;
}

/// The former holder cannot add output or move the checkpoint.
pub async fn append_is_fenced_by_a_later_claim(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (before, old, new) = taken_over(&bench).await;
    let late = bench.store.append(bench.lines(old, &before, 1)).await;
    assert_eq!(refused(late), StoreErrorKind::Fenced);
    assert_eq!(bench.consistent(before.spec.id).await, before);
    bench.append(new, &before, 1).await;
}
