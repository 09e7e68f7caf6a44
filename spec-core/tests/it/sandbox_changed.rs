//! What becomes of the word that a sandbox has changed.

use std::sync::Arc;
use std::time::Duration;

use spec_core::attempt::{AttemptOutcome, FailureKind};
use spec_core::event::EventBody;
use spec_core::id::{SandboxId, SpecId};
use spec_core::store::{MemoryStore, StoreErrorKind};
use spec_core::testing::{
    Call, FaultMode, FaultPlan, FaultyStore, RunScript, ScriptedRun, ScriptedSpawner, demo,
};
use spec_core::{Error, Phase, Policy, SpecStateMachine, SpecStatus};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::scene::World;
use crate::upkeep::{config, pass, sandbox_key, settle};

type Machine = SpecStateMachine<Arc<MemoryStore>, ScriptedSpawner>;

/// EXPLORE hangs in its first attempt; all else goes well.
fn first_run_hangs(run: &ScriptedRun) -> RunScript {
    let key = run.key.attempt;
    if key.phase == Phase::Explore && key.attempt.get() == 1 {
        return RunScript::hangs();
    }
    demo::good_run(run)
}

/// A spec whose first run is followed by a runner, and who waits for its end.
struct Followed {
    world: World,
    machine: Machine,
    id: SpecId,
    sandbox: SandboxId,
    stop: CancellationToken,
    runners: JoinSet<Result<(), Error>>,
}

impl Followed {
    async fn new(script: impl Fn(&ScriptedRun) -> RunScript + Send + Sync + 'static) -> Self {
        let world = World::new(script);
        let machine = world.machine();
        let id = world.launch(Policy::default()).await;
        let stop = CancellationToken::new();
        let mut runners = JoinSet::new();
        let (runner, token) = (machine.clone(), stop.clone());
        runners.spawn(async move { runner.run(token).await });
        settle().await;
        let spec = machine.get(id).await.unwrap();
        let sandbox = spec.sandbox_id().unwrap().clone();
        let followed = Self {
            world,
            machine,
            id,
            sandbox,
            stop,
            runners,
        };
        assert_eq!(followed.looks(), 1);
        followed
    }

    /// How often a run was followed anew.
    fn looks(&self) -> usize {
        let calls = self.world.spawner.calls();
        let is_look = |call: &&Call| matches!(call, Call::Output { .. });
        calls.iter().filter(is_look).count()
    }

    async fn tell(&self, times: usize) {
        for _time in 0..times {
            self.machine.sandbox_changed(&self.sandbox).await.unwrap();
            settle().await;
        }
    }

    async fn end(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.runners.join_next().await {
            ended.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_silent_loss_is_noticed_as_soon_as_somebody_tells_of_it() {
    let followed = Followed::new(first_run_hangs).await;
    let world = &followed.world;
    world.spawner.lose_silently(sandbox_key(followed.id, 1));
    pass(world, Duration::from_mins(1)).await;
    let spec = followed.machine.get(followed.id).await.unwrap();
    assert_eq!(spec.sandbox_id(), Some(&followed.sandbox));

    followed.tell(1).await;
    let spec = followed.machine.get(followed.id).await.unwrap();
    let (_, first) = spec.attempts().next().unwrap();
    let Some(AttemptOutcome::Failed { failure }) = first.outcome() else {
        panic!("{first:?}");
    };
    assert_eq!(failure.kind, FailureKind::SandboxLost);
    // The next attempt waits its time, and goes well.
    pass(world, Duration::from_mins(2)).await;
    let spec = followed.machine.get(followed.id).await.unwrap();
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    followed.end().await;
}

#[tokio::test]
async fn whoever_shares_the_store_is_told_too() {
    let followed = Followed::new(first_run_hangs).await;
    let elsewhere = followed.world.machine();
    elsewhere.sandbox_changed(&followed.sandbox).await.unwrap();
    settle().await;
    assert_eq!(followed.looks(), 2);
    followed.end().await;
}

#[tokio::test]
async fn many_hints_in_a_row_are_answered_by_few_looks() {
    let followed = Followed::new(|_| RunScript::hangs()).await;
    followed.tell(50).await;
    // One at once; the others share the one after the pause.
    assert_eq!(followed.looks(), 2);
    pass(&followed.world, Duration::from_mins(1)).await;
    assert_eq!(followed.looks(), 3);
    // However long it goes on, the looks become fewer and never stop.
    for _second in 0..120 {
        followed.tell(1).await;
        followed.world.clock.advance(Duration::from_secs(1));
    }
    let looks = followed.looks() - 3;
    assert!((5..=10).contains(&looks), "{looks} looks");
    followed.end().await;
}

#[tokio::test]
async fn a_sandbox_that_nobody_here_works_with_wakes_nobody() {
    let followed = Followed::new(first_run_hangs).await;
    let unknown = SandboxId::new("somebody-else").unwrap();
    followed.machine.sandbox_changed(&unknown).await.unwrap();
    settle().await;
    assert_eq!(followed.looks(), 1);
    followed.end().await;
}

#[tokio::test]
async fn a_sandbox_that_was_left_behind_wakes_nobody() {
    let followed = Followed::new(|_| RunScript::hangs()).await;
    followed.world.spawner.lose(sandbox_key(followed.id, 1));
    pass(&followed.world, Duration::from_mins(1)).await;
    assert_eq!(followed.looks(), 2);
    followed.tell(3).await;
    assert_eq!(followed.looks(), 2);
    followed.end().await;
}

#[tokio::test]
async fn a_look_loses_and_repeats_no_line() {
    let lines = |from: u32, to: u32| (from..=to).map(|number| format!("line {number}"));
    let talking =
        move |_run: &ScriptedRun| lines(1, 40).fold(RunScript::hangs(), RunScript::with_line);
    let followed = Followed::new(talking).await;
    followed.tell(1).await;
    pass(&followed.world, Duration::from_secs(10)).await;
    followed.tell(1).await;
    pass(&followed.world, Duration::from_secs(10)).await;
    assert_eq!(followed.looks(), 3);
    let mut shown = Vec::new();
    for event in followed.world.events(followed.id).await {
        if let EventBody::Progress { items, .. } = event.body {
            shown.extend(items.into_iter().map(|item| item.text));
        }
    }
    assert_eq!(shown, lines(1, 40).collect::<Vec<_>>());
    followed.end().await;
}

#[tokio::test]
async fn a_spec_that_a_host_drives_by_itself_hears_what_is_said_in_its_process() {
    let world = World::new(first_run_hangs);
    let machine = world.machine();
    let id = world.launch(Policy::default()).await;
    let told = async {
        settle().await;
        world.spawner.lose_silently(sandbox_key(id, 1));
        let sandbox = machine.get(id).await.unwrap().sandbox_id().unwrap().clone();
        settle().await;
        machine.sandbox_changed(&sandbox).await.unwrap();
    };
    // The drive ends because the next attempt has to wait.
    let both = async { tokio::join!(machine.drive(id), told) };
    let both = tokio::time::timeout(Duration::from_secs(30), Box::pin(both));
    let (spec, ()) = both.await.expect("the driver hears of it");
    assert_eq!(spec.unwrap().sandbox_id(), None);
}

#[tokio::test]
async fn a_store_that_cannot_tell_says_so_and_may_be_asked_again() {
    let world = World::new(first_run_hangs);
    let plan = FaultPlan::nth(1, FaultMode::Before);
    let store = FaultyStore::new(Arc::clone(&world.store), plan);
    let machine = world
        .machine_over(store, world.spawner.clone())
        .with_config(config());
    let sandbox = SandboxId::new("a").unwrap();
    let error = machine.sandbox_changed(&sandbox).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(matches!(
        error,
        Error::Store { source, .. } if source.kind() == StoreErrorKind::Unavailable
    ));
    machine.sandbox_changed(&sandbox).await.unwrap();
}
