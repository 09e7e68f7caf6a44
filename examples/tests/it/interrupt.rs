//! Ctrl-C cancels; Ctrl-C again leaves.

use std::fs::File;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use spec_core::{Phase, SpecStatus};

use crate::log::Log;
use crate::program::Program;
use crate::world::{World, entries};

const IDEA: &str = "Add a search history to the program";

#[tokio::test]
async fn an_interrupt_cancels_the_spec_and_ends_its_sandbox() {
    let world = World::new();
    let mut program = Program::start(world.launch(&[IDEA, "--slow-ms", "100"]));
    program.line(&["requirements", "Drafting"]).await;
    program.signal(Signal::SIGINT);
    let ended = program.finish().await;
    assert_eq!(ended.code(), Some(130), "{ended:?}");
    assert!(ended.stderr.contains("cancelling"), "{}", ended.stderr);
    for said in [
        ": cancelled. 2 sandboxes created, 2 terminated",
        "requirements",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    let log = Log::read(&world.data(), IDEA).await;
    log.assert_consistent();
    assert_eq!(log.spec.status, SpecStatus::Cancelled);
    let kept: Vec<Phase> = log.artifacts.iter().map(|a| a.phase).collect();
    assert_eq!(kept, [Phase::Explore]);
    assert!(entries(&world.out()).is_empty());
    world.assert_nothing_is_left();
    world.assert_repository_is_untouched();
    let again = world.resume().await;
    assert!(again.stderr.contains("nothing to resume"), "{again:?}");
}

#[tokio::test]
async fn a_second_interrupt_leaves_at_once_and_the_next_run_ends_the_sandbox() {
    let world = World::new();
    let mut program = Program::start(world.launch(&[IDEA, "--slow-ms", "100"]));
    program.line(&["explore", "Drafting"]).await;
    // Whoever ends a sandbox waits for its lock.
    let sandbox = world.sandboxes().pop().unwrap();
    let locks = world.data().join("sandboxes/locks");
    let lock = File::create(locks.join(sandbox.file_name().unwrap())).unwrap();
    lock.try_lock().unwrap();
    program.signal(Signal::SIGINT);
    program.line(&["press Ctrl-C again"]).await;
    program.signal(Signal::SIGINT);
    let asked = Instant::now();
    let ended = program.finish().await;
    assert_eq!(ended.code(), Some(130), "{ended:?}");
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    drop(lock);

    let resumed = world.resume().await;
    assert_eq!(resumed.code(), Some(130), "{resumed:?}");
    let log = Log::read(&world.data(), IDEA).await;
    log.assert_consistent();
    assert_eq!(log.spec.status, SpecStatus::Cancelled);
    world.assert_nothing_is_left();
}
