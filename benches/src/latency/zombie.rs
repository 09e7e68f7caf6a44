//! A runner that is stopped for longer than its lease, and wakes up while another one works.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use nix::sys::signal::Signal;
use spec_core::clock::{Clock as _, SystemClock, Timestamp};
use spec_core::event::EventBody;
use spec_core::id::{Sequence, SpecId};
use spec_core::store::PageLimit;
use spec_core::{Phase, SpecStatus};
use tokio::time::sleep;

use super::Options;
use super::takeover::Scene;
use crate::cluster::Database;
use crate::noop::{Effect, Pace};
use crate::verdict::{Target, Verdict};

/// Long enough for everything to happen in the middle of a phase.
pub(super) const PACE: Pace = Pace::Lines {
    number: 30,
    every: Duration::from_millis(100),
};
/// Longest wait for a spec of this pace to complete.
const COMPLETION_TIMEOUT: Duration = Duration::from_mins(2);

pub(super) async fn measure(database: &Database, options: &Options) -> Result<Vec<Verdict>> {
    let mut scene = Scene::open(database, options.lease(), PACE).await?;
    scene.start_runner().await?;
    scene.start_runner().await?;
    let (id, pid) = scene.launch().await?;
    sleep(Duration::from_millis(300)).await;
    scene.runner(pid)?.signal(Signal::SIGSTOP)?;
    let (waited, _pid) = scene.next_follower(id, pid).await?;
    let woken = SystemClock.now();
    scene.runner(pid)?.signal(Signal::SIGCONT)?;
    let what = format!("stop to takeover, lease {} s", options.lease);
    let mut verdicts = vec![Verdict::new(what, waited, "s", Target::Told)];
    verdicts.extend(aftermath(&scene, id, pid, woken).await?);
    Ok(verdicts)
}

/// What runner `pid` did to spec `id` from `since` on, when it was no longer its own.
pub(super) async fn aftermath(
    scene: &Scene,
    id: SpecId,
    pid: u32,
    since: Timestamp,
) -> Result<Vec<Verdict>> {
    let deadline = Instant::now() + COMPLETION_TIMEOUT;
    let mut spec = scene.machine.get(id).await?;
    while !spec.status.is_terminal() {
        ensure!(Instant::now() < deadline, "the spec does not end");
        sleep(Duration::from_millis(100)).await;
        spec = scene.machine.get(id).await?;
    }
    ensure!(
        spec.status == SpecStatus::Completed,
        "the spec {}",
        spec.status
    );
    // Whatever it would still do, it does within this time.
    sleep(scene.plan.lease).await;

    let entries = scene.journal.entries()?;
    let of_this = || entries.iter().filter(|entry| entry.concerns(id));
    let late = of_this()
        .filter(|entry| entry.pid == pid && entry.at > since)
        .count();
    let starts = of_this()
        .filter(|entry| entry.effect == Effect::Start)
        .count();
    let repeated = starts.saturating_sub(Phase::ALL.len());
    let none = |what: &str, number: usize| {
        let what = format!("{what} (runner without a lease)");
        Verdict::new(what, number as f64, "", Target::AtMost(0.0))
    };
    Ok(vec![
        none("effects", late),
        none("repeated starts", repeated),
        none("repeated lines", repeated_lines(scene, id).await?),
    ])
}

/// Lines of output that were stored more than once.
async fn repeated_lines(scene: &Scene, id: SpecId) -> Result<usize> {
    let (mut seen, mut repeated) = (BTreeSet::new(), 0);
    let mut after = Sequence::default();
    loop {
        let events = scene.machine.events(id, after, PageLimit::MAX).await?;
        let Some(last) = events.last() else {
            return Ok(repeated);
        };
        after = last.sequence;
        for event in events {
            if let EventBody::Progress { phase, items, .. } = event.body {
                for item in items {
                    repeated += usize::from(!seen.insert((phase, item.text)));
                }
            }
        }
    }
}
