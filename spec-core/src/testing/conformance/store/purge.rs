//! Clauses about [`purge`](crate::SpecStore::purge).

use std::time::Duration;

use tokio::task::JoinSet;

use super::bench::{Bench, LEASE, refused};
use super::{StoreFixture, sample};
use crate::clock::Timestamp;
use crate::id::{IdempotencyKey, Sequence, SpecId};
use crate::machine::Command;
use crate::phase::Phase;
use crate::spec::Spec;
use crate::status::SpecStatus;
use crate::store::{Commit, Create, Created, PageLimit, SpecQuery, StoreErrorKind};

const DAY: Duration = Duration::from_hours(24);

async fn archive(bench: &Bench<'_>, spec: &Spec, at: Timestamp) {
    let by = sample::user("ada");
    bench
        .commit(sample::command(spec, Command::Archive { by }, at))
        .await;
}

/// A draft that was put away at that time.
async fn archived(bench: &Bench<'_>, at: Timestamp) -> SpecId {
    let mut draft = sample::new_spec();
    draft.auto_execute = false;
    let draft = bench.create(sample::create(draft, at)).await.spec;
    archive(bench, &draft, at).await;
    draft.id
}

/// A spec that was completed at that time, with all that belongs to one.
async fn completed(bench: &Bench<'_>, key: &str, at: Timestamp) -> Spec {
    let create = Create {
        idempotency_key: Some(IdempotencyKey::new(key).unwrap()),
        ..sample::create(sample::new_spec(), at)
    };
    let mut spec = bench.create(create).await.spec;
    while spec.status != SpecStatus::Completed {
        let step = sample::step(&spec, at);
        spec = step.spec.clone();
        bench.commit(step).await;
    }
    spec
}

async fn purge(bench: &Bench<'_>, before: Timestamp) -> u32 {
    bench.store.purge(before, PageLimit::MAX).await.unwrap()
}

/// What is not archived stays, however old; so does what was archived at that time or later.
pub async fn purge_deletes_what_was_archived_before_and_nothing_else(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let at = bench.now() - DAY;
    let just_before = at - Duration::from_micros(1);
    let old = [
        archived(&bench, just_before).await,
        archived(&bench, at - DAY).await,
    ];
    let kept = [
        archived(&bench, at).await,
        archived(&bench, bench.now()).await,
        completed(&bench, "kept", at - DAY).await.id,
        bench.draft().await.spec.id,
        bench.launch().await.spec.id,
    ];
    assert_eq!(purge(&bench, at).await, 2);
    assert_eq!(purge(&bench, at).await, 0);
    for id in old {
        assert_eq!(bench.store.get(id).await.unwrap(), None);
    }
    for id in kept {
        bench.consistent(id).await;
    }
}

/// A large backlog is deleted in portions, each counted.
pub async fn purge_deletes_no_more_than_its_limit(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    for _spec in 0..5 {
        archived(&bench, bench.now() - DAY).await;
    }
    let all = SpecQuery {
        include_archived: true,
        ..SpecQuery::default()
    };
    for (deleted, left) in [(2, 3), (2, 1), (1, 0), (0, 0)] {
        let two = PageLimit::new(2).unwrap();
        assert_eq!(
            bench.store.purge(bench.now(), two).await.unwrap(),
            deleted,
            "{left} are to be left"
        );
        assert_eq!(bench.store.list(&all).await.unwrap().items.len(), left);
    }
}

/// Nothing of a deleted spec can be found, and its id and its key are free again.
pub async fn purge_leaves_nothing_of_a_spec(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let spec = completed(&bench, "launch-1", bench.now() - DAY).await;
    let id = spec.id;
    archive(&bench, &spec, bench.now() - DAY).await;
    let before = bench.stored(id).await.spec;
    assert_eq!(purge(&bench, bench.now()).await, 1);

    assert_eq!(bench.store.get(id).await.unwrap(), None);
    let none = Sequence::default();
    let events = bench.store.events(id, none, PageLimit::MAX).await.unwrap();
    assert_eq!(events, []);
    assert_eq!(bench.store.artifacts(id).await.unwrap(), []);
    for phase in Phase::ALL {
        assert_eq!(bench.store.artifact(id, phase, None).await.unwrap(), None);
    }
    let all = SpecQuery {
        include_archived: true,
        ..SpecQuery::default()
    };
    assert_eq!(bench.store.list(&all).await.unwrap().items, []);
    let mut late = Commit::new(sample::step(&bench.launch().await.spec, bench.now()));
    late.spec.id = id;
    late.expected = before.revision;
    assert_eq!(
        refused(bench.store.commit(late).await),
        StoreErrorKind::NotFound
    );

    let mut new = sample::new_spec();
    new.id = id;
    let again = Create {
        idempotency_key: Some(IdempotencyKey::new("launch-1").unwrap()),
        ..sample::create(new, bench.now())
    };
    let created = bench.store.create(again).await.unwrap();
    assert!(matches!(created, Created::New { .. }), "{created:?}");
    bench.consistent(id).await;
    assert_eq!(bench.store.artifacts(id).await.unwrap(), []);
}

/// Other specs keep their events, their artifacts, their keys and their holders.
pub async fn purge_touches_no_other_spec(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let kept = completed(&bench, "kept", bench.now() - DAY).await;
    let old = completed(&bench, "old", bench.now() - DAY).await;
    archive(&bench, &old, bench.now() - DAY).await;
    bench.launch().await;
    let claimed = bench.claim_one(bench.runner().await).await;
    let before = bench.consistent(kept.id).await;
    let artifacts = bench.store.artifacts(kept.id).await.unwrap();
    assert_eq!(purge(&bench, bench.now()).await, 1);

    assert_eq!(bench.consistent(kept.id).await, before);
    assert_eq!(bench.store.artifacts(kept.id).await.unwrap(), artifacts);
    let again = Create {
        idempotency_key: Some(IdempotencyKey::new("kept").unwrap()),
        ..sample::create(sample::new_spec(), bench.now())
    };
    assert_eq!(
        bench.store.create(again).await.unwrap(),
        Created::Existing(before)
    );
    let step = sample::step(&claimed.stored.spec, bench.now());
    bench.commit_under(claimed.lease, step).await;
}

/// A runner that still holds a deleted spec has nothing left to hold.
pub async fn purge_takes_a_spec_from_its_holder(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let at = bench.now() - DAY;
    let mut spec = bench
        .create(sample::create(sample::new_spec(), at))
        .await
        .spec;
    let runner = bench.runner().await;
    let lease = bench.claim_one(runner).await.lease;
    while spec.status != SpecStatus::Completed {
        let step = sample::step(&spec, at);
        spec = step.spec.clone();
        bench.commit_under(lease, step).await;
    }
    archive(&bench, &spec, at).await;
    assert_eq!(purge(&bench, bench.now()).await, 1);

    let beat = bench.store.heartbeat(runner, LEASE).await.unwrap();
    assert_eq!(beat.held, []);
    bench.store.release(&lease).await.unwrap();
    bench.store.retire(runner).await.unwrap();
}

/// Of those that delete at once, none fails and each spec is counted once.
pub async fn racing_purges_count_each_spec_once(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    for _spec in 0..40 {
        archived(&bench, bench.now() - DAY).await;
    }
    let mut purges = JoinSet::new();
    for _caller in 0..8 {
        let (store, before) = (bench.shared(), bench.now());
        purges.spawn(async move {
            let limit = PageLimit::new(3).unwrap();
            let mut deleted = 0;
            loop {
                match store.purge(before, limit).await.unwrap() {
                    0 => return deleted,
                    some => deleted += some,
                }
            }
        });
    }
    let deleted: u32 = purges.join_all().await.into_iter().sum();
    // One may come away with nothing because the others were at it.
    assert_eq!(deleted + purge(&bench, bench.now()).await, 40);
}
