//! Clauses about [`events`](crate::SpecStore::events).

use super::bench::Bench;
use super::{StoreFixture, sample};
use crate::id::Sequence;
use crate::store::PageLimit;

/// Reading in pages of any size from any place yields what reading at once yields.
pub async fn events_come_in_order_after_a_place_and_up_to_a_limit(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let launched = bench.launch().await.spec;
    for step in sample::steps_to_artifact(&launched, bench.now()) {
        bench.commit(step).await;
    }
    let read = async |after: u32, limit: u32| {
        let (after, limit) = (Sequence::new(after), PageLimit::new(limit).unwrap());
        bench.store.events(launched.id, after, limit).await.unwrap()
    };
    let all = read(0, 1000).await;
    assert!(all.len() > 6, "{all:?}");
    let mut places = (1..).map(Sequence::new);
    assert!(
        all.iter()
            .all(|event| Some(event.sequence) == places.next())
    );

    let last = u32::try_from(all.len()).unwrap();
    for after in 0..last {
        for limit in [1, 2, last] {
            let expected: Vec<_> = all
                .iter()
                .filter(|event| (after + 1..=after + limit).contains(&event.sequence.get()))
                .cloned()
                .collect();
            assert_eq!(read(after, limit).await, expected, "{limit} after {after}");
        }
    }
    assert_eq!(read(last, 10).await, []);
    assert_eq!(read(u32::MAX, 10).await, []);
}

/// Each spec counts from 1 and shows its own events only.
pub async fn events_of_one_spec_never_show_in_another(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (one, other) = (bench.launch().await, bench.draft().await);
    bench.commit(sample::step(&one.spec, bench.now())).await;
    bench
        .commit(sample::cancel(&other.spec, "ada", bench.now()))
        .await;
    for id in [one.spec.id, other.spec.id] {
        bench.consistent(id).await;
        let events = bench.store.events(id, Sequence::default(), PageLimit::MAX);
        let events = events.await.unwrap();
        assert!(events.iter().all(|event| event.spec_id == id), "{events:?}");
    }
}

/// An unknown spec has no events, which is no error.
pub async fn events_of_an_unknown_spec_are_empty(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let unknown = sample::spec_id();
    let events = bench
        .store
        .events(unknown, Sequence::default(), PageLimit::MAX);
    assert_eq!(events.await.unwrap(), []);
}
