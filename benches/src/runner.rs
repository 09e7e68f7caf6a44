//! Runners in processes of their own: this program again, with a hidden subcommand.

mod journal;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use spec_core::RunnerConfig;
use spec_core::id::Environment;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio_util::sync::CancellationToken;

use self::journal::Writer;
pub(crate) use self::journal::{Entry, Journal};
use crate::noop::{self, NoopSpawner, Pace};
use crate::store;

/// The lease and the slots of a runner that nobody configured.
pub(crate) const LEASE: Duration = Duration::from_secs(15);
pub(crate) const SLOTS: usize = 32;

/// What a runner is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) url: String,
    pub(crate) lease: Duration,
    pub(crate) slots: usize,
    pub(crate) pace: Pace,
    pub(crate) journal: PathBuf,
}

/// Runs as the first line of standard input says, until that ends: so it never outlives the program
/// that started it, and no list of processes shows the URL.
pub(crate) async fn run() -> Result<()> {
    let mut input = BufReader::new(tokio::io::stdin());
    let mut line = String::new();
    input.read_line(&mut line).await?;
    let plan: Plan = serde_json::from_str(&line).context("the plan of a runner")?;
    let journal = Writer::open(&plan.journal)?;
    let spawner = NoopSpawner::new()?
        .with_pace(plan.pace)
        .with_witness(move |effect, sandbox| {
            if let Err(error) = journal.write(effect, sandbox) {
                crate::print::complain(&error);
            }
        });
    let config = RunnerConfig::new(Environment::new("bench")?)
        .with_lease(plan.lease)
        .with_slots(plan.slots);
    let machine = noop::machine(store::open(&plan.url).await?, spawner)?.with_config(config);
    let token = CancellationToken::new();
    let mut nothing = Vec::new();
    tokio::select! {
        ended = machine.run(token.clone()) => ended?,
        read = input.read_to_end(&mut nothing) => { read?; }
    }
    Ok(())
}

/// A runner that can be killed and stopped. Killed at the latest when it is dropped.
#[derive(Debug)]
pub(crate) struct Runner {
    child: Child,
    pub(crate) pid: u32,
    _input: ChildStdin,
}

impl Runner {
    pub(crate) async fn start(plan: &Plan) -> Result<Self> {
        let program = std::env::current_exe().context("this program's own path")?;
        let mut child = Command::new(program)
            .arg("runner")
            .stdin(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("start a runner")?;
        let mut input = child.stdin.take().context("a runner has no input")?;
        let mut line = serde_json::to_vec(plan)?;
        line.push(b'\n');
        input.write_all(&line).await.context("tell a runner")?;
        Ok(Self {
            pid: child.id().context("a runner ended at once")?,
            _input: input,
            child,
        })
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.pid)?), signal)?;
        Ok(())
    }

    /// Ends it the hard way.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}
