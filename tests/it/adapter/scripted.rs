//! What the fake cannot do: a Daytona that answers what it is told, over a sandbox that runs nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::{Json, Router};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use spec_core::SandboxSpawner as _;
use spec_core::id::{RepairNumber, RunKey};
use spec_core::sandbox::{
    Origin, RunRequest, SandboxPath, SandboxRef, SpawnErrorKind, SpawnRequest,
};
use spec_daytona::{DaytonaConfig, DaytonaSpawner};
use tokio::task::JoinSet;

use super::stage::request;

/// An answer to a request; `None` for the usual one.
type Rule = fn(&Method, &str) -> Option<Response>;

#[derive(Clone)]
struct Script {
    origin: String,
    rule: Arc<Mutex<Rule>>,
    calls: Arc<Mutex<Vec<String>>>,
}

struct Scripted {
    script: Script,
    wanted: SpawnRequest,
    _server: JoinSet<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused(status: u16, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, Json(json!({ "message": message }))).into_response()
}

fn said(result: &str) -> Response {
    Json(json!({ "exitCode": 0, "result": result })).into_response()
}

/// The usual answer: a sandbox that is ready, and in which everything goes well.
fn usual(script: &Script, wanted: &SpawnRequest, method: &Method, path: &str) -> Response {
    let mut labels = wanted.labels();
    labels.insert("spec.root".to_owned(), "/w/spec".to_owned());
    labels.insert("spec.commit".to_owned(), "0123456789".repeat(4));
    let record = json!({
        "id": "sandbox-1", "name": wanted.key.to_string(), "labels": labels, "state": "started",
        "toolboxProxyUrl": format!("{}/toolbox", script.origin), "daemonVersion": "v1",
    });
    match (method.as_str(), path) {
        ("POST" | "GET" | "DELETE", path) if path.starts_with("/api/sandbox") => {
            Json(record).into_response()
        }
        ("POST", path) if path.ends_with("/process/execute") => said("started\n"),
        ("POST", path) if path.ends_with("/exec") => Json(json!({ "cmdId": "c" })).into_response(),
        ("POST" | "DELETE", _) => Json(json!({})).into_response(),
        _ => refused(404, "nothing here"),
    }
}

impl Scripted {
    async fn new(rule: Rule) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let script = Script {
            origin: format!("http://{}", listener.local_addr().unwrap()),
            rule: Arc::new(Mutex::new(rule)),
            calls: Arc::default(),
        };
        let wanted = request(1, "https://example.org/r");
        let app = Router::new()
            .fallback(
                async |State((script, wanted)): State<(Script, SpawnRequest)>, request: Request| {
                    let (method, path) = (request.method(), request.uri().path());
                    lock(&script.calls).push(format!("{method} {path}"));
                    let rule = *lock(&script.rule);
                    rule(method, path).unwrap_or_else(|| usual(&script, &wanted, method, path))
                },
            )
            .with_state((script.clone(), wanted.clone()));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            script,
            wanted,
            _server: server,
        }
    }

    fn spawner(&self) -> DaytonaSpawner {
        let config = DaytonaConfig::new(&format!("{}/api", self.script.origin), "dtn_key")
            .unwrap()
            .with_poll_interval(Duration::from_millis(20))
            .with_outage_limit(Duration::from_secs(2));
        DaytonaSpawner::new(config).unwrap()
    }

    fn follow_rule(&self, rule: Rule) {
        *lock(&self.script.rule) = rule;
    }

    fn sandbox(&self) -> SandboxRef {
        SandboxRef {
            key: self.wanted.key,
            id: None,
        }
    }

    fn run(&self) -> RunKey {
        self.wanted.key.attempt().run_key(RepairNumber::default())
    }

    fn calls(&self, is: impl Fn(&str) -> bool) -> usize {
        let calls = lock(&self.script.calls);
        calls.iter().filter(|call| is(call)).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_leaves_the_healthy_sandbox_of_an_earlier_request_alone() {
    let daytona = Scripted::new(|method, path| {
        (method == Method::POST && path == "/api/sandbox")
            .then(|| refused(400, "Total CPU limit exceeded"))
    })
    .await;
    let sandbox = daytona.spawner().spawn(&daytona.wanted).await.unwrap();
    assert_eq!(sandbox.origin, Origin::Adopted);
    assert_eq!(daytona.calls(|call| call.starts_with("DELETE")), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_not_taken_for_a_toolbox_with_processes() {
    let daytona = Scripted::new(|_, path| {
        path.ends_with("/processes")
            .then(|| Html("<html>").into_response())
    })
    .await;
    let run = RunRequest {
        key: daytona.run(),
        argv: vec!["true".to_owned()],
        needs: Vec::new(),
        env: [].into(),
        secrets: Vec::new(),
        timeout: Duration::from_mins(1),
    };
    let started = daytona.spawner().start(&daytona.sandbox(), &run).await;
    started.unwrap();
    let to_processes = |call: &str| call.starts_with("POST") && call.ends_with("/processes");
    assert_eq!(daytona.calls(to_processes), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_refuses_during_an_outage_does_not_speak_for_daytona() {
    let daytona =
        Scripted::new(|_, path| path.ends_with("/process/execute").then(|| said("absent\n"))).await;
    let spawner = daytona.spawner();
    let path = SandboxPath::new("result.json").unwrap();
    let sandbox = SandboxRef {
        id: Some("sandbox-1".parse().unwrap()),
        ..daytona.sandbox()
    };
    let read = spawner.read_file(&sandbox, &path, 10).await.unwrap();
    assert_eq!(read, None);
    daytona.follow_rule(|_, path| {
        let status = if path.starts_with("/api") { 502 } else { 401 };
        Some(refused(status, "no"))
    });
    let asking = spawner.read_file(&sandbox, &path, 10);
    let over = async {
        let asked = daytona.calls(|call| call.starts_with("GET /api/sandbox"));
        while daytona.calls(|call| call.starts_with("GET /api/sandbox")) == asked {
            tokio::task::yield_now().await;
        }
        daytona.follow_rule(|_, path| {
            let status = if path.starts_with("/api") { 404 } else { 401 };
            Some(refused(status, "no"))
        });
    };
    let (read, ()) = tokio::join!(asking, over);
    assert_eq!(read.unwrap_err().kind(), SpawnErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_could_not_be_used_is_ended() {
    let daytona = Scripted::new(|_, path| match path {
        path if path.ends_with("/process/execute") => Some(said("alive\n")),
        path if path.ends_with("/exec") => Some(refused(500, "no")),
        _ => None,
    })
    .await;
    let spawner = daytona.spawner();
    let (sandbox, run) = (daytona.sandbox(), daytona.run());
    let mut output = spawner.output(&sandbox, &run, None).await.unwrap();
    let made = |call: &str| call.starts_with("POST") && call.ends_with("/process/session");
    let enough = async {
        while daytona.calls(made) < 3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        item = output.next() => panic!("{item:?}"),
        () = enough => {}
    }
    drop(output);
    spawner.close().await;
    let ended = daytona.calls(|call| call.starts_with("DELETE") && call.contains("/session/"));
    assert!(ended >= 3, "{ended} of {}", daytona.calls(made));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_all_gaps_is_not_asked_for_without_rest() {
    let daytona = Scripted::new(|method, path| {
        let answer: Value = match path {
            path if path.ends_with("/process/execute") => return Some(said("alive\n")),
            path if path.ends_with("/logs") => {
                let event = json!({ "channel": "stdout", "data": "o 9 aGk=\n" });
                let events = [(header::CONTENT_TYPE, "text/event-stream")];
                return Some((events, format!("data: {event}\n\n")).into_response());
            }
            path if path.ends_with("/processes") && method == Method::GET => json!([]),
            path if path.ends_with("/processes") => json!({ "id": "p" }),
            _ => return None,
        };
        Some(Json(answer).into_response())
    })
    .await;
    let spawner = daytona.spawner();
    let (sandbox, run) = (daytona.sandbox(), daytona.run());
    let mut output = spawner.output(&sandbox, &run, None).await.unwrap();
    let item = tokio::time::timeout(Duration::from_millis(400), output.next()).await;
    assert!(item.is_err(), "{item:?}");
    let made = daytona.calls(|call| call.starts_with("POST") && call.ends_with("/processes"));
    assert!((1..=8).contains(&made), "{made}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sandbox_that_cannot_be_looked_up_does_not_hide_the_others() {
    let daytona = Scripted::new(|_, path| match path {
        "/api/sandbox" => {
            let sandbox = |number: u32| {
                let wanted = request(number, "");
                json!({
                    "id": format!("sandbox-{number}"), "name": wanted.key.to_string(),
                    "labels": wanted.labels(), "state": "started",
                })
            };
            Some(Json(json!({ "items": [sandbox(1), sandbox(2)] })).into_response())
        }
        "/api/sandbox/sandbox-2" => Some(refused(500, "no")),
        _ => None,
    })
    .await;
    let labels = SpawnRequest::managed_in(&daytona.wanted.environment);
    let listed = daytona.spawner().list(&labels).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|found| found.id.as_str()).collect();
    assert_eq!(ids, ["sandbox-1", "sandbox-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_part_of_a_key_is_left_where_an_account_is_cut() {
    let daytona = Scripted::new(|_, _| {
        let account = format!("{}dtn_key", "x".repeat(495));
        Some(refused(401, &account))
    })
    .await;
    let error = daytona.spawner().preflight().await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.ends_with("[reda"), "{cause}");
}
