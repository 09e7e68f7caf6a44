//! Tables: made by many at once, beside a host's, and of other versions.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use spec_core::SpecStore;
use spec_core::store::{SpecQuery, StoreErrorKind};
use spec_sqlx::PostgresStore;
use spec_test_postgres::database;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{PgPool, SqlSafeStr};
use tokio::task::JoinSet;

use super::bench::{launch, pool, run, store};
use crate::sample;

fn host_migrator() -> Migrator {
    Migrator::with_migrations(vec![Migration::new(
        1,
        "host".into(),
        MigrationType::Simple,
        "CREATE TABLE invoices (id int PRIMARY KEY)".into_sql_str(),
        false,
    )])
}

async fn texts(pool: &PgPool, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn starters_that_race_for_an_empty_database_all_succeed() {
    for _database in 0..3 {
        let database = database().await;
        let mut starters = JoinSet::new();
        for _starter in 0..8 {
            let pool = pool(database.url(), 2);
            starters.spawn(async move {
                let store = PostgresStore::new(pool).await.unwrap();
                store.create(sample::create("api")).await.unwrap();
                store.close().await;
            });
        }
        starters.join_all().await;
        let store = PostgresStore::migrated(database.pool()).await.unwrap();
        let page = store.list(&SpecQuery::default()).await.unwrap();
        assert_eq!(page.items.len(), 8);
    }
}

#[tokio::test]
async fn a_hosts_own_migrations_stay_undisturbed_whoever_comes_first() {
    for host_first in [true, false] {
        let database = database().await;
        let pool = database.pool();
        if host_first {
            host_migrator().run(&pool).await.unwrap();
        }
        launch(&PostgresStore::new(pool.clone()).await.unwrap()).await;
        host_migrator().run(&pool).await.unwrap();
        PostgresStore::new(pool.clone()).await.unwrap();
        host_migrator().run(&pool).await.unwrap();

        let hosts = "SELECT description FROM public._sqlx_migrations";
        assert_eq!(texts(&pool, hosts).await, ["host"]);
        let own = texts(
            &pool,
            "SELECT description FROM spec.migrations ORDER BY version",
        )
        .await;
        assert_eq!(own[0], "specs");
        let hosts = "SELECT relname::text FROM pg_class WHERE relkind = 'r' \
                     AND relnamespace = 'public'::regnamespace ORDER BY 1";
        assert_eq!(texts(&pool, hosts).await, ["_sqlx_migrations", "invoices"]);
    }
}

#[tokio::test]
async fn tables_of_a_later_version_are_refused() {
    let database = database().await;
    let pool = database.pool();
    store(database.url()).await.close().await;
    run(
        &pool,
        "INSERT INTO spec.migrations SELECT 9999, 'later', installed_on, success, checksum, 1 \
                FROM spec.migrations WHERE version = 1",
    )
    .await;
    for refused in [
        PostgresStore::new(pool.clone()).await.unwrap_err(),
        PostgresStore::migrated(pool.clone()).await.unwrap_err(),
    ] {
        assert_eq!(refused.kind(), StoreErrorKind::Internal, "{refused}");
        let message = refused.to_string();
        assert!(
            message.contains("9999") && message.contains("update"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_program_that_may_not_make_tables_says_who_has_to() {
    let database = database().await;
    let pool = database.pool();
    let refused = PostgresStore::migrated(pool.clone()).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Internal, "{refused}");
    assert!(
        refused.to_string().contains("migrations first"),
        "{refused}"
    );

    store(database.url()).await.close().await;
    run(
        &pool,
        "UPDATE spec.migrations SET version = 0 \
                WHERE version = (SELECT max(version) FROM spec.migrations)",
    )
    .await;
    let refused = PostgresStore::migrated(pool.clone()).await.unwrap_err();
    assert!(
        refused.to_string().contains("migrations first"),
        "{refused}"
    );
}

#[tokio::test]
async fn tables_that_were_changed_by_hand_are_not_migrated() {
    let database = database().await;
    store(database.url()).await.close().await;
    run(
        &database.pool(),
        "UPDATE spec.migrations SET checksum = 'other'",
    )
    .await;
    let refused = PostgresStore::new(database.pool()).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Internal, "{refused}");
}
