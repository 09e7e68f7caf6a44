//! Clauses about claims under a [cap](crate::store::Claim::max_per_project).

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::bench::{Bench, PAST_LEASE, any, ids};
use super::{StoreFixture, not_run, sample};
use crate::id::{ProjectId, RunnerId, SpecId};
use crate::machine::NewSpec;
use crate::store::{Claim, Claimed};

/// A spec of `project` that has been due for so many seconds.
async fn due_for(bench: &Bench<'_>, project: &str, seconds: u64) -> SpecId {
    let new = NewSpec {
        project_id: ProjectId::new(project).unwrap(),
        ..sample::new_spec()
    };
    let at = bench.now() - Duration::from_secs(seconds);
    bench.create(sample::create(new, at)).await.spec.id
}

/// Specs of `project`, the longest due first.
async fn queue(bench: &Bench<'_>, project: &str, specs: u64) -> Vec<SpecId> {
    let mut queue = Vec::new();
    for place in 0..specs {
        queue.push(due_for(bench, project, 1000 - place).await);
    }
    queue
}

fn capped(runner: RunnerId, cap: u32) -> Claim {
    Claim {
        max_per_project: NonZeroU32::new(cap),
        ..any(runner)
    }
}

async fn claim(bench: &Bench<'_>, claim: Claim) -> Vec<Claimed> {
    bench.store.claim(&claim).await.unwrap()
}

/// How many of each project.
fn per_project(claimed: &[Claimed]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for claimed in claimed {
        let project = claimed.stored.spec.project_id.as_str();
        *counts.entry(project).or_default() += 1;
    }
    counts
}

/// No project has more than its cap in hands, and what is given back makes room for the next.
pub async fn claim_keeps_every_project_within_the_cap(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let first = queue(&bench, "one", 5).await;
    queue(&bench, "two", 5).await;
    due_for(&bench, "three", 1).await;
    let runner = bench.runner().await;
    let claimed = claim(&bench, capped(runner, 2)).await;
    assert_eq!(
        per_project(&claimed),
        BTreeMap::from([("one", 2), ("three", 1), ("two", 2)])
    );
    assert_eq!(claim(&bench, capped(runner, 2)).await, []);

    let given_back = claimed
        .iter()
        .find(|claimed| first.first() == Some(&claimed.lease.spec_id))
        .expect("the longest due of a project is its first");
    bench.store.release(&given_back.lease).await.unwrap();
    let next = claim(&bench, capped(runner, 2)).await;
    assert_eq!(ids(&next), [given_back.lease.spec_id]);
}

/// The cap is for all living runners together, however they came to what they hold.
pub async fn claim_counts_what_other_runners_hold(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    queue(&bench, "one", 3).await;
    let other = bench.runner().await;
    assert_eq!(bench.claim(other).await.len(), 3);
    queue(&bench, "one", 3).await;
    queue(&bench, "two", 1).await;
    let runner = bench.runner().await;
    let claimed = claim(&bench, capped(runner, 3)).await;
    assert_eq!(per_project(&claimed), BTreeMap::from([("two", 1)]));
    let claimed = claim(&bench, capped(runner, 4)).await;
    assert_eq!(per_project(&claimed), BTreeMap::from([("one", 1)]));

    bench.store.retire(other).await.unwrap();
    let claimed = claim(&bench, capped(runner, 3)).await;
    assert_eq!(per_project(&claimed), BTreeMap::from([("one", 2)]));
}

/// What runners that died have left in their hands takes nobody's place.
pub async fn claim_does_not_count_what_expired_runners_hold(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    queue(&bench, "one", 4).await;
    let dead = claim(&bench, capped(bench.runner().await, 2)).await;
    assert_eq!(dead.len(), 2);
    bench.fixture.advance(PAST_LEASE).await;
    let mut claimed = ids(&claim(&bench, capped(bench.runner().await, 2)).await);
    let mut left = ids(&dead);
    claimed.sort_unstable();
    left.sort_unstable();
    assert_eq!(claimed, left, "they are the longest due");
}

/// A project with a long queue does not keep the others waiting behind it.
pub async fn claim_lets_projects_take_turns(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let busy = queue(&bench, "busy", 100).await;
    let quiet = due_for(&bench, "quiet", 1).await;
    let runner = bench.runner().await;
    let two = Claim {
        limit: 2,
        ..capped(runner, 50)
    };
    let mut claimed = ids(&claim(&bench, two).await);
    claimed.sort_unstable();
    let mut expected: Vec<_> = busy.iter().take(1).copied().chain([quiet]).collect();
    expected.sort_unstable();
    assert_eq!(claimed, expected);

    // Within a project, the longest due goes first.
    let rest = ids(&claim(&bench, two).await);
    let in_order: Vec<_> = busy.iter().skip(1).take(2).copied().collect();
    assert_eq!(rest, in_order);
}

/// The next turn is of the project of which the fewest are in hands.
pub async fn claim_prefers_the_project_that_holds_least(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    queue(&bench, "busy", 10).await;
    let runner = bench.runner().await;
    let three = Claim {
        limit: 3,
        ..capped(runner, 50)
    };
    assert_eq!(claim(&bench, three).await.len(), 3);
    for _spec in 0..3 {
        due_for(&bench, "quiet", 1).await;
    }
    let claimed = claim(&bench, three).await;
    assert_eq!(per_project(&claimed), BTreeMap::from([("quiet", 3)]));
}

/// Whoever names no cap gets the longest due, of whatever project.
pub async fn claim_without_a_cap_asks_nothing_about_projects(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let busy = queue(&bench, "busy", 10).await;
    due_for(&bench, "quiet", 1).await;
    let runner = bench.runner().await;
    let claimed = claim(&bench, capped(runner, 2)).await;
    assert_eq!(claimed.len(), 3);
    let uncapped = Claim {
        limit: 5,
        ..any(runner)
    };
    let expected: Vec<_> = busy.iter().skip(2).take(5).copied().collect();
    assert_eq!(ids(&claim(&bench, uncapped).await), expected);
}

/// A cap changes nothing about what can be claimed at all.
pub async fn claim_with_a_cap_hands_out_what_is_due_and_nothing_else(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.draft().await;
    let spec = bench.launch().await.spec;
    let failed = sample::failed_effect(&spec, Duration::from_mins(10), bench.now());
    bench.commit(failed).await;
    let held = bench.launch().await.spec.id;
    let runner = bench.runner().await;
    assert_eq!(ids(&bench.claim(runner).await), [held]);

    let due = due_for(&bench, "one", 1).await;
    let other = due_for(&bench, "two", 1).await;
    let older = Claim {
        machine_version: 0,
        ..capped(runner, 9)
    };
    assert_eq!(claim(&bench, older).await, []);
    let nothing = Claim {
        limit: 0,
        ..capped(runner, 9)
    };
    assert_eq!(claim(&bench, nothing).await, []);
    let only = Claim {
        only: Some(other),
        ..capped(runner, 9)
    };
    assert_eq!(ids(&claim(&bench, only).await), [other]);
    assert_eq!(claim(&bench, only).await, []);
    assert_eq!(ids(&claim(&bench, capped(runner, 9)).await), [due]);
}

/// Nor is a spec that is asked for by name handed out over the cap.
pub async fn claim_of_one_spec_keeps_to_the_cap(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let queue = queue(&bench, "one", 3).await;
    let runner = bench.runner().await;
    let [_, wanted, ..] = queue.as_slice() else {
        panic!("three specs are due: {queue:?}");
    };
    let only = |cap| Claim {
        only: Some(*wanted),
        ..capped(runner, cap)
    };
    assert_eq!(claim(&bench, capped(runner, 1)).await.len(), 1);
    assert_eq!(claim(&bench, only(1)).await, []);
    assert_eq!(ids(&claim(&bench, only(2)).await), [*wanted]);
}

/// A spec that cannot be read takes no place of those that can.
pub async fn claim_with_a_cap_passes_over_an_unreadable_state(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let queue = queue(&bench, "one", 3).await;
    let [bad, good, later] = queue.as_slice() else {
        panic!("three specs are due: {queue:?}");
    };
    if !bench.fixture.corrupt(*bad).await {
        return not_run("the store cannot be corrupted");
    }
    let runner = bench.runner().await;
    let one = Claim {
        limit: 1,
        ..capped(runner, 1)
    };
    assert_eq!(ids(&claim(&bench, one).await), [*good]);
    assert_eq!(claim(&bench, one).await, []);
    assert_eq!(ids(&claim(&bench, capped(runner, 2)).await), [*later]);
}

/// However many runners ask at once, the cap holds.
pub async fn racing_claims_never_exceed_the_cap(fixture: &dyn StoreFixture) {
    const CAP: u32 = 3;
    let bench = Bench::new(fixture).await;
    queue(&bench, "one", 30).await;
    queue(&bench, "two", 30).await;
    for _round in 0..6 {
        let start = Arc::new(Barrier::new(8));
        let mut runners = JoinSet::new();
        for _runner in 0..8 {
            let claim = capped(bench.runner().await, CAP);
            let (store, start) = (bench.shared(), Arc::clone(&start));
            runners.spawn(async move {
                start.wait().await;
                let mut all = Vec::new();
                loop {
                    let claimed = store.claim(&claim).await.unwrap();
                    if claimed.is_empty() {
                        return all;
                    }
                    all.extend(claimed);
                }
            });
        }
        let mut all: Vec<_> = runners.join_all().await.into_iter().flatten().collect();
        let counts = per_project(&all);
        assert!(
            counts.values().all(|count| *count <= CAP as usize),
            "{counts:?}"
        );
        // A runner may come away with less than there was while others asked; nothing is lost by it.
        let last = bench.runner().await;
        all.extend(claim(&bench, capped(last, CAP)).await);
        assert_eq!(
            per_project(&all),
            BTreeMap::from([("one", CAP as usize), ("two", CAP as usize)])
        );
        for claimed in all {
            bench.store.release(&claimed.lease).await.unwrap();
        }
    }
}
