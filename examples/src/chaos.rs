//! Many runners over one Postgres, killed at random: the parts of the program `chaos`.

mod postgres;
mod sandboxes;
mod verdict;
mod workers;

pub use postgres::{crash, may_crash};
pub use sandboxes::{Evidence, FolderSpawner};
pub use verdict::{Figures, Verdict, judge};
pub use workers::{Toll, Workers};

use spec_core::agent::CommandAgent;
use spec_core::id::{AgentName, Environment, ProjectId};
use spec_core::project::{Project, StaticProjects};
use spec_core::sandbox::Checkout;
use spec_core::{InvalidInput, RunnerConfig, SpecStateMachine, SpecStore};
use spec_sqlx::PostgresStore;
use std::time::Duration;

/// By which the program's own connections are told from others.
pub const APPLICATION: &str = "spec-chaos";

/// A machine over Postgres and sandboxes that are folders.
pub type ChaosMachine = SpecStateMachine<PostgresStore, FolderSpawner>;

/// The machine that all processes of the program build alike.
///
/// # Errors
///
/// Never: the names are valid.
pub fn machine<S: SpecStore>(
    store: S,
    spawner: FolderSpawner,
    lease: Duration,
) -> Result<SpecStateMachine<S, FolderSpawner>, InvalidInput> {
    let project = Project::new(
        ProjectId::new("chaos")?,
        Checkout::new("https://example.invalid/chaos.git"),
    )
    .with_name("Chaos");
    let agent = CommandAgent::new(AgentName::new("canned")?, "canned").with_description(
        "prints lines for a while and leaves a result that was written beforehand",
    );
    let config = RunnerConfig::new(Environment::new("chaos")?).with_lease(lease);
    Ok(
        SpecStateMachine::new(store, spawner, StaticProjects::new([project]))
            .with_agent(agent)
            .with_config(config),
    )
}
