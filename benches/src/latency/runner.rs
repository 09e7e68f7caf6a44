//! Runners in processes of their own: this program again, with a hidden subcommand.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use spec_core::RunnerConfig;
use spec_core::id::Environment;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio_util::sync::CancellationToken;

use super::journal::Writer;
use crate::noop::{self, NoopSpawner, Pace};
use crate::store;

/// Runs until standard input ends, so that it never outlives the program that started it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RunnerOptions {
    #[arg(long)]
    url: String,
    #[arg(long)]
    journal: PathBuf,
    #[arg(long)]
    lease_ms: u64,
    #[arg(long)]
    lines: u64,
    #[arg(long)]
    every_ms: u64,
}

pub(crate) async fn run(options: &RunnerOptions) -> Result<()> {
    let journal = Writer::open(&options.journal)?;
    let pace = Pace {
        lines: options.lines,
        every: Duration::from_millis(options.every_ms),
    };
    let spawner = NoopSpawner::new()?
        .with_pace(pace)
        .with_witness(move |effect, sandbox| {
            if let Err(error) = journal.write(effect, sandbox) {
                crate::print::complain(&error);
            }
        });
    let config = RunnerConfig::new(Environment::new("bench")?)
        .with_lease(Duration::from_millis(options.lease_ms));
    let machine = noop::machine(store::open(&options.url).await?, spawner)?.with_config(config);
    let token = CancellationToken::new();
    let mut input = tokio::io::stdin();
    let mut nothing = Vec::new();
    tokio::select! {
        ended = machine.run(token.clone()) => ended?,
        read = input.read_to_end(&mut nothing) => { read?; }
    }
    Ok(())
}

/// How runners of a measurement are started.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) url: String,
    pub(super) lease: Duration,
    pub(super) pace: Pace,
}

/// A runner that can be killed and stopped. Killed at the latest when it is dropped.
#[derive(Debug)]
pub(super) struct Runner {
    child: Child,
    pub(super) pid: u32,
    _input: ChildStdin,
}

impl Runner {
    pub(super) fn start(plan: &Plan, journal: &Path) -> Result<Self> {
        let program = std::env::current_exe().context("this program's own path")?;
        let mut child = Command::new(program)
            .arg("runner")
            .args(["--url", &plan.url])
            .arg("--journal")
            .arg(journal)
            .args(["--lease-ms", &plan.lease.as_millis().to_string()])
            .args(["--lines", &plan.pace.lines.to_string()])
            .args(["--every-ms", &plan.pace.every.as_millis().to_string()])
            .stdin(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("start a runner")?;
        Ok(Self {
            pid: child.id().context("a runner ended at once")?,
            _input: child.stdin.take().context("a runner has no input")?,
            child,
        })
    }

    pub(super) fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.pid)?), signal)?;
        Ok(())
    }

    /// Ends it the hard way.
    pub(super) async fn kill(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}
