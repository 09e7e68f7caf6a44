//! What becomes of a spec when a port, an agent or a clock misbehaves for longer than one call.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use spec_core::agent::{Agent, AgentDecoder, AgentTask, Delivery, RunPlan};
use spec_core::clock::Clock as _;
use spec_core::event::EventBody;
use spec_core::id::{AgentName, Sequence, SpecId};
use spec_core::machine::due_at;
use spec_core::store::{MemoryStore, StoreErrorKind};
use spec_core::testing::{ManualClock, RunScript, ScriptedRun, demo};
use spec_core::{
    InvalidInput, LaunchRequest, Phase, Policy, RunnerConfig, SandboxSpawner, Spec,
    SpecStateMachine, SpecStatus, SpecStore,
};
use tokio_util::sync::CancellationToken;

use crate::crash::moving;
use crate::ports::{BreakingSpawner, Call, Fate, RuledStore};
use crate::scene::{LEASE, World, user};

fn config() -> RunnerConfig {
    RunnerConfig::in_environment("test").unwrap()
}

fn one_try() -> Policy {
    Policy {
        max_attempts: 1,
        max_repairs: 0,
        ..Policy::default()
    }
}

/// EXPLORE prints so many lines of progress.
fn talkative(lines: usize) -> impl Fn(&ScriptedRun) -> RunScript {
    move |run| {
        let mut script = demo::good_run(run);
        if run.key.attempt.phase == Phase::Explore {
            script.lines.clear();
            for number in 0..lines {
                script = script.with_line(format!("line {number}"));
            }
        }
        script
    }
}

/// What the events show of EXPLORE's progress.
async fn shown(world: &World, id: SpecId) -> Vec<String> {
    let mut shown = Vec::new();
    for event in world.events(id).await {
        if let EventBody::Progress {
            phase: Phase::Explore,
            items,
            ..
        } = event.body
        {
            shown.extend(items.into_iter().map(|item| item.text));
        }
    }
    shown
}

fn lines(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("line {number}")).collect()
}

/// Drives to the end whatever a drive answers, while time passes.
async fn drive_on<S: SpecStore, P: SandboxSpawner>(
    world: &World,
    machine: &SpecStateMachine<S, P>,
    id: SpecId,
) -> Spec {
    for _ in 0..300 {
        let _failed_or_not = moving(world, Box::pin(machine.drive(id))).await;
        let spec = world.machine().get(id).await.unwrap();
        let Some(due) = due_at(&spec) else {
            return spec;
        };
        let wait = due.since(world.clock.now());
        world.clock.advance(wait.max(LEASE));
    }
    panic!("no end after 300 drives");
}

#[tokio::test]
async fn output_that_breaks_off_is_read_on_from_there_and_nothing_is_shown_twice() {
    let world = World::new(talkative(40));
    let id = world.launch(one_try()).await;
    let spawner = BreakingSpawner {
        inner: world.spawner.clone(),
        lines: 3,
        breaks: Arc::default(),
    };
    // A connection that is cut now and then, for as long as there is something new each time, is
    // no reason to give an agent up.
    let machine = world
        .machine_over(Arc::clone(&world.store), spawner.clone())
        .with_config(config());
    let spec = drive_on(&world, &machine, id).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    assert!(spawner.breaks.load(Ordering::SeqCst) > 12);
    assert_eq!(shown(&world, id).await, lines(40));
}

#[tokio::test]
async fn nothing_is_shown_twice_when_the_store_is_away_after_a_lost_answer() {
    let world = World::new(talkative(120));
    let id = world.launch(one_try()).await;
    let away = Arc::new(AtomicUsize::new(0));
    let appended = AtomicBool::new(false);
    let store = RuledStore::new(&world.store, {
        let away = Arc::clone(&away);
        move |call| match call {
            Call::Append if !appended.swap(true, Ordering::SeqCst) => {
                away.store(2, Ordering::SeqCst);
                Fate::FailAfter(StoreErrorKind::Unavailable)
            }
            Call::Get
                if away
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
                    .is_ok() =>
            {
                Fate::Fail(StoreErrorKind::Unavailable)
            }
            _ => Fate::Pass,
        }
    });
    let machine = world.machine_over(store, world.spawner.clone());
    let spec = drive_on(&world, &machine, id).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    assert_eq!(away.load(Ordering::SeqCst), 0);
    assert_eq!(shown(&world, id).await, lines(120));
}

#[tokio::test]
async fn a_result_that_the_store_refuses_fails_its_attempt_and_says_so() {
    let world = World::new(demo::good_run);
    let id = world.launch(one_try()).await;
    let tries = Arc::new(AtomicUsize::new(0));
    let store = RuledStore::new(&world.store, {
        let tries = Arc::clone(&tries);
        move |call| match call {
            Call::Commit(commit) if !commit.artifacts.is_empty() => {
                tries.fetch_add(1, Ordering::SeqCst);
                Fate::Fail(StoreErrorKind::Internal)
            }
            _ => Fate::Pass,
        }
    });
    let machine = world.machine_over(store, world.spawner.clone());
    let spec = drive_on(&world, &machine, id).await;
    assert_eq!(spec.status, SpecStatus::Failed);
    let message = spec.failure.clone().unwrap().message;
    assert!(message.contains("the rule says so"), "{message}");
    assert!(tries.load(Ordering::SeqCst) < 20, "{tries:?}");
    world.check_ended(&spec).await;
}

#[tokio::test]
async fn a_spec_that_the_store_refuses_does_not_keep_its_runner_busy() {
    let world = World::in_real_time(demo::good_run);
    world.launch(one_try()).await;
    let tries = Arc::new(AtomicUsize::new(0));
    let store = RuledStore::new(&world.store, {
        let tries = Arc::clone(&tries);
        move |call| match call {
            Call::Commit(_) => {
                tries.fetch_add(1, Ordering::SeqCst);
                Fate::Fail(StoreErrorKind::Internal)
            }
            _ => Fate::Pass,
        }
    });
    let machine = world.machine_over(store, world.spawner.clone());
    let token = CancellationToken::new();
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        token.cancel();
    };
    let (ran, ()) = tokio::join!(machine.run(token.clone()), stopping);
    ran.unwrap();
    let tries = tries.load(Ordering::SeqCst);
    assert!((1..10).contains(&tries), "{tries} commits in half a second");
}

/// An agent with a defect.
#[derive(Debug)]
struct Panicking(AgentName);

impl Agent for Panicking {
    fn name(&self) -> &AgentName {
        &self.0
    }

    fn description(&self) -> &'static str {
        "panics"
    }

    fn delivery(&self) -> Delivery {
        Delivery::File
    }

    fn plan(&self, _task: &AgentTask) -> Result<RunPlan, InvalidInput> {
        panic!("a defect in the host's agent")
    }

    fn decoder(&self) -> Box<dyn AgentDecoder> {
        panic!("a defect in the host's agent")
    }
}

#[tokio::test]
async fn an_agent_that_panics_fails_its_spec_and_not_its_runner() {
    let world = World::new(demo::good_run);
    let machine = world
        .machine()
        .with_agent(Panicking(AgentName::new("panicking").unwrap()));
    let policy = Policy {
        agent: Some(AgentName::new("panicking").unwrap()),
        ..one_try()
    };
    let title = spec_core::spec::Title::new("t").unwrap();
    let description = spec_core::spec::Description::new("d").unwrap();
    let request = LaunchRequest::new(user(), title, description).with_policy(policy);
    let id = machine.launch(request).await.unwrap().spec().id;
    let spec = drive_on(&world, &machine, id).await;
    assert_eq!(spec.status, SpecStatus::Failed);
    let message = spec.failure.clone().unwrap().message;
    assert!(message.contains("panicked"), "{message}");
    world.check_ended(&spec).await;
}

#[tokio::test]
async fn a_runner_that_cannot_renew_its_lease_lets_go_before_others_may_take_over() {
    for fate in [Fate::Hang, Fate::Fail(StoreErrorKind::Unavailable)] {
        let world = World::new(|_: &ScriptedRun| RunScript::hangs());
        let id = world.launch(one_try()).await;
        let registered = AtomicBool::new(false);
        let store = RuledStore::new(&world.store, move |call| match call {
            Call::Heartbeat if registered.swap(true, Ordering::SeqCst) => fate,
            _ => Fate::Pass,
        });
        let machine = world.machine_over(store, world.spawner.clone());
        let begun = world.clock.now();
        let driving = Box::pin(machine.drive(id));
        moving(&world, driving).await.unwrap();
        let held = world.clock.now().since(begun);
        assert!(
            held < LEASE,
            "{fate:?}: acted for {held:?} under a lease of {LEASE:?}"
        );
    }
}

#[tokio::test]
async fn a_spec_that_a_faster_clock_has_touched_is_driven_by_a_slower_one() {
    let world = World::new(demo::good_run);
    let id = world.launch(Policy::default()).await;
    let slow = ManualClock::starting_at(world.clock.now() - Duration::from_mins(1));
    let machine = world.machine().with_clock(slow);
    let spec = machine.drive(id).await.unwrap();
    assert_eq!(spec.status, SpecStatus::Completed);
}

/// The world's store, and the number of claims made of it.
fn counting_claims(world: &World) -> (RuledStore, Arc<AtomicUsize>) {
    let claims = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&claims);
    let store = RuledStore::new(&world.store, move |call| {
        if matches!(call, Call::Claim) {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        Fate::Pass
    });
    (store, claims)
}

#[tokio::test]
async fn a_burst_of_hints_is_answered_by_few_claims() {
    let world = World::in_real_time(demo::good_run);
    let (store, claims) = counting_claims(&world);
    let machine = world
        .machine_over(store, world.spawner.clone())
        .with_config(config().with_poll(Duration::from_secs(30)));
    let token = CancellationToken::new();
    let scene = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        for number in 0..100 {
            let mut request = LaunchRequest::new(
                user(),
                spec_core::spec::Title::new(format!("draft {number}")).unwrap(),
                spec_core::spec::Description::new("d").unwrap(),
            );
            request.auto_execute = false;
            world.machine().launch(request).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
        token.cancel();
    };
    let (ran, ()) = tokio::join!(machine.run(token.clone()), scene);
    ran.unwrap();
    let claims = claims.load(Ordering::SeqCst);
    assert!(claims <= 10, "{claims} claims");
}

#[tokio::test]
async fn a_store_that_gives_no_hints_is_polled_and_not_hammered() {
    let world = World::in_real_time(demo::good_run);
    let (store, claims) = counting_claims(&world);
    let store = store.without_hints();
    let machine = world
        .machine_over(store, world.spawner.clone())
        .with_config(config().with_poll(Duration::from_millis(100)));
    let token = CancellationToken::new();
    let scene = async {
        let id = world.launch(Policy::default()).await;
        let mut events = machine.watch(id, Sequence::default());
        let mut last = None;
        while let Some(event) = events.next().await {
            last = Some(event.unwrap().body);
        }
        assert_eq!(last, Some(EventBody::ExecutionCompleted {}));
        let spec = machine.wait_for_sandbox(id, Duration::ZERO).await.unwrap();
        assert_eq!(spec.status, SpecStatus::Completed);
        token.cancel();
    };
    let begun = std::time::Instant::now();
    let (ran, ()) = tokio::join!(machine.run(token.clone()), scene);
    ran.unwrap();
    let claims = claims.load(Ordering::SeqCst);
    let polls = usize::try_from(begun.elapsed().as_millis() / 75).unwrap();
    assert!(claims <= polls + 8, "{claims} claims in {polls} polls");
}

#[tokio::test]
async fn durations_without_end_are_taken_as_meant() {
    let world = World::in_real_time(demo::good_run);
    let store = Arc::new(MemoryStore::default());
    let machine = world
        .machine_over(store, world.spawner.clone())
        .with_config(
            config()
                .with_lease(Duration::MAX)
                .with_poll(Duration::MAX)
                .with_linger(Duration::MAX)
                .with_sandbox_grace(Duration::MAX),
        );
    let title = spec_core::spec::Title::new("t").unwrap();
    let description = spec_core::spec::Description::new("d").unwrap();
    let request = LaunchRequest::new(user(), title, description);
    let id = machine.launch(request).await.unwrap().spec().id;
    let token = CancellationToken::new();
    let scene = async {
        let mut events = machine.watch(id, Sequence::default());
        while events.next().await.is_some() {}
        token.cancel();
    };
    let both = async { tokio::join!(machine.run(token.clone()), scene) };
    let (ran, ()) = tokio::time::timeout(Duration::from_secs(20), both)
        .await
        .unwrap();
    ran.unwrap();
    let spec = machine.get(id).await.unwrap();
    assert_eq!(spec.status, SpecStatus::Completed);
}

#[tokio::test]
async fn what_an_agent_consumed_before_its_time_was_up_is_counted() {
    let world = World::new(|_: &ScriptedRun| {
        RunScript::hangs()
            .with_line(r#"{"type":"usage","input_tokens":700}"#)
            .with_error_line("thinking hard")
    });
    let policy = Policy {
        attempt_timeout: Duration::from_mins(2),
        ..one_try()
    };
    let id = world.launch(policy).await;
    let machine = world.machine();
    let mut driving = pin!(drive_on(&world, &machine, id));
    let spec = driving.as_mut().await;
    let failure = spec.failure.clone().unwrap();
    assert_eq!(
        failure.kind,
        spec_core::attempt::FailureKind::DeadlineExceeded
    );
    assert_eq!(spec.usage.input_tokens, 700, "{failure}");
    world.check_ended(&spec).await;
}
