//! Our store on a database.

use std::sync::Arc;

use anyhow::Result;
use spec_sqlx::PostgresStore;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// Connections of a process where its number of them is not what is measured.
pub(crate) const CONNECTIONS: u32 = 8;

/// Connects to the database at `url`, with at most so many connections.
pub(crate) async fn connect(url: &str, connections: u32) -> Result<PgPool> {
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .connect(url)
        .await?)
}

/// Opens the store in the database at `url`.
pub(crate) async fn open(url: &str) -> Result<Arc<PostgresStore>> {
    let pool = connect(url, CONNECTIONS).await?;
    Ok(Arc::new(PostgresStore::new(pool).await?))
}

/// Makes the tables in the database at `url`.
pub(crate) async fn prepare(url: &str) -> Result<()> {
    let pool = connect(url, 2).await?;
    PostgresStore::new(pool.clone()).await?.close().await;
    pool.close().await;
    Ok(())
}
