//! Connections that are lost, locks that others hold, and a pool without a free connection.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use spec_core::SpecStore;
use spec_core::store::{SpecQuery, StoreErrorKind, Wakeup};
use spec_sqlx::PostgresStore;
use spec_test_postgres::database;
use tokio::time::timeout;

use super::bench::{any, change, hears_of, launch, pool, runner, store, stored, until};
use crate::sample;

const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_lost_its_connection_says_so_and_hears_again() {
    let database = database().await;
    let (here, there) = (store(database.url()).await, store(database.url()).await);
    let mut heard = here.wakeups();
    for _time in 0..2 {
        hears_of(&mut heard, &there).await;
        let ended: Vec<bool> = sqlx::query_scalar(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND query ILIKE 'LISTEN%'",
        )
        .fetch_all(&database.pool())
        .await
        .unwrap();
        assert!(ended.contains(&true));
        let next = timeout(SOON, heard.next()).await.unwrap();
        assert_eq!(
            next,
            Some(Wakeup::Lagged),
            "what was said meanwhile is lost"
        );
    }
    hears_of(&mut heard, &there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_are_replaced() {
    let database = database().await;
    let store = store(database.url()).await;
    let spec = launch(&store).await.spec;
    let runner = runner(&store).await;
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::query(ended).execute(&database.pool()).await.unwrap();
    // Whoever finds the connection gone may be told; asking again helps.
    let claimed = until("a claim", async || store.claim(&any(runner, 1)).await.ok()).await;
    assert_eq!(claimed.len(), 1);
    until("a commit", async || store.commit(change(&spec)).await.ok()).await;
    assert_eq!(
        stored(&store, spec.id).await.spec.revision,
        spec.revision.next()
    );
}

/// The bound is the real one: this test takes ten seconds, and does nothing meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_somebody_else_keeps_makes_the_store_unavailable_and_nothing_worse() {
    let database = database().await;
    let store = store(database.url()).await;
    let (locked, free) = (launch(&store).await.spec, launch(&store).await.spec);
    let other = database.pool();
    let mut transaction = other.begin().await.unwrap();
    sqlx::query("SELECT FROM spec.specs WHERE id = $1 FOR UPDATE")
        .bind(locked.id.as_uuid())
        .execute(&mut *transaction)
        .await
        .unwrap();
    let begun = Instant::now();
    let waiting = store.commit(change(&locked));
    let meanwhile = async {
        let runner = runner(&store).await;
        let claimed = store.claim(&any(runner, 10)).await.unwrap();
        assert_eq!(claimed.len(), 1, "claims pass by what is locked");
        assert_eq!(claimed[0].stored.spec.id, free.id);
        launch(&store).await;
        assert_eq!(stored(&store, locked.id).await.spec, locked);
    };
    let (waited, ()) = tokio::join!(waiting, meanwhile);
    let refused = waited.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Unavailable, "{refused}");
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    store.commit(change(&free)).await.unwrap();
    transaction.rollback().await.unwrap();
    // The statement may have been made after all.
    until("a commit", async || {
        match store.commit(change(&locked)).await {
            Ok(_) => Some(()),
            Err(error) => (error.kind() == StoreErrorKind::Conflict).then_some(()),
        }
    })
    .await;
    assert_eq!(stored(&store, locked.id).await.spec, change(&locked).spec);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_without_a_free_connection_makes_the_store_unavailable() {
    let database = database().await;
    let pool = pool(database.url(), 1);
    let store = PostgresStore::new(pool.clone()).await.unwrap();
    let runner = runner(&store).await;
    let taken = pool.acquire().await.unwrap();
    let (due, all) = (any(runner, 1), SpecQuery::default());
    let (created, claimed, listed) = tokio::join!(
        store.create(sample::create("api")),
        store.claim(&due),
        store.list(&all)
    );
    for refused in [created.map(|_| ()), claimed.map(|_| ()), listed.map(|_| ())] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Unavailable, "{refused}");
    }
    drop(taken);
    launch(&store).await;
    assert_eq!(store.claim(&any(runner, 1)).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_is_enough_for_everything() {
    let database = database().await;
    let store = PostgresStore::new(pool(database.url(), 1)).await.unwrap();
    let runner = runner(&store).await;
    for _spec in 0..5 {
        let spec = launch(&store).await.spec;
        let claimed = store.claim(&any(runner, 1)).await.unwrap();
        assert_eq!(claimed[0].stored.spec, spec);
        store.commit(change(&spec)).await.unwrap();
    }
    store.retire(runner).await.unwrap();
}
