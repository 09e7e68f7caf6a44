//! `serve` over its wire.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::http::{Answer, ask, get, post};
use crate::log::Log;
use crate::program::Program;
use crate::world::{PATIENCE, World};

const LAUNCH: &str = "/api/v1/specs/launch";

struct Server {
    program: Program,
    address: SocketAddr,
}

impl Server {
    async fn start(world: &World, slow_ms: u32) -> Self {
        let mut command = world.command(env!("CARGO_BIN_EXE_serve"));
        command
            .args(["--listen", "127.0.0.1:0"])
            .args(["--data".into(), world.data()])
            .args(["--out".into(), world.out()])
            .arg("--project")
            .arg(format!("demo={}", world.repository().display()))
            .args(["--slow-ms", &slow_ms.to_string()]);
        let mut program = Program::start(command);
        let said = program.stdout_line().await.expect("an address");
        let address = said.strip_prefix("listening on http://").unwrap();
        let address = address.strip_suffix("/api/v1").unwrap().parse().unwrap();
        Self { program, address }
    }

    /// Launches a spec of that title; its path.
    async fn launch(&self, title: &str) -> String {
        let body = json!({ "title": title, "description": "Add a search history" });
        let answer = post(self.address, LAUNCH, &body).await;
        assert_eq!(answer.status, 201);
        let path = answer.header("location").to_owned();
        let told = answer.json().await;
        let id = told["spec_id"].as_str().unwrap();
        assert_eq!(path, format!("/api/v1/specs/{id}"));
        assert_eq!(told["status"], "executing");
        assert_eq!(told["current_phase"], "explore");
        assert!(!told["sandbox_id"].as_str().unwrap().is_empty(), "{told}");
        path
    }

    async fn stream(&self, spec: &str, after: u64) -> Answer {
        let path = format!("GET {spec}/events/stream");
        let header = format!("last-event-id: {after}\r\n");
        let answer = ask(self.address, &path, &header, None).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "text/event-stream");
        answer
    }

    /// Waits until the spec has that status.
    async fn becomes(&self, spec: &str, status: &str) -> Value {
        let begun = Instant::now();
        loop {
            let detail = get(self.address, spec).await;
            if detail["status"] == status {
                return detail;
            }
            assert!(begun.elapsed() < PATIENCE, "never {status}: {detail}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks it to end, and sees it end well and soon.
    async fn stop(self) {
        let asked = Instant::now();
        self.program.signal(Signal::SIGTERM);
        let ended = self.program.finish().await;
        assert_eq!(ended.code(), Some(0), "{ended:?}");
        assert!(ended.stdout.contains("stopping"), "{ended:?}");
        let took = asked.elapsed();
        println!("stopped within {took:?}");
        assert!(took < Duration::from_secs(8), "{took:?}");
    }
}

#[tokio::test]
async fn a_spec_is_followed_across_a_cut_and_completes() {
    let world = World::new();
    let server = Server::start(&world, 20).await;
    let spec = server.launch("Search history").await;
    let mut sequences = Vec::new();
    let mut names = Vec::new();
    let mut last = 0;
    // Each time cut off after a few events, until the stream says that it is over.
    'all: loop {
        let mut stream = server.stream(&spec, last).await;
        for _ in 0..7 {
            let event = stream
                .event()
                .await
                .expect("an end before the stream's end");
            names.push(event.name.clone());
            let Some(id) = event.id else {
                assert_eq!(event.name, "end");
                assert_eq!(event.data["last_event_id"], last);
                break 'all;
            };
            assert_eq!(event.data["sequence"], id);
            assert_eq!(event.data["type"], event.name);
            sequences.push(id);
            last = id;
        }
    }
    let dense: Vec<u64> = (1..=last).collect();
    assert_eq!(sequences, dense);
    let finished = |name: &&String| *name == "spec.phase_completed";
    assert_eq!(names.iter().filter(finished).count(), 5);

    let detail = get(server.address, &spec).await;
    assert_eq!(detail["status"], "completed");
    assert_eq!(detail["progress"]["percent"], 100);
    assert_eq!(detail["phases"].as_array().unwrap().len(), 5);
    server.stop().await;
    Log::read(&world.data(), "Search history")
        .await
        .assert_done_once();
    world.assert_nothing_is_left();
    world.assert_repository_is_untouched();
}

#[tokio::test]
async fn a_spec_is_cancelled_in_its_middle() {
    let world = World::new();
    let server = Server::start(&world, 200).await;
    let spec = server.launch("Search history").await;
    let cancelled = post(
        server.address,
        &format!("{spec}/cancel"),
        &json!({"reason": "enough"}),
    )
    .await;
    assert_eq!(cancelled.status, 200);
    server.becomes(&spec, "cancelled").await;
    world.assert_nothing_is_left();
    let again = post(server.address, &format!("{spec}/cancel"), &json!({})).await;
    assert_eq!(again.status, 409);
    server.stop().await;
}

#[tokio::test]
async fn a_body_with_unknown_fields_or_wrong_types_is_refused_by_name() {
    let world = World::new();
    let server = Server::start(&world, 0).await;
    let good = json!({ "title": "t", "description": "d" });
    for (field, value) in [
        ("colour", json!("red")),
        ("title", json!(7)),
        ("auto_execute", json!("yes")),
        ("policy.max_attempts", json!("many")),
        ("policy.max_attempts", json!(0)),
        ("policy.shape", json!(1)),
    ] {
        let mut body = good.clone();
        match field.split_once('.') {
            Some((outer, inner)) => body[outer] = json!({ inner: value }),
            None => body[field] = value,
        }
        let answer = post(server.address, LAUNCH, &body).await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json().await;
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let specs = get(server.address, "/api/v1/specs").await;
    assert_eq!(specs["specs"], json!([]));
    server.stop().await;
}

#[tokio::test]
async fn a_spec_in_its_middle_outlives_the_server() {
    let world = World::new();
    let server = Server::start(&world, 100).await;
    let spec = server.launch("Search history").await;
    // A client that stays does not keep the server.
    let mut stream = server.stream(&spec, 0).await;
    let mut stopping = Some(server);
    let mut last = 0;
    while let Some(event) = stream.event().await {
        last = event.id.expect("the spec is not over");
        if event.data["type"] == "spec.progress" && event.data["data"]["phase"] == "requirements" {
            if let Some(server) = stopping.take() {
                server.stop().await;
            }
        }
    }
    assert!(stopping.is_none(), "cut off before it was asked to stop");
    assert!(!world.processes().is_empty(), "its agent goes on");

    let server = Server::start(&world, 0).await;
    let mut stream = server.stream(&spec, last).await;
    loop {
        let event = stream.event().await.expect("the end of the spec");
        match event.id {
            Some(id) => assert_eq!(id, last + 1),
            None => break,
        }
        last += 1;
    }
    let detail = server.becomes(&spec, "completed").await;
    assert_eq!(detail["phases"][1]["attempts"].as_array().unwrap().len(), 1);
    server.stop().await;
    Log::read(&world.data(), "Search history")
        .await
        .assert_done_once();
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_server_for_everybody_is_refused() {
    let world = World::new();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let mut command = world.command(env!("CARGO_BIN_EXE_serve"));
        command
            .args(["--listen", address])
            .args(["--data".into(), world.data()]);
        let ended = Program::start(command).finish().await;
        assert_eq!(ended.code(), Some(1), "{ended:?}");
        assert!(
            ended.stderr.contains("is not a loopback address"),
            "{ended:?}"
        );
        assert!(!world.data().exists());
    }
}

#[tokio::test]
async fn curl_launches_and_follows_a_spec() {
    let world = World::new();
    let server = Server::start(&world, 0).await;
    let base = format!("http://{}", server.address);
    let curl = async |arguments: &[&str]| {
        let mut command = world.command("curl");
        command.args([
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--max-time",
            "50",
        ]);
        command.args(arguments);
        Program::start(command).finish().await
    };
    let found = std::process::Command::new("curl").arg("--version").output();
    if found.is_err() {
        println!("NOT RUN: there is no curl here");
        return server.stop().await;
    }
    let body = r#"{"title": "Search history", "description": "Add a search history"}"#;
    let launched = curl(&["--json", body, &format!("{base}{LAUNCH}")]).await;
    assert_eq!(launched.code(), Some(0), "{launched:?}");
    let told: Value = serde_json::from_str(&launched.stdout).unwrap();
    let spec = format!("{base}/api/v1/specs/{}", told["spec_id"].as_str().unwrap());
    let followed = curl(&["--no-buffer", &format!("{spec}/events/stream")]).await;
    assert_eq!(followed.code(), Some(0), "{followed:?}");
    assert!(followed.stdout.contains("event: spec.execution_completed"));
    assert!(
        followed
            .stdout
            .trim_end()
            .lines()
            .any(|line| line == "event: end")
    );
    server.stop().await;
}
