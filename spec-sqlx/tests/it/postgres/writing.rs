//! What changes cost the database.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use spec_core::SpecStore;
use spec_core::spec::Description;
use spec_core::store::Create;
use spec_sqlx::PostgresStore;
use spec_test_postgres::{Cluster, database};
use sqlx::PgPool;

use super::bench::{any, change, launch, line, pool, run, runner, store, stored, until};
use crate::sample;

/// Bytes of the log up to now.
async fn written(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
        .fetch_one(pool)
        .await
        .unwrap()
}

/// Updates of a table, and those of them that touched no index.
async fn updates(pool: &PgPool, table: &str) -> (i64, i64) {
    sqlx::query_as(
        "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables \
         WHERE schemaname = 'spec' AND relname = $1",
    )
    .bind(table.to_owned())
    .fetch_one(pool)
    .await
    .unwrap()
}

/// On a server of its own, because the log is everybody's.
#[tokio::test(flavor = "multi_thread")]
async fn changes_under_a_lease_rewrite_no_index() {
    let cluster = Cluster::start().await;
    let (own, pool) = (pool(cluster.url(), 3), pool(cluster.url(), 1));
    let store = PostgresStore::new(own.clone()).await.unwrap();
    for _spec in 0..10 {
        launch(&store).await;
    }
    let runner = runner(&store).await;
    let claimed = store.claim(&any(runner, 10)).await.unwrap();
    let mut specs: Vec<_> = claimed
        .into_iter()
        .map(|claimed| (claimed.stored.spec, claimed.lease))
        .collect();

    let begun = written(&pool).await;
    for _round in 0..10 {
        for (spec, lease) in &specs {
            store
                .append(line(spec, *lease, "a line of output"))
                .await
                .unwrap();
        }
    }
    let appended = written(&pool).await;
    for _round in 0..10 {
        for (spec, lease) in &mut specs {
            let commit = change(spec).under(*lease);
            *spec = commit.spec.clone();
            store.commit(commit).await.unwrap();
        }
    }
    let committed = written(&pool).await;
    println!(
        "{} bytes of log for an append, {} for a commit",
        (appended - begun) / 100,
        (committed - appended) / 100
    );
    store.close().await;
    // What a connection has counted is known when it ends.
    own.close().await;

    // A commit changes a spec's row and its state's, an append only the former; claims, which are
    // 10 more, touch indexes.
    for (table, least) in [("specs", 210), ("states", 100)] {
        let (all, hot) = until("the count of updates", async || {
            let (all, hot) = updates(&pool, table).await;
            (all >= least).then_some((all, hot))
        })
        .await;
        println!("{table}: {hot} of {all} updates are HOT");
        assert!(
            hot * 10 >= all * 8,
            "{table}: {hot} of {all} updates are HOT"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_description_is_written_once() {
    let database = database().await;
    let (store, pool) = (store(database.url()).await, database.pool());
    let mut create = sample::create("api");
    create.spec.description = Description::new("🦀".repeat(Description::MAX_CHARS)).unwrap();
    let mut spec = create.spec.clone();
    store.create(Create { ..create }).await.unwrap();
    run(
        &pool,
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS \
                'BEGIN RAISE ''written again''; END'; \
                CREATE TRIGGER refuse BEFORE UPDATE OR DELETE ON spec.descriptions \
                EXECUTE FUNCTION public.refuse()",
    )
    .await;
    for _commit in 0..3 {
        let commit = change(&spec);
        spec = commit.spec.clone();
        store.commit(commit).await.unwrap();
    }
    assert_eq!(stored(&store, spec.id).await.spec, spec);
    let bytes: i32 = sqlx::query_scalar("SELECT pg_column_size(t.*) FROM spec.states t")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(bytes < 4000, "a state takes {bytes} bytes");
}
