//! Clauses that only show when many do the same at once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

use super::bench::{Bench, any};
use super::{StoreFixture, sample};
use crate::event::EventBody;
use crate::id::Sequence;
use crate::store::{Claim, Commit, PageLimit, StoreErrorKind};

/// Of writers that saw the same revision, one wins and the others are told so.
pub async fn racing_commits_have_one_winner(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let before = bench.launch().await;
    let mut writers = JoinSet::new();
    for writer in 0..16 {
        let store = bench.shared();
        let transition = sample::cancel(&before.spec, &format!("user-{writer}"), bench.now());
        writers.spawn(async move { store.commit(Commit::new(transition)).await });
    }
    let mut winners = 0;
    for outcome in writers.join_all().await {
        match outcome {
            Ok(committed) => {
                winners += 1;
                assert_eq!(committed.revision, before.spec.revision.next());
            }
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}"),
        }
    }
    assert_eq!(winners, 1);
    let after = bench.consistent(before.spec.id).await;
    assert_eq!(after.last_sequence, before.last_sequence.next());
}

/// However many runners ask at once, each spec goes to one of them.
pub async fn racing_claims_hand_out_each_spec_once(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut specs = HashSet::new();
    for _spec in 0..200 {
        specs.insert(bench.launch().await.spec.id);
    }
    let mut runners = JoinSet::new();
    for _runner in 0..16 {
        let claim = Claim {
            limit: 7,
            ..any(bench.runner().await)
        };
        let store = bench.shared();
        runners.spawn(async move {
            let mut all = Vec::new();
            loop {
                let claimed = store.claim(&claim).await.unwrap();
                if claimed.is_empty() {
                    return all;
                }
                all.extend(claimed.iter().map(|claimed| claimed.lease.spec_id));
            }
        });
    }
    let handed_out: Vec<_> = runners.join_all().await.into_iter().flatten().collect();
    assert_eq!(handed_out.len(), 200, "none is handed out twice");
    assert_eq!(handed_out.into_iter().collect::<HashSet<_>>(), specs);
}

/// Output and a command that meet are both kept, in some order.
pub async fn racing_commands_and_appends_lose_nothing(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    let before = bench.run_started(id).await;
    let lease = bench.claim_one(bench.runner().await).await.lease;
    let mut writers = JoinSet::new();
    for line in 1..=20 {
        let (store, append) = (bench.shared(), bench.lines(lease, &before, line));
        writers.spawn(async move { store.append(append).await.map(|_| ()) });
    }
    let store = bench.shared();
    let cancel = Commit::new(sample::cancel(&before.spec, "ada", bench.now()));
    writers.spawn(async move { store.commit(cancel).await.map(|_| ()) });
    for outcome in writers.join_all().await {
        outcome.unwrap();
    }

    let after = bench.consistent(id).await;
    assert_eq!(after.spec.revision, before.spec.revision.next());
    let events = bench
        .store
        .events(id, Sequence::default(), PageLimit::MAX)
        .await
        .unwrap();
    let output = events
        .iter()
        .filter(|event| matches!(event.body, EventBody::Progress { .. }))
        .count();
    assert_eq!(output, 20);
}

/// Of writers under one lease that saw the same revision, one wins, and the lease stands.
pub async fn racing_commits_under_one_lease_have_one_winner(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let claimed = bench.claim_one(bench.runner().await).await;
    let (before, lease) = (claimed.stored, claimed.lease);
    let mut writers = JoinSet::new();
    for _writer in 0..16 {
        let store = bench.shared();
        let commit = Commit::new(sample::step(&before.spec, bench.now())).under(lease);
        writers.spawn(async move { store.commit(commit).await });
    }
    let mut winners = 0;
    for outcome in writers.join_all().await {
        match outcome {
            Ok(_) => winners += 1,
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}"),
        }
    }
    assert_eq!(winners, 1);
    let after = bench.consistent(before.spec.id).await;
    assert_eq!(after.spec.revision, before.spec.revision.next());
    bench
        .commit_under(lease, sample::step(&after.spec, bench.now()))
        .await;
}

/// While some give back and others claim, no spec has two holders and none is left without.
pub async fn racing_claims_and_releases_lose_nothing(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut specs = HashSet::new();
    for _spec in 0..20 {
        specs.insert(bench.launch().await.spec.id);
    }
    let epochs = Arc::new(Mutex::new(HashSet::new()));
    let now = bench.now();
    let mut runners = JoinSet::new();
    for _runner in 0..8 {
        let claim = Claim {
            limit: 5,
            ..any(bench.runner().await)
        };
        let (store, epochs) = (bench.shared(), Arc::clone(&epochs));
        runners.spawn(async move {
            for round in 0..10 {
                for claimed in store.claim(&claim).await.unwrap() {
                    let lease = claimed.lease;
                    let first = epochs.lock().unwrap().insert((lease.spec_id, lease.epoch));
                    assert!(first, "{lease} was handed out twice");
                    assert_eq!(claimed.fruitless, 0);
                    // Once a runner, so that no spec comes to its end.
                    if round == 0 {
                        let step = sample::step(&claimed.stored.spec, now);
                        let commit = Commit::new(step).under(lease).and_release();
                        store.commit(commit).await.unwrap();
                    } else {
                        store.release(&lease).await.unwrap();
                    }
                }
            }
        });
    }
    while let Some(runner) = runners.join_next().await {
        runner.unwrap();
    }
    let left = bench.claim(bench.runner().await).await;
    let left: HashSet<_> = left.iter().map(|claimed| claimed.lease.spec_id).collect();
    assert_eq!(left, specs);
    for id in specs {
        bench.consistent(id).await;
    }
}
