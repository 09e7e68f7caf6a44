//! What replicas and specs cost that have nothing to do.

mod replica;
mod running;
mod window;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;
use spec_core::LaunchRequest;
use tokio::task::JoinSet;

use crate::cluster::{Cluster, Database};
use crate::noop::{self, NoopSpawner};
use crate::verdict;
use crate::{print, store};

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Specs that wait for a person.
    #[arg(long, default_value_t = 10_000)]
    waiting: usize,
    /// Specs whose agents are at work and print nothing.
    #[arg(long, default_value_t = 1000)]
    running: usize,
    /// Seconds for which transactions and CPU time are counted.
    #[arg(long, default_value_t = 20.0)]
    window: f64,
    /// Only these parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
}

impl Options {
    fn window(&self) -> Duration {
        Duration::from_secs_f64(self.window)
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum Part {
    /// One runner without work, and then with specs that wait for a person.
    Replica,
    /// One runner with as many running specs as it has slots.
    Running,
}

pub(crate) async fn run(cluster: &Cluster, options: &Options, json: bool) -> Result<()> {
    let mut verdicts = Vec::new();
    for part in Part::value_variants() {
        if !options.only.is_empty() && !options.only.contains(part) {
            continue;
        }
        let database = cluster.create().await?;
        let measured = match part {
            Part::Replica => replica::measure(&database, options).await,
            Part::Running => running::measure(&database, options).await,
        };
        database.drop().await?;
        let measured = measured?;
        if !json {
            print::line(&verdict::table(&measured).to_string());
        }
        verdicts.extend(measured);
    }
    if json {
        verdict::print_json(&verdicts)?;
    }
    Ok(())
}

/// Launches `request` so many times, `tasks` at once, and leaves no connection behind.
async fn launch(
    database: &Database,
    request: LaunchRequest,
    number: usize,
    tasks: usize,
) -> Result<()> {
    let pool = store::connect(&database.url, store::CONNECTIONS).await?;
    let store = Arc::new(spec_sqlx::PostgresStore::new(pool.clone()).await?);
    let machine = noop::machine(Arc::clone(&store), NoopSpawner::new()?)?;
    let mut launching = JoinSet::new();
    for task in 0..tasks {
        let (machine, request) = (machine.clone(), request.clone());
        launching.spawn(async move {
            for _spec in (task..number).step_by(tasks) {
                machine.launch(request.clone()).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(joined) = launching.join_next().await {
        joined??;
    }
    store.close().await;
    pool.close().await;
    Ok(())
}
