//! What a person decides about a spec, as the driver and its sandboxes feel it.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::poll_fn;
use spec_core::agent::AgentContext;
use spec_core::event::EventBody;
use spec_core::id::{ContentHash, IdempotencyKey, Sequence, SpecId};
use spec_core::machine::Launched;
use spec_core::policy::{Budget, Gate, Gates};
use spec_core::spec::Comment;
use spec_core::testing::{FaultMode, FaultPlan, FaultyStore, RunScript, ScriptedRun, demo};
use spec_core::{Error, Phase, Policy, Spec, SpecStatus};

use crate::crash::moving;
use crate::scene::{LEASE, World, milestones, user};

type Runs = Arc<Mutex<Vec<ScriptedRun>>>;

/// A world in which agents do well, and what they were given.
fn watched() -> (World, Runs) {
    let runs = Runs::default();
    let seen = Arc::clone(&runs);
    let world = World::new(move |run| {
        seen.lock().unwrap().push(run.clone());
        demo::good_run(run)
    });
    (world, runs)
}

fn gated() -> Policy {
    Policy {
        gates: Gates {
            requirements: Gate::Approve,
            ..Gates::default()
        },
        ..Policy::default()
    }
}

fn shown(spec: &Spec, phase: Phase) -> ContentHash {
    spec.phases.get(phase).accepted.unwrap().content_hash
}

fn context(run: &ScriptedRun) -> AgentContext {
    serde_json::from_slice(&run.files["context.json"]).unwrap()
}

fn prompt(run: &ScriptedRun) -> String {
    String::from_utf8(run.files["prompt.md"].clone()).unwrap()
}

async fn approve(world: &World, spec: &Spec) -> Result<Spec, Error> {
    let phase = spec.current_phase().unwrap();
    let content_hash = shown(spec, phase);
    let machine = world.machine();
    machine.approve(spec.id, user(), phase, content_hash).await
}

#[tokio::test]
async fn what_waits_for_approval_holds_no_sandbox_and_is_claimed_by_nobody() {
    let (world, _) = watched();
    let id = world.launch(gated()).await;
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::AwaitingApproval);
    assert_eq!(world.spawner.live(), []);
    let revision = spec.revision;
    world.clock.advance(Duration::from_hours(1000));
    assert_eq!(world.machine().drive(id).await.unwrap().revision, revision);

    approve(&world, &spec).await.unwrap();
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed);
    world.check_ended(&spec).await;
}

#[tokio::test]
async fn the_next_attempt_is_given_what_was_asked_for_and_the_result_that_it_is_about() {
    let (world, runs) = watched();
    let id = world.launch(gated()).await;
    let spec = world.drive_to_the_end(id).await;
    let comment = Comment::new("Say who may see it.\n  And for how long.").unwrap();
    let hash = shown(&spec, Phase::Requirements);
    let machine = world.machine();
    let asked = machine.request_changes(id, user(), Phase::Requirements, hash, comment.clone());
    asked.await.unwrap();
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::AwaitingApproval);

    let runs = runs.lock().unwrap().clone();
    let [explore, first, second] = &runs[..] else {
        panic!("{} runs", runs.len());
    };
    assert_eq!(context(explore).feedback, [] as [&str; 0]);
    assert_eq!(context(first).previous, None);
    let context = context(second);
    assert_eq!(context.feedback, [comment.as_str()]);
    let before = machine.artifact(id, Phase::Requirements, None);
    let before = before.await.unwrap().unwrap();
    let previous: serde_json::Value = serde_json::from_str(&context.previous.unwrap()).unwrap();
    assert_eq!(previous, before.content);
    assert!(prompt(second).contains(comment.as_str()));
    assert!(!prompt(first).contains(comment.as_str()));
}

#[tokio::test]
async fn a_pause_ends_the_run_and_its_sandbox_at_once() {
    let world = World::new(|run| match run.key.attempt.phase {
        Phase::Design if run.key.attempt.attempt.get() == 1 => RunScript::hangs(),
        _ => demo::good_run(run),
    });
    let id = world.launch(Policy::default()).await;
    let machine = world.machine();
    let mut driving = pin!(machine.drive(id));
    let mut events = machine.watch(id, Sequence::default());
    loop {
        let poll = poll_fn(|context| Poll::Ready(driving.as_mut().poll(context))).await;
        assert!(poll.is_pending(), "it hangs in design");
        let next = poll_fn(|context| Poll::Ready(events.poll_next_unpin(context))).await;
        if let Poll::Ready(Some(Ok(event))) = next
            && let EventBody::RunStarted { phase, .. } = event.body
            && phase == Phase::Design
        {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(world.spawner.live().len(), 1);
    machine.pause(id, user()).await.unwrap();
    let paused = moving(&world, driving).await.unwrap();
    assert_eq!(paused.status, SpecStatus::Paused);
    assert_eq!(world.spawner.live(), []);

    machine.resume(id, user()).await.unwrap();
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed);
    assert_eq!(spec.phases.get(Phase::Design).attempts.len(), 2);
    world.check_ended(&spec).await;
}

#[tokio::test]
async fn a_completed_spec_is_done_again_from_a_phase_and_its_watchers_see_it() {
    let (world, runs) = watched();
    let id = world.launch(Policy::default()).await;
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed);
    let first: Vec<_> = world
        .machine()
        .watch(id, Sequence::default())
        .collect()
        .await;
    let last = first.last().unwrap().as_ref().unwrap().sequence;

    let feedback = Comment::new("Smaller tasks, please.").unwrap();
    let machine = world.machine();
    let retry = machine.retry(id, user(), Phase::Tasks, Some(feedback.clone()));
    retry.await.unwrap();
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed);
    world.check_ended(&spec).await;
    let run = runs.lock().unwrap()[5].clone();
    assert_eq!(run.key.attempt.phase, Phase::Tasks);
    assert_eq!(context(&run).feedback, [feedback.as_str()]);
    // From the beginning, and from where the first watch ended.
    for after in [Sequence::default(), last] {
        let seen: Vec<_> = world.machine().watch(id, after).collect().await;
        let seen: Vec<_> = seen
            .into_iter()
            .map(|event| event.unwrap().sequence.get())
            .collect();
        let all = u32::try_from(world.events(id).await.len()).unwrap();
        assert!((after.get() + 1..=all).eq(seen), "after {after}");
    }
}

/// What a person does who approves whatever waits.
async fn approved(world: &World, id: SpecId) -> Spec {
    let mut spec = world.drive_to_the_end(id).await;
    while spec.status == SpecStatus::AwaitingApproval {
        approve(world, &spec).await.unwrap();
        spec = world.drive_to_the_end(id).await;
    }
    spec
}

#[tokio::test]
async fn an_approval_survives_the_failure_of_any_one_call_of_the_store() {
    let mut disturbed = 0;
    let expected = {
        let (world, _) = watched();
        let id = world.launch(gated()).await;
        approved(&world, id).await;
        milestones(&world.events(id).await)
    };
    for mode in [FaultMode::Before, FaultMode::After] {
        for number in 1.. {
            let (world, _) = watched();
            let id = world.launch(gated()).await;
            let spec = world.drive_to_the_end(id).await;
            let plan = FaultPlan::nth(number, mode);
            let store = FaultyStore::new(Arc::clone(&world.store), plan.clone());
            let machine = world.machine_over(store, world.spawner.clone());
            let work = async {
                let hash = shown(&spec, Phase::Requirements);
                let phase = Phase::Requirements;
                // A person who is told of a failure asks again.
                while machine.approve(id, user(), phase, hash).await.is_err() {}
                let _failed_or_not = machine.drive(id).await;
            };
            moving(&world, work).await;
            if !plan.has_struck() {
                break;
            }
            disturbed += 1;
            world.clock.advance(LEASE + Duration::from_secs(1));
            let spec = approved(&world, id).await;
            assert_eq!(
                spec.status,
                SpecStatus::Completed,
                "call {number}, {mode:?}"
            );
            world.check_ended(&spec).await;
            assert_eq!(milestones(&world.events(id).await), expected);
        }
    }
    assert!(disturbed > 20, "{disturbed}");
}

#[tokio::test]
async fn a_launch_that_is_repeated_finds_its_spec_whatever_became_of_its_budget() {
    let (world, _) = watched();
    let machine = world.machine();
    let mut request = world.request(Policy::default());
    request.idempotency_key = Some(IdempotencyKey::new("once").unwrap());
    let id = machine.launch(request.clone()).await.unwrap().spec().id;
    let budget = Budget {
        tokens: Some(1_000_000),
        cost_micro_usd: None,
    };
    let raised = machine.set_budget(id, user(), Some(budget), None);
    raised.await.unwrap();

    let again = machine.launch(request.clone()).await.unwrap();
    assert!(matches!(again, Launched::Existing(_)), "{again:?}");
    assert_eq!(again.spec().id, id);
    request.policy.budget = budget;
    let other = machine.launch(request).await.unwrap_err();
    assert!(matches!(other, Error::InvalidInput(_)), "{other}");
}

#[tokio::test]
async fn a_phase_that_is_done_again_tells_its_own_time() {
    let (world, _) = watched();
    let id = world.launch(Policy::default()).await;
    let first = world.drive_to_the_end(id).await;
    world.clock.advance(Duration::from_hours(48));
    let machine = world.machine();
    let begun = machine.retry(id, user(), Phase::Tasks, None).await.unwrap();
    let tasks = begun.phases.get(Phase::Tasks);
    assert_eq!(tasks.started_at, Some(begun.updated_at));
    assert_eq!(tasks.completed_at, None, "it is under way");
    let (before, stale) = (first.phases.get(Phase::Sync), begun.phases.get(Phase::Sync));
    assert_eq!(stale.completed_at, before.completed_at);

    let spec = world.drive_to_the_end(id).await;
    for (phase, state) in spec.phases.iter() {
        let took = state.completed_at.unwrap().since(state.started_at.unwrap());
        assert!(took < Duration::from_hours(1), "{phase}: {took:?}");
    }
    world.check_ended(&spec).await;
}
