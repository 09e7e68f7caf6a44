//! How long people and specs wait: for a launch, for the first sandbox, for an event, for another
//! runner.

mod partition;
mod proxy;
mod sse;
mod starts;
mod streams;
mod takeover;
mod zombie;

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde::Serialize;
use tokio::time::timeout;

use crate::cluster::{Cluster, Database};
use crate::print;
use crate::verdict::{self, Verdict};

/// Longest time for any one part.
const LIMIT: Duration = Duration::from_mins(9);

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Launches at each rate.
    #[arg(long, default_value_t = 500)]
    launches: u32,
    /// Specs that are watched.
    #[arg(long, default_value_t = 100)]
    watched: usize,
    /// Watchers, over HTTP, of all of them together.
    #[arg(long, default_value_t = 1000)]
    watchers: usize,
    /// Runners that are killed.
    #[arg(long, default_value_t = 50)]
    kills: usize,
    /// Lease of the runners that are killed, stopped or cut off, in seconds.
    #[arg(long, default_value_t = 15.0)]
    lease: f64,
    /// Only these parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
}

impl Options {
    fn lease(&self) -> Duration {
        Duration::from_secs_f64(self.lease)
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum Part {
    /// Launch to answer and launch to first sandbox, at two rates.
    Starts,
    /// Commit to HTTP client.
    Streams,
    /// Death of a runner to the next one's going on.
    Takeover,
    /// A runner that was stopped and wakes up when others have gone on.
    Zombie,
    /// A runner that is cut off from the database.
    Partition,
}

pub(crate) async fn run(cluster: &Cluster, options: &Options, json: bool) -> Result<()> {
    cluster.require_durable().await?;
    let mut verdicts = Vec::new();
    for part in Part::value_variants() {
        if !options.only.is_empty() && !options.only.contains(part) {
            continue;
        }
        let database = cluster.create().await?;
        let measured = timeout(LIMIT, measure(*part, &database, options)).await;
        database.drop().await?;
        let measured = measured
            .with_context(|| format!("{part:?} takes too long"))?
            .with_context(|| format!("{part:?}"))?;
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

async fn measure(part: Part, database: &Database, options: &Options) -> Result<Vec<Verdict>> {
    match part {
        Part::Starts => starts::measure(database, options).await,
        Part::Streams => streams::measure(database, options).await,
        Part::Takeover => takeover::measure(database, options).await,
        Part::Zombie => zombie::measure(database, options).await,
        Part::Partition => partition::measure(database, options).await,
    }
}
