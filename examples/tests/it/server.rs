//! `serve` under way.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::http::{Answer, ask, get, post};
use crate::program::Program;
use crate::world::{PATIENCE, World};

pub(crate) const LAUNCH: &str = "/api/v1/specs/launch";

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Specs in a file, an agent that pauses after each line.
    pub(crate) async fn start(world: &World, slow_ms: u32) -> Self {
        Self::begin(Self::command(world, slow_ms)).await
    }

    /// One of several on a database.
    pub(crate) async fn replica(world: &World, slow_ms: u32, database: &str, name: &str) -> Self {
        let mut command = Self::command(world, slow_ms);
        command
            .args(["--database-url", database])
            .args(["--replica", name]);
        Self::begin(command).await
    }

    pub(crate) fn command(world: &World, slow_ms: u32) -> Command {
        let mut command = world.command(env!("CARGO_BIN_EXE_serve"));
        command
            .args(["--listen", "127.0.0.1:0"])
            .args(["--data".into(), world.data()])
            .args(["--out".into(), world.out()])
            .arg("--project")
            .arg(format!("demo={}", world.repository().display()))
            .args(["--slow-ms", &slow_ms.to_string()]);
        command
    }

    pub(crate) async fn begin(command: Command) -> Self {
        let mut program = Program::start(command);
        let said = loop {
            let line = program.stdout_line().await.expect("an address");
            if let Some(said) = line.strip_prefix("listening on http://") {
                break said.to_owned();
            }
        };
        let address = said.strip_suffix("/api/v1").unwrap().parse().unwrap();
        Self { program, address }
    }

    /// Launches a spec of that title; its path.
    pub(crate) async fn launch(&self, title: &str) -> String {
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

    /// Its events after that one, as they happen.
    pub(crate) async fn stream(&self, spec: &str, after: u64) -> Answer {
        let path = format!("GET {spec}/events/stream");
        let header = format!("last-event-id: {after}\r\n");
        let answer = ask(self.address, &path, &header, None).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "text/event-stream");
        answer
    }

    /// Waits until the spec has that status.
    pub(crate) async fn becomes(&self, spec: &str, status: &str) -> Value {
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
    pub(crate) async fn stop(self) {
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
