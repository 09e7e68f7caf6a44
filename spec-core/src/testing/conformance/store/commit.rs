//! Clauses about [`commit`](crate::SpecStore::commit), apart from leases.

use super::bench::{Bench, refused};
use super::{StoreFixture, sample};
use crate::id::{ArtifactVersion, Revision, Sequence};
use crate::phase::Phase;
use crate::status::SpecStatus;
use crate::store::{Commit, Committed, Create, PageLimit, StoreErrorKind};

/// The state, the events and the artifacts of a commit are all there after it.
pub async fn commit_stores_state_events_and_artifacts_together(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let launched = bench.launch().await;
    let id = launched.spec.id;
    let mut sequence = launched.last_sequence;
    for transition in sample::steps_to_artifact(&launched.spec, bench.now()) {
        let (spec, artifacts) = (transition.spec.clone(), transition.artifacts.clone());
        for _event in &transition.events {
            sequence = sequence.next();
        }
        let committed = bench.commit(transition).await;
        assert_eq!(
            committed,
            Committed {
                revision: spec.revision,
                last_sequence: sequence,
            }
        );
        let stored = bench.consistent(id).await;
        assert_eq!((stored.spec, stored.last_sequence), (spec, sequence));
        assert_eq!(bench.store.artifacts(id).await.unwrap(), artifacts);
    }
}

/// A commit from an old revision is refused and leaves state, events and artifacts alone.
pub async fn commit_refuses_a_stale_revision(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let launched = bench.launch().await.spec;
    let mut steps = sample::steps_to_artifact(&launched, bench.now());
    let with_artifact = steps.pop().unwrap();
    for step in steps {
        bench.commit(step).await;
    }
    let cancelled = sample::cancel(&bench.stored(launched.id).await.spec, "ada", bench.now());
    bench.commit(cancelled).await;
    let before = bench.consistent(launched.id).await;

    let stale = Commit::new(with_artifact);
    assert_eq!(
        refused(bench.store.commit(stale).await),
        StoreErrorKind::Conflict
    );
    assert_eq!(bench.consistent(launched.id).await, before);
    assert_eq!(bench.store.artifacts(launched.id).await.unwrap(), []);
}

/// A commit to a spec that was never created is refused and creates nothing.
pub async fn commit_refuses_an_unknown_spec(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let Create { spec, .. } = sample::create(sample::new_spec(), bench.now());
    let commit = Commit::new(sample::step(&spec, bench.now()));
    assert_eq!(
        refused(bench.store.commit(commit).await),
        StoreErrorKind::NotFound
    );
    assert_eq!(bench.store.get(spec.id).await.unwrap(), None);
    let events = bench
        .store
        .events(spec.id, Sequence::default(), PageLimit::MAX);
    assert_eq!(events.await.unwrap(), []);
}

/// A commit that does not raise the revision would let two of them succeed, and is refused.
pub async fn commit_refuses_to_keep_the_revision(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let before = bench.launch().await;
    let mut commit = Commit::new(sample::step(&before.spec, bench.now()));
    commit.spec.revision = before.spec.revision;
    assert_eq!(
        refused(bench.store.commit(commit).await),
        StoreErrorKind::Internal
    );
    assert_eq!(bench.consistent(before.spec.id).await, before);
}

/// Changes that follow each other may be stored as one: the events of several revisions, the state
/// after the last.
pub async fn commit_stores_several_revisions_at_once(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let launched = bench.launch().await;
    let id = launched.spec.id;
    let lease = bench.claim_one(bench.runner().await).await.lease;
    let steps = sample::steps_to_artifact(&launched.spec, bench.now());
    let between = steps.first().unwrap().clone();
    let merged = sample::merged(steps);
    let (events, artifacts) = (merged.events.clone(), merged.artifacts.clone());
    let after = merged.spec.clone();
    assert!(after.revision > between.spec.revision);
    let committed = bench.commit_under(lease, merged).await;
    assert_eq!(committed.revision, after.revision);

    let stored = bench.consistent(id).await;
    assert_eq!(stored.spec, after);
    assert_eq!(stored.last_sequence, committed.last_sequence);
    let told = bench
        .store
        .events(id, launched.last_sequence, PageLimit::MAX);
    let told = told.await.unwrap();
    let told: Vec<_> = told.iter().map(|event| event.revision).collect();
    let expected: Vec<_> = events.iter().map(|event| event.revision).collect();
    assert_eq!(told, expected);
    assert_eq!(bench.store.artifacts(id).await.unwrap(), artifacts);

    // A revision that was passed over was never current.
    let stale = Commit::new(sample::step(&between.spec, bench.now()));
    assert_eq!(
        refused(bench.store.commit(stale).await),
        StoreErrorKind::Conflict
    );
    bench.commit(sample::step(&after, bench.now())).await;
    bench.consistent(id).await;
}

/// A commit says nothing about how far output was read, and leaves it.
pub async fn commit_keeps_the_checkpoint(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    let running = bench.run_started(id).await;
    let claimed = bench.claim_one(bench.runner().await).await;
    bench.append(claimed.lease, &running, 7).await;
    let checkpoint = Some(sample::checkpoint(&running.spec, 7));
    assert_eq!(bench.stored(id).await.checkpoint, checkpoint);
    bench
        .commit_under(claimed.lease, sample::step(&running.spec, bench.now()))
        .await;
    assert_eq!(bench.consistent(id).await.checkpoint, checkpoint);
}

/// A whole execution, one commit per step, reads back as the machine made it.
pub async fn a_spec_walks_from_launch_to_completion(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut spec = bench.launch().await.spec;
    let id = spec.id;
    while spec.status != SpecStatus::Completed {
        let transition = sample::step(&spec, bench.now());
        spec = transition.spec.clone();
        bench.commit(transition).await;
        assert_eq!(bench.stored(id).await.spec, spec);
    }
    let stored = bench.consistent(id).await;
    assert!(stored.spec.revision > Revision::new(20));
    let artifacts = bench.store.artifacts(id).await.unwrap();
    let kept: Vec<_> = artifacts
        .iter()
        .map(|artifact| (artifact.phase, artifact.version))
        .collect();
    assert_eq!(
        kept,
        Phase::ALL.map(|phase| (phase, ArtifactVersion::new(1)))
    );
}
