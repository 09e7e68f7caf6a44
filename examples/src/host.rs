//! What `launch` and `serve` have in common: the embedded defaults.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use etcetera::BaseStrategy as _;
use spec_core::{DynSpecStateMachine, ProjectSource, RunnerConfig, SpecStateMachine, SpecStore};
use spec_local::DirectoryTarget;
use spec_sqlx::SqliteStore;

use crate::agents::{Agents, Surroundings};
use crate::database::PostgresUrl;
use crate::sandboxes::{Made, Sandboxes};

/// How long a program that was killed keeps its specs.
const LEASE: Duration = Duration::from_secs(3);

/// A machine over whatever database and sandboxes the options name.
pub type HostMachine = DynSpecStateMachine;

/// A machine, and what it works with.
#[derive(Debug)]
pub struct Host {
    /// The machine.
    pub machine: HostMachine,
    sandboxes: Made,
}

impl Host {
    /// Sees to what is under way, before the program ends.
    pub async fn close(&self) {
        self.sandboxes.close().await;
    }
}

/// Where a program of this package keeps things, and who does the work.
#[derive(Debug, Clone)]
pub struct HostOptions {
    /// Folder for what is kept on this machine; `None`: the user's data folder.
    pub data: Option<PathBuf>,
    /// The database to keep specs in; `None`: a file in `data`.
    pub database: Option<PostgresUrl>,
    /// Where sandboxes are.
    pub sandboxes: Sandboxes,
    /// What this process is called where several share a database.
    pub replica: Option<String>,
    /// Folder for finished specs.
    pub out: PathBuf,
    /// Who does the work.
    pub agents: Agents,
    /// Milliseconds that the offline agent pauses after each line of progress, for demonstrations.
    pub agent_delay: Option<u64>,
}

impl HostOptions {
    /// The data folder, made if anything is kept in it.
    fn data(&self) -> anyhow::Result<PathBuf> {
        // With a database elsewhere and sandboxes elsewhere there is nothing to keep here.
        let needed = self.database.is_none() || self.sandboxes.are_local();
        let data = match &self.data {
            Some(data) => data.clone(),
            None if needed => default_data_dir()?,
            None => PathBuf::new(),
        };
        if needed {
            make(&data)?;
        }
        Ok(data)
    }
}

/// Opens the machine that `options` describe, and says what is worth knowing of its agents and
/// sandboxes.
///
/// # Errors
///
/// When the data folder cannot be written to, the database cannot be opened, or the account of the
/// sandboxes cannot be used.
pub async fn open(
    options: &HostOptions,
    projects: impl ProjectSource,
    say: &(dyn Fn(&str) + Sync),
) -> anyhow::Result<Host> {
    let data = options.data()?;
    let HostOptions {
        database,
        sandboxes,
        replica,
        out,
        agents,
        agent_delay,
        data: _,
    } = options;
    for line in agents.lines() {
        say(&line);
    }
    let store = match database {
        Some(url) => url.open(replica.as_deref()).await?,
        None => open_file(&data.join(sandboxes.database_file())).await?,
    };
    let environment = sandboxes.environment(&data, database.as_ref()).await?;
    let surroundings = Surroundings {
        local: sandboxes.are_local(),
        delay: *agent_delay,
    };
    let sandboxes = sandboxes.spawner(&data, &agents.endpoints()?, say).await?;
    let spawner = Arc::clone(&sandboxes.spawner);
    let machine = SpecStateMachine::new(store, spawner, projects);
    let machine = agents
        .register(machine, surroundings)?
        .with_sync_target(DirectoryTarget::new(out))
        .with_config(RunnerConfig::new(environment).with_lease(LEASE));
    Ok(Host { machine, sandboxes })
}

/// Makes the data folder, and sees that it can be written to.
fn make(data: &Path) -> anyhow::Result<()> {
    let create = std::fs::create_dir_all(data);
    let choose = "choose another with --data DIR";
    create.with_context(|| format!("cannot make the data folder {}; {choose}", data.display()))?;
    let probe = data.join(format!(".write-probe-{}", std::process::id()));
    std::fs::write(&probe, b"")
        .and_then(|()| std::fs::remove_file(&probe))
        .with_context(|| {
            format!(
                "cannot write to the data folder {}; {choose}",
                data.display()
            )
        })
}

async fn open_file(path: &Path) -> anyhow::Result<Arc<dyn SpecStore>> {
    let store = SqliteStore::open(path).await;
    let store = store.with_context(|| format!("cannot open the database {}", path.display()))?;
    Ok(Arc::new(store))
}

/// Where data is kept unless told otherwise.
fn default_data_dir() -> anyhow::Result<PathBuf> {
    let base = etcetera::choose_base_strategy()
        .context("cannot tell where your data folder is; use --data DIR")?;
    Ok(base.data_dir().join("spec-driven"))
}
