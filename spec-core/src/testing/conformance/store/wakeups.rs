//! Clauses about [`wakeups`](crate::SpecStore::wakeups).
//!
//! Hints may be merged or missing by contract; a store that never gives any would pass as a poll. In
//! a quiet store, though, a hint for a change is to be expected within seconds.

use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use super::bench::Bench;
use super::{StoreFixture, sample};
use crate::id::{Revision, SpecId};
use crate::machine::Command;
use crate::store::{Commit, Create, Wakeup};

/// Longest wait for a hint; passes at once when all is well.
const PATIENCE: Duration = Duration::from_secs(10);

async fn hears_of(listener: &mut BoxStream<'static, Wakeup>, id: SpecId) {
    let heard = async {
        loop {
            match listener.next().await {
                Some(Wakeup::Spec { id: spec, .. }) if spec == id => return,
                Some(Wakeup::Lagged) => return,
                Some(Wakeup::Spec { .. } | Wakeup::Sandbox { .. }) => {}
                None => panic!("the stream ended before the store"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard)
        .await
        .expect("a hint comes within seconds");
}

/// The next hint about the spec at that revision says so. Hints about earlier ones may still come.
async fn hears(listener: &mut BoxStream<'static, Wakeup>, id: SpecId, revision: u32) -> bool {
    let revision = Revision::new(revision);
    let heard = async {
        loop {
            match listener.next().await {
                Some(Wakeup::Spec {
                    id: spec,
                    revision: at,
                    due,
                }) if (spec, at) == (id, revision) => return due,
                Some(Wakeup::Spec { .. } | Wakeup::Sandbox { .. } | Wakeup::Lagged) => {}
                None => panic!("the stream ended before the store"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard)
        .await
        .unwrap_or_else(|_| panic!("a hint tells of revision {revision} within seconds"))
}

/// Likewise, once one says that the spec is due. A late hint may have been given before it was.
async fn hears_due(listener: &mut BoxStream<'static, Wakeup>, id: SpecId, revision: u32) {
    while !hears(listener, id, revision).await {}
}

/// Every listener hears of creation, commits, appends, and specs that are given back.
pub async fn wakeups_reach_every_listener_after_every_change(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut listeners = [bench.store.wakeups(), bench.store.wakeups()];
    let mut all_hear_of = async |id| {
        for listener in &mut listeners {
            hears_of(listener, id).await;
        }
    };
    let spec = bench.launch().await.spec;
    all_hear_of(spec.id).await;
    bench.commit(sample::step(&spec, bench.now())).await;
    all_hear_of(spec.id).await;

    let runner = bench.runner().await;
    let claimed = bench.claim_one(runner).await;
    bench.append(claimed.lease, &claimed.stored, 1).await;
    all_hear_of(spec.id).await;
    bench.store.release(&claimed.lease).await.unwrap();
    all_hear_of(spec.id).await;
    bench.claim_one(runner).await;
    bench.store.retire(runner).await.unwrap();
    all_hear_of(spec.id).await;
}

/// A runner that waits for work hears of it when there is some: when it is created, started, or given
/// back.
pub async fn wakeups_say_when_somebody_may_claim(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut listener = bench.store.wakeups();
    let launched = bench.launch().await.spec.id;
    assert!(hears(&mut listener, launched, 1).await);

    let draft = bench.draft().await.spec;
    assert!(!hears(&mut listener, draft.id, 1).await);
    let by = sample::user("ada");
    let execute = sample::command(&draft, Command::Execute { by }, bench.now());
    bench.commit(execute).await;
    assert!(hears(&mut listener, draft.id, 2).await);

    let runner = bench.runner().await;
    for claimed in bench.claim(runner).await {
        let spec = claimed.stored.spec;
        if spec.id == launched {
            bench.store.release(&claimed.lease).await.unwrap();
            hears_due(&mut listener, launched, 1).await;
        } else {
            let step = sample::step(&spec, bench.now());
            let commit = Commit::new(step).under(claimed.lease).and_release();
            bench.store.commit(commit).await.unwrap();
            hears_due(&mut listener, draft.id, 3).await;
        }
    }
    assert_eq!(bench.claim(runner).await.len(), 2);
    bench.store.retire(runner).await.unwrap();
    hears_due(&mut listener, launched, 1).await;
    hears_due(&mut listener, draft.id, 3).await;
}

/// While a runner holds a spec, there is nothing to be claimed, whatever happens to it.
pub async fn wakeups_about_held_specs_call_nobody(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut listener = bench.store.wakeups();
    let runner = bench.runner().await;
    let create = Create {
        runner: Some(runner),
        ..sample::create(sample::new_spec(), bench.now())
    };
    let handed_over = bench.create(create).await.spec.id;
    assert!(!hears(&mut listener, handed_over, 1).await);

    let id = bench.launch().await.spec.id;
    let lease = bench.claim_one(runner).await.lease;
    for revision in [2, 3] {
        let spec = bench.stored(id).await.spec;
        bench
            .commit_under(lease, sample::step(&spec, bench.now()))
            .await;
        assert!(!hears(&mut listener, id, revision).await);
    }
    let running = bench.stored(id).await;
    bench.append(lease, &running, 1).await;
    assert!(!hears(&mut listener, id, 3).await);
    bench
        .commit(sample::cancel(&running.spec, "ada", bench.now()))
        .await;
    assert!(!hears(&mut listener, id, 4).await);
}

/// A listener that does not listen costs no memory without bound; it is told, and can go on.
pub async fn wakeups_tell_a_slow_listener_that_it_lagged(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut slow = bench.store.wakeups();
    let first = bench.launch().await.spec.id;
    for _spec in 0..1100 {
        bench.launch().await;
    }
    // Either it lagged or the store keeps as many hints; both tell of the first change.
    hears_of(&mut slow, first).await;
    let last = bench.launch().await.spec.id;
    hears_of(&mut slow, last).await;
}
