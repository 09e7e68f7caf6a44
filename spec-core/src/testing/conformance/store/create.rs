//! Clauses about [`create`](crate::SpecStore::create) and [`get`](crate::SpecStore::get).

use std::time::Duration;

use tokio::task::JoinSet;

use super::bench::{Bench, refused};
use super::{StoreFixture, sample};
use crate::clock::Timestamp;
use crate::id::{AgentName, IdempotencyKey, ProjectId, Revision, Sequence};
use crate::machine::NewSpec;
use crate::policy::{Budget, Gate, Gates, Policy, Questions, SandboxReuse};
use crate::spec::{Description, Title};
use crate::store::{Create, Created, PageLimit, SpecQuery, StoreErrorKind};

/// A policy that differs from the default in every field.
fn policy() -> Policy {
    Policy {
        gates: Gates {
            explore: Gate::Approve,
            sync: Gate::Approve,
            ..Gates::default()
        },
        questions: Questions::Block,
        max_attempts: 7,
        max_repairs: 9,
        backoff: Duration::from_secs(17),
        attempt_timeout: Duration::from_hours(3),
        max_output_bytes: 1_073_741_824,
        budget: Budget {
            tokens: Some(u64::MAX),
            cost_micro_usd: Some(1),
        },
        phase_budget: Budget {
            tokens: None,
            cost_micro_usd: Some(u64::MAX),
        },
        budget_warning_percent: 33,
        sandbox_reuse: SandboxReuse::PerSpec,
        agent: Some(AgentName::new("claude").unwrap()),
        fallback_agent: Some(AgentName::new("codex").unwrap()),
    }
}

/// Every field of a spec and of its events comes back as it was given.
pub async fn create_keeps_every_field(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let new = NewSpec {
        project_id: ProjectId::new("größe/日本語 'quoted\"; --").unwrap(),
        owner: sample::user("👩‍🚀 o'brien"),
        title: Title::new("Ünïcode — עברית 🦀").unwrap(),
        description: Description::new("  kept\r\nas \t typed \\u0000 %s {} \u{200d}\u{feff}\n")
            .unwrap(),
        policy: policy(),
        ..sample::new_spec()
    };
    let create = sample::create(new, bench.now());

    let stored = bench.create(create.clone()).await;
    assert_eq!(stored.spec, create.spec);
    assert_eq!(stored.spec.revision, Revision::new(1));
    assert_eq!(stored.last_sequence, Sequence::new(3));
    assert_eq!(stored.checkpoint, None);

    let id = stored.spec.id;
    assert_eq!(bench.consistent(id).await, stored);
    let events = bench
        .store
        .events(id, Sequence::default(), PageLimit::MAX)
        .await
        .unwrap();
    let numbered = (1..).map(Sequence::new);
    let expected: Vec<_> = create
        .events
        .into_iter()
        .zip(numbered)
        .map(|(event, sequence)| event.at_sequence(id, sequence))
        .collect();
    assert_eq!(events, expected);
}

/// A description of the greatest length, four bytes a character, comes back whole.
pub async fn create_keeps_the_longest_description(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let description = Description::new("🦀".repeat(Description::MAX_CHARS)).unwrap();
    let new = NewSpec {
        description: description.clone(),
        ..sample::new_spec()
    };
    let id = bench.create(sample::create(new, bench.now())).await.spec.id;
    assert_eq!(bench.consistent(id).await.spec.description, description);
}

/// Times come back to the microsecond, early and late ones too.
pub async fn create_keeps_time_to_the_microsecond(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    for micros in [1, 999_999, 1_767_225_600_123_457, 253_402_300_799_999_999] {
        let at = Timestamp::from_micros(micros);
        let id = bench
            .create(sample::create(sample::new_spec(), at))
            .await
            .spec
            .id;
        let spec = bench.consistent(id).await.spec;
        assert_eq!((spec.created_at, spec.updated_at), (at, at));
    }
}

/// A second spec under the same id is refused, and the first one stays as it is.
pub async fn create_refuses_a_taken_id(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let first = bench.launch().await;
    let new = NewSpec {
        id: first.spec.id,
        title: Title::new("Another one").unwrap(),
        ..sample::new_spec()
    };
    let again = Create {
        idempotency_key: Some(IdempotencyKey::new("refused").unwrap()),
        ..sample::create(new, bench.now())
    };
    assert_eq!(
        refused(bench.store.create(again).await),
        StoreErrorKind::AlreadyExists
    );
    assert_eq!(bench.consistent(first.spec.id).await, first);

    // The key of the refused request is still free.
    let create = Create {
        idempotency_key: Some(IdempotencyKey::new("refused").unwrap()),
        ..sample::create(sample::new_spec(), bench.now())
    };
    bench.create(create).await;
}

/// A key that its owner has used stores nothing and yields the earlier spec, with all that has
/// happened to it since.
pub async fn create_with_a_used_key_returns_the_earlier_spec_as_it_is_now(
    fixture: &dyn StoreFixture,
) {
    let bench = Bench::new(fixture).await;
    let keyed = || Create {
        idempotency_key: Some(IdempotencyKey::new("launch-1").unwrap()),
        ..sample::create(sample::new_spec(), bench.now())
    };
    let first = bench.create(keyed()).await.spec;
    bench
        .commit(sample::cancel(&first, "ada", bench.now()))
        .await;
    let now = bench.consistent(first.id).await;

    let repeated = keyed();
    let unused = repeated.spec.id;
    assert_eq!(
        bench.store.create(repeated).await.unwrap(),
        Created::Existing(now)
    );
    assert_eq!(bench.store.get(unused).await.unwrap(), None);
    let events = bench
        .store
        .events(unused, Sequence::default(), PageLimit::MAX);
    assert_eq!(events.await.unwrap(), []);
}

/// Two owners may use the same key.
pub async fn create_keeps_the_keys_of_owners_apart(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    for owner in ["ada", "grace"] {
        let new = NewSpec {
            owner: sample::user(owner),
            ..sample::new_spec()
        };
        let create = Create {
            idempotency_key: Some(IdempotencyKey::new("launch-1").unwrap()),
            ..sample::create(new, bench.now())
        };
        bench.create(create).await;
    }
}

/// Of requests with one key that arrive together, one stores its spec and the others are given it.
pub async fn racing_creates_with_one_key_store_one_spec(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut requests = JoinSet::new();
    for _request in 0..16 {
        let store = bench.shared();
        let create = Create {
            idempotency_key: Some(IdempotencyKey::new("launch-1").unwrap()),
            ..sample::create(sample::new_spec(), bench.now())
        };
        requests.spawn(async move { store.create(create).await.unwrap() });
    }
    let outcomes = requests.join_all().await;
    let mut stored = Vec::new();
    let mut given = Vec::new();
    for outcome in outcomes {
        match outcome {
            Created::New { stored: new, .. } => stored.push(new.spec.id),
            Created::Existing(earlier) => given.push(earlier.spec.id),
        }
    }
    assert_eq!(stored.len(), 1, "one request stores its spec");
    assert!(given.iter().all(|id| stored.contains(id)), "{given:?}");
    let page = bench.store.list(&SpecQuery::default()).await.unwrap();
    assert_eq!(page.items.len(), 1);
}

/// An unknown id is no error.
pub async fn get_finds_nothing_under_an_unknown_id(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    bench.launch().await;
    assert_eq!(bench.store.get(sample::spec_id()).await.unwrap(), None);
}
