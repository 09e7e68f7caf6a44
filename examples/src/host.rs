//! What `launch` and `serve` have in common: the embedded defaults, on this machine only.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use etcetera::BaseStrategy as _;
use spec_core::agent::CommandAgent;
use spec_core::id::{AgentName, ContentHash, Environment, ProjectId};
use spec_core::project::Project;
use spec_core::sandbox::{Checkout, CheckoutRef};
use spec_core::{ProjectSource, RunnerConfig, SpecStateMachine, SpecStore};
use spec_local::{DirectoryTarget, LocalSpawner};
use spec_sqlx::SqliteStore;

use crate::database::PostgresUrl;
use crate::offline_agent;

/// First argument that turns a program of this package into the offline agent, so that the agent is
/// always the one that was built with the program.
const OFFLINE_AGENT_ARGUMENT: &str = "offline-agent";

/// What the offline agent is called in policies, and what it is.
const OFFLINE_AGENT: &str = "offline";
const OFFLINE_AGENT_DESCRIPTION: &str =
    "rule-based, no language model: reads the repository and drafts honest skeletons";

/// How long a program that was killed keeps its specs.
const LEASE: Duration = Duration::from_secs(3);

/// A machine over a database and sandboxes on this machine.
pub type LocalMachine = SpecStateMachine<Arc<dyn SpecStore>, LocalSpawner>;

/// Where a program of this package keeps things, and how its agent behaves.
#[derive(Debug, Clone)]
pub struct HostOptions {
    /// Folder for sandboxes, and for the database unless another is named.
    pub data: PathBuf,
    /// The database to keep specs in; `None`: a file in `data`.
    pub database: Option<PostgresUrl>,
    /// What this process is called where several share a database.
    pub replica: Option<String>,
    /// Folder for finished specs.
    pub out: PathBuf,
    /// Milliseconds that the agent pauses after each line of progress, for demonstrations.
    pub agent_delay: Option<u64>,
}

/// Runs the offline agent when this program was started as one; the exit code then.
#[must_use]
pub fn act_as_offline_agent() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1).peekable();
    (arguments.peek()? == OFFLINE_AGENT_ARGUMENT).then(|| offline_agent::main(arguments))
}

/// Opens the machine that `options` describe.
///
/// # Errors
///
/// When the data folder cannot be written to, or the database cannot be opened.
pub async fn open(
    options: &HostOptions,
    projects: impl ProjectSource,
) -> anyhow::Result<LocalMachine> {
    let HostOptions {
        data,
        database,
        replica,
        out,
        agent_delay,
    } = options;
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
        })?;
    let store = match database {
        Some(url) => url.open(replica.as_deref()).await?,
        None => open_file(&data.join("spec.db")).await?,
    };
    let spawner = LocalSpawner::new(data.join("sandboxes"));
    // The machine itself ends what no attempt needs. This ends what has outlived its time, whoever
    // needs it, and what was never finished, which no list shows.
    if let Err(error) = spawner.sweep_expired().await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "cannot end expired sandboxes"
        );
    }
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let program = program
        .to_str()
        .context("the path of this program is not UTF-8")?;
    let mut agent = CommandAgent::new(AgentName::new(OFFLINE_AGENT)?, program)
        .with_arg(OFFLINE_AGENT_ARGUMENT)
        .with_description(OFFLINE_AGENT_DESCRIPTION);
    if let Some(millis) = agent_delay {
        agent = agent.with_arg("--slow-ms").with_arg(millis.to_string());
    }
    Ok(SpecStateMachine::new(store, spawner, projects)
        .with_agent(agent)
        .with_sync_target(DirectoryTarget::new(out))
        .with_config(RunnerConfig::new(environment(data, database.as_ref())?).with_lease(LEASE)))
}

async fn open_file(path: &Path) -> anyhow::Result<Arc<dyn SpecStore>> {
    let store = SqliteStore::open(path).await;
    let store = store.with_context(|| format!("cannot open the database {}", path.display()))?;
    Ok(Arc::new(store))
}

/// Sandboxes are of one machine and one folder, so that each looks after its own; and of one database,
/// because what another one knows would look left over to this one.
fn environment(data: &Path, database: Option<&PostgresUrl>) -> anyhow::Result<Environment> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String = host.trim().chars().take(40).collect();
    let data = std::fs::canonicalize(data).context("cannot tell where the data folder is")?;
    let database = database.map_or_else(|| "a file in it".to_owned(), ToString::to_string);
    let place = ContentHash::of(format!("{} {database}", data.display()).as_bytes());
    let place: String = place.to_string().chars().take(12).collect();
    Ok(Environment::new(format!("local-{host}-{place}"))?)
}

/// Where data is kept unless told otherwise.
///
/// # Errors
///
/// When this machine does not say where its user keeps data.
pub fn default_data_dir() -> anyhow::Result<PathBuf> {
    let base = etcetera::choose_base_strategy()
        .context("cannot tell where your data folder is; use --data DIR")?;
    Ok(base.data_dir().join("spec-driven"))
}

/// The git repository that `path` is in.
///
/// # Errors
///
/// Says what is missing: the folder, git, the repository, or its first commit.
pub fn repository_at(path: &Path) -> anyhow::Result<PathBuf> {
    let shown = path.display();
    if !path.is_dir() {
        bail!("{shown} is not a folder; name a folder in a git repository");
    }
    let git = |arguments: &[&str]| {
        Command::new("git")
            .arg("-C")
            .arg(path)
            .args(arguments)
            .output()
            .context("cannot run git; install it (for example `apt-get install git`) and try again")
    };
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if !top.status.success() {
        let said = String::from_utf8_lossy(&top.stderr);
        bail!(
            "{shown} is not in a git repository; name one, or make one with `git init` ({})",
            said.trim()
        );
    }
    if !git(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?
        .status
        .success()
    {
        bail!("the repository at {shown} is empty: make a first commit, then try again");
    }
    let top = String::from_utf8(top.stdout).context("the repository's path is not UTF-8")?;
    Ok(PathBuf::from(top.trim_end_matches('\n')))
}

/// The repository at `path` as a project.
///
/// # Errors
///
/// When the path is not UTF-8.
pub fn project(id: ProjectId, path: &Path) -> anyhow::Result<Project> {
    let url = path
        .to_str()
        .context("the repository's path is not UTF-8")?
        .to_owned();
    let name = path
        .file_name()
        .map_or_else(|| url.clone(), |n| n.to_string_lossy().into_owned());
    Ok(Project {
        id,
        name,
        checkout: Checkout {
            url,
            reference: CheckoutRef::Default,
            username: None,
            password: None,
        },
        default_agent: None,
    })
}
