//! Runners are killed in the middle of a phase; another one goes on.

use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use spec_core::DynSpecStateMachine;
use spec_core::clock::{Clock as _, SystemClock};
use spec_core::id::{SpecId, UserId};
use tokio::time::sleep;

use super::Options;
use crate::cluster::Database;
use crate::noop::{self, Effect, NoopSpawner, Pace};
use crate::runner::{Entry, Journal, Plan, Runner, SLOTS};
use crate::statistics::percentile;
use crate::store;
use crate::verdict::{Target, Verdict};

/// Longest wait for a spec to be taken up by a runner that has just been started.
pub(super) const TAKE_UP_TIMEOUT: Duration = Duration::from_secs(20);

/// Runs that outlast the measurement and print now and then.
const PACE: Pace = Pace::Lines {
    number: u64::MAX,
    every: Duration::from_millis(100),
};

/// A database, the runners on it, and what they do.
pub(super) struct Scene {
    pub(super) machine: DynSpecStateMachine,
    pub(super) plan: Plan,
    pub(super) journal: Journal,
    pub(super) runners: Vec<Runner>,
}

impl Scene {
    pub(super) async fn open(database: &Database, lease: Duration, pace: Pace) -> Result<Self> {
        let store = store::open(&database.url).await?;
        let journal = Journal::create()?;
        Ok(Self {
            machine: noop::machine(store, NoopSpawner::new()?)?.into_dyn(),
            plan: Plan {
                url: database.url.clone(),
                lease,
                slots: SLOTS,
                pace,
                journal: journal.path.clone(),
            },
            journal,
            runners: Vec::new(),
        })
    }

    pub(super) async fn start_runner(&mut self) -> Result<()> {
        let runner = Runner::start(&self.plan).await?;
        self.runners.push(runner);
        Ok(())
    }

    pub(super) fn runner(&self, pid: u32) -> Result<&Runner> {
        let mut runners = self.runners.iter();
        runners
            .find(|runner| runner.pid == pid)
            .context("an unknown runner")
    }

    /// Launches a spec and says which runner follows its first run.
    pub(super) async fn launch(&self) -> Result<(SpecId, u32)> {
        let id = self.machine.launch(noop::request()?).await?.spec().id;
        let follows = |entry: &_| is_followed(entry, id);
        let entry = self.journal.wait(TAKE_UP_TIMEOUT, follows).await?;
        Ok((id, entry.pid))
    }

    /// How long after now a runner other than `pid` follows the run of spec `id`.
    pub(super) async fn next_follower(&self, id: SpecId, pid: u32) -> Result<(f64, u32)> {
        let began = SystemClock.now();
        let taken = self
            .journal
            .wait(self.plan.lease * 2 + TAKE_UP_TIMEOUT, |entry| {
                is_followed(entry, id) && entry.pid != pid && entry.at >= began
            })
            .await
            .context("nobody took over")?;
        Ok((taken.at.since(began).as_secs_f64(), taken.pid))
    }
}

fn is_followed(entry: &Entry, id: SpecId) -> bool {
    entry.effect == Effect::Follow && entry.concerns(id)
}

pub(super) async fn measure(database: &Database, options: &Options) -> Result<Vec<Verdict>> {
    let mut scene = Scene::open(database, options.lease(), PACE).await?;
    scene.start_runner().await?;
    scene.start_runner().await?;
    let mut seconds = Vec::new();
    for number in 0..options.kills {
        let (id, pid) = scene.launch().await?;
        // Not always at the same point of a heartbeat.
        sleep(Duration::from_millis(50 + (number as u64 * 37) % 400)).await;
        let at = scene.runners.iter().position(|runner| runner.pid == pid);
        let victim = scene.runners.swap_remove(at.context("an unknown runner")?);
        victim.signal(Signal::SIGKILL)?;
        let (waited, _pid) = scene.next_follower(id, pid).await?;
        victim.kill().await?;
        seconds.push(waited);
        scene.machine.cancel(id, UserId::new("ada")?, None).await?;
        scene.start_runner().await?;
    }
    let lease = options.lease;
    let what = |percent| format!("kill to takeover, lease {lease} s, p{percent}");
    Ok(vec![
        Verdict::new(what(50), percentile(&seconds, 50), "s", Target::AtMost(2.0)),
        Verdict::new(what(99), percentile(&seconds, 99), "s", Target::AtMost(2.0)),
    ])
}
