//! Crashes: at every call of a port, and at every await of the driver.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::poll_fn;
use spec_core::id::AgentName;
use spec_core::testing::{FaultMode, FaultPlan, FaultySpawner, FaultyStore, demo};
use spec_core::{Phase, Policy, SpecStatus, Usage};

use crate::scene::{LEASE, Milestone, World, milestones};
use crate::talker::{TALKER, good_words, says};

/// An agent, and a world in which it does well: one that leaves a file and sums its consumption up
/// by itself, and one that tells everything in its output.
fn agents() -> [(Policy, fn() -> World); 2] {
    let talker = Policy {
        agent: Some(AgentName::new(TALKER).unwrap()),
        ..Policy::default()
    };
    let talking = || {
        World::new(|run| match run.key.attempt.phase {
            Phase::Sync => demo::good_run(run),
            _ => says(good_words(run)),
        })
    };
    [
        (Policy::default(), || World::new(demo::good_run)),
        (talker, talking),
    ]
}

async fn undisturbed(world: World, policy: Policy) -> (Vec<Milestone>, Usage) {
    let id = world.launch(policy).await;
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed);
    assert!(spec.usage.tokens() >= 400);
    (milestones(&world.events(id).await), spec.usage)
}

#[tokio::test]
async fn a_spec_survives_the_failure_of_any_one_call_of_store_or_spawner() {
    let mut disturbed = 0;
    for (policy, world) in agents() {
        disturbed += Box::pin(fail_at_each_call(&policy, world)).await;
    }
    println!("{disturbed} calls failed, one in each run");
    assert!(disturbed > 200, "{disturbed}");
}

async fn fail_at_each_call(policy: &Policy, world: fn() -> World) -> u32 {
    let (expected, usage) = undisturbed(world(), policy.clone()).await;
    let mut disturbed = 0;
    for mode in [FaultMode::Before, FaultMode::After] {
        for number in 1.. {
            let world = world();
            let id = world.launch(policy.clone()).await;
            let plan = FaultPlan::nth(number, mode);
            let store = FaultyStore::new(Arc::clone(&world.store), plan.clone());
            let spawner = FaultySpawner::new(world.spawner.clone(), plan.clone());
            let machine = world.machine_over(store, spawner);
            // Time passes by itself, so that waits within the drive come to their end.
            let driving = Box::pin(machine.drive(id));
            let _failed_or_not = moving(&world, driving).await;
            if !plan.has_struck() {
                break;
            }
            disturbed += 1;
            // Whatever that machine held is free when its lease has run out.
            world.clock.advance(LEASE + Duration::from_secs(1));
            let spec = world.drive_to_the_end(id).await;
            let at = format!("call {number}, {mode:?}");
            assert_eq!(
                spec.status,
                SpecStatus::Completed,
                "{at}: {:?}",
                spec.failure
            );
            world.check_ended(&spec).await;
            assert_eq!(milestones(&world.events(id).await), expected, "{at}");
            assert_eq!(world.spawner.all_created().len(), 5, "{at}");
            assert_eq!(spec.usage, usage, "{at}");
        }
    }
    disturbed
}

#[tokio::test]
async fn a_spec_survives_the_end_of_its_driver_at_any_await() {
    let mut dropped = 0;
    for (policy, world) in agents() {
        dropped += Box::pin(drop_at_each_await(&policy, world)).await;
    }
    println!("{dropped} drivers were dropped, each at another await");
    assert!(dropped > 100, "{dropped}");
}

async fn drop_at_each_await(policy: &Policy, world: fn() -> World) -> u32 {
    let (expected, usage) = undisturbed(world(), policy.clone()).await;
    let mut dropped = 0;
    for polls in 1.. {
        let world = world();
        let id = world.launch(policy.clone()).await;
        let machine = world.machine();
        let ended = {
            let mut driving = pin!(machine.drive(id));
            let mut ended = false;
            for _ in 0..polls {
                // Polled by hand, and dropped after so many polls: as if the process had ended there.
                let poll = poll_fn(|context| Poll::Ready(driving.as_mut().poll(context))).await;
                if poll.is_ready() {
                    ended = true;
                    break;
                }
                tokio::task::yield_now().await;
            }
            ended
        };
        if ended {
            break;
        }
        dropped += 1;
        world.clock.advance(LEASE + Duration::from_secs(1));
        let spec = world.drive_to_the_end(id).await;
        assert_eq!(
            spec.status,
            SpecStatus::Completed,
            "poll {polls}: {:?}",
            spec.failure
        );
        world.check_ended(&spec).await;
        assert_eq!(
            milestones(&world.events(id).await),
            expected,
            "poll {polls}"
        );
        assert_eq!(world.spawner.all_created().len(), 5, "poll {polls}");
        assert_eq!(spec.usage, usage, "poll {polls}");
    }
    dropped
}

#[tokio::test]
async fn a_spec_that_kills_its_runners_is_stopped() {
    let world = World::new(demo::good_run);
    let id = world.launch(Policy::default()).await;
    for _death in 0..6 {
        let machine = world.machine();
        let mut driving = pin!(machine.drive(id));
        // Claimed, and dead before the first commit.
        for _ in 0..2 {
            let _pending = poll_fn(|cx| Poll::Ready(driving.as_mut().poll(cx))).await;
        }
        world.clock.advance(LEASE + Duration::from_secs(1));
    }
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Failed);
    let failure = spec.failure.clone().unwrap();
    assert_eq!(
        failure.kind,
        spec_core::attempt::FailureKind::Poisoned,
        "{failure}"
    );
    world.check_ended(&spec).await;
}

/// Completes `work` while the clock moves on by itself.
pub(crate) async fn moving<T>(world: &World, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        for _ in 0..200 {
            let poll = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
            if let Poll::Ready(done) = poll {
                return done;
            }
            tokio::task::yield_now().await;
        }
        world.clock.advance(Duration::from_millis(50));
    }
}
