//! `daytona-live` on a fake Daytona.

use nix::sys::signal::Signal;
use serde_json::Value;
use spec_tests::daytona::{FakeDaytona, FakeOptions};
use tokio::process::Command;

use crate::daytona::{assert_all_gone, assert_discreet, daytona, daytona_with, reach};
use crate::program::Program;
use crate::world::World;
use spec_tests::git_server::GitServer;

fn live(world: &World, fake: &FakeDaytona, git: &GitServer) -> Command {
    let mut command = world.command(env!("CARGO_BIN_EXE_daytona-live"));
    command
        .arg("--yes-this-costs-money")
        .args(["--repository", &git.url()])
        .env("RUST_LOG", "trace");
    reach(&mut command, fake);
    command
}

#[tokio::test]
async fn a_look_goes_well_and_says_what_it_made_and_deleted() {
    let (world, fake) = (World::new(), daytona().await);
    let git = GitServer::start(&world.repository(), None).await.unwrap();
    let ended = Program::start(live(&world, &fake, &git)).finish().await;
    println!("{}", ended.stdout);
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_discreet(&ended);
    let all = fake.sandboxes();
    let [sandbox] = &all[..] else {
        panic!("one sandbox: {all:?}")
    };
    for said in ["created sandbox", "deleting sandbox", "deleted sandbox"] {
        let said = format!("{said} {}", sandbox.id);
        assert!(ended.stdout.contains(&said), "{said}: {}", ended.stdout);
    }
    let requests = fake.requests();
    let asked = requests
        .iter()
        .find(|r| r.method == "POST" && r.path == "/api/sandbox");
    let asked: Value = serde_json::from_slice(&asked.unwrap().body).unwrap();
    assert_eq!(asked["ttlMinutes"], 5, "{asked}");
    assert_eq!(asked["autoDeleteInterval"], 0, "{asked}");
    assert_eq!(ended.stdout.matches(" ok ").count(), 10, "{}", ended.stdout);
    assert_all_gone(&fake, 1);
}

#[tokio::test]
async fn a_look_that_is_interrupted_deletes_its_sandbox() {
    let (world, fake) = (World::new(), daytona().await);
    let git = GitServer::start(&world.repository(), None).await.unwrap();
    let mut program = Program::start(live(&world, &fake, &git));
    while let Some(line) = program.stdout_line().await {
        if line.starts_with("started run") {
            break;
        }
    }
    program.signal(Signal::SIGINT);
    let ended = program.finish().await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    for said in ["interrupted: deleting", "deleted sandbox", "FAILED"] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    assert_all_gone(&fake, 1);
}

#[tokio::test]
async fn a_key_that_may_not_delete_makes_nothing() {
    let world = World::new();
    let options = FakeOptions {
        permissions: vec!["write:sandboxes".to_owned()],
        ..FakeOptions::default()
    };
    let fake = daytona_with(options).await;
    let git = GitServer::start(&world.repository(), None).await.unwrap();
    let ended = Program::start(live(&world, &fake, &git)).finish().await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert_discreet(&ended);
    for said in ["preflight", "delete:sandboxes"] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    assert_all_gone(&fake, 0);
}
