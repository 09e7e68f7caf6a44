//! The server, asked with a bound on every wait.

use std::io;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgPool, Postgres};
use tokio::time::timeout;

/// Longest wait for a connection.
const CONNECTION: Duration = Duration::from_secs(5);
/// Longest wait for the answer to a statement.
const ANSWER: Duration = Duration::from_secs(10);

pub(super) async fn acquire(pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    let late = |_elapsed| late("no connection came free", CONNECTION);
    timeout(CONNECTION, pool.acquire()).await.map_err(late)?
}

/// The rows that a statement yields, on a connection from the pool.
pub(super) async fn rows(
    pool: &PgPool,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<Vec<PgRow>, sqlx::Error> {
    let mut connection = acquire(pool).await?;
    rows_on(&mut connection, query).await
}

/// The rows that a statement yields, on this connection. One that does not answer in time is closed:
/// whoever had it next would wait for that answer.
pub(super) async fn rows_on(
    connection: &mut PoolConnection<Postgres>,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<Vec<PgRow>, sqlx::Error> {
    match timeout(ANSWER, query.fetch_all(&mut **connection)).await {
        Ok(rows) => rows,
        Err(_elapsed) => {
            connection.close_on_drop();
            Err(late("the server gave no answer", ANSWER))
        }
    }
}

/// What a talk of several statements yields, if it does in time.
pub(super) async fn in_time<T>(talk: impl Future<Output = T>) -> Result<T, sqlx::Error> {
    timeout(ANSWER, talk)
        .await
        .map_err(|_elapsed| late("the server gave no answer", ANSWER))
}

fn late(what: &str, after: Duration) -> sqlx::Error {
    let message = format!("{what} within {} s", after.as_secs());
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, message))
}
