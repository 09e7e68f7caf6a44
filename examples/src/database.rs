//! The database that several processes share.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use spec_core::SpecStore;
use spec_sqlx::PostgresStore;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// The environment variable that names a database where no argument does.
const VARIABLE: &str = "DATABASE_URL";
/// Connections of one process at most; it needs few, because what happens at once shares them.
const CONNECTIONS: u32 = 8;
/// Longest wait for the first connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The argument that names a database.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArguments {
    /// Keeps specs in this Postgres database, which any number of processes may share; by default in
    /// a file in the data folder. Also taken from `DATABASE_URL` if that names a Postgres database.
    #[arg(long, value_name = "postgres://…")]
    database_url: Option<PostgresUrl>,
}

impl DatabaseArguments {
    /// What the arguments say, or else the environment.
    #[must_use]
    pub fn database(self) -> Option<PostgresUrl> {
        // A variable that names another kind of database is meant for another program.
        let from_environment = || std::env::var(VARIABLE).ok()?.parse().ok();
        self.database_url.or_else(from_environment)
    }
}

/// How to reach a Postgres database. Prints without its password.
#[derive(Clone)]
pub struct PostgresUrl(PgConnectOptions);

impl FromStr for PostgresUrl {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> anyhow::Result<Self> {
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            bail!("must begin with postgres://");
        }
        // The error must not repeat the password.
        match url.parse() {
            Ok(options) => Ok(Self(options)),
            Err(_invalid) => {
                bail!("is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE")
            }
        }
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(options) = self;
        let database = options.get_database().unwrap_or("the default database");
        write!(
            f,
            "{database} at {}:{}",
            options.get_host(),
            options.get_port()
        )
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({self})")
    }
}

impl PostgresUrl {
    /// Opens the store there; `replica` is what the server calls this process.
    ///
    /// # Errors
    ///
    /// When nobody answers, or the tables cannot be brought to this version.
    pub async fn open(&self, replica: Option<&str>) -> anyhow::Result<Arc<dyn SpecStore>> {
        let name = replica.map_or_else(|| "spec".to_owned(), |name| format!("spec {name}"));
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_with(self.0.clone().application_name(&name))
            .await
            .with_context(|| format!("cannot connect to the database {self}"))?;
        let store = PostgresStore::new(pool).await;
        let store = store.with_context(|| format!("cannot open the store in {self}"))?;
        Ok(Arc::new(store))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_prints_without_its_password() {
        let url: PostgresUrl = "postgres://me:hunter2@db.example:5433/specs"
            .parse()
            .unwrap();
        assert_eq!(url.to_string(), "specs at db.example:5433");
        assert!(!format!("{url:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_no_postgres_url_is_refused_without_repeating_it() {
        for bad in [
            "mysql://me:hunter2@db/specs",
            "hunter2",
            "postgres://me:hunter2@[db/specs",
        ] {
            let refused = bad.parse::<PostgresUrl>().unwrap_err();
            assert!(refused.to_string().contains("postgres://"), "{refused}");
            assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
        }
    }
}
