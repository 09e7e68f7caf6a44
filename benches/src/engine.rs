//! Throughput and cost of five-phase specs: one burst, every side in turn, round after round.

mod apalis;
mod dbos;
mod hand;
mod machine;
mod report;
mod round;

use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use clap::ValueEnum;
use serde::Serialize;

use self::machine::StoreCalls;
use crate::cluster::Cluster;
use crate::countdown::Countdown;
use crate::store;

/// Phases, or steps, of every spec on every side.
pub(crate) const PHASES: usize = 5;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Specs in a round.
    #[arg(long, default_value_t = 2000, value_parser = at_least_one)]
    specs: usize,
    /// Rounds; the medians count.
    #[arg(long, default_value_t = 5, value_parser = at_least_one)]
    rounds: usize,
    /// Specs that a side works on at a time.
    #[arg(long, default_value_t = 32, value_parser = at_least_one)]
    slots: usize,
    /// Tasks that submit at once.
    #[arg(long, default_value_t = 16, value_parser = at_least_one)]
    submitters: usize,
    /// Connections that a side may open for its work.
    #[arg(long, default_value_t = 32)]
    connections: u32,
    /// Only these sides.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Side>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}

/// Who competes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// This workspace on Postgres.
    Ours,
    /// This workspace without a database: the cost of the machine itself. Not durable.
    Memory,
    /// A loop of five leased checkpoints, one statement each.
    Hand,
    /// The crate `dbos`, started directly.
    Dbos,
    /// The crates `apalis`, `apalis-postgres` and `apalis-workflow`.
    Apalis,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Memory => "ours, in memory",
            Self::Hand => "hand-written",
            Self::Dbos => "dbos",
            Self::Apalis => "apalis",
        }
    }

    /// Makes the tables, once per database.
    async fn prepare(self, url: &str) -> Result<()> {
        match self {
            Self::Ours => store::prepare(url).await,
            Self::Memory => Ok(()),
            Self::Hand => hand::prepare(url).await,
            Self::Dbos => dbos::prepare(url).await,
            Self::Apalis => apalis::prepare(url).await,
        }
    }

    async fn start(
        self,
        url: &str,
        options: &Options,
        countdown: Arc<Countdown>,
    ) -> Result<Box<dyn Engine>> {
        Ok(match self {
            Self::Ours => Box::new(machine::on_postgres(url, options, countdown).await?),
            Self::Memory => Box::new(machine::in_memory(options, countdown)?),
            Self::Hand => Box::new(hand::start(url, options, countdown).await?),
            Self::Dbos => Box::new(dbos::start(url, options, countdown).await?),
            Self::Apalis => Box::new(apalis::start(url, options, countdown).await?),
        })
    }
}

/// A side that is up and works on what is submitted. It counts every spec that has finished.
#[async_trait]
trait Engine: Send + Sync {
    /// Hands in one spec. It survives a crash of this process from `Ok` on.
    async fn submit(&self) -> Result<()>;

    /// Stops working and closes every connection.
    async fn stop(&self) -> Result<()>;

    /// What was asked of the store, on our sides.
    fn calls(&self) -> Option<&StoreCalls> {
        None
    }
}

pub(crate) async fn run(cluster: &Cluster, options: &Options, json: bool) -> Result<()> {
    cluster.require_durable().await?;
    let sides: Vec<Side> = Side::value_variants()
        .iter()
        .copied()
        .filter(|side| options.only.is_empty() || options.only.contains(side))
        .collect();
    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        for side in &sides {
            let round = round::measure(cluster, *side, options).await?;
            if !json {
                report::progress(number, &round);
            }
            rounds.push(round);
        }
    }
    report::print(options, &sides, &rounds, json)
}
