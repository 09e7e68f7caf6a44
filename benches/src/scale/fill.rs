//! Tables with many specs: copies of three that a machine made.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde::Serialize;
use spec_core::id::{ProjectId, SpecId, UserId};
use spec_core::spec::Description;
use spec_core::{SpecStatus, SpecStore};
use spec_sqlx::PostgresStore;
use sqlx::{Executor as _, PgConnection};
use uuid::Uuid;

use crate::cluster::Database;
use crate::noop::{self, NoopSpawner, Pace};
use crate::store;

/// Specs that are due, and that runners hold, beside any number of others.
const DUE: usize = 200;
const HELD: usize = 100;
/// Events of each spec at most: a million specs are to fit where benchmarks run.
pub(super) const EVENTS: usize = 8;

/// A table as it was filled.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Filled {
    pub(super) specs: usize,
    pub(super) owners: usize,
    pub(super) projects: usize,
    pub(super) seconds: f64,
    pub(super) bytes: i64,
    /// Some of the specs, in no order.
    #[serde(skip)]
    pub(super) sample: Vec<SpecId>,
}

impl Filled {
    /// The names that `fill.sql` gives.
    pub(super) fn owner(&self, number: usize) -> Result<UserId> {
        Ok(UserId::new(format!("owner {}", number % self.owners))?)
    }

    pub(super) fn project(&self, number: usize) -> Result<ProjectId> {
        let name = format!("project {}", number % self.projects);
        Ok(ProjectId::new(name)?)
    }
}

impl fmt::Display for Filled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} specs of {} owners in {} projects: {} MiB, filled in {:.0} s",
            self.specs,
            self.owners,
            self.projects,
            self.bytes >> 20,
            self.seconds
        )
    }
}

/// What the copies are of.
struct Templates {
    completed: SpecId,
    draft: SpecId,
    due: SpecId,
}

pub(super) async fn fill(database: &Database, specs: usize, sample: usize) -> Result<Filled> {
    let began = Instant::now();
    let templates = templates(database).await?;
    let (owners, projects) = ((specs / 1000).max(5), (specs / 10_000).max(4));
    let pool = store::connect(&database.url, 1).await?;
    let mut connection = pool.acquire().await?;
    let settings = Settings {
        specs,
        owners,
        projects,
        templates,
    };
    connection
        .execute(sqlx::AssertSqlSafe(settings.sql()))
        .await?;
    connection.execute("VACUUM (ANALYZE)").await?;
    let sample = some(&mut connection, sample).await?;
    let bytes = sqlx::query_scalar("SELECT pg_database_size(current_database())")
        .fetch_one(&mut *connection)
        .await?;
    drop(connection);
    pool.close().await;
    database.checkpoint().await?;
    Ok(Filled {
        specs,
        owners,
        projects,
        seconds: began.elapsed().as_secs_f64(),
        bytes,
        sample,
    })
}

async fn some(connection: &mut PgConnection, number: usize) -> Result<Vec<SpecId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM made ORDER BY random() LIMIT $1")
        .bind(i64::try_from(number)?)
        .fetch_all(connection)
        .await?;
    Ok(ids.into_iter().map(SpecId::from_uuid).collect())
}

/// Makes a spec of each kind the way that specs are made.
async fn templates(database: &Database) -> Result<Templates> {
    let pool = store::connect(&database.url, store::CONNECTIONS).await?;
    let store = std::sync::Arc::new(PostgresStore::new(pool.clone()).await?);
    let made = launched(std::sync::Arc::clone(&store)).await?;
    store.close().await;
    pool.close().await;
    Ok(made)
}

async fn launched<S: SpecStore>(store: S) -> Result<Templates> {
    let pace = Pace::Lines {
        number: 3,
        every: Duration::from_millis(1),
    };
    let machine = noop::machine(store, NoopSpawner::new()?.with_pace(pace))?;
    let mut request = noop::request()?;
    request.description = Description::new("Remember what I searched for. ".repeat(20))?;
    let completed = machine.launch(request.clone()).await?.spec().id;
    let spec = machine.drive(completed).await?;
    ensure!(
        spec.status == SpecStatus::Completed,
        "the spec {}",
        spec.status
    );
    let due = machine.launch(request.clone()).await?.spec().id;
    request.auto_execute = false;
    let draft = machine.launch(request).await?.spec().id;
    Ok(Templates {
        completed,
        draft,
        due,
    })
}

/// What `fill.sql` is told.
struct Settings {
    specs: usize,
    owners: usize,
    projects: usize,
    templates: Templates,
}

impl Settings {
    fn sql(&self) -> String {
        let Self {
            specs,
            owners,
            projects,
            templates:
                Templates {
                    completed,
                    draft,
                    due,
                },
        } = self;
        let values = [
            ("$specs", specs.to_string()),
            ("$owners", owners.to_string()),
            ("$projects", projects.to_string()),
            ("$every_due", (specs / DUE).to_string()),
            ("$every_held", (specs / HELD).to_string()),
            ("$events", EVENTS.to_string()),
            ("$completed", format!("'{completed}'::uuid")),
            ("$draft", format!("'{draft}'::uuid")),
            ("$due", format!("'{due}'::uuid")),
        ];
        let sql = include_str!("fill.sql").to_owned();
        values
            .iter()
            .fold(sql, |sql, (name, value)| sql.replace(name, value))
    }
}
