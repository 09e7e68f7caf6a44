//! `serve` with sandboxes at a fake Daytona, over its wire.

use nix::sys::signal::Signal;
use serde_json::Value;
use spec_tests::daytona::FakeDaytona;

use crate::daytona::{assert_all_gone, assert_discreet, daytona, log, reach, spawn_at};
use crate::http::Answer;
use crate::program::Program;
use crate::server::Server;
use crate::world::World;

const TITLE: &str = "Search history";

async fn server(world: &World, slow_ms: u32, fake: &FakeDaytona) -> Server {
    let mut command = Server::command(world, slow_ms);
    spawn_at(&mut command, fake);
    Server::begin(command).await
}

/// What a client has seen of a spec.
#[derive(Default)]
struct Seen {
    last: u64,
    /// What the agents said, each with its phase.
    said: Vec<String>,
    names: Vec<String>,
}

impl Seen {
    /// Follows until the spec has ended, or an agent said something in `phase`. True: it has ended.
    async fn follow(&mut self, stream: &mut Answer, phase: Option<&str>) -> bool {
        loop {
            let event = stream.event().await.expect("a stream that goes on");
            let Some(id) = event.id else {
                assert_eq!(event.name, "end");
                return true;
            };
            self.last += 1;
            assert_eq!(id, self.last, "skipped or repeated");
            self.names.push(event.name.clone());
            if event.name != "spec.progress" {
                continue;
            }
            let data = &event.data["data"];
            assert_eq!(data["omitted"].as_u64().unwrap_or(0), 0, "{data}");
            let items = data["items"].as_array().unwrap();
            let said = |item: &Value| format!("{}: {}", data["phase"], item["text"]);
            self.said.extend(items.iter().map(said));
            if phase.is_some_and(|phase| data["phase"] == phase) {
                return false;
            }
        }
    }

    fn times(&self, name: &str) -> usize {
        self.names.iter().filter(|n| *n == name).count()
    }
}

#[tokio::test]
async fn a_spec_is_launched_over_http_and_completes_at_daytona() {
    let (world, fake) = (World::new(), daytona().await);
    let server = server(&world, 0, &fake).await;
    let spec = server.launch(TITLE).await;
    let mut seen = Seen::default();
    let mut stream = server.stream(&spec, 0).await;
    assert!(seen.follow(&mut stream, None).await);
    assert_eq!(seen.times("spec.phase_completed"), 5);
    server.becomes(&spec, "completed").await;
    server.stop().await;
    assert_all_gone(&fake, 5);
    log(&world, TITLE).await.assert_done_once();
    world.assert_nothing_is_left();
    world.assert_repository_is_untouched();
}

#[tokio::test]
async fn a_server_that_is_killed_goes_on_in_the_same_sandbox_without_gap_or_repeat() {
    let (world, fake) = (World::new(), daytona().await);
    let killed = server(&world, 100, &fake).await;
    let spec = killed.launch(TITLE).await;
    let mut seen = Seen::default();
    let mut stream = killed.stream(&spec, 0).await;
    let ended = seen.follow(&mut stream, Some("requirements")).await;
    assert!(!ended, "killed in its middle");
    let made = fake.ledger();
    assert_eq!(made.live.len(), 1, "{made:?}");
    killed.program.kill(false).await;
    let alone = fake.ledger();
    assert_eq!(alone, made, "its sandbox outlives it");

    let again = server(&world, 100, &fake).await;
    let mut stream = again.stream(&spec, seen.last).await;
    assert!(seen.follow(&mut stream, None).await);
    let detail = again.becomes(&spec, "completed").await;
    for phase in detail["phases"].as_array().unwrap() {
        assert_eq!(phase["attempts"].as_array().unwrap().len(), 1, "{phase}");
    }
    again.stop().await;
    assert_all_gone(&fake, 5);
    let log = log(&world, TITLE).await;
    log.assert_done_once();
    assert_eq!(u64::try_from(log.events.len()).unwrap(), seen.last);
    world.assert_nothing_is_left();

    // One that nobody disturbs says the same, line for line.
    let undisturbed = server(&world, 0, &fake).await;
    let spec = undisturbed.launch(TITLE).await;
    let mut other = Seen::default();
    let mut stream = undisturbed.stream(&spec, 0).await;
    assert!(other.follow(&mut stream, None).await);
    undisturbed.stop().await;
    assert_eq!(seen.said, other.said);
    assert!(seen.said.len() > 20, "{:?}", seen.said);
}

#[tokio::test]
async fn a_missing_agent_is_explained_over_http() {
    let (world, fake) = (World::new(), daytona().await);
    let mut command = Server::command(&world, 0);
    reach(&mut command, &fake);
    command.args(["--spawner", "daytona"]);
    let server = Server::begin(command).await;
    let spec = server.launch(TITLE).await;
    let detail = server.becomes(&spec, "failed").await;
    let detail = detail.to_string();
    for said in ["agent_not_found", "examples/daytona/Dockerfile"] {
        assert!(detail.contains(said), "{said}: {detail}");
    }
    server.stop().await;
    assert_all_gone(&fake, 1);
}

#[tokio::test]
async fn a_server_says_which_daytona_it_uses_and_not_the_key() {
    let (world, fake) = (World::new(), daytona().await);
    let mut command = Server::command(&world, 0);
    spawn_at(&mut command, &fake);
    command.env("RUST_LOG", "trace");
    let mut program = Program::start(command);
    let mut said = String::new();
    while let Some(line) = program.stdout_line().await {
        said.extend([line.as_str(), "\n"]);
        if line.starts_with("listening on") {
            break;
        }
    }
    for told in [&fake.api_url(), "Daytona v0.214.3", "daytona-small"] {
        assert!(said.contains(told), "{told}: {said}");
    }
    program.signal(Signal::SIGTERM);
    let ended = program.finish().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_discreet(&ended);
}
