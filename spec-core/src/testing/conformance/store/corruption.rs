//! Clauses about what can no longer be read.

use super::bench::{Bench, ids, refused};
use super::{StoreFixture, not_run};
use crate::id::Sequence;
use crate::store::{PageLimit, SpecQuery, StoreErrorKind};

/// An unreadable state is an error of its own kind, for that spec only.
pub async fn get_reports_an_unreadable_state(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (bad, good) = (bench.launch().await, bench.launch().await);
    if !bench.fixture.corrupt(bad.spec.id).await {
        return not_run("the store cannot be corrupted");
    }
    assert_eq!(
        refused(bench.store.get(bad.spec.id).await),
        StoreErrorKind::Corrupt
    );
    assert_eq!(bench.consistent(good.spec.id).await, good);
}

/// One unreadable spec does not keep the others from being driven, wherever it stands in the queue.
pub async fn claim_skips_an_unreadable_state(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut specs = Vec::new();
    for _spec in 0..4 {
        specs.push(bench.launch().await.spec.id);
    }
    let [bad, good, also_bad, also_good] = specs.as_slice() else {
        panic!("four specs were launched");
    };
    for id in [bad, also_bad] {
        if !bench.fixture.corrupt(*id).await {
            return not_run("the store cannot be corrupted");
        }
    }
    let runner = bench.runner().await;
    let claim = crate::store::Claim {
        limit: 2,
        ..super::bench::any(runner)
    };
    let mut claimed = ids(&bench.store.claim(&claim).await.unwrap());
    claimed.sort_unstable();
    assert_eq!(claimed, [*good, *also_good]);
    assert_eq!(bench.claim(runner).await, []);
}

/// A list shows the readable ones or says that it cannot; it does not panic.
pub async fn list_survives_an_unreadable_state(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (bad, good) = (bench.launch().await.spec.id, bench.launch().await.spec.id);
    if !bench.fixture.corrupt(bad).await {
        return not_run("the store cannot be corrupted");
    }
    match bench.store.list(&SpecQuery::default()).await {
        Ok(page) => assert!(page.items.iter().any(|item| item.id == good)),
        Err(error) => assert_eq!(error.kind(), StoreErrorKind::Corrupt),
    }
}

/// An event of a later version is not passed over: whoever reads on would miss it for ever.
pub async fn events_report_an_unknown_name(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let stored = bench.launch().await;
    let id = stored.spec.id;
    if !bench.fixture.corrupt_event(id, Sequence::new(2)).await {
        return not_run("the store's events cannot be corrupted");
    }
    let all = bench.store.events(id, Sequence::default(), PageLimit::MAX);
    assert_eq!(refused(all.await), StoreErrorKind::Corrupt);
    let rest = bench.store.events(id, Sequence::new(2), PageLimit::MAX);
    assert_eq!(rest.await.unwrap().len(), 1);
    assert_eq!(bench.stored(id).await, stored);
}
