//! A runner without work, and whether specs that wait for a person make any.

use anyhow::Result;

use super::{Options, launch, window};
use crate::cluster::Database;
use crate::noop::{self, Pace};
use crate::runner::{Journal, LEASE, Plan, Runner, SLOTS};
use crate::verdict::{Target, Verdict};

/// A worker of autovacuum that looks in makes as many transactions as this in a window.
const NOISE: f64 = 0.2;

pub(super) async fn measure(database: &Database, options: &Options) -> Result<Vec<Verdict>> {
    let journal = Journal::create()?;
    let plan = Plan {
        url: database.url.clone(),
        lease: LEASE,
        slots: SLOTS,
        pace: Pace::AtOnce,
        journal: journal.path.clone(),
    };
    let runner = Runner::start(&plan).await?;
    window::start().await;
    let idle = window::watch(database, &runner, options.window()).await?;

    let mut draft = noop::request()?;
    draft.auto_execute = false;
    launch(database, draft, options.waiting, 16).await?;
    window::settle().await;
    let beside = window::watch(database, &runner, options.window()).await?;
    runner.kill().await?;

    let waiting = options.waiting;
    let row = |what: &str, measured, unit, target| {
        let what = format!("idle replica: {what}");
        Verdict::new(what, measured, unit, target)
    };
    let mut verdicts = vec![
        row(
            "transactions",
            idle.transactions,
            "per s",
            Target::AtMost(2.0),
        ),
        row("connections", idle.connections, "", Target::AtMost(3.0)),
    ];
    verdicts.extend(idle.cpu("idle replica"));
    verdicts.extend([
        row(
            &format!("transactions beside {waiting} waiting specs"),
            beside.transactions,
            "per s",
            Target::Told,
        ),
        Verdict::new(
            format!("{waiting} specs that wait for a person: transactions"),
            beside.transactions - idle.transactions,
            "per s",
            Target::AtMost(NOISE),
        ),
    ]);
    Ok(verdicts)
}
