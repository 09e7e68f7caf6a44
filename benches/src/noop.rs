//! Sandboxes that cost nothing, so that what is left is the machine and its store.

use std::collections::BTreeMap;

use anyhow::Result;
use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use spec_core::Phase;
use spec_core::agent::CommandAgent;
use spec_core::clock::Timestamp;
use spec_core::id::{CommitId, OutputCursor, RunKey, SandboxId, SandboxKey, UserId};
use spec_core::sandbox::{
    Capabilities, Isolation, Labels, Layout, Origin, Output, RunEnd, RunRequest, Sandbox,
    SandboxFile, SandboxPath, SandboxRef, SandboxState, SpawnError, SpawnErrorKind, SpawnRequest,
    Termination,
};
use spec_core::spec::{Description, Title};
use spec_core::sync::slug;
use spec_core::testing::{demo, fixture};
use spec_core::{LaunchRequest, SandboxSpawner, SpecStateMachine, SpecStore};

const TITLE: &str = "Search history";
const COMMIT: &str = "0123456789012345678901234567890123456789";

/// Runs that have ended before anyone looks, and left a valid result. Keeps nothing.
#[derive(Debug)]
pub(crate) struct NoopSpawner {
    results: BTreeMap<Phase, Vec<u8>>,
    commit: CommitId,
}

impl NoopSpawner {
    pub(crate) fn new() -> Result<Self> {
        let mut results = BTreeMap::new();
        for phase in Phase::ALL {
            let result = if phase == Phase::Sync {
                let branch = format!("spec/{}", slug(&Title::new(TITLE)?));
                json!({"branch": branch, "commit": "5".repeat(40), "parent": COMMIT})
            } else {
                fixture::output_json(phase)
            };
            results.insert(phase, serde_json::to_vec(&result)?);
        }
        Ok(Self {
            results,
            commit: CommitId::new(COMMIT)?,
        })
    }
}

/// A machine over `store` whose agents take no time.
pub(crate) fn machine<S: SpecStore>(store: S) -> Result<SpecStateMachine<S, NoopSpawner>> {
    let agent = CommandAgent::new("noop".parse()?, "noop");
    Ok(SpecStateMachine::new(store, NoopSpawner::new()?, demo::projects()).with_agent(agent))
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
        self.sandbox(request.key)
    }

    async fn write_files(
        &self,
        _sandbox: &SandboxRef,
        _files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        Ok(())
    }

    async fn start(&self, _sandbox: &SandboxRef, _run: &RunRequest) -> Result<(), SpawnError> {
        Ok(())
    }

    async fn output(
        &self,
        _sandbox: &SandboxRef,
        _run: &RunKey,
        _after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        let ended = Output::Ended(RunEnd::Exited { code: 0 });
        Ok(stream::iter([Ok(ended)]).boxed())
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

    async fn terminate(&self, _sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        Ok(Termination::Confirmed)
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<Sandbox>, SpawnError> {
        self.sandbox(key).map(Some)
    }

    async fn list(&self, _labels: &Labels) -> Result<Vec<Sandbox>, SpawnError> {
        Ok(Vec::new())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_detached_runs(true)
    }
}

impl NoopSpawner {
    fn sandbox(&self, key: SandboxKey) -> Result<Sandbox, SpawnError> {
        let id = SandboxId::new(key.to_string())
            .map_err(|invalid| SpawnError::new(SpawnErrorKind::Internal, invalid.to_string()))?;
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
