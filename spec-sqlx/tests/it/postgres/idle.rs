//! What replicas cost that have nothing to do.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use std::time::Duration;

use spec_test_postgres::{TestDatabase, database};
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgPool, Row};
use tokio::time::{Instant, sleep};

use super::replica::{Replica, until};

/// How late an idle session's transactions are counted: those of the beginning have to be by then.
const DELAY: Duration = Duration::from_secs(15);
/// How long transactions are counted.
const WINDOW: Duration = Duration::from_secs(12);

/// Transactions per second of each of `number` replicas with the defaults.
async fn transactions(database: &TestDatabase, number: usize) -> f64 {
    let options: PgConnectOptions = database.url().parse().unwrap();
    let name = options.get_database().unwrap().to_owned();
    // Counting does not count: it happens in another database.
    let elsewhere = PgPool::connect_with(options.database("postgres"))
        .await
        .unwrap();
    let count = async || -> i64 {
        let row = sqlx::query(
            "SELECT xact_commit + xact_rollback AS number FROM pg_stat_database WHERE datname = $1",
        )
        .bind(&name)
        .fetch_one(&elsewhere)
        .await
        .unwrap();
        row.get("number")
    };

    let mut replicas = Vec::new();
    for _ in 0..number {
        replicas.push(Replica::start(database.pool(), Duration::from_secs(15)).await);
    }
    let pool = database.pool();
    until("every runner registered", async || {
        let sql = "SELECT count(*) AS number FROM spec.runners WHERE pinned IS NOT NULL";
        let row = sqlx::query(sql).fetch_one(&pool).await.unwrap();
        usize::try_from(row.get::<i64, _>("number")) == Ok(number)
    })
    .await;
    pool.close().await;
    sleep(DELAY).await;

    let (before, begun) = (count().await, Instant::now());
    sleep(WINDOW).await;
    let (after, seconds) = (count().await, begun.elapsed().as_secs_f64());
    for replica in replicas {
        replica.stop().await;
    }
    let made = f64::from(i32::try_from(after - before).unwrap());
    made / seconds / f64::from(u32::try_from(number).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_replicas_make_at_most_two_transactions_a_second_each() {
    let (alone, together) = (database().await, database().await);
    let (one, three) = tokio::join!(transactions(&alone, 1), transactions(&together, 3));
    println!("idle transactions per second: {one:.2} of one replica, {three:.2} of each of three");
    assert!(one > 0.5, "{one}: something is counted");
    assert!(one <= 2.0, "{one}");
    assert!(three <= 2.0, "{three}");
}
