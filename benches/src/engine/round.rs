//! One burst of one side on a database of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::machine::{REVISIONS, StoreCalls};
use super::{Engine, Options, Side};
use crate::cluster::{Cluster, Database};
use crate::countdown::Countdown;
use crate::cpu::CpuTime;

/// Specs per second below which a round is given up.
const SLOWEST: usize = 5;
/// Longest wait for a side to be prepared, to start or to stop.
const SETUP_TIMEOUT: Duration = Duration::from_mins(1);

/// What a round measured.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Round {
    pub(super) side: Side,
    pub(super) specs: usize,
    pub(super) wall_seconds: f64,
    pub(super) commits: i64,
    pub(super) wal_bytes: i64,
    pub(super) client_cpu_seconds: f64,
    pub(super) server_cpu_seconds: Option<f64>,
    /// Cores that other programs kept busy meanwhile.
    pub(super) foreign_cores: Option<f64>,
    /// Calls of the store, on our sides.
    pub(super) calls: Option<BTreeMap<&'static str, u64>>,
}

pub(super) async fn measure(cluster: &Cluster, side: Side, options: &Options) -> Result<Round> {
    let database = cluster.create().await?;
    let round = on(&database, side, options)
        .await
        .with_context(|| format!("the side `{}`", side.name()));
    database.drop().await?;
    round
}

async fn on(database: &Database, side: Side, options: &Options) -> Result<Round> {
    let url = &database.url;
    timeout(SETUP_TIMEOUT, side.prepare(url))
        .await
        .context("preparing takes too long")??;
    let before = database.counters().await?;
    database.checkpoint().await?;

    let countdown = Arc::new(Countdown::new(options.specs));
    let started = side.start(url, options, Arc::clone(&countdown));
    let engine: Arc<dyn Engine> = timeout(SETUP_TIMEOUT, started)
        .await
        .context("starting takes too long")??
        .into();

    let limit = Duration::from_secs(30 + (options.specs / SLOWEST) as u64);
    let cpu = CpuTime::now(database.postmaster)?;
    let began = Instant::now();
    let burst = timeout(limit, burst(&engine, options, &countdown)).await;
    let wall = began.elapsed();
    let spent = CpuTime::now(database.postmaster)?.since(cpu);

    timeout(SETUP_TIMEOUT, engine.stop())
        .await
        .context("stopping takes too long")??;
    match burst {
        Ok(done) => done?,
        Err(_elapsed) => bail!("{} specs are not done after {limit:?}", countdown.left()),
    }
    let after = database.counters().await?;
    Ok(Round {
        side,
        specs: options.specs,
        wall_seconds: wall.as_secs_f64(),
        commits: after.commits - before.commits,
        wal_bytes: after.wal_bytes - before.wal_bytes,
        client_cpu_seconds: spent.client.as_secs_f64(),
        server_cpu_seconds: spent.server.map(|time| time.as_secs_f64()),
        foreign_cores: spent
            .others
            .map(|time| time.as_secs_f64() / wall.as_secs_f64()),
        calls: engine.calls().map(StoreCalls::by_name),
    })
}

/// Submits everything from several tasks and waits for the last spec to finish.
async fn burst(engine: &Arc<dyn Engine>, options: &Options, countdown: &Countdown) -> Result<()> {
    let Options {
        specs, submitters, ..
    } = *options;
    let mut tasks = JoinSet::new();
    for submitter in 0..submitters {
        let engine = Arc::clone(engine);
        tasks.spawn(async move {
            for _spec in (submitter..specs).step_by(submitters) {
                engine.submit().await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(joined) = tasks.join_next().await {
        joined??;
    }
    countdown.done().await;
    Ok(())
}

impl Round {
    /// States that were recorded, on our sides. A commit may record several.
    pub(super) fn revisions(&self) -> Option<u64> {
        let calls = self.calls.as_ref()?;
        calls.get(REVISIONS).copied()
    }
}
