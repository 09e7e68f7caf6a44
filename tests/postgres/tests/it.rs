//! What the tests of other crates rely on.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use spec_test_postgres::{Cluster, database};
use sqlx::{Connection, PgConnection};

async fn tables(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        .fetch_one(connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_database_is_empty_and_gone_with_its_test() {
    let database = database().await;
    let url = database.url().to_owned();
    let pool = database.pool();
    let mut connection = pool.acquire().await.unwrap();
    assert_eq!(tables(&mut connection).await, 0);
    sqlx::query("CREATE TABLE trace (id int)")
        .execute(&mut *connection)
        .await
        .unwrap();
    drop(database);
    assert!(PgConnection::connect(&url).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_of_tests_that_start_at_once_are_apart() {
    let (one, other) = tokio::join!(database(), database());
    assert_ne!(one.url(), other.url());
    let pool = one.pool();
    sqlx::query("CREATE TABLE trace (id int)")
        .execute(&pool)
        .await
        .unwrap();
    let mut connection = PgConnection::connect(other.url()).await.unwrap();
    assert_eq!(tables(&mut connection).await, 0);
}

#[tokio::test]
async fn a_private_cluster_survives_a_crash() {
    let cluster = Cluster::start().await;
    let mut before = PgConnection::connect(cluster.url()).await.unwrap();
    sqlx::query("CREATE TABLE trace (id int)")
        .execute(&mut before)
        .await
        .unwrap();
    cluster.restart_immediate();
    assert!(before.ping().await.is_err(), "connections are lost");
    let mut after = PgConnection::connect(cluster.url()).await.unwrap();
    assert_eq!(tables(&mut after).await, 1, "and the data is not");

    let url = cluster.url().to_owned();
    drop(cluster);
    assert!(PgConnection::connect(&url).await.is_err());
}
