//! `launch` and specs that wait for a person.

use std::time::Duration;

use spec_core::clock::{Clock as _, SystemClock};
use spec_core::id::{SpecId, UserId};
use spec_core::machine::{Command, Input, NewSpec, Transition, apply, launch};
use spec_core::policy::{Gate, Gates};
use spec_core::spec::Title;
use spec_core::store::{Commit, Create, SpecStoreExt as _, StoreErrorKind};
use spec_core::{Phase, Policy, Spec, SpecStatus, SpecStore as _};
use spec_sqlx::SqliteStore;
use uuid::Uuid;

use crate::log::Log;
use crate::program::Program;
use crate::world::World;

const IDEA: &str = "Add a search history to the program";
const GATED: &str = "Add a search history with a gate";

fn user() -> UserId {
    UserId::new("local").unwrap()
}

/// Another process on the same database.
async fn store(world: &World) -> SqliteStore {
    SqliteStore::open(world.data().join("spec.db"))
        .await
        .unwrap()
}

/// Asks for it there, again as long as somebody else is faster.
async fn command(world: &World, id: SpecId, command: &Command) -> Spec {
    let store = store(world).await;
    loop {
        let spec = store.require(id).await.unwrap().spec;
        let input = Input::Command(command.clone());
        let transition = apply(&spec, input, SystemClock.now()).unwrap();
        let after = transition.spec.clone();
        match store.commit(Commit::new(transition)).await {
            Ok(_) => {
                store.close().await;
                return after;
            }
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}"),
        }
    }
}

#[tokio::test]
async fn a_spec_that_is_paused_elsewhere_ends_the_program_and_it_says_how_to_go_on() {
    let world = World::new();
    let mut program = Program::start(world.launch(&[IDEA, "--slow-ms", "100"]));
    program.line(&["requirements", "Drafting"]).await;
    let id = Log::read(&world.data(), IDEA).await.spec.id;
    command(&world, id, &Command::Pause { by: user() }).await;
    let ended = program.finish().await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("paused"), "{}", ended.stderr);
    for said in [
        ": paused. 2 sandboxes created, 2 terminated",
        "Paused in requirements. Resume it in the pages of `serve`",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    world.assert_nothing_is_left();

    let again = world.resume().await;
    assert_eq!(again.code(), Some(0), "{again:?}");
    for said in ["note: 1 waits for a person", "nothing to resume"] {
        assert!(again.stderr.contains(said), "{said}: {}", again.stderr);
    }
    command(&world, id, &Command::Resume { by: user() }).await;
    let resumed = world.resume().await;
    assert_eq!(resumed.code(), Some(0), "{resumed:?}");
    let log = Log::read(&world.data(), IDEA).await;
    log.assert_consistent();
    assert_eq!(log.spec.status, SpecStatus::Completed);
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_spec_that_comes_to_a_gate_ends_the_program_and_goes_on_when_it_is_approved() {
    let world = World::new();
    let first = Program::start(world.launch(&[IDEA])).finish().await;
    assert_eq!(first.code(), Some(0), "{first:?}");
    let first = Log::read(&world.data(), IDEA).await.spec;
    // As `serve` would launch it on the same database.
    let id = SpecId::from_uuid(Uuid::now_v7());
    let new = NewSpec {
        id,
        project_id: first.project_id,
        owner: user(),
        title: Title::new(GATED).unwrap(),
        description: first.description,
        policy: Policy {
            attempt_timeout: Duration::from_mins(1),
            gates: Gates {
                explore: Gate::Approve,
                ..Gates::default()
            },
            ..Policy::default()
        },
        agent: first.agent,
        auto_execute: true,
    };
    let Transition { spec, events, .. } = launch(new, SystemClock.now()).unwrap();
    let there = store(&world).await;
    let create = Create {
        spec,
        events,
        idempotency_key: None,
        runner: None,
    };
    there.create(create).await.unwrap();
    there.close().await;

    let ended = world.resume().await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("waits for approval"), "{ended:?}");
    let says = "Waiting for approval of explore. Approve it, or ask for changes,";
    assert!(ended.stdout.contains(says), "{}", ended.stdout);
    world.assert_nothing_is_left();

    let waiting = Log::read(&world.data(), GATED).await.spec;
    let accepted = waiting.phases.get(Phase::Explore).accepted.unwrap();
    let approve = Command::Approve {
        by: user(),
        phase: Phase::Explore,
        content_hash: accepted.content_hash,
    };
    command(&world, id, &approve).await;
    let ended = world.resume().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    let log = Log::read(&world.data(), GATED).await;
    log.assert_consistent();
    assert_eq!(log.spec.status, SpecStatus::Completed);
    world.assert_nothing_is_left();
}
