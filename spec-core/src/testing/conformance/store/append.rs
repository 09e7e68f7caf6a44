//! Clauses about [`append`](crate::SpecStore::append).

use super::bench::{Bench, refused};
use super::{StoreFixture, sample};
use crate::event::EventBody;
use crate::id::{Epoch, Sequence};
use crate::store::{Append, Appended, Lease, PageLimit, StoreErrorKind};

/// Output changes no state: the revision stays, the events and the checkpoint are there.
pub async fn append_keeps_the_revision_and_stores_the_checkpoint(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    let before = bench.run_started(id).await;
    let lease = bench.claim_one(bench.runner().await).await.lease;
    for line in 1..=3 {
        let last_sequence = bench.stored(id).await.last_sequence.next();
        let appended = bench.store.append(bench.lines(lease, &before, line)).await;
        assert_eq!(
            appended.unwrap(),
            Appended {
                revision: before.spec.revision,
                last_sequence,
            }
        );
        let stored = bench.consistent(id).await;
        assert_eq!(stored.spec, before.spec);
        assert_eq!(stored.last_sequence, last_sequence);
        let checkpoint = sample::checkpoint(&before.spec, line);
        assert_eq!(stored.checkpoint, Some(checkpoint));
    }
    let events = bench.store.events(id, before.last_sequence, PageLimit::MAX);
    let names: Vec<_> = events
        .await
        .unwrap()
        .iter()
        .map(|event| event.body.name())
        .collect();
    assert_eq!(names, ["spec.progress"; 3]);
}

/// Output that says nothing still moves the checkpoint.
pub async fn append_moves_the_checkpoint_without_events(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    let before = bench.run_started(id).await;
    let lease = bench.claim_one(bench.runner().await).await.lease;
    let append = Append {
        events: Vec::new(),
        ..bench.lines(lease, &before, 5)
    };
    let appended = bench.store.append(append).await.unwrap();
    assert_eq!(appended.last_sequence, before.last_sequence);
    let stored = bench.consistent(id).await;
    assert_eq!(stored.last_sequence, before.last_sequence);
    let checkpoint = sample::checkpoint(&before.spec, 5);
    assert_eq!(stored.checkpoint, Some(checkpoint));
}

/// A spec that was never created has no output.
pub async fn append_refuses_an_unknown_spec(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    let known = bench.run_started(id).await;
    let spec_id = sample::spec_id();
    let lease = Lease {
        spec_id,
        runner: bench.runner().await,
        epoch: Epoch::new(1),
    };
    let append = Append {
        spec_id,
        ..bench.lines(lease, &known, 1)
    };
    assert_eq!(
        refused(bench.store.append(append).await),
        StoreErrorKind::NotFound
    );
}

/// A holder learns from its next append that a command came in between.
pub async fn append_tells_the_revision_after_a_command(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    let before = bench.run_started(id).await;
    let lease = bench.claim_one(bench.runner().await).await.lease;
    let cancelled = bench
        .commit(sample::cancel(&before.spec, "ada", bench.now()))
        .await;
    let appended = bench.store.append(bench.lines(lease, &before, 1)).await;
    assert_eq!(appended.unwrap().revision, cancelled.revision);
}

/// Places are given in the order of commits and appends, without gap or repeat.
pub async fn sequences_stay_dense_across_commits_and_appends(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    bench.run_started(id).await;
    let lease = bench.claim_one(bench.runner().await).await.lease;
    let mut expected = bench.stored(id).await.last_sequence;
    for round in 0..3 {
        for line in 0..3 {
            let stored = bench.stored(id).await;
            bench.append(lease, &stored, round * 3 + line).await;
            expected = expected.next();
        }
        // Followed to its end, judged, and on to the next run.
        for _step in 0..5 {
            let spec = bench.stored(id).await.spec;
            let transition = sample::step(&spec, bench.now());
            for _event in &transition.events {
                expected = expected.next();
            }
            let committed = bench.commit_under(lease, transition).await;
            assert_eq!(committed.last_sequence, expected);
        }
    }
    bench.consistent(id).await;
    let events = bench
        .store
        .events(id, Sequence::default(), PageLimit::MAX)
        .await
        .unwrap();
    let places: Vec<_> = events.iter().map(|event| event.sequence.get()).collect();
    assert_eq!(places, (1..=expected.get()).collect::<Vec<_>>());
    let output = events
        .iter()
        .filter(|event| matches!(event.body, EventBody::Progress { .. }))
        .count();
    assert_eq!(output, 9);
}
