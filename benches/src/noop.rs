//! Sandboxes that cost nothing, so that what is left is the machine and its store.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spec_core::Phase;
use spec_core::agent::CommandAgent;
use spec_core::clock::Timestamp;
use spec_core::id::{CommitId, OutputCursor, RunKey, SandboxId, SandboxKey, UserId};
use spec_core::sandbox::{
    Capabilities, Channel, FoundSandbox, Isolation, Labels, Layout, Origin, Output, OutputLine,
    RunEnd, RunRequest, Sandbox, SandboxFile, SandboxPath, SandboxRef, SandboxState, SpawnError,
    SpawnErrorKind, SpawnRequest, Termination,
};
use spec_core::spec::{Description, Title};
use spec_core::sync::slug;
use spec_core::testing::demo;
use spec_core::{InvalidInput, LaunchRequest, SandboxSpawner, SpecStateMachine, SpecStore};

const TITLE: &str = "Search history";
const COMMIT: &str = "0123456789012345678901234567890123456789";

/// What is asked of a spawner and changes the world, or goes on watching it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    Spawn,
    Start,
    Follow,
    Terminate,
}

/// How long agents take.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pace {
    /// They are done before anyone looks.
    #[default]
    AtOnce,
    /// They print so many lines, so far apart.
    Lines { number: u64, every: Duration },
    /// They print nothing and do not end.
    Silence,
}

type Witness = dyn Fn(Effect, SandboxKey) + Send + Sync;

/// Runs that leave a valid result, by default before anyone looks. Keeps nothing.
pub(crate) struct NoopSpawner {
    results: BTreeMap<Phase, Vec<u8>>,
    commit: CommitId,
    pace: Pace,
    witness: Box<Witness>,
}

impl fmt::Debug for NoopSpawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoopSpawner")
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

impl NoopSpawner {
    pub(crate) fn new() -> Result<Self> {
        let mut results = BTreeMap::new();
        for phase in Phase::ALL {
            results.insert(phase, serde_json::to_vec(&result_of(phase)?)?);
        }
        Ok(Self {
            results,
            commit: CommitId::new(COMMIT)?,
            pace: Pace::default(),
            witness: Box::new(|_effect, _sandbox| {}),
        })
    }

    pub(crate) fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Tells `witness` of every effect before it is had.
    pub(crate) fn with_witness(
        mut self,
        witness: impl Fn(Effect, SandboxKey) + Send + Sync + 'static,
    ) -> Self {
        self.witness = Box::new(witness);
        self
    }
}

/// The least that is accepted.
fn result_of(phase: Phase) -> Result<Value> {
    Ok(match phase {
        Phase::Explore => serde_json::from_str(include_str!("noop/explore.json"))?,
        Phase::Requirements => serde_json::from_str(include_str!("noop/requirements.json"))?,
        Phase::Design => serde_json::from_str(include_str!("noop/design.json"))?,
        Phase::Tasks => serde_json::from_str(include_str!("noop/tasks.json"))?,
        Phase::Sync => {
            let branch = format!("spec/{}", slug(&Title::new(TITLE)?));
            json!({"branch": branch, "commit": "5".repeat(40), "parent": COMMIT})
        }
    })
}

/// A machine over `store` with one project and one agent.
pub(crate) fn machine<S: SpecStore>(
    store: S,
    spawner: NoopSpawner,
) -> Result<SpecStateMachine<S, NoopSpawner>> {
    let agent = CommandAgent::new("noop".parse()?, "noop");
    Ok(SpecStateMachine::new(store, spawner, demo::projects()).with_agent(agent))
}

/// The request that all sides serve; the title is the one that the results speak of.
pub(crate) fn request() -> Result<LaunchRequest> {
    let idea = Description::new("Remember what I searched for")?;
    Ok(LaunchRequest::new(
        UserId::new("ada")?,
        Title::new(TITLE)?,
        idea,
    ))
}

#[async_trait]
impl SandboxSpawner for NoopSpawner {
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        (self.witness)(Effect::Spawn, request.key);
        self.sandbox(request.key)
    }

    async fn write_files(
        &self,
        _sandbox: &SandboxRef,
        _files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        Ok(())
    }

    async fn start(&self, sandbox: &SandboxRef, _run: &RunRequest) -> Result<(), SpawnError> {
        (self.witness)(Effect::Start, sandbox.key);
        Ok(())
    }

    async fn output(
        &self,
        sandbox: &SandboxRef,
        _run: &RunKey,
        after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        (self.witness)(Effect::Follow, sandbox.key);
        let (lines, every) = match self.pace {
            Pace::AtOnce => (0, Duration::ZERO),
            Pace::Lines { number, every } => (number, every),
            Pace::Silence => return Ok(stream::pending().boxed()),
        };
        let read = after.and_then(|cursor| cursor.as_str().parse().ok());
        let lines = stream::iter(read.unwrap_or(0)..lines).then(move |number| async move {
            tokio::time::sleep(every).await;
            let cursor = OutputCursor::new((number + 1).to_string()).map_err(internal)?;
            Ok(Output::Line(OutputLine {
                channel: Channel::Stdout,
                text: format!("line {number}"),
                dropped: 0,
                cursor,
            }))
        });
        let ended = Output::Ended(RunEnd::Exited { code: 0 });
        Ok(lines.chain(stream::iter([Ok(ended)])).boxed())
    }

    async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        _max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        Ok(match path.as_str() {
            "repo/src/main.rs" => Some(b"fn main() {\n}\n".to_vec()),
            "repo/README.md" => Some(b"# Demo\n".to_vec()),
            path if path.ends_with("/result.json") => {
                self.results.get(&sandbox.key.attempt().phase).cloned()
            }
            _ => None,
        })
    }

    async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        (self.witness)(Effect::Terminate, sandbox.key);
        Ok(Termination::Confirmed)
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        self.sandbox(key).map(|sandbox| Some(sandbox.into()))
    }

    async fn list(&self, _labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        Ok(Vec::new())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_detached_runs(true)
    }
}

impl NoopSpawner {
    fn sandbox(&self, key: SandboxKey) -> Result<Sandbox, SpawnError> {
        let id = SandboxId::new(key.to_string()).map_err(internal)?;
        Ok(Sandbox {
            key,
            id,
            state: SandboxState::Running,
            origin: Origin::Created,
            commit: self.commit.clone(),
            layout: Layout {
                root: "/box".to_owned(),
                repository: "/box/repo".to_owned(),
            },
            isolation: Isolation::none(),
            created_at: Timestamp::from_micros(0),
        })
    }
}

fn internal(invalid: InvalidInput) -> SpawnError {
    SpawnError::new(SpawnErrorKind::Internal, "the text is no id").with_source(invalid)
}
