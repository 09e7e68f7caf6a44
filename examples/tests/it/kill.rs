//! `kill -9` of `launch` in each of the phases: the next one goes on, and does nothing twice.

use spec_core::{Phase, SpecStatus};

use crate::log::Log;
use crate::program::Program;
use crate::world::{World, entries};

const IDEA: &str = "Add a search history to the program";
const OTHER: &str = "Export the notes as a table";

/// When, and what, is killed.
#[derive(Debug, Clone, Copy)]
enum Kill {
    /// The program alone, while its agent is at work.
    Alone,
    /// With its whole process group, as soon as the phase has begun.
    Group,
}

async fn killed_in(phase: Phase, kill: Kill) {
    let world = World::new();
    let mut program = Program::start(world.launch(&[IDEA, "--slow-ms", "100"]));
    let words = match kill {
        // The script of SYNC is over before one could see it at work.
        Kill::Alone if phase != Phase::Sync => "Drafting",
        Kill::Alone | Kill::Group => "started",
    };
    program.line(&[phase.as_str(), words]).await;
    program.kill(matches!(kill, Kill::Group)).await;

    let before = Log::read(&world.data(), IDEA).await;
    before.assert_consistent();
    let unfinished = before.spec.status == SpecStatus::Executing;
    if phase != Phase::Sync {
        assert!(unfinished, "{}", before.spec.status);
        assert_eq!(before.spec.current_phase(), Some(phase), "{kill:?}");
        assert_eq!(before.count(phase, "spec.phase_completed"), 0);
    }

    let other = Program::start(world.launch(&[OTHER])).finish().await;
    assert_eq!(other.code(), Some(0), "{other:?}");
    let told = other
        .stderr
        .contains("1 spec is unfinished; `launch --resume`");
    assert_eq!(told, unfinished, "{}", other.stderr);

    let resumed = world.resume().await;
    assert_eq!(resumed.code(), Some(0), "{phase} {kill:?}: {resumed:?}");
    let log = Log::read(&world.data(), IDEA).await;
    log.assert_done_once();
    // What was accepted before is what was accepted before.
    assert_eq!(log.events[..before.events.len()], before.events);
    assert_eq!(log.artifacts[..before.artifacts.len()], before.artifacts);
    if unfinished {
        for said in [
            "resuming `Add a search history",
            "5 sandboxes created, 5 terminated",
        ] {
            let text = format!("{}{}", resumed.stderr, resumed.stdout);
            assert!(text.contains(said), "{said}: {text}");
        }
    }
    Log::read(&world.data(), OTHER).await.assert_done_once();
    assert_eq!(entries(&world.out()).len(), 2);
    world.assert_nothing_is_left();
    world.assert_repository_is_untouched();

    let again = world.resume().await;
    assert!(again.stderr.contains("nothing to resume"), "{again:?}");
}

/// Both ways of killing, in two worlds at once.
async fn killed_in_both_ways(phase: Phase) {
    tokio::join!(killed_in(phase, Kill::Alone), killed_in(phase, Kill::Group));
}

#[tokio::test]
async fn a_launch_that_is_killed_in_explore_goes_on_there() {
    Box::pin(killed_in_both_ways(Phase::Explore)).await;
}

#[tokio::test]
async fn a_launch_that_is_killed_in_requirements_goes_on_there() {
    Box::pin(killed_in_both_ways(Phase::Requirements)).await;
}

#[tokio::test]
async fn a_launch_that_is_killed_in_design_goes_on_there() {
    Box::pin(killed_in_both_ways(Phase::Design)).await;
}

#[tokio::test]
async fn a_launch_that_is_killed_in_tasks_goes_on_there() {
    Box::pin(killed_in_both_ways(Phase::Tasks)).await;
}

#[tokio::test]
async fn a_launch_that_is_killed_in_sync_goes_on_there() {
    Box::pin(killed_in_both_ways(Phase::Sync)).await;
}
