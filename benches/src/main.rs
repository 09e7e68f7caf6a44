//! What durability costs here and elsewhere, on one Postgres. See `README.md`.

mod cluster;
mod countdown;
mod cpu;
mod engine;
mod idle;
mod latency;
mod noop;
mod observed_store;
mod print;
mod runner;
mod scale;
mod statistics;
mod store;
mod verdict;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::cluster::Cluster;

/// Compares this workspace with other durable engines, and itself with its targets.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Common {
    /// A Postgres on which databases named `bench_...` may be created and dropped.
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Print JSON instead of tables.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Throughput and cost of five-phase specs, side by side.
    Engine(engine::Options),
    /// Launch, first sandbox, live events, takeover.
    Latency(latency::Options),
    /// What replicas and specs cost that have nothing to do.
    Idle(idle::Options),
    /// Times of the store's calls, beside few specs and beside many.
    Scale(scale::Options),
    /// A runner in a process of its own.
    #[command(hide = true)]
    Runner,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<()> {
    let Common { database_url, json } = cli.common;
    let cluster = || Cluster::new(database_url.as_deref());
    match cli.command {
        Command::Engine(options) => engine::run(&cluster()?, &options, json).await,
        Command::Latency(options) => latency::run(&cluster()?, &options, json).await,
        Command::Idle(options) => idle::run(&cluster()?, &options, json).await,
        Command::Scale(options) => scale::run(&cluster()?, &options, json).await,
        Command::Runner => runner::run().await,
    }
}
