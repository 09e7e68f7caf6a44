//! Opening files: alone, together, beside a host's tables, and files that are not what they should be.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use spec_core::SpecStore;
use spec_core::store::{SpecQuery, StoreErrorKind};
use spec_sqlx::SqliteStore;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{SqlSafeStr, SqlitePool};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::fixture::host_pool;
use crate::sample::create;

fn host_migrator() -> Migrator {
    Migrator::with_migrations(vec![Migration::new(
        1,
        "host".into(),
        MigrationType::Simple,
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY)".into_sql_str(),
        false,
    )])
}

async fn applied(pool: &SqlitePool, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn starters_that_race_for_one_new_file_all_succeed() {
    for _file in 0..8 {
        let folder = TempDir::new().unwrap();
        let mut starters = JoinSet::new();
        for _starter in 0..6 {
            let path = folder.path().join("specs.db");
            starters.spawn(async move {
                let store = SqliteStore::open(path).await.unwrap();
                store.create(create("api")).await.unwrap();
                store.close().await;
            });
        }
        starters.join_all().await;
        let store = SqliteStore::open(folder.path().join("specs.db"))
            .await
            .unwrap();
        let page = store.list(&SpecQuery::default()).await.unwrap();
        assert_eq!(page.items.len(), 6);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn starters_that_race_on_a_hosts_pool_all_succeed() {
    let folder = TempDir::new().unwrap();
    let pool = host_pool(&folder.path().join("host.db")).await;
    let mut starters = JoinSet::new();
    for _starter in 0..6 {
        let pool = pool.clone();
        starters.spawn(async move {
            let store = SqliteStore::with_pool(pool).await.unwrap();
            store.create(create("api")).await.unwrap();
        });
    }
    starters.join_all().await;
}

#[tokio::test]
async fn a_hosts_own_migrations_stay_undisturbed() {
    let folder = TempDir::new().unwrap();
    let pool = host_pool(&folder.path().join("host.db")).await;
    let host = host_migrator();
    host.run(&pool).await.unwrap();
    let store = SqliteStore::with_pool(pool.clone()).await.unwrap();
    store.create(create("api")).await.unwrap();
    host.run(&pool).await.unwrap();
    SqliteStore::with_pool(pool.clone()).await.unwrap();

    let hosts = applied(&pool, "SELECT description FROM _sqlx_migrations").await;
    assert_eq!(hosts, ["host"]);
    let own = applied(&pool, "SELECT description FROM spec_migrations").await;
    assert_eq!(own, ["specs", "duties"]);
    let tables = applied(
        &pool,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .await;
    assert!(
        tables.iter().all(|name| name.starts_with("spec_")
            || ["invoices", "_sqlx_migrations"].contains(&name.as_str())),
        "{tables:?}"
    );
}

#[tokio::test]
async fn closing_leaves_the_hosts_pool_open() {
    let folder = TempDir::new().unwrap();
    let pool = host_pool(&folder.path().join("host.db")).await;
    let store = SqliteStore::with_pool(pool.clone()).await.unwrap();
    store.close().await;
    assert!(!pool.is_closed());
    let one = applied(&pool, "SELECT 'one'").await;
    assert_eq!(one, ["one"]);
}

#[tokio::test]
async fn tables_of_a_newer_version_are_refused() {
    let folder = TempDir::new().unwrap();
    let pool = host_pool(&folder.path().join("host.db")).await;
    SqliteStore::with_pool(pool.clone()).await.unwrap();
    sqlx::query("INSERT INTO spec_migrations SELECT 9999, 'later', installed_on, success, checksum, 1 FROM spec_migrations WHERE version = 1")
        .execute(&pool)
        .await
        .unwrap();
    let refused = SqliteStore::with_pool(pool).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Internal, "{refused}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_corrupt() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("specs.db");
    std::fs::write(
        &path,
        "just a text, and long enough for a header ".repeat(10),
    )
    .unwrap();
    let refused = SqliteStore::open(&path).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Corrupt, "{refused}");
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_unavailable() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("missing").join("specs.db");
    let refused = SqliteStore::open(&path).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Unavailable, "{refused}");
}
