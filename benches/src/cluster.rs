//! The Postgres under all sides: databases for one round each, and what they cost.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::time::sleep;
use uuid::Uuid;

use crate::cpu::postmaster_of;

/// Backends report what they did when they end, or now and then.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Where databases are created.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    admin: PgConnectOptions,
    url: String,
}

/// A database that is there for one round.
#[derive(Debug)]
pub(crate) struct Database {
    cluster: Cluster,
    pub(crate) name: String,
    pub(crate) url: String,
    /// The server's first process, if it is on this machine.
    pub(crate) postmaster: Option<i32>,
}

/// What a database has done so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counters {
    pub(crate) commits: i64,
    pub(crate) wal_bytes: i64,
}

/// What a database is used for by those who are connected to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Activity {
    /// So far, also those that were rolled back.
    pub(crate) transactions: i64,
    pub(crate) connections: i64,
}

impl Cluster {
    pub(crate) fn new(url: Option<&str>) -> Result<Self> {
        let url = url.context("name a Postgres with --database-url")?;
        let admin = url.parse().context("--database-url")?;
        Ok(Self {
            admin,
            url: url.to_owned(),
        })
    }

    async fn admin(&self) -> Result<PgConnection> {
        PgConnection::connect_with(&self.admin)
            .await
            .context("connect to Postgres")
    }

    /// Refuses a server whose commits are not durable: numbers without `fsync` compare nothing.
    pub(crate) async fn require_durable(&self) -> Result<()> {
        let mut admin = self.admin().await?;
        for name in ["fsync", "synchronous_commit", "full_page_writes"] {
            let value: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(name)
                .fetch_one(&mut admin)
                .await?;
            if value != "on" {
                bail!("{name} is {value} on this server; it has to be on");
            }
        }
        Ok(())
    }

    /// Creates a database with nothing in it.
    pub(crate) async fn create(&self) -> Result<Database> {
        let name = format!("bench_{}", Uuid::now_v7().simple());
        let mut admin = self.admin().await?;
        admin
            .execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .await
            .context("create a database")?;
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(&mut admin)
            .await?;
        Ok(Database {
            url: with_database(&self.url, &name)?,
            cluster: self.clone(),
            name,
            postmaster: postmaster_of(backend),
        })
    }
}

impl Database {
    /// Writes everything out, so that no round pays for the one before it.
    pub(crate) async fn checkpoint(&self) -> Result<()> {
        self.cluster.admin().await?.execute("CHECKPOINT").await?;
        Ok(())
    }

    /// Reads the counters once every backend of this database has ended and thereby reported.
    pub(crate) async fn counters(&self) -> Result<Counters> {
        let mut admin = self.cluster.admin().await?;
        let mut waited = Duration::ZERO;
        let step = Duration::from_millis(20);
        loop {
            let backends: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity \
                 WHERE datname = $1 AND backend_type = 'client backend'",
            )
            .bind(&self.name)
            .fetch_one(&mut admin)
            .await?;
            if backends == 0 {
                break;
            }
            if waited >= DISCONNECT_TIMEOUT {
                bail!("{backends} connections to {} stay open", self.name);
            }
            sleep(step).await;
            waited += step;
        }
        let (commits, wal_bytes) = sqlx::query_as(
            "SELECT xact_commit, (pg_current_wal_insert_lsn() - '0/0')::bigint \
             FROM pg_stat_database WHERE datname = $1",
        )
        .bind(&self.name)
        .fetch_one(&mut admin)
        .await?;
        Ok(Counters { commits, wal_bytes })
    }

    /// What there is to see from outside while connections are open. Sessions that do nothing
    /// report what they did up to 10 s late.
    pub(crate) async fn activity(&self) -> Result<Activity> {
        let mut admin = self.cluster.admin().await?;
        let (transactions, connections) = sqlx::query_as(
            "SELECT xact_commit + xact_rollback, \
                 (SELECT count(*) FROM pg_stat_activity a \
                  WHERE a.datname = d.datname AND a.backend_type = 'client backend') \
             FROM pg_stat_database d WHERE datname = $1",
        )
        .bind(&self.name)
        .fetch_one(&mut admin)
        .await?;
        Ok(Activity {
            transactions,
            connections,
        })
    }

    pub(crate) async fn drop(self) -> Result<()> {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let mut admin = self.cluster.admin().await?;
        admin.execute(sqlx::AssertSqlSafe(sql)).await?;
        Ok(())
    }
}

fn with_database(url: &str, name: &str) -> Result<String> {
    let mut url = url::Url::parse(url).context("--database-url")?;
    url.set_path(name);
    Ok(url.into())
}
