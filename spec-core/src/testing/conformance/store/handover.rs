//! Clauses about specs that are created in the hands of a [runner](crate::store::Create::runner).

use std::time::Duration;

use tokio::task::JoinSet;

use super::bench::{Bench, LEASE, PAST_LEASE};
use super::{StoreFixture, sample};
use crate::id::{Epoch, IdempotencyKey, RunnerId};
use crate::machine::Command;
use crate::store::{Create, Created, Held, Lease, StoredSpec};

/// A request for a spec that is due now, in the hands of `runner`.
fn for_runner(bench: &Bench<'_>, runner: RunnerId) -> Create {
    Create {
        runner: Some(runner),
        ..sample::create(sample::new_spec(), bench.now())
    }
}

fn keyed(create: Create) -> Create {
    Create {
        idempotency_key: Some(IdempotencyKey::new("launch-1").unwrap()),
        ..create
    }
}

/// What a creation that stored a spec says.
fn new(created: Created) -> (StoredSpec, Option<Lease>) {
    match created {
        Created::New { stored, lease } => (stored, lease),
        Created::Existing(earlier) => panic!("spec {} was not expected", earlier.spec.id),
    }
}

async fn held(bench: &Bench<'_>, runner: RunnerId) -> Vec<Held> {
    bench.store.heartbeat(runner, LEASE).await.unwrap().held
}

/// The runner holds the spec at the first epoch, as if it had claimed it.
pub async fn create_hands_the_spec_to_its_runner(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (one, other) = (bench.runner().await, bench.runner().await);
    let created = bench.store.create(for_runner(&bench, one)).await.unwrap();
    let (stored, lease) = new(created);
    let lease = lease.expect("the runner is alive and the spec is due");
    let expected = Lease {
        spec_id: stored.spec.id,
        runner: one,
        epoch: Epoch::new(1),
    };
    assert_eq!(lease, expected);
    assert_eq!(bench.consistent(stored.spec.id).await, stored);
    assert_eq!(bench.claim(other).await, []);
    assert_eq!(bench.claim(one).await, []);

    bench
        .commit_under(lease, sample::step(&stored.spec, bench.now()))
        .await;
    bench.store.release(&lease).await.unwrap();
    let taken = bench.claim_one(other).await.lease;
    assert!(taken.epoch > lease.epoch);
}

/// The runner learns of it with its next heartbeat, as of everything else that it holds.
pub async fn heartbeat_lists_what_was_created_for_its_runner(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (one, other) = (bench.runner().await, bench.runner().await);
    let created = bench.store.create(for_runner(&bench, one)).await.unwrap();
    let (stored, _) = new(created);
    let expected = Held {
        spec_id: stored.spec.id,
        epoch: Epoch::new(1),
        revision: stored.spec.revision,
    };
    assert_eq!(held(&bench, one).await, [expected]);
    assert_eq!(held(&bench, other).await, []);
}

/// A runner that never said that it is alive, or no longer says so, is handed nothing; the spec
/// waits for those who are.
pub async fn create_hands_nothing_to_a_runner_without_a_lease(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let late = bench.runner().await;
    bench.fixture.advance(PAST_LEASE).await;
    for dead in [sample::runner_id(), late] {
        let created = bench.store.create(for_runner(&bench, dead)).await.unwrap();
        let (stored, lease) = new(created);
        assert_eq!(lease, None);
        let claimed = bench.claim_one(bench.runner().await).await;
        assert_eq!((claimed.stored, claimed.fruitless), (stored, 0));
    }
}

/// What waits for a person or for its time is nobody's.
pub async fn create_hands_nothing_over_that_is_not_due(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let runner = bench.runner().await;
    let mut draft = sample::new_spec();
    draft.auto_execute = false;
    let draft = sample::create(draft, bench.now());
    let wait = Duration::from_mins(10);
    let later = sample::create(sample::new_spec(), bench.now() + wait);
    for create in [draft.clone(), later] {
        let create = Create {
            runner: Some(runner),
            ..create
        };
        let (_, lease) = new(bench.store.create(create).await.unwrap());
        assert_eq!(lease, None);
    }
    assert_eq!(held(&bench, runner).await, []);

    let other = bench.runner().await;
    let by = sample::user("ada");
    let execute = sample::command(&draft.spec, Command::Execute { by }, bench.now());
    bench.commit(execute).await;
    assert_eq!(bench.claim_one(other).await.lease.spec_id, draft.spec.id);
    bench.fixture.advance(wait + Duration::from_secs(1)).await;
    assert_eq!(bench.claim(bench.runner().await).await.len(), 2);
}

/// A repeated request gives its runner nothing and takes nothing from whoever holds the spec.
pub async fn create_with_a_used_key_hands_nothing_over(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (one, other) = (bench.runner().await, bench.runner().await);
    let first = keyed(sample::create(sample::new_spec(), bench.now()));
    bench.create(first).await;
    let repeated = keyed(for_runner(&bench, other));
    let again = bench.store.create(repeated).await.unwrap();
    assert!(matches!(again, Created::Existing(_)), "{again:?}");
    assert_eq!(held(&bench, other).await, []);

    let claimed = bench.claim_one(one).await;
    let repeated = keyed(for_runner(&bench, other));
    assert_eq!(
        bench.store.create(repeated).await.unwrap(),
        Created::Existing(claimed.stored.clone())
    );
    assert_eq!(held(&bench, other).await, []);
    let step = sample::step(&claimed.stored.spec, bench.now());
    bench.commit_under(claimed.lease, step).await;
}

/// A runner that dies right after the creation has died of the spec, for all that is known.
pub async fn create_for_a_runner_counts_as_a_claim(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let runner = bench.runner().await;
    new(bench
        .store
        .create(for_runner(&bench, runner))
        .await
        .unwrap());
    bench.fixture.advance(PAST_LEASE).await;
    let claimed = bench.claim_one(bench.runner().await).await;
    assert_eq!((claimed.fruitless, claimed.lease.epoch), (1, Epoch::new(2)));
    bench.store.retire(claimed.lease.runner).await.unwrap();
    bench.claim_one(bench.runner().await).await;

    let runner = bench.runner().await;
    let created = bench.store.create(for_runner(&bench, runner)).await;
    let (stored, lease) = new(created.unwrap());
    let step = sample::step(&stored.spec, bench.now());
    bench.commit_under(lease.unwrap(), step).await;
    bench.store.retire(runner).await.unwrap();
    assert_eq!(bench.claim_one(bench.runner().await).await.fruitless, 0);
}

/// Of requests with one key for many runners, one runner is handed the spec.
pub async fn racing_creates_with_one_key_hand_the_spec_to_one_runner(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut runners = Vec::new();
    let mut requests = JoinSet::new();
    for _request in 0..16 {
        let runner = bench.runner().await;
        runners.push(runner);
        let (store, create) = (bench.shared(), keyed(for_runner(&bench, runner)));
        requests.spawn(async move { store.create(create).await.unwrap() });
    }
    let mut leases = Vec::new();
    for created in requests.join_all().await {
        match created {
            Created::New { lease, .. } => leases.push(lease.unwrap()),
            Created::Existing(_) => {}
        }
    }
    assert_eq!(leases.len(), 1, "{leases:?}");
    for runner in runners {
        let holds = leases.iter().any(|lease| lease.runner == runner);
        assert_eq!(held(&bench, runner).await.len(), usize::from(holds));
    }
}
