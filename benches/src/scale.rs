//! Times of the store's calls, beside few specs and beside many.

mod call;
mod fill;
mod plans;
mod report;

use anyhow::{Result, ensure};

use self::call::{Call, Calls};
use self::fill::Filled;
use self::report::Times;
use crate::cluster::{Cluster, Database};
use crate::print;

/// Calls of a kind that follow each other before the next table has its turn, so that what else the
/// machine does hits all sizes alike. No more than there are due specs.
const TURN: usize = 50;
/// Calls before any is timed: the first ones are planned one by one.
const WARM_UP: usize = 20;
/// Of this size on, every page that is listed is full.
const SMALLEST: usize = 1000;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Specs in the table, each in a database of its own.
    #[arg(long, value_delimiter = ',', value_parser = size,
          default_values_t = [1000, 100_000, 1_000_000])]
    sizes: Vec<usize>,
    /// Calls of each kind at each size; rounded up to whole turns of 50.
    #[arg(long, default_value_t = 200)]
    repeats: usize,
    /// Print how Postgres goes about each call beside the most specs.
    #[arg(long)]
    plans: bool,
}

fn size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size) if size < SMALLEST => Err(format!("must be at least {SMALLEST}")),
        Ok(size) => Ok(size),
        Err(error) => Err(format!("{error}")),
    }
}

pub(crate) async fn run(cluster: &Cluster, options: &Options, json: bool) -> Result<()> {
    let mut sizes = options.sizes.clone();
    sizes.sort_unstable();
    sizes.dedup();
    let mut databases = Vec::new();
    for _size in &sizes {
        databases.push(cluster.create().await?);
    }
    let measured = measure(&databases, &sizes, options, json).await;
    for database in databases {
        database.drop().await?;
    }
    let (filled, times, plans) = measured?;
    report::print(&filled, &times, &plans, json)
}

async fn measure(
    databases: &[Database],
    sizes: &[usize],
    options: &Options,
    json: bool,
) -> Result<(Vec<Filled>, Times, Vec<plans::Plan>)> {
    let mut tables = Vec::new();
    for (database, size) in databases.iter().zip(sizes) {
        let filled = fill::fill(database, *size, options.repeats + WARM_UP).await?;
        if !json {
            print::line(&filled.to_string());
        }
        tables.push(Calls::open(database, filled, crate::store::CONNECTIONS).await?);
    }
    for call in Call::ALL {
        for table in &mut tables {
            table.make(call, WARM_UP).await?;
        }
    }
    let mut times = Times::default();
    for _turn in 0..options.repeats.div_ceil(TURN) {
        for call in Call::ALL {
            for table in &mut tables {
                let made = table.make(call, TURN).await?;
                ensure!(made.len() == TURN, "too few specs were claimed");
                times.add(table.filled.specs, call, made);
            }
        }
    }
    let plans = match (options.plans, databases.last(), tables.last()) {
        (true, Some(database), Some(table)) => {
            plans::explain(database, table.filled.clone()).await?
        }
        _ => Vec::new(),
    };
    let mut filled = Vec::new();
    for table in tables {
        filled.push(table.close().await);
    }
    Ok((filled, times, plans))
}
