//! The database that several processes share.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use clap::builder::ValueParserFactory;
use spec_core::SpecStore;
use spec_sqlx::PostgresStore;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::time::timeout;

use crate::discreet::Discreet;

/// The environment variable that names a database where no argument does.
pub const VARIABLE: &str = "DATABASE_URL";
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
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
    ///
    /// # Errors
    ///
    /// When the environment names a Postgres database in a way that cannot be read.
    pub fn database(self) -> anyhow::Result<Option<PostgresUrl>> {
        if self.database_url.is_some() {
            return Ok(self.database_url);
        }
        match std::env::var(VARIABLE) {
            Ok(url) => from_variable(&url),
            Err(_none) => Ok(None),
        }
    }
}

fn from_variable(url: &str) -> anyhow::Result<Option<PostgresUrl>> {
    // One that names another kind of database is meant for another program.
    if !is_postgres(url) {
        return Ok(None);
    }
    match url.parse() {
        Ok(url) => Ok(Some(url)),
        Err(error) => bail!("{VARIABLE} {error}"),
    }
}

fn is_postgres(url: &str) -> bool {
    SCHEMES.iter().any(|scheme| url.starts_with(scheme))
}

/// How to reach a Postgres database. Prints without its password.
#[derive(Clone)]
pub struct PostgresUrl {
    text: String,
    options: PgConnectOptions,
}

impl FromStr for PostgresUrl {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> anyhow::Result<Self> {
        if !is_postgres(url) {
            bail!("must begin with postgres://");
        }
        // The error must not repeat the password.
        match url.parse() {
            Ok(options) => Ok(Self {
                text: url.to_owned(),
                options,
            }),
            Err(_invalid) => {
                bail!("is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE")
            }
        }
    }
}

impl ValueParserFactory for PostgresUrl {
    type Parser = Discreet<Self>;

    fn value_parser() -> Discreet<Self> {
        Discreet::new()
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
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
    /// The URL with its password, for another process of this program.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Connects to it; `application` is what the server calls this process.
    ///
    /// # Errors
    ///
    /// When nobody answers, or the server does not let this process in.
    pub async fn connect(&self, application: &str) -> anyhow::Result<PgPool> {
        let options = self.options.clone().application_name(application);
        let failed = || format!("cannot connect to the database {self}");
        // A pool would try again and again, and then say only that it has.
        let first = timeout(PATIENCE, PgConnection::connect_with(&options));
        let first = first.await.with_context(failed)?.with_context(failed)?;
        drop(first.close().await);
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
        Ok(pool.connect_lazy_with(options))
    }

    /// What tells this database from every other one, by whatever name and way it is reached.
    ///
    /// # Errors
    ///
    /// When nobody answers, or the server does not say.
    pub async fn identity(&self) -> anyhow::Result<String> {
        let pool = self.connect("spec").await?;
        // The cluster's number is drawn when it is made, and the database's is never used again in it.
        let identity = sqlx::query_scalar(
            "SELECT format('%s/%s', c.system_identifier, d.oid)
             FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()",
        );
        let identity = timeout(PATIENCE, identity.fetch_one(&pool)).await;
        pool.close().await;
        let failed = || format!("the database {self} does not say which one it is");
        identity.with_context(failed)?.with_context(failed)
    }

    /// Opens the store there; `replica` is what the server calls this process.
    ///
    /// # Errors
    ///
    /// When nobody answers, or the tables cannot be brought to this version.
    pub async fn open(&self, replica: Option<&str>) -> anyhow::Result<Arc<dyn SpecStore>> {
        let name = replica.map_or_else(|| "spec".to_owned(), |name| format!("spec {name}"));
        let pool = self.connect(&name).await?;
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

    #[test]
    fn a_variable_that_names_another_kind_of_database_is_meant_for_another_program() {
        for other in ["", "mysql://me@db/specs", "sqlite:specs.db"] {
            assert!(from_variable(other).unwrap().is_none(), "{other}");
        }
        assert!(from_variable("postgres://me@db/specs").unwrap().is_some());
    }

    #[test]
    fn a_variable_that_is_nearly_right_is_refused_by_name_and_not_ignored() {
        let refused = from_variable("postgres://me:hunter2@[db/specs").unwrap_err();
        assert!(refused.to_string().starts_with("DATABASE_URL is not"));
        assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
    }
}
