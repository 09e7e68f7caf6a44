//! Sandboxes that nobody needs any more, and those that somebody does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use spec_core::attempt::SandboxStatus;
use spec_core::clock::Clock as _;
use spec_core::id::{SandboxKey, SpecId};
use spec_core::machine::Reaped;
use spec_core::sandbox::{SpawnError, SpawnErrorKind};
use spec_core::store::{StoreError, StoreErrorKind, StoredSpec};
use spec_core::testing::{MockSpecStore, RunScript, ScriptedRun, demo};
use spec_core::{Error, Policy, SandboxSpawner, SpecStatus, SpecStore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::scene::{World, user};
use crate::upkeep::{
    End, OLD, RuledSpawner, config, leave_behind, pass, sandbox_key, settle, until_it_waits,
};

/// Longer than a runner waits from one look to the next, jitter included.
const ROUND: Duration = Duration::from_mins(7);
/// Long enough for the first look after a start.
const FIRST: Duration = Duration::from_secs(45);

fn hanging(_run: &ScriptedRun) -> RunScript {
    RunScript::hangs()
}

fn unknown_spec() -> SpecId {
    SpecId::from_uuid(Uuid::now_v7())
}

fn reaped(looked_at: u32, ended: u32, failed: u32) -> Reaped {
    Reaped {
        looked_at,
        ended,
        failed,
    }
}

fn refusal() -> SpawnError {
    SpawnError::new(SpawnErrorKind::Unavailable, "the provider is away")
}

/// Sandboxes of specs that nobody knows, old enough to be ended.
async fn orphans(world: &World, count: usize) -> Vec<SandboxKey> {
    let mut keys = Vec::new();
    for _orphan in 0..count {
        let key = sandbox_key(unknown_spec(), 1);
        leave_behind(world, key, "test").await;
        keys.push(key);
    }
    world.clock.advance(OLD);
    keys
}

/// A spec whose agent is at work, and whose driver has just died.
async fn at_work(world: &World) -> SpecId {
    let id = world.launch(Policy::default()).await;
    let machine = world.machine();
    until_it_waits(machine.drive(id)).await;
    assert_eq!(world.spawner.live().len(), 1);
    id
}

#[tokio::test]
async fn a_sandbox_of_a_spec_that_nobody_knows_is_ended() {
    let world = World::new(demo::good_run);
    orphans(&world, 1).await;
    assert_eq!(world.machine().reap().await.unwrap(), reaped(1, 1, 0));
    assert_eq!(world.spawner.live(), []);
    assert_eq!(world.machine().reap().await.unwrap(), reaped(0, 0, 0));
}

#[tokio::test]
async fn a_sandbox_of_an_attempt_that_never_was_is_ended() {
    let world = World::new(hanging);
    let id = at_work(&world).await;
    let (needed, other) = (sandbox_key(id, 1), sandbox_key(id, 7));
    leave_behind(&world, other, "test").await;
    world.clock.advance(OLD);
    assert_eq!(world.machine().reap().await.unwrap(), reaped(2, 1, 0));
    assert_eq!(world.spawner.live(), [needed]);
}

#[tokio::test]
async fn a_sandbox_that_a_late_driver_made_after_its_end_is_ended() {
    let world = World::new(demo::good_run);
    let id = world.launch(Policy::default()).await;
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed);
    leave_behind(&world, sandbox_key(id, 1), "test").await;
    world.clock.advance(OLD);
    assert_eq!(world.machine().reap().await.unwrap(), reaped(1, 1, 0));
    assert_eq!(world.spawner.live(), []);
}

#[tokio::test]
async fn a_sandbox_that_its_driver_gave_up_is_ended() {
    let world = World::new(hanging);
    let id = at_work(&world).await;
    world.machine().cancel(id, user(), None).await.unwrap();
    let deaf = RuledSpawner::new(&world.spawner).ending(|_| End::Fail(refusal()));
    let machine = world.machine_over(Arc::clone(&world.store), deaf);
    let spec = loop {
        world.clock.advance(Duration::from_mins(1));
        let spec = machine.drive(id).await.unwrap();
        if spec.status.is_terminal() {
            break spec;
        }
    };
    let (_, attempt) = spec.attempts().next().unwrap();
    assert_eq!(attempt.sandbox, SandboxStatus::Abandoned);
    assert_eq!(world.spawner.live().len(), 1);

    world.clock.advance(OLD);
    assert_eq!(world.machine().reap().await.unwrap(), reaped(1, 1, 0));
    assert_eq!(world.spawner.live(), []);
}

#[tokio::test]
async fn what_an_attempt_needs_or_its_driver_is_to_end_is_left_alone() {
    let world = World::new(hanging);
    // Intended and perhaps made; made and at work; to be ended by whoever drives it next.
    let requested = world.launch(Policy::default()).await;
    leave_behind(&world, sandbox_key(requested, 1), "test").await;
    world.clock.advance(OLD);
    assert_eq!(world.machine().reap().await.unwrap(), reaped(1, 0, 0));

    let world = World::new(hanging);
    let id = at_work(&world).await;
    world.clock.advance(OLD);
    assert_eq!(world.machine().reap().await.unwrap(), reaped(1, 0, 0));
    world.machine().cancel(id, user(), None).await.unwrap();
    assert_eq!(world.machine().reap().await.unwrap(), reaped(1, 0, 0));
    assert_eq!(world.spawner.terminated(), []);
}

#[tokio::test]
async fn a_list_that_is_behind_ends_nothing_that_lives() {
    let world = World::new(hanging);
    let id = at_work(&world).await;
    let spare = orphans(&world, 1).await;
    let old_list = world.spawner.list(&[].into()).await.unwrap();
    // One of the list is gone by now; what is alive may be shown as whatever it was.
    world.spawner.lose(spare[0]);
    let stale = RuledSpawner::new(&world.spawner).listing(move |_| Ok(old_list.clone()));
    let machine = world.machine_over(Arc::clone(&world.store), stale);
    assert_eq!(machine.reap().await.unwrap(), reaped(2, 0, 0));
    assert_eq!(world.spawner.live(), [sandbox_key(id, 1)]);
}

/// A store that answers so, the first time and from then on.
fn answering(
    first: impl Fn() -> Result<Option<StoredSpec>, StoreError> + Send + 'static,
    then: StoredSpec,
) -> MockSpecStore {
    let mut store = MockSpecStore::new();
    store.expect_lead().returning(|_, _, _| Ok(true));
    store.expect_get().times(1).returning(move |_| first());
    store
        .expect_get()
        .returning(move |_| Ok(Some(then.clone())));
    store
        .expect_wakeups()
        .returning(|| stream::pending().boxed());
    store
}

#[tokio::test]
async fn the_store_is_asked_again_right_before_the_end() {
    let world = World::new(hanging);
    let id = at_work(&world).await;
    world.clock.advance(OLD);
    let stored = world.store.get(id).await.unwrap().unwrap();
    let store = answering(|| Ok(None), stored);
    let machine = world.machine_over(store, world.spawner.clone());
    assert_eq!(machine.reap().await.unwrap(), reaped(1, 0, 0));
    assert_eq!(world.spawner.terminated(), []);
}

#[tokio::test]
async fn the_sandbox_of_a_spec_that_cannot_be_read_is_left_alone() {
    let world = World::new(hanging);
    let id = at_work(&world).await;
    world.clock.advance(OLD);
    let stored = world.store.get(id).await.unwrap().unwrap();
    let corrupt = || Err(StoreError::new(StoreErrorKind::Corrupt, "not JSON"));
    let machine = world.machine_over(answering(corrupt, stored), world.spawner.clone());
    assert_eq!(machine.reap().await.unwrap(), reaped(1, 0, 1));
    assert_eq!(world.spawner.terminated(), []);
}

#[tokio::test]
async fn a_store_that_is_away_ends_nothing() {
    let world = World::new(demo::good_run);
    orphans(&world, 3).await;
    let mut store = MockSpecStore::new();
    store.expect_lead().returning(|_, _, _| Ok(true));
    store
        .expect_get()
        .returning(|_| Err(StoreError::new(StoreErrorKind::Unavailable, "away")));
    let machine = world.machine_over(store, world.spawner.clone());
    let error = machine.reap().await.unwrap_err();
    assert!(matches!(error, Error::Store { .. }), "{error:?}");
    assert_eq!(world.spawner.terminated(), []);
}

#[tokio::test]
async fn a_young_sandbox_is_left_alone_until_it_is_old_enough() {
    let world = World::new(demo::good_run);
    leave_behind(&world, sandbox_key(unknown_spec(), 1), "test").await;
    world.clock.advance(Duration::from_mins(9));
    assert_eq!(world.machine().reap().await.unwrap(), reaped(1, 0, 0));
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(world.machine().reap().await.unwrap(), reaped(1, 1, 0));
}

#[tokio::test]
async fn sandboxes_of_another_environment_are_not_touched() {
    let world = World::new(demo::good_run);
    leave_behind(&world, sandbox_key(unknown_spec(), 1), "production").await;
    orphans(&world, 1).await;
    assert_eq!(world.machine().reap().await.unwrap(), reaped(1, 1, 0));
    assert_eq!(world.spawner.live().len(), 1);
}

#[tokio::test]
async fn a_sandbox_that_does_not_end_keeps_none_of_the_others() {
    let world = World::new(demo::good_run);
    let keys = orphans(&world, 20).await;
    let stubborn = keys[3];
    let spawner = RuledSpawner::new(&world.spawner).ending(move |key| {
        if key == stubborn {
            End::Fail(refusal())
        } else {
            End::Pass
        }
    });
    let machine = world.machine_over(Arc::clone(&world.store), spawner);
    assert_eq!(machine.reap().await.unwrap(), reaped(20, 19, 1));
    assert_eq!(world.spawner.live(), [stubborn]);
}

#[tokio::test]
async fn a_sandbox_whose_end_is_not_answered_is_given_up_for_this_time() {
    let world = World::new(demo::good_run);
    let keys = orphans(&world, 2).await;
    let silent = keys[0];
    let spawner = RuledSpawner::new(&world.spawner)
        .ending(move |key| if key == silent { End::Hang } else { End::Pass });
    let machine = world.machine_over(Arc::clone(&world.store), spawner);
    let waiting = async {
        settle().await;
        pass(&world, Duration::from_mins(3)).await;
    };
    let (outcome, ()) = tokio::join!(machine.reap(), waiting);
    assert_eq!(outcome.unwrap(), reaped(2, 1, 1));
}

#[tokio::test]
async fn a_runner_looks_soon_after_its_start_and_then_now_and_then() {
    let world = World::new(demo::good_run);
    orphans(&world, 1).await;
    let machine = world.machine().with_config(config());
    let token = CancellationToken::new();
    let story = async {
        settle().await;
        assert_eq!(world.spawner.live().len(), 1, "not at once");
        pass(&world, FIRST).await;
        assert_eq!(world.spawner.live(), []);
        orphans_in_steps(&world).await;
        pass(&world, ROUND).await;
        assert_eq!(world.spawner.live(), []);
        token.cancel();
    };
    let (ran, ()) = tokio::join!(machine.run(token.clone()), story);
    ran.unwrap();
}

/// As [`orphans`], while runners have to keep their leases.
async fn orphans_in_steps(world: &World) {
    leave_behind(world, sandbox_key(unknown_spec(), 1), "test").await;
    pass(world, OLD.saturating_sub(ROUND)).await;
}

#[tokio::test]
async fn a_runner_that_is_not_to_reap_does_not() {
    let world = World::new(demo::good_run);
    orphans(&world, 1).await;
    let config = config().with_reap_interval(None);
    let machine = world.machine().with_config(config);
    let token = CancellationToken::new();
    let story = async {
        pass(&world, ROUND).await;
        assert_eq!(world.spawner.live().len(), 1);
        assert_eq!(world.machine().reap().await.unwrap(), reaped(1, 1, 0));
        token.cancel();
    };
    let (ran, ()) = tokio::join!(machine.run(token.clone()), story);
    ran.unwrap();
}

#[tokio::test]
async fn a_spawner_that_cannot_list_stops_no_runner() {
    let world = World::new(demo::good_run);
    orphans(&world, 1).await;
    let away = Arc::new(AtomicBool::new(true));
    let lists = Arc::new(AtomicUsize::new(0));
    let spawner = RuledSpawner::new(&world.spawner).listing({
        let (away, lists) = (Arc::clone(&away), Arc::clone(&lists));
        move |listed| {
            lists.fetch_add(1, Ordering::SeqCst);
            if away.load(Ordering::SeqCst) {
                Err(refusal())
            } else {
                Ok(listed)
            }
        }
    });
    let machine = world
        .machine_over(Arc::clone(&world.store), spawner)
        .with_config(config());
    let token = CancellationToken::new();
    let story = async {
        pass(&world, FIRST).await;
        assert_eq!(lists.load(Ordering::SeqCst), 1);
        let id = world.launch(Policy::default()).await;
        pass(&world, Duration::from_secs(10)).await;
        let spec = world.machine().get(id).await.unwrap();
        assert_eq!(spec.status, SpecStatus::Completed);

        away.store(false, Ordering::SeqCst);
        pass(&world, ROUND).await;
        assert_eq!(world.spawner.live(), []);
        token.cancel();
    };
    let (ran, ()) = tokio::join!(machine.run(token.clone()), story);
    ran.unwrap();
}

/// Runs a machine in a task, and counts how often it lists.
fn replica(
    world: &World,
    tasks: &mut JoinSet<Result<(), Error>>,
    token: &CancellationToken,
) -> (Arc<AtomicUsize>, tokio::task::AbortHandle) {
    let lists = Arc::new(AtomicUsize::new(0));
    let spawner = RuledSpawner::new(&world.spawner).listing({
        let lists = Arc::clone(&lists);
        move |listed| {
            lists.fetch_add(1, Ordering::SeqCst);
            Ok(listed)
        }
    });
    let machine = world
        .machine_over(Arc::clone(&world.store), spawner)
        .with_config(config());
    let token = token.clone();
    let task = tasks.spawn(async move { machine.run(token).await });
    (lists, task)
}

#[tokio::test]
async fn one_replica_reaps_and_another_takes_over_when_it_dies() {
    let world = World::new(demo::good_run);
    let mut tasks = JoinSet::new();
    let token = CancellationToken::new();
    let (one, first) = replica(&world, &mut tasks, &token);
    pass(&world, FIRST).await;
    assert_eq!(one.load(Ordering::SeqCst), 1);
    let (other, _) = replica(&world, &mut tasks, &token);
    pass(&world, ROUND * 3).await;
    let before = one.load(Ordering::SeqCst);
    assert!(before >= 3, "{before}");
    assert_eq!(other.load(Ordering::SeqCst), 0);

    // Without a word: the other waits for the end of the term.
    first.abort();
    pass(&world, ROUND * 3).await;
    assert_eq!(one.load(Ordering::SeqCst), before);
    assert!(other.load(Ordering::SeqCst) >= 1);
    token.cancel();
    settle().await;
    while let Some(ended) = tasks.join_next().await {
        assert!(ended.is_ok_and(|ran| ran.is_ok()) || first.is_finished());
    }
}

#[tokio::test]
async fn a_replica_that_stops_in_good_order_hands_the_duty_on() {
    let world = World::new(demo::good_run);
    leave_behind(&world, sandbox_key(unknown_spec(), 1), "test").await;
    let (mut tasks, token) = (JoinSet::new(), CancellationToken::new());
    let (one, _) = replica(&world, &mut tasks, &token);
    pass(&world, FIRST).await;
    assert_eq!(one.load(Ordering::SeqCst), 1);
    let config = config().with_orphan_age(Duration::ZERO);
    let other = world.machine().with_config(config);
    assert_eq!(other.reap().await.unwrap(), reaped(0, 0, 0));
    token.cancel();
    tasks.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(other.reap().await.unwrap(), reaped(1, 1, 0));
}

#[tokio::test]
async fn a_long_look_keeps_the_duty_and_its_loss_ends_the_look() {
    let world = World::new(demo::good_run);
    // Two minutes for every eight of a hundred: more than two terms.
    orphans(&world, 100).await;
    let slow = RuledSpawner::new(&world.spawner).ending(|_| End::Hang);
    let machine = world.machine_over(Arc::clone(&world.store), slow);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { machine.reap().await });
    for _half_minute in 0..44 {
        pass(&world, Duration::from_secs(30)).await;
        assert_eq!(world.machine().reap().await.unwrap(), reaped(0, 0, 0));
    }
    drop(tasks);

    let mut store = MockSpecStore::new();
    let leads = AtomicBool::new(true);
    store
        .expect_lead()
        .returning(move |_, _, _| Ok(leads.swap(false, Ordering::SeqCst)));
    store.expect_get().returning(|_| Ok(None));
    let hanging = RuledSpawner::new(&world.spawner).ending(|_| End::Hang);
    // Shorter than the wait for one sandbox.
    let config = config().with_reap_interval(Some(Duration::from_mins(1)));
    let machine = world.machine_over(store, hanging).with_config(config);
    let before = world.clock.now();
    let waiting = pass(&world, Duration::from_mins(1));
    let (outcome, ()) = tokio::join!(machine.reap(), waiting);
    assert_eq!(outcome.unwrap(), reaped(0, 0, 0));
    assert!(world.clock.now().since(before) < Duration::from_mins(2));
}

#[tokio::test]
async fn a_runner_that_is_stopped_during_a_look_ends_at_once() {
    let world = World::new(demo::good_run);
    orphans(&world, 1).await;
    let asked = Arc::new(AtomicBool::new(false));
    let spawner = RuledSpawner::new(&world.spawner).ending({
        let asked = Arc::clone(&asked);
        move |_| {
            asked.store(true, Ordering::SeqCst);
            End::Hang
        }
    });
    let machine = world
        .machine_over(Arc::clone(&world.store), spawner)
        .with_config(config());
    let token = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn({
        let token = token.clone();
        async move { machine.run(token).await }
    });
    pass(&world, FIRST).await;
    assert!(asked.load(Ordering::SeqCst));
    token.cancel();
    // No time passes from here on.
    tasks.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(world.machine().reap().await.unwrap(), reaped(1, 1, 0));
}
