//! The look that `daytona-live` takes, on the sandboxes of this machine and on spawners that fail.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use spec_core::SandboxSpawner;
use spec_core::id::{Environment, OutputCursor, ProjectId, RunKey, SandboxKey};
use spec_core::sandbox::{
    Capabilities, FoundSandbox, Labels, Output, RunRequest, Sandbox, SandboxFile, SandboxPath,
    SandboxRef, SpawnError, SpawnErrorKind, SpawnRequest, Termination,
};
use spec_examples::repositories::project;
use spec_examples::smoke::{Plan, Report, smoke};
use spec_local::LocalSpawner;
use tokio_util::sync::CancellationToken;

use crate::world::World;

const STEPS: [&str; 9] = [
    "spawn",
    "write a file",
    "start a program",
    "follow its output",
    "follow from the middle",
    "read a file",
    "list",
    "terminate",
    "look for it",
];

/// What a look came to.
struct Look {
    report: Report,
    said: Vec<String>,
}

impl Look {
    async fn at(
        spawner: &dyn SandboxSpawner,
        world: &World,
        interrupted: &CancellationToken,
    ) -> Self {
        let id = ProjectId::new("demo").unwrap();
        let plan = Plan {
            repository: project(id, &world.repository()).unwrap().checkout,
            environment: Environment::new("smoke").unwrap(),
            ttl: Duration::from_mins(5),
        };
        let said = Mutex::new(Vec::new());
        let say = |text: &str| said.lock().unwrap().push(text.to_owned());
        let mut report = Report::default();
        smoke(spawner, &plan, interrupted, &say, &mut report).await;
        println!("{report}");
        Self {
            report,
            said: said.into_inner().unwrap(),
        }
    }

    fn steps(&self) -> Vec<&str> {
        self.report.steps().collect()
    }
}

fn spawner(world: &World) -> LocalSpawner {
    LocalSpawner::new(world.data().join("sandboxes"))
}

#[tokio::test]
async fn a_look_at_the_sandboxes_of_this_machine_goes_well_and_leaves_nothing() {
    let world = World::new();
    let look = Look::at(&spawner(&world), &world, &CancellationToken::new()).await;
    assert!(look.report.is_good(), "{}", look.report);
    assert_eq!(look.steps(), STEPS);
    let table = look.report.to_string();
    for told in [
        "22 lines, exited with code 3",
        "the last 11 lines",
        "confirmed",
    ] {
        assert!(table.contains(told), "{told}: {table}");
    }
    let first: Vec<&str> = look
        .said
        .iter()
        .filter_map(|l| l.split(' ').next())
        .collect();
    assert_eq!(
        first,
        ["creating", "created", "started", "deleting", "deleted"]
    );
    world.assert_nothing_is_left();
}

/// Does what another spawner does, except where it is broken.
#[derive(Debug)]
struct Broken {
    inner: LocalSpawner,
    fault: Fault,
}

#[derive(Debug)]
enum Fault {
    /// The answer to the request for a sandbox is lost.
    LosesTheAnswer,
    /// Follows from the beginning, whatever the cursor.
    ForgetsTheCursor,
    /// A file is not the one that was written.
    MixesUpFiles,
    /// Says so, and keeps the sandbox.
    OnlyPretendsToEnd,
    /// Interrupts whoever looks when the sandbox has been made, and never says that it has.
    InterruptsTheMaking(CancellationToken),
    /// Interrupts whoever looks when the program has been started.
    Interrupts(CancellationToken),
}

#[async_trait]
impl SandboxSpawner for Broken {
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        let sandbox = self.inner.spawn(request).await?;
        if matches!(self.fault, Fault::LosesTheAnswer) {
            return Err(SpawnError::new(SpawnErrorKind::Timeout, "no answer"));
        }
        if let Fault::InterruptsTheMaking(whom) = &self.fault {
            whom.cancel();
            std::future::pending::<()>().await;
        }
        Ok(sandbox)
    }

    async fn write_files(
        &self,
        sandbox: &SandboxRef,
        files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        self.inner.write_files(sandbox, files).await
    }

    async fn start(&self, sandbox: &SandboxRef, run: &RunRequest) -> Result<(), SpawnError> {
        self.inner.start(sandbox, run).await?;
        if let Fault::Interrupts(whom) = &self.fault {
            whom.cancel();
        }
        Ok(())
    }

    async fn output(
        &self,
        sandbox: &SandboxRef,
        run: &RunKey,
        after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        let after = after.filter(|_| !matches!(self.fault, Fault::ForgetsTheCursor));
        self.inner.output(sandbox, run, after).await
    }

    async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        let read = self.inner.read_file(sandbox, path, max_bytes).await?;
        let mixed_up = matches!(self.fault, Fault::MixesUpFiles);
        Ok(read.map(|file| if mixed_up { b"another".to_vec() } else { file }))
    }

    async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        if matches!(self.fault, Fault::OnlyPretendsToEnd) {
            return Ok(Termination::Confirmed);
        }
        self.inner.terminate(sandbox).await
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        self.inner.find(key).await
    }

    async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        self.inner.list(labels).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}

/// Looks at a spawner with that fault; which steps were done, the last of them before the end failed.
async fn finds(fault: Fault, says: &str) -> (World, Vec<String>) {
    let world = World::new();
    let interrupted = if let Fault::Interrupts(whom) | Fault::InterruptsTheMaking(whom) = &fault {
        whom.clone()
    } else {
        CancellationToken::new()
    };
    let broken = Arc::new(Broken {
        inner: spawner(&world),
        fault,
    });
    let look = Look::at(&broken, &world, &interrupted).await;
    assert!(!look.report.is_good(), "{}", look.report);
    let table = look.report.to_string();
    let failed: Vec<&str> = table.lines().filter(|l| l.contains("FAILED")).collect();
    assert_eq!(failed.len(), 1, "{table}");
    assert!(failed[0].contains(says), "{table}");
    let steps = look.steps().into_iter().map(str::to_owned).collect();
    (world, steps)
}

#[tokio::test]
async fn a_sandbox_whose_making_was_not_answered_is_ended() {
    let (world, steps) = finds(Fault::LosesTheAnswer, "no answer").await;
    assert_eq!(steps, ["spawn", "terminate", "look for it"]);
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_sandbox_that_fails_in_its_middle_is_ended() {
    for (fault, step, says) in [
        (Fault::ForgetsTheCursor, "follow from the middle", "out 1"),
        (Fault::MixesUpFiles, "read a file", "differs"),
    ] {
        let (world, steps) = finds(fault, says).await;
        assert_eq!(steps[steps.len() - 3], step);
        assert_eq!(steps[steps.len() - 2..], ["terminate", "look for it"]);
        world.assert_nothing_is_left();
    }
}

#[tokio::test]
async fn a_sandbox_that_is_only_said_to_be_gone_is_found() {
    let (world, steps) = finds(Fault::OnlyPretendsToEnd, "is still there").await;
    assert_eq!(steps, STEPS);
    assert!(!world.sandboxes().is_empty());
}

#[tokio::test]
async fn a_look_that_is_interrupted_ends_its_sandbox() {
    let fault = Fault::Interrupts(CancellationToken::new());
    let (world, steps) = finds(fault, "left out").await;
    assert_eq!(
        steps[steps.len() - 3..],
        ["interrupted", "terminate", "look for it"]
    );
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_look_that_is_interrupted_in_the_making_ends_its_sandbox() {
    let fault = Fault::InterruptsTheMaking(CancellationToken::new());
    let (world, steps) = finds(fault, "left out").await;
    assert_eq!(steps, ["interrupted", "terminate", "look for it"]);
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_look_that_is_interrupted_before_it_begins_makes_nothing() {
    let (world, interrupted) = (World::new(), CancellationToken::new());
    interrupted.cancel();
    let look = Look::at(&spawner(&world), &world, &interrupted).await;
    assert_eq!(look.steps(), ["interrupted"]);
    assert_eq!(look.said, Vec::<String>::new());
    assert!(!look.report.is_good() && !world.data().exists());
}
