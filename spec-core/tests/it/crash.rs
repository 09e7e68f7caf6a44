//! Crashes: at every call of a port, and at every await of the driver.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::poll_fn;
use spec_core::testing::{FaultMode, FaultPlan, FaultySpawner, FaultyStore, demo};
use spec_core::{Policy, SpecStatus};

use crate::scene::{LEASE, World, milestones};

async fn undisturbed() -> Vec<(&'static str, Option<spec_core::Phase>)> {
    let world = World::new(demo::good_run);
    let id = world.launch(Policy::default()).await;
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed);
    milestones(&world.events(id).await)
}

#[tokio::test]
async fn a_spec_survives_the_failure_of_any_one_call_of_store_or_spawner() {
    let expected = undisturbed().await;
    let mut disturbed = 0;
    for mode in [FaultMode::Before, FaultMode::After] {
        for number in 1.. {
            let world = World::new(demo::good_run);
            let id = world.launch(Policy::default()).await;
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
        }
    }
    println!("{disturbed} calls failed, one in each run");
    assert!(disturbed > 100, "{disturbed}");
}

#[tokio::test]
async fn a_spec_survives_the_end_of_its_driver_at_any_await() {
    let expected = undisturbed().await;
    let mut dropped = 0;
    for polls in 1.. {
        let world = World::new(demo::good_run);
        let id = world.launch(Policy::default()).await;
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
    }
    println!("{dropped} drivers were dropped, each at another await");
    assert!(dropped > 50, "{dropped}");
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
