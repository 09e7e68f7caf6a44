//! Clauses about [`claim`](crate::SpecStore::claim).

use std::time::Duration;

use super::bench::{Bench, LEASE, PAST_LEASE, any, ids, refused};
use super::{StoreFixture, sample};
use crate::id::Epoch;
use crate::machine::{Command, due_at};
use crate::phase::Phase;
use crate::policy::{Budget, Gate};
use crate::spec::{Comment, Spec};
use crate::status::SpecStatus;
use crate::store::{Claim, StoreErrorKind, StoredSpec};

/// Drafts and finished specs wait for a person; what is owed something is handed out as it stands.
pub async fn claim_hands_out_what_is_due_and_nothing_else(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.draft().await;
    let mut finished = bench.launch().await.spec;
    while finished.status != SpecStatus::Completed {
        let transition = sample::step(&finished, bench.now());
        finished = transition.spec.clone();
        bench.commit(transition).await;
    }
    let due = bench.launch().await;
    let runner = bench.runner().await;
    let claimed = bench.claim_one(runner).await;
    assert_eq!(claimed.stored, due);
    assert_eq!((claimed.lease.runner, claimed.fruitless), (runner, 0));

    // A command can make a draft due.
    let draft = bench.draft().await.spec;
    assert_eq!(bench.claim(runner).await, []);
    let by = sample::user("ada");
    let execute = sample::command(&draft, Command::Execute { by }, bench.now());
    bench.commit(execute).await;
    assert_eq!(bench.claim_one(runner).await.lease.spec_id, draft.id);
}

/// A spec that has failed waits for a person too, and goes on when its budget is raised.
pub async fn claim_hands_out_what_had_failed_and_goes_on(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let limit = |tokens| Budget {
        tokens: Some(tokens),
        cost_micro_usd: None,
    };
    let mut new = sample::new_spec();
    new.policy.budget = limit(1);
    let mut failed = bench.create(sample::create(new, bench.now())).await.spec;
    while failed.status != SpecStatus::Failed {
        let transition = sample::step(&failed, bench.now());
        failed = transition.spec.clone();
        bench.commit(transition).await;
    }
    let runner = bench.runner().await;
    assert_eq!(bench.claim(runner).await, []);
    let raise = Command::SetBudget {
        by: sample::user("ada"),
        budget: Some(limit(u64::MAX)),
        phase_budget: None,
    };
    let raised = sample::command(&failed, raise, bench.now());
    let expected = raised.spec.clone();
    assert_eq!(expected.status, SpecStatus::Executing);
    bench.commit(raised).await;
    assert_eq!(bench.claim_one(runner).await.stored.spec, expected);
}

/// What waits for a person, at a gate or in a pause, is nobody's; until then, and from their word on,
/// it is handed out as it stands.
pub async fn claim_leaves_alone_what_waits_for_a_person(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let by = || sample::user("ada");
    let mut new = sample::new_spec();
    new.policy.gates.explore = Gate::Approve;
    let gated = bench.create(sample::create(new, bench.now())).await;
    let waiting = until_nothing_is_owed(&bench, gated, SpecStatus::AwaitingApproval).await;
    let paused = bench.launch().await.spec;
    let pause = sample::command(&paused, Command::Pause { by: by() }, bench.now());
    bench.commit(pause).await;
    let paused = bench.stored(paused.id).await;
    let paused = until_nothing_is_owed(&bench, paused, SpecStatus::Paused).await;
    bench.fixture.advance(PAST_LEASE).await;
    let runner = bench.runner().await;
    assert_eq!(bench.claim(runner).await, []);

    let phase = Phase::Explore;
    let content_hash = waiting.phases.get(phase).accepted.unwrap().content_hash;
    for (spec, command) in [
        (
            &waiting,
            Command::Approve {
                by: by(),
                phase,
                content_hash,
            },
        ),
        (&paused, Command::Resume { by: by() }),
    ] {
        let goes_on = sample::command(spec, command, bench.now());
        let expected = goes_on.spec.clone();
        bench.commit(goes_on).await;
        assert_eq!(bench.claim_one(runner).await.stored.spec, expected);
    }
}

/// A spec that has completed is done again when a person wants it to be.
pub async fn claim_hands_out_what_had_completed_and_is_done_again(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut spec = bench.launch().await.spec;
    while spec.status != SpecStatus::Completed {
        let transition = sample::step(&spec, bench.now());
        spec = transition.spec.clone();
        bench.commit(transition).await;
    }
    let runner = bench.runner().await;
    assert_eq!(bench.claim(runner).await, []);
    let retry = Command::Retry {
        by: sample::user("ada"),
        phase: Phase::Explore,
        feedback: Some(Comment::new("Look at the tests, too.\n").unwrap()),
    };
    let retry = sample::command(&spec, retry, bench.now());
    let expected = retry.spec.clone();
    bench.commit(retry).await;
    let claimed = bench.claim_one(runner).await;
    assert_eq!(claimed.stored.spec, expected);
    for step in sample::steps_to_artifact(&expected, bench.now()) {
        bench.commit_under(claimed.lease, step).await;
    }
    let again = bench.consistent(spec.id).await.spec;
    let accepted = again.phases.get(Phase::Explore).accepted.unwrap();
    assert_eq!(accepted.version.get(), 2);
}

/// Takes a spec by claims to where it waits: its sandbox is owed its end before.
async fn until_nothing_is_owed(bench: &Bench<'_>, stored: StoredSpec, waits: SpecStatus) -> Spec {
    let runner = bench.runner().await;
    let claimed = bench.claim_one(runner).await;
    assert_eq!(claimed.stored, stored);
    let mut spec = stored.spec;
    while due_at(&spec).is_some() {
        let transition = sample::step(&spec, bench.now());
        spec = transition.spec.clone();
        bench.commit_under(claimed.lease, transition).await;
    }
    bench.store.release(&claimed.lease).await.unwrap();
    assert_eq!(spec.status, waits);
    spec
}

/// Nobody waits for ever behind newer specs.
pub async fn claim_hands_out_the_longest_due_first(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut due = Vec::new();
    for minutes in [3, 1, 5, 2, 4] {
        let at = bench.now() - Duration::from_mins(minutes);
        let id = bench
            .create(sample::create(sample::new_spec(), at))
            .await
            .spec
            .id;
        due.push((minutes, id));
    }
    due.sort_unstable_by_key(|(minutes, _)| std::cmp::Reverse(*minutes));
    let expected: Vec<_> = due.into_iter().map(|(_, id)| id).collect();
    let runner = bench.runner().await;
    let first = bench
        .store
        .claim(&Claim {
            limit: 2,
            ..any(runner)
        })
        .await
        .unwrap();
    let mut handed_out = ids(&first);
    handed_out.extend(ids(&bench.claim(runner).await));
    assert_eq!(handed_out, expected);
}

/// A runner gets as many as it has room for.
pub async fn claim_hands_out_no_more_than_asked_for(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    for _spec in 0..5 {
        bench.launch().await;
    }
    let runner = bench.runner().await;
    for (limit, expected) in [(0, 0), (1, 1), (3, 3), (3, 1), (3, 0)] {
        let claim = Claim {
            limit,
            ..any(runner)
        };
        assert_eq!(bench.store.claim(&claim).await.unwrap().len(), expected);
    }
}

/// What a living runner owns is not handed out, neither to others nor to itself.
pub async fn claim_never_hands_out_a_spec_twice(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    let (one, other) = (bench.runner().await, bench.runner().await);
    let claimed = bench.claim_one(one).await;
    assert_eq!(bench.claim(other).await, []);
    assert_eq!(bench.claim(one).await, []);

    // A commit makes it due anew, and changes nothing about whose it is.
    bench
        .commit_under(
            claimed.lease,
            sample::step(&claimed.stored.spec, bench.now()),
        )
        .await;
    assert_eq!(bench.claim(other).await, []);
    let only = Claim {
        only: Some(id),
        ..any(other)
    };
    assert_eq!(bench.store.claim(&only).await.unwrap(), []);
}

/// A launch can hand its own spec to the runner next door.
pub async fn claim_takes_only_the_spec_asked_for(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let wanted = bench.launch().await.spec.id;
    bench.launch().await;
    let draft = bench.draft().await.spec.id;
    let runner = bench.runner().await;
    let only = async |id| {
        let claim = Claim {
            only: Some(id),
            ..any(runner)
        };
        ids(&bench.store.claim(&claim).await.unwrap())
    };
    assert_eq!(only(wanted).await, [wanted]);
    assert_eq!(only(draft).await, []);
    assert_eq!(only(sample::spec_id()).await, []);
}

/// An old runner does not touch what a newer one wrote.
pub async fn claim_leaves_newer_state_formats_alone(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let spec = bench.launch().await.spec;
    let runner = bench.runner().await;
    let versions = |machine_version| Claim {
        machine_version,
        ..any(runner)
    };
    let older = versions(spec.machine_version - 1);
    assert_eq!(bench.store.claim(&older).await.unwrap(), []);
    let newer = versions(u16::MAX);
    assert_eq!(ids(&bench.store.claim(&newer).await.unwrap()), [spec.id]);
}

/// A spec that waits for its next try is left alone until then.
pub async fn claim_waits_until_a_spec_is_due(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let spec = bench.launch().await.spec;
    let wait = Duration::from_mins(10);
    bench
        .commit(sample::failed_effect(&spec, wait, bench.now()))
        .await;
    let due = due_at(&bench.stored(spec.id).await.spec).unwrap();
    assert!(due.since(bench.now()) > Duration::from_mins(9));

    assert_eq!(bench.claim(bench.runner().await).await, []);
    bench.fixture.advance(Duration::from_mins(9)).await;
    assert_eq!(bench.claim(bench.runner().await).await, []);
    bench.fixture.advance(Duration::from_secs(61)).await;
    assert_eq!(
        bench.claim_one(bench.runner().await).await.lease.spec_id,
        spec.id
    );
}

/// Every change of hands is told from every other.
pub async fn claim_raises_the_epoch(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let mut last = Epoch::default();
    for _round in 0..3 {
        let lease = bench.claim_one(bench.runner().await).await.lease;
        assert!(lease.epoch > last, "{} is not above {last}", lease.epoch);
        last = lease.epoch;
        bench.store.release(&lease).await.unwrap();
    }
    let lease = bench.claim_one(bench.runner().await).await.lease;
    bench.fixture.advance(PAST_LEASE).await;
    assert!(bench.claim_one(bench.runner().await).await.lease.epoch > lease.epoch);
}

/// What a dead runner held goes to a living one, with the state as it was last committed.
pub async fn claim_takes_over_from_an_expired_runner(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let dead = bench.runner().await;
    let first = bench.claim_one(dead).await;
    bench
        .commit_under(first.lease, sample::step(&first.stored.spec, bench.now()))
        .await;
    bench.fixture.advance(LEASE / 2).await;
    let other = bench.runner().await;
    assert_eq!(bench.claim(other).await, []);

    bench
        .fixture
        .advance(LEASE / 2 + Duration::from_secs(1))
        .await;
    let second = bench.claim_one(other).await;
    assert_eq!(second.stored, bench.consistent(first.lease.spec_id).await);
    let held = bench.store.heartbeat(other, LEASE).await.unwrap().held;
    assert_eq!(held.len(), 1);
}

/// Work goes to runners that say they are alive, and to no others.
pub async fn claim_refuses_a_runner_without_a_lease(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    let stranger = any(sample::runner_id());
    assert_eq!(
        refused(bench.store.claim(&stranger).await),
        StoreErrorKind::Fenced
    );
    let runner = bench.runner().await;
    bench.fixture.advance(PAST_LEASE).await;
    assert_eq!(
        refused(bench.store.claim(&any(runner)).await),
        StoreErrorKind::Fenced
    );
    bench.claim_one(bench.runner().await).await;
}

/// A spec that its runners die of is told by the count of claims without a commit.
pub async fn claim_counts_the_runners_that_died_without_progress(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    bench.claim_one(bench.runner().await).await;
    for fruitless in 1..=3 {
        bench.fixture.advance(PAST_LEASE).await;
        let claimed = bench.claim_one(bench.runner().await).await;
        assert_eq!(claimed.fruitless, fruitless);
    }

    // A command is nobody's progress.
    let before = bench.stored(id).await;
    bench.commit(sample::step(&before.spec, bench.now())).await;
    bench.fixture.advance(PAST_LEASE).await;
    let mut claimed = bench.claim_one(bench.runner().await).await;
    assert_eq!(claimed.fruitless, 4);

    // A commit or lines of output under the lease are, and a runner that gives back is alive.
    let step = sample::step(&claimed.stored.spec, bench.now());
    bench.commit_under(claimed.lease, step).await;
    bench.fixture.advance(PAST_LEASE).await;
    claimed = bench.claim_one(bench.runner().await).await;
    assert_eq!(claimed.fruitless, 0);
    bench.fixture.advance(PAST_LEASE).await;
    claimed = bench.claim_one(bench.runner().await).await;
    assert_eq!(claimed.fruitless, 1);
    bench.append(claimed.lease, &claimed.stored, 1).await;
    bench.fixture.advance(PAST_LEASE).await;
    claimed = bench.claim_one(bench.runner().await).await;
    assert_eq!(claimed.fruitless, 0);
    bench.store.release(&claimed.lease).await.unwrap();
    let runner = bench.runner().await;
    claimed = bench.claim_one(runner).await;
    assert_eq!(claimed.fruitless, 0);
    bench.store.retire(runner).await.unwrap();
    assert_eq!(bench.claim_one(bench.runner().await).await.fruitless, 0);
}
