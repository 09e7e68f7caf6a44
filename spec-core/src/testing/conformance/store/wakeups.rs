//! Clauses about [`wakeups`](crate::SpecStore::wakeups).
//!
//! Hints may be merged or missing by contract; a store that never gives any would pass as a poll. In
//! a quiet store, though, a hint for a change is to be expected within seconds.

use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use super::bench::Bench;
use super::{StoreFixture, sample};
use crate::id::SpecId;
use crate::store::Wakeup;

/// Longest wait for a hint; passes at once when all is well.
const PATIENCE: Duration = Duration::from_secs(10);

async fn hears_of(listener: &mut BoxStream<'static, Wakeup>, id: SpecId) {
    let heard = async {
        loop {
            match listener.next().await {
                Some(Wakeup::Spec { id: spec, .. }) if spec == id => return,
                Some(Wakeup::Lagged) => return,
                Some(Wakeup::Spec { .. }) => {}
                None => panic!("the stream ended before the store"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard)
        .await
        .expect("a hint comes within seconds");
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
