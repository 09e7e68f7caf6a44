//! Clauses about futures that are dropped on the way.

use super::bench::Bench;
use super::{StoreFixture, sample};
use crate::id::Sequence;
use crate::store::{Commit, PageLimit, SpecStore, StoreErrorKind};

/// Lets a future run for so many turns of the scheduler and drops it.
async fn drop_after<T>(turns: u32, future: impl Future<Output = T> + Send) {
    tokio::select! {
        biased;
        _done = future => {}
        () = async {
            for _turn in 0..turns {
                tokio::task::yield_now().await;
            }
        } => {}
    }
}

/// A commit whose caller has gone is there whole, or not at all; its repeat settles which.
pub async fn dropped_commits_are_done_or_not_done(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    for turns in (0..64).chain([256, 1024]) {
        let launched = bench.launch().await.spec;
        let mut steps = sample::steps_to_artifact(&launched, bench.now());
        let last = steps.pop().unwrap();
        for step in steps {
            bench.commit(step).await;
        }
        let before = bench.consistent(launched.id).await;
        drop_after(turns, bench.store.commit(Commit::new(last.clone()))).await;

        let dropped = bench.consistent(launched.id).await;
        let done = dropped.spec.revision == last.spec.revision;
        assert!(done || dropped == before, "after {turns} turns");
        let artifacts = bench.store.artifacts(launched.id).await.unwrap();
        assert!(!done || artifacts == last.artifacts, "after {turns} turns");

        match bench.store.commit(Commit::new(last.clone())).await {
            Ok(_) => assert!(!done, "after {turns} turns"),
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Conflict),
        }
        let after = bench.consistent(launched.id).await;
        assert_eq!(after.spec, last.spec);
        let artifacts = bench.store.artifacts(launched.id).await.unwrap();
        assert_eq!(artifacts, last.artifacts);
    }
}

/// A creation whose caller has gone is there with its events, or not at all.
pub async fn dropped_creates_are_done_or_not_done(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    for turns in (0..64).chain([256, 1024]) {
        let create = sample::create(sample::new_spec(), bench.now());
        let id = create.spec.id;
        drop_after(turns, bench.store.create(create.clone())).await;
        if bench.store.get(id).await.unwrap().is_none() {
            let store: &dyn SpecStore = &*bench.store;
            match store.create(create.clone()).await {
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind(), StoreErrorKind::AlreadyExists),
            }
        }
        assert_eq!(bench.consistent(id).await.spec, create.spec);
        let events = bench.store.events(id, Sequence::default(), PageLimit::MAX);
        assert_eq!(events.await.unwrap().len(), create.events.len());
    }
}
