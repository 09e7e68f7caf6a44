//! Postgres databases for tests: each test gets a database of its own, in the server that
//! `TEST_DATABASE_URL` names or else in one that is started from the machine's programs, shared by
//! the tests of a checkout, and ended a minute after the last of them.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot have its database fails"
)]

mod cluster;
mod programs;

pub use cluster::Cluster;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};

/// Connections of a test's pool.
const CONNECTIONS: u32 = 10;

/// An empty database of one test. It is dropped with this value, whoever is still connected to it.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    server: PgConnectOptions,
    /// Keeps the server running.
    _cluster: Option<Cluster>,
}

/// Makes an empty database that nobody else uses.
///
/// # Panics
///
/// When there is no server: with the line that installs one.
pub async fn database() -> TestDatabase {
    let (url, cluster) = if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
        (url, None)
    } else {
        let cluster = Cluster::shared().await;
        (cluster.url().to_owned(), Some(cluster))
    };
    let server: PgConnectOptions = url.parse().expect("the address of a Postgres server");
    let name = format!("spec_test_{}", uuid::Uuid::new_v4().simple());
    run(&server, format!("CREATE DATABASE {name}"))
        .await
        .expect("a database can be made");
    let url = server.clone().database(&name).to_url_lossy();
    TestDatabase {
        url: url.into(),
        name,
        server,
        _cluster: cluster,
    }
}

impl TestDatabase {
    /// Where to connect, as a user who may do everything.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A pool of the test's own, of 10 connections at most.
    #[must_use]
    pub fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_lazy_with(self.server.clone().database(&self.name))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // The test's runtime may be about to end, and cannot be waited for here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            runtime.block_on(run(&server, sql))
        });
        // A server that is gone has taken the database with it.
        let _gone = dropped.join();
    }
}

async fn run(server: &PgConnectOptions, sql: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(server).await?;
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await?;
    connection.close().await
}
