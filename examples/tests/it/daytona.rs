//! `launch` with sandboxes at a fake Daytona.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;
use spec_core::SpecStatus;
use spec_core::attempt::FailureKind;
use spec_tests::daytona::{FakeDaytona, FakeOptions, Fault};
use tokio::process::Command;

use crate::log::Log;
use crate::program::{Finished, Program};
use crate::world::{World, entries};
use spec_tests::git_server::GitServer;

const IDEA: &str = "Add a search history to the program";
pub(crate) const KEY: &str = "dtn_recognisable_key";
const AGENT: &str = env!("CARGO_BIN_EXE_spec-offline-agent");

/// A fake that knows the key.
pub(crate) async fn daytona() -> FakeDaytona {
    daytona_with(FakeOptions::default()).await
}

pub(crate) async fn daytona_with(options: FakeOptions) -> FakeDaytona {
    let api_key = Some(KEY.to_owned());
    let options = FakeOptions { api_key, ..options };
    FakeDaytona::start(options).await.unwrap()
}

/// Tells a program where the fake is.
pub(crate) fn reach(command: &mut Command, fake: &FakeDaytona) {
    command
        .env("DAYTONA_API_URL", fake.api_url())
        .env("DAYTONA_API_KEY", KEY);
}

/// Tells a program to make its sandboxes there, with the agent of this build.
pub(crate) fn spawn_at(command: &mut Command, fake: &FakeDaytona) {
    reach(command, fake);
    command.args(["--spawner", "daytona", "--agent-program", AGENT]);
}

/// The key is in nothing that was said.
pub(crate) fn assert_discreet(ended: &Finished) {
    for said in [&ended.stdout, &ended.stderr] {
        assert!(!said.contains(KEY) && !said.contains("panicked"), "{said}");
    }
}

/// So many sandboxes were made, and every one is gone.
pub(crate) fn assert_all_gone(fake: &FakeDaytona, made: u32) {
    let ledger = fake.ledger();
    assert_eq!(ledger.created, made, "{ledger:?}");
    assert!(ledger.live.is_empty(), "{ledger:?}");
    assert_eq!(ledger.destroyed, made, "{ledger:?}");
}

pub(crate) async fn log(world: &World, title: &str) -> Log {
    Log::read_file(&world.data().join("daytona.db"), title).await
}

async fn finish(mut command: Command) -> Finished {
    command.env("RUST_LOG", "trace");
    let ended = Program::start(command).finish().await;
    assert_discreet(&ended);
    ended
}

#[tokio::test]
async fn an_idea_becomes_a_spec_at_daytona_and_nothing_is_left_there() {
    let (world, fake) = (World::new(), daytona().await);
    let mut command = world.launch(&[IDEA]);
    spawn_at(&mut command, &fake);
    let ended = finish(command).await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    for said in ["5 sandboxes created, 5 terminated", "requirements.md"] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    assert_all_gone(&fake, 5);
    log(&world, IDEA).await.assert_done_once();
    let requests = fake.requests();
    let listed = requests
        .iter()
        .any(|r| r.path == "/api/sandbox" && r.query.contains("labels"));
    assert!(listed, "looked for what earlier runs have left");
    for request in requests
        .iter()
        .filter(|r| r.method == "POST" && r.path == "/api/sandbox")
    {
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(
            asked["ttlMinutes"], 25,
            "an attempt, and ten minutes: {asked}"
        );
        assert_eq!(asked["autoDeleteInterval"], 0, "{asked}");
    }
    assert_eq!(entries(&world.out()).len(), 1);
    assert!(!world.data().join("spec.db").exists(), "a file of its own");
    world.assert_nothing_is_left();
    world.assert_repository_is_untouched();
}

#[tokio::test]
async fn two_deployments_in_one_account_label_their_sandboxes_differently() {
    let fake = daytona().await;
    let mut labels = Vec::new();
    for _ in 0..2 {
        let world = World::new();
        let mut command = world.launch(&[IDEA]);
        spawn_at(&mut command, &fake);
        let ended = finish(command).await;
        assert_eq!(ended.code(), Some(0), "{ended:?}");
        let all = fake.sandboxes();
        let of = |view: &spec_tests::daytona::SandboxView| view.labels["spec.env"].clone();
        labels.extend(all.iter().map(of));
        labels.sort();
        labels.dedup();
    }
    assert_eq!(labels.len(), 2, "{labels:?}");
    assert!(labels.iter().all(|label| label.starts_with("daytona-")));
    assert_all_gone(&fake, 10);
}

#[tokio::test]
async fn a_sandbox_that_cannot_reach_the_model_fails_the_spec_at_once() {
    let (world, fake) = (World::new(), daytona().await);
    let nowhere = ["--agent", "codex", "--model-endpoint", "http://127.0.0.1:9"];
    let mut command = world.launch(&[IDEA, "--spawner", "daytona"]);
    reach(&mut command, &fake);
    command.args(nowhere);
    let ended = finish(command).await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(
        ended.stdout.contains("http://127.0.0.1:9"),
        "{}",
        ended.stdout
    );
    assert_all_gone(&fake, 1);
    let failure = log(&world, IDEA).await.spec.failure.unwrap();
    assert_eq!(failure.attempt.get(), 1, "{failure}");
}

#[tokio::test]
async fn an_agent_that_is_not_in_the_sandbox_fails_the_spec_with_what_to_do() {
    let (world, fake) = (World::new(), daytona().await);
    let mut command = world.launch(&[IDEA, "--spawner", "daytona"]);
    reach(&mut command, &fake);
    let ended = finish(command).await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    for said in [
        "`spec-offline-agent`",
        "examples/daytona/Dockerfile",
        "--daytona-snapshot",
        "--agent-program",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    let failure = log(&world, IDEA).await.spec.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::AgentNotFound, "{failure}");
    assert_all_gone(&fake, 1);
}

#[tokio::test]
async fn a_key_that_may_not_delete_is_refused_before_anything_is_made() {
    let world = World::new();
    let permissions = vec!["write:sandboxes".to_owned()];
    let options = FakeOptions {
        permissions,
        ..FakeOptions::default()
    };
    let fake = daytona_with(options).await;
    let mut command = world.launch(&[IDEA]);
    spawn_at(&mut command, &fake);
    let ended = finish(command).await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("delete:sandboxes"),
        "{}",
        ended.stderr
    );
    assert_all_gone(&fake, 0);
}

#[tokio::test]
async fn a_key_that_daytona_does_not_know_is_refused_and_not_repeated() {
    let world = World::new();
    let fake = FakeDaytona::start(FakeOptions::default()).await.unwrap();
    let mut command = world.launch(&[IDEA]);
    spawn_at(&mut command, &fake);
    let ended = finish(command).await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("DAYTONA_API_KEY"), "{}", ended.stderr);
    assert_all_gone(&fake, 0);
}

#[tokio::test]
async fn an_api_that_is_not_there_or_none_is_told_soon() {
    let (world, fake) = (World::new(), daytona().await);
    let dashboard = fake.api_url().replace("/api", "");
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/api", listener.local_addr().unwrap())
    };
    for (url, says) in [(dashboard, "web page"), (nobody, "cannot be reached")] {
        let mut command = world.launch(&[IDEA]);
        spawn_at(&mut command, &fake);
        command.env("DAYTONA_API_URL", &url);
        let begun = Instant::now();
        let ended = finish(command).await;
        assert_eq!(ended.code(), Some(1), "{ended:?}");
        let complaint = ended.stderr.split("error: ").last().unwrap();
        for said in [url.as_str(), "DAYTONA_API_URL", says] {
            assert!(complaint.contains(said), "{said}: {complaint}");
        }
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
    assert_all_gone(&fake, 0);
}

#[tokio::test]
async fn an_interrupt_ends_the_sandbox_at_daytona() {
    let (world, fake) = (World::new(), daytona().await);
    let mut command = world.launch(&[IDEA, "--slow-ms", "100"]);
    spawn_at(&mut command, &fake);
    let mut program = Program::start(command);
    program.line(&["requirements", "Drafting"]).await;
    program.signal(Signal::SIGINT);
    let ended = program.finish().await;
    assert_eq!(ended.code(), Some(130), "{ended:?}");
    assert_discreet(&ended);
    let log = log(&world, IDEA).await;
    log.assert_consistent();
    assert_eq!(log.spec.status, SpecStatus::Cancelled);
    assert_all_gone(&fake, 2);
}

#[tokio::test]
async fn a_private_repository_is_fetched_without_the_token_in_any_record() {
    const TOKEN: &str = "recognisable-token";
    let (world, fake) = (World::new(), daytona().await);
    let git = GitServer::start(
        &world.repository(),
        Some("Basic bWU6cmVjb2duaXNhYmxlLXRva2Vu".to_owned()),
    )
    .await
    .unwrap();
    let mut command = world.command(env!("CARGO_BIN_EXE_launch"));
    command
        .args([IDEA, "--repository", &git.url()])
        .args(["--data".into(), world.data()])
        .args(["--out".into(), world.out()])
        .env("GIT_TOKEN", TOKEN)
        .env("GIT_USERNAME", "me")
        .env("GIT_HOST", "127.0.0.1");
    spawn_at(&mut command, &fake);
    let ended = finish(command).await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    let all = format!(
        "{}{}{:?}{:?}",
        ended.stdout,
        ended.stderr,
        fake.command_texts(),
        fake.sandboxes()
    );
    assert!(!all.contains(TOKEN), "{all}");
    assert_all_gone(&fake, 5);
    log(&world, IDEA).await.assert_done_once();
}

#[tokio::test]
async fn a_launch_that_is_killed_is_resumed_in_its_sandbox() {
    let (world, fake) = (World::new(), daytona().await);
    let mut command = world.launch(&[IDEA, "--slow-ms", "100"]);
    spawn_at(&mut command, &fake);
    let mut program = Program::start(command);
    program.line(&["requirements", "Drafting"]).await;
    program.kill(true).await;
    assert_eq!(fake.ledger().live.len(), 1);

    let mut command = world.command(env!("CARGO_BIN_EXE_launch"));
    command
        .arg("--resume")
        .args(["--data".into(), world.data()])
        .args(["--out".into(), world.out()]);
    spawn_at(&mut command, &fake);
    let ended = finish(command).await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_all_gone(&fake, 5);
    log(&world, IDEA).await.assert_done_once();
}

#[tokio::test]
async fn a_launch_gets_through_a_bad_day_at_daytona() {
    let (world, fake) = (World::new(), daytona().await);
    let bad = [
        Fault::LostCreateResponse,
        Fault::RateLimited,
        Fault::SlowStart,
        Fault::BadGateway,
        Fault::SocketCut1006,
        Fault::LostExecResponse,
        Fault::DeleteLags,
        Fault::ListFlaps,
    ];
    for fault in bad {
        fake.inject(fault);
    }
    let mut command = world.launch(&[IDEA]);
    spawn_at(&mut command, &fake);
    let ended = finish(command).await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    let struck = fake.struck();
    assert!(struck.len() >= 6, "{struck:?}");
    log(&world, IDEA).await.assert_done_once();
    assert_all_gone(&fake, 5);
}
