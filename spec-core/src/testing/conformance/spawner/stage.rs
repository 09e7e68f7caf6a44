//! What the cases have in common: requests, handles, and streams read with a limit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use uuid::Uuid;

use super::{KnownRepository, SpawnerFixture};
use crate::Phase;
use crate::id::{AttemptKey, AttemptNumber, Environment, Epoch, OutputCursor, RepairNumber};
use crate::id::{RunKey, SandboxKey, SpecId};
use crate::sandbox::{
    Channel, Checkout, CheckoutRef, Output, OutputLine, RunEnd, RunRequest, Sandbox, SandboxPath,
    SandboxRef, SandboxSpawner, SpawnRequest, Termination,
};

/// How long anything may take.
const LIMIT: Duration = Duration::from_mins(1);

/// A spawner with a key of its own for one case.
#[derive(Debug)]
pub struct Stage {
    /// The spawner under test.
    pub spawner: Arc<dyn SandboxSpawner>,
    /// The repository it can reach.
    pub repository: KnownRepository,
    /// The sandbox of the case.
    pub attempt: AttemptKey,
}

impl Stage {
    /// A fresh spawner and a key that nothing else uses.
    pub async fn new(fixture: &dyn SpawnerFixture) -> Self {
        Self {
            spawner: fixture.fresh().await,
            repository: fixture.repository(),
            attempt: AttemptKey {
                spec_id: SpecId::from_uuid(Uuid::now_v7()),
                phase: Phase::Explore,
                attempt: AttemptNumber::new(1),
            },
        }
    }

    /// Key of the sandbox of the case.
    #[must_use]
    pub fn key(&self) -> SandboxKey {
        self.attempt.sandbox_key()
    }

    /// Key of a run in it.
    #[must_use]
    pub fn run(&self, repair: u32) -> RunKey {
        self.attempt.run_key(RepairNumber::new(repair))
    }

    /// A path in the folder of run 0.
    #[must_use]
    pub fn in_run(&self, name: &str) -> SandboxPath {
        SandboxPath::in_run(&self.run(0), name).unwrap()
    }

    /// The sandbox without its id.
    #[must_use]
    pub fn by_key(&self) -> SandboxRef {
        SandboxRef {
            key: self.key(),
            id: None,
        }
    }

    /// Asks for the sandbox at the default branch.
    #[must_use]
    pub fn request(&self) -> SpawnRequest {
        self.request_for(CheckoutRef::Default)
    }

    /// Asks for the sandbox at `reference`.
    #[must_use]
    pub fn request_for(&self, reference: CheckoutRef) -> SpawnRequest {
        SpawnRequest {
            key: self.key(),
            environment: Environment::new("conformance").unwrap(),
            epoch: Epoch::new(1),
            checkout: Checkout::new(self.repository.url.clone()).with_reference(reference),
            ttl: Duration::from_mins(10),
        }
    }

    /// Makes the sandbox.
    pub async fn spawn(&self) -> (Sandbox, SandboxRef) {
        let sandbox = self.spawner.spawn(&self.request()).await.unwrap();
        let reference = reference(&sandbox);
        (sandbox, reference)
    }

    /// Asks for run 0 of a program.
    #[must_use]
    pub fn program(&self, argv: Vec<String>) -> RunRequest {
        RunRequest {
            key: self.run(0),
            argv,
            needs: Vec::new(),
            env: BTreeMap::new(),
            secrets: Vec::new(),
            timeout: Duration::from_mins(1),
        }
    }

    /// Asks for run 0 of a shell script.
    #[must_use]
    pub fn shell(&self, script: &str) -> RunRequest {
        self.program(["sh", "-c", script].map(str::to_owned).to_vec())
    }

    /// Starts run 0 and reads its output to the end.
    pub async fn complete(
        &self,
        sandbox: &SandboxRef,
        run: &RunRequest,
    ) -> (Vec<OutputLine>, RunEnd) {
        self.spawner.start(sandbox, run).await.unwrap();
        follow(&self.spawner, sandbox, &run.key, None).await
    }

    /// Ends the sandbox and waits until that is confirmed.
    pub async fn end(&self) {
        end(&self.spawner, &self.by_key()).await;
    }
}

/// A sandbox with its id.
pub(super) fn reference(sandbox: &Sandbox) -> SandboxRef {
    SandboxRef {
        key: sandbox.key,
        id: Some(sandbox.id.clone()),
    }
}

/// Reads a run's output after `after` to its end.
pub(super) async fn follow(
    spawner: &Arc<dyn SandboxSpawner>,
    sandbox: &SandboxRef,
    run: &RunKey,
    after: Option<&OutputCursor>,
) -> (Vec<OutputLine>, RunEnd) {
    let mut stream = spawner.output(sandbox, run, after.cloned()).await.unwrap();
    let mut lines = Vec::new();
    let end = loop {
        match within(stream.next()).await {
            Some(Ok(Output::Line(line))) => lines.push(line),
            Some(Ok(Output::Ended(end))) => break end,
            Some(Err(error)) => panic!("the stream failed: {error:?}"),
            None => panic!("the stream ended without an end, after {lines:?}"),
        }
    };
    let more = within(stream.next()).await;
    assert!(more.is_none(), "{more:?} came after the end");
    (lines, end)
}

pub(super) async fn end(spawner: &Arc<dyn SandboxSpawner>, sandbox: &SandboxRef) {
    within(async {
        while spawner.terminate(sandbox).await.unwrap() == Termination::Accepted {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// Waits, but not for ever.
pub(super) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work)
        .await
        .unwrap_or_else(|_| panic!("nothing came of it within {LIMIT:?}"))
}

/// The texts of one channel.
pub(super) fn texts(lines: &[OutputLine], channel: Channel) -> Vec<&str> {
    lines
        .iter()
        .filter(|line| line.channel == channel)
        .map(|line| line.text.as_str())
        .collect()
}
