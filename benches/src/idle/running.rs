//! A runner all of whose specs wait for agents that say nothing.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::time::sleep;

use super::{Options, launch, window};
use crate::cluster::Database;
use crate::cpu::resident;
use crate::noop::{self, Effect, Pace};
use crate::runner::{Journal, LEASE, Plan, Runner};
use crate::verdict::{Target, Verdict};

/// Longest wait for all agents to be at work.
const START_TIMEOUT: Duration = Duration::from_mins(2);

pub(super) async fn measure(database: &Database, options: &Options) -> Result<Vec<Verdict>> {
    let journal = Journal::create()?;
    let plan = Plan {
        url: database.url.clone(),
        lease: LEASE,
        slots: options.running,
        pace: Pace::Silence,
        journal: journal.path.clone(),
    };
    let runner = Runner::start(&plan).await?;
    window::start().await;
    let before = resident(runner.pid)?;
    // One after the other: a burst would leave the runner with memory that no running spec needs.
    launch(database, noop::request()?, options.running, 1).await?;
    all_run(&journal, options.running).await?;
    window::settle().await;
    let seen = window::watch(database, &runner, options.window()).await?;
    let after = resident(runner.pid)?;
    runner.kill().await?;

    let specs = options.running;
    let whose = format!("{specs} running specs");
    let per_spec = after.saturating_sub(before) as f64 / specs as f64;
    let mut verdicts = vec![
        Verdict::new(
            format!("{whose}: transactions"),
            seen.transactions,
            "per s",
            Target::AtMost(20.0),
        ),
        Verdict::new(
            format!("{whose}: connections"),
            seen.connections,
            "",
            Target::Told,
        ),
        Verdict::new(
            format!("{whose}: memory of each"),
            per_spec,
            "bytes",
            Target::AtMost(10.0 * 1024.0),
        ),
        Verdict::new(
            "memory of a runner without specs",
            before as f64 / f64::from(1 << 20),
            "MiB",
            Target::Told,
        ),
    ];
    verdicts.extend(seen.cpu(&whose));
    Ok(verdicts)
}

/// Waits until so many runs are followed.
async fn all_run(journal: &Journal, specs: usize) -> Result<()> {
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        let entries = journal.entries()?;
        let followed = entries
            .iter()
            .filter(|entry| entry.effect == Effect::Follow);
        let followed = followed.count();
        if followed >= specs {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{followed} of {specs} specs run");
        sleep(Duration::from_millis(200)).await;
    }
}
