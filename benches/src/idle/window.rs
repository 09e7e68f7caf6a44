//! What a runner and its database do while nothing happens.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::{Instant, sleep};

use crate::cluster::Database;
use crate::cpu::CpuTime;
use crate::runner::Runner;
use crate::verdict::{Target, Verdict};

/// Sessions that do nothing report what they did up to 10 s late: what happened before a window is to
/// be counted before it.
const SETTLE: Duration = Duration::from_secs(15);

/// A runner begins its chores within half a minute.
const CHORES: Duration = Duration::from_secs(30);

/// Waits until a runner that was just started is at rest.
pub(super) async fn start() {
    sleep(CHORES + SETTLE).await;
}

/// Waits until everything is at rest again.
pub(super) async fn settle() {
    sleep(SETTLE).await;
}

/// What was seen, per second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) transactions: f64,
    pub(super) connections: f64,
    /// In milliseconds.
    client_cpu: f64,
    /// `None` when the server is on another machine.
    server_cpu: Option<f64>,
}

pub(super) async fn watch(database: &Database, runner: &Runner, window: Duration) -> Result<Seen> {
    let cpu = CpuTime::of(runner.pid, database.postmaster)?;
    let (before, began) = (database.activity().await?, Instant::now());
    sleep(window).await;
    let (after, seconds) = (database.activity().await?, began.elapsed().as_secs_f64());
    let spent = CpuTime::of(runner.pid, database.postmaster)?.since(cpu);
    ensure!(after.connections > 0, "the runner is not connected");
    let per_second = |time: Duration| time.as_secs_f64() * 1e3 / seconds;
    Ok(Seen {
        transactions: (after.transactions - before.transactions) as f64 / seconds,
        connections: after.connections as f64,
        client_cpu: per_second(spent.client),
        server_cpu: spent.server.map(per_second),
    })
}

impl Seen {
    pub(super) fn cpu(&self, whose: &str) -> Vec<Verdict> {
        let row = |side: &str, ms| {
            let what = format!("{whose}: CPU time, {side}");
            Verdict::new(what, ms, "ms per s", Target::Told)
        };
        let server = self.server_cpu.map(|ms| row("Postgres", ms));
        let client = row("runner", self.client_cpu);
        [Some(client), server].into_iter().flatten().collect()
    }
}
