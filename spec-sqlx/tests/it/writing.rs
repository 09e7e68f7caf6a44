//! The writer: batches that fail, other writers, other processes, and the end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use spec_core::SpecStore;
use spec_core::store::{SpecQuery, StoreErrorKind, Wakeup};
use spec_sqlx::SqliteStore;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::fixture::{host_pool, host_pool_with};
use crate::sample::create;

/// Makes every `COMMIT` fail that follows the creation of a spec of the project `poison`.
const POISON: [&str; 3] = [
    "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
    "CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TRIGGER poison AFTER INSERT ON spec_specs WHEN NEW.project_id = 'poison' \
     BEGIN INSERT INTO children VALUES (1); END",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_cannot_be_committed_fails_as_a_whole() {
    let folder = TempDir::new().unwrap();
    let pool = host_pool(&folder.path().join("host.db")).await;
    let store = Arc::new(SqliteStore::with_pool(pool.clone()).await.unwrap());
    for statement in POISON {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }

    let mut requests = JoinSet::new();
    for request in 0..50 {
        let store = Arc::clone(&store);
        let create = create(if request == 20 { "poison" } else { "api" });
        requests.spawn(async move {
            let id = create.spec.id;
            (id, store.create(create).await)
        });
    }
    let mut failed = 0;
    for (id, outcome) in requests.join_all().await {
        let stored = store.get(id).await.unwrap();
        match outcome {
            Ok(_) => assert!(stored.is_some(), "what was reported is there"),
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                assert_eq!(stored, None, "what failed has left nothing");
                failed += 1;
            }
        }
    }
    assert!(failed >= 1, "the poisoned one fails at least");
    store.create(create("api")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_does_not_touch_the_others_of_its_batch() {
    let store = Arc::new(SqliteStore::open_in_memory().await.unwrap());
    let taken = create("api");
    store.create(taken.clone()).await.unwrap();
    let mut requests = JoinSet::new();
    for request in 0..60 {
        let store = Arc::clone(&store);
        let create = if request % 3 == 0 {
            taken.clone()
        } else {
            create("api")
        };
        requests.spawn(async move { store.create(create).await });
    }
    let outcomes = requests.join_all().await;
    let refused: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().err())
        .map(spec_core::store::StoreError::kind)
        .collect();
    assert_eq!(refused, [StoreErrorKind::AlreadyExists; 20]);
    let page = store.list(&SpecQuery::default()).await.unwrap();
    assert_eq!(page.items.len(), 41);
}

#[tokio::test]
async fn a_locked_database_is_unavailable_and_serves_again_afterwards() {
    let folder = TempDir::new().unwrap();
    let pool = host_pool_with(&folder.path().join("host.db"), Duration::ZERO).await;
    let store = SqliteStore::with_pool(pool.clone()).await.unwrap();
    let other = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let refused = store.create(create("api")).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Unavailable, "{refused}");
    assert!(refused.is_retryable());
    other.rollback().await.unwrap();
    store.create(create("api")).await.unwrap();
}

#[tokio::test]
async fn a_change_by_another_process_is_hinted() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("specs.db");
    let here = SqliteStore::open(&path).await.unwrap();
    let there = SqliteStore::open(&path).await.unwrap();
    let mut wakeups = here.wakeups();
    let hinted = async {
        // The first look may come after the first change.
        loop {
            there.create(create("api")).await.unwrap();
            let next = tokio::time::timeout(Duration::from_secs(2), wakeups.next());
            if let Ok(wakeup) = next.await {
                return wakeup;
            }
        }
    };
    let hint = tokio::time::timeout(Duration::from_secs(20), hinted).await;
    assert_eq!(hint.unwrap(), Some(Wakeup::Lagged));
}

#[tokio::test]
async fn own_changes_are_hinted_one_by_one() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path().join("specs.db"))
        .await
        .unwrap();
    let mut wakeups = store.wakeups();
    for _spec in 0..20 {
        let create = create("api");
        let id = create.spec.id;
        store.create(create).await.unwrap();
        let hint = wakeups.next().await;
        assert!(
            matches!(hint, Some(Wakeup::Spec { id: of, due: true, .. }) if of == id),
            "{hint:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_makes_what_is_queued_and_refuses_the_rest() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("specs.db");
    let store = Arc::new(SqliteStore::open(&path).await.unwrap());
    let mut requests = JoinSet::new();
    for _request in 0..100 {
        let store = Arc::clone(&store);
        requests.spawn(async move { store.create(create("api")).await });
    }
    tokio::task::yield_now().await;
    store.close().await;
    store.close().await;
    let outcomes = requests.join_all().await;
    let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert_eq!(refused.kind(), StoreErrorKind::Internal, "{refused}");
    }
    let late = store.create(create("api")).await.unwrap_err();
    assert_eq!(late.kind(), StoreErrorKind::Internal, "{late}");

    let reopened = SqliteStore::open(&path).await.unwrap();
    let page = reopened.list(&SpecQuery::default()).await.unwrap();
    assert_eq!(page.items.len(), made);
}

#[tokio::test]
async fn dropping_the_store_ends_its_hints() {
    let store = SqliteStore::open_in_memory().await.unwrap();
    let mut wakeups = store.wakeups();
    drop(store);
    assert_eq!(wakeups.next().await, None);
}
