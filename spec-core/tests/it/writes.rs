//! Effects that run ahead of the store, and launches that need no claim.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use spec_core::attempt::AttemptStage;
use spec_core::id::{AttemptKey, OutputCursor, RunKey, Sequence};
use spec_core::sandbox::{
    Capabilities, FoundSandbox, Labels, Output, RunRequest, Sandbox, SandboxFile, SandboxPath,
    SandboxRef, SpawnError, SpawnRequest, Termination,
};
use spec_core::store::{MemoryStore, StoreErrorKind};
use spec_core::testing::{RunScript, ScriptedRun, ScriptedSpawner, demo};
use spec_core::{Policy, SandboxSpawner, Spec, SpecStatus, SpecStore};
use tokio_util::sync::CancellationToken;

use crate::ports::{Call, Fate, RuledStore};
use crate::scene::{World, user};

/// Writes and claims made of the world's store.
#[derive(Debug, Default)]
struct Counts {
    commits: AtomicUsize,
    appends: AtomicUsize,
    claims: AtomicUsize,
    reads: AtomicUsize,
}

fn counting(world: &World) -> (RuledStore, Arc<Counts>) {
    let counts = Arc::new(Counts::default());
    let counted = Arc::clone(&counts);
    let store = RuledStore::new(&world.store, move |call| {
        let tally = match call {
            Call::Commit(_) => &counted.commits,
            Call::Append => &counted.appends,
            Call::Claim => &counted.claims,
            Call::Get => &counted.reads,
            Call::Events | Call::Heartbeat => return Fate::Pass,
        };
        tally.fetch_add(1, Ordering::SeqCst);
        Fate::Slow
    });
    (store, counts)
}

#[tokio::test]
async fn phases_that_take_no_time_take_two_writes_each() {
    let world = World::new(demo::good_run);
    let id = world.launch(Policy::default()).await;
    let (store, counts) = counting(&world);
    let machine = world.machine_over(store, world.spawner.clone());
    let spec = machine.drive(id).await.unwrap();
    assert_eq!(spec.status, SpecStatus::Completed);
    world.check_ended(&spec).await;
    // What happened first, what happened while that was written, and the end of the last sandbox.
    let commits = counts.commits.load(Ordering::SeqCst);
    assert!(
        commits <= 11,
        "{commits} commits for {} changes",
        spec.revision
    );
    assert_eq!(counts.appends.load(Ordering::SeqCst), 0);
    // What `drive` returns.
    assert_eq!(counts.reads.load(Ordering::SeqCst), 1);
}

/// Notes which effects the store knew nothing of when they were asked for.
#[derive(Debug, Clone)]
struct Witness {
    inner: ScriptedSpawner,
    store: Arc<MemoryStore>,
    unannounced: Arc<Mutex<Vec<String>>>,
}

impl Witness {
    async fn expect(&self, what: &str, key: AttemptKey, holds: impl Fn(&Spec) -> bool) {
        let stored = self.store.get(key.spec_id).await.unwrap();
        if !stored.is_some_and(|stored| holds(&stored.spec)) {
            self.unannounced
                .lock()
                .unwrap()
                .push(format!("{what} {key:?}"));
        }
    }
}

#[async_trait]
impl SandboxSpawner for Witness {
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        let key = request.key.attempt();
        self.expect("spawn", key, |spec| {
            spec.active_attempt()
                .is_some_and(|(active, _)| active == key)
        })
        .await;
        self.inner.spawn(request).await
    }

    async fn write_files(
        &self,
        sandbox: &SandboxRef,
        files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        self.inner.write_files(sandbox, files).await
    }

    async fn start(&self, sandbox: &SandboxRef, request: &RunRequest) -> Result<(), SpawnError> {
        let RunKey { attempt, repair } = request.key;
        self.expect("start", attempt, |spec| {
            spec.active_attempt()
                .is_some_and(|(key, found)| key == attempt && found.repair == repair)
        })
        .await;
        self.inner.start(sandbox, request).await
    }

    async fn output(
        &self,
        sandbox: &SandboxRef,
        run: &RunKey,
        after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        self.inner.output(sandbox, run, after).await
    }

    async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        at_most: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        self.inner.read_file(sandbox, path, at_most).await
    }

    async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        let key = sandbox.key.attempt();
        self.expect("terminate", key, |spec| {
            spec.attempts()
                .any(|(of, attempt)| of == key && matches!(attempt.stage, AttemptStage::Ended(_)))
        })
        .await;
        self.inner.terminate(sandbox).await
    }

    async fn find(
        &self,
        key: spec_core::id::SandboxKey,
    ) -> Result<Option<FoundSandbox>, SpawnError> {
        self.inner.find(key).await
    }

    async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        self.inner.list(labels).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}

#[tokio::test]
async fn no_effect_runs_ahead_of_the_intent_that_it_follows_from() {
    // A repair, a second attempt, and a phase that fails for good.
    let scripts: [fn(&ScriptedRun) -> RunScript; 3] = [
        demo::good_run,
        |run| match (run.key.attempt.attempt.get(), run.key.repair.get()) {
            (1, 0) => RunScript::exits(0),
            _ => demo::good_run(run),
        },
        |_| RunScript::exits(3),
    ];
    for script in scripts {
        let world = World::new(script);
        let id = world.launch(Policy::default()).await;
        let witness = Witness {
            inner: world.spawner.clone(),
            store: Arc::clone(&world.store),
            unannounced: Arc::default(),
        };
        for _drive in 0..20 {
            let machine = world.machine_over(Arc::clone(&world.store), witness.clone());
            let spec = machine.drive(id).await.unwrap();
            if spec.status.is_terminal() {
                break;
            }
            world.clock.advance(Duration::from_mins(1));
        }
        let spec = world.machine().get(id).await.unwrap();
        world.check_ended(&spec).await;
        assert!(
            world.spawner.all_starts().len() >= 3,
            "the script was played"
        );
        assert_eq!(*witness.unannounced.lock().unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn nothing_is_written_after_a_write_that_failed() {
    // Each commit in turn is lost, while the effects after it go on.
    for lost in 0..12 {
        let world = World::new(demo::good_run);
        let id = world.launch(Policy::default()).await;
        let commits = AtomicUsize::new(0);
        let store = RuledStore::new(&world.store, move |call| match call {
            Call::Commit(_) if commits.fetch_add(1, Ordering::SeqCst) == lost => {
                Fate::SlowFail(StoreErrorKind::Unavailable)
            }
            _ => Fate::Pass,
        });
        let machine = world.machine_over(store, world.spawner.clone());
        let driving = async {
            let spec = machine.drive(id).await.unwrap();
            assert_eq!(spec.status, SpecStatus::Completed);
            world.check_ended(&spec).await;
        };
        let waiting = async {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                world.clock.advance(Duration::from_millis(50));
            }
        };
        tokio::select! {
            () = driving => {}
            () = waiting => {}
        }
    }
}

#[tokio::test]
async fn a_launch_beside_a_runner_needs_no_claim() {
    let world = World::in_real_time(demo::good_run);
    let (store, counts) = counting(&world);
    let machine = world.machine_over(store, world.spawner.clone());
    let token = CancellationToken::new();
    let scene = async {
        // The runner looks for work once when it begins.
        while counts.claims.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        for _spec in 0..20 {
            let id = machine
                .launch(world.request(Policy::default()))
                .await
                .unwrap()
                .spec()
                .id;
            let mut events = machine.watch(id, Sequence::default());
            while let Some(event) = events.next().await {
                event.unwrap();
            }
        }
        token.cancel();
    };
    let begun = std::time::Instant::now();
    let (ran, ()) = tokio::join!(machine.run(token.clone()), scene);
    ran.unwrap();
    let polls = usize::try_from(begun.elapsed().as_millis() / 750).unwrap();
    let claims = counts.claims.load(Ordering::SeqCst);
    assert!(claims <= 1 + polls, "{claims} claims in {polls} polls");
}

#[tokio::test]
async fn launches_beyond_the_slots_of_a_runner_wait_for_them() {
    let world = World::in_real_time(demo::good_run);
    let machine = world.machine();
    let config = spec_core::RunnerConfig::in_environment("test")
        .unwrap()
        .with_slots(2);
    let machine = machine.with_config(config);
    let token = CancellationToken::new();
    let scene = async {
        let mut ids = Vec::new();
        for _spec in 0..50 {
            let launched = machine
                .launch(world.request(Policy::default()))
                .await
                .unwrap();
            ids.push(launched.spec().id);
        }
        for id in ids {
            let mut events = machine.watch(id, Sequence::default());
            while let Some(event) = events.next().await {
                event.unwrap();
            }
            let spec = machine.get(id).await.unwrap();
            assert_eq!(spec.status, SpecStatus::Completed);
            world.check_events(&spec).await;
        }
        token.cancel();
    };
    let (ran, ()) = tokio::join!(machine.run(token.clone()), scene);
    ran.unwrap();
}

#[tokio::test]
async fn a_cancel_in_another_process_reaches_the_driver_without_waiting_for_a_heartbeat() {
    // The clock stands still: no heartbeat and no poll ever comes.
    let world = World::new(|_: &ScriptedRun| RunScript::hangs());
    let here = world.machine();
    let id = world.launch(Policy::default()).await;
    let token = CancellationToken::new();
    let scene = async {
        let there = world.machine();
        there
            .wait_for_sandbox(id, Duration::from_secs(1))
            .await
            .unwrap();
        while world.spawner.all_starts().is_empty() {
            tokio::task::yield_now().await;
        }
        there.cancel(id, user(), None).await.unwrap();
        let mut events = there.watch(id, Sequence::default());
        while let Some(event) = events.next().await {
            event.unwrap();
        }
        token.cancel();
    };
    let both = async { tokio::join!(here.run(token.clone()), scene) };
    let (ran, ()) = tokio::time::timeout(Duration::from_secs(20), both)
        .await
        .expect("the cancel arrives by hint");
    ran.unwrap();
    let spec = here.get(id).await.unwrap();
    assert_eq!(spec.status, SpecStatus::Cancelled);
    world.check_ended(&spec).await;
}
