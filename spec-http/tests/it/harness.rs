//! A router over a machine in memory, and the one way in which tests talk to it.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use spec_core::agent::CommandAgent;
use spec_core::id::{AgentName, Environment, ProjectId, Sequence};
use spec_core::project::{Project, StaticProjects};
use spec_core::sandbox::Checkout;
use spec_core::store::MemoryStore;
use spec_core::testing::{RunScript, ScriptedRun, ScriptedSpawner, demo};
use spec_core::{DynSpecStateMachine, RunnerConfig, SpecStateMachine, SpecStore};
use spec_http::{HttpConfig, NoAuth};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::described;

/// What the system keeps for a reader, in bytes; it takes a multiple.
const SEND_BUFFER: u32 = 4096;

pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) machine: DynSpecStateMachine,
    pub(crate) spawner: ScriptedSpawner,
    tasks: JoinSet<()>,
}

impl App {
    /// A router whose specs wait for a runner.
    pub(crate) fn idle() -> Self {
        Self::with(local())
    }

    pub(crate) fn with(config: HttpConfig) -> Self {
        Self::over(MemoryStore::default(), RunScript::hangs(), config)
    }

    pub(crate) fn over(store: impl SpecStore, script: RunScript, config: HttpConfig) -> Self {
        Self::on(store, ScriptedSpawner::new(move |_| script.clone()), config)
    }

    pub(crate) fn on(store: impl SpecStore, spawner: ScriptedSpawner, config: HttpConfig) -> Self {
        let runner = RunnerConfig::new(Environment::new("test").unwrap())
            .with_poll(Duration::from_millis(20))
            .with_linger(Duration::from_millis(20))
            .with_progress_interval(Duration::from_millis(5));
        let agent = CommandAgent::new(AgentName::new("scripted").unwrap(), "agent");
        let machine = SpecStateMachine::new(store, spawner.clone(), projects(["demo"]))
            .with_agent(agent)
            .with_config(runner)
            .into_dyn();
        Self {
            router: spec_http::router(machine.clone(), config),
            machine,
            spawner,
            tasks: JoinSet::new(),
        }
    }

    /// A router whose specs are driven; each run does what `script` says.
    pub(crate) fn driven(script: RunScript) -> Self {
        let mut app = Self::over(MemoryStore::default(), script, local());
        app.drive();
        app
    }

    /// Likewise, on the repository that the good runs of the demo speak of.
    pub(crate) fn scripted(
        script: impl Fn(&ScriptedRun) -> RunScript + Send + Sync + 'static,
    ) -> Self {
        Self::scripted_with(local(), script)
    }

    pub(crate) fn scripted_with(
        config: HttpConfig,
        script: impl Fn(&ScriptedRun) -> RunScript + Send + Sync + 'static,
    ) -> Self {
        let mut app = Self::on(MemoryStore::default(), demo::spawner(script), config);
        app.drive();
        app
    }

    pub(crate) fn drive(&mut self) {
        let machine = self.machine.clone();
        self.tasks.spawn(async move {
            machine.run(CancellationToken::new()).await.unwrap();
        });
    }

    /// Serves the router on a port of this machine, until the end of the test. The system keeps little
    /// of what readers have not taken.
    pub(crate) fn serve(&mut self) -> SocketAddr {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(SEND_BUFFER).unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = socket.listen(1024).unwrap();
        let address = listener.local_addr().unwrap();
        let router = self.router.clone();
        self.tasks.spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        address
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Call::get(path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Call::post(path, body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Call::with_json(Method::PUT, path, body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Call::new(Method::DELETE, path)).await
    }

    /// Sends a call, and holds its answer against the document of the API.
    pub(crate) async fn send(&self, call: Call) -> Answer {
        let (method, path) = (call.method.clone(), call.path.clone());
        let answer = Answer::of(self.open(call).await).await;
        // A path that is nested below something else is another router's.
        if !path.starts_with("/api/") {
            described::check(&method, &path, &answer);
        }
        answer
    }

    /// The answer with its body unread.
    pub(crate) async fn open(&self, call: Call) -> Response {
        let mut request = Request::builder().method(call.method).uri(call.path);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        let request = request.body(call.body).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Launches a draft and tells its id.
    pub(crate) async fn draft(&self) -> String {
        let body = json!({ "title": "t", "description": "d", "auto_execute": false });
        let answer = self.post("/specs/launch", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json["spec_id"].as_str().unwrap().to_owned()
    }

    /// Asks something of a spec, without a body.
    pub(crate) async fn act(&self, id: &str, verb: &str) -> Answer {
        let path = format!("/specs/{id}/{verb}");
        self.send(Call::new(Method::POST, &path)).await
    }

    /// Waits until a spec has this status, and tells its detail.
    pub(crate) async fn until(&self, id: &str, status: &str) -> Value {
        let path = format!("/specs/{id}");
        let mut events = self.machine.watch(id.parse().unwrap(), Sequence::default());
        loop {
            let detail = self.get(&path).await.json;
            if detail["status"] == status {
                return detail;
            }
            // What is watched from the beginning tells of every change there has been.
            if events.next().await.is_none() {
                let detail = self.get(&path).await.json;
                assert_eq!(detail["status"], status, "{detail}");
                return detail;
            }
        }
    }

    /// What is stored of a spec's events.
    pub(crate) async fn stored(&self, id: &str) -> Vec<Value> {
        let mut stored = Vec::new();
        loop {
            let path = format!("/specs/{id}/events?after={}", stored.len());
            let page = self.get(&path).await.json;
            let page = page["events"].as_array().unwrap();
            if page.is_empty() {
                return stored;
            }
            stored.extend(page.iter().cloned());
        }
    }

    /// Waits until nothing more happens to a spec, and tells how many events it has.
    pub(crate) async fn end_of(&self, id: &str) -> usize {
        let events = self.machine.watch(id.parse().unwrap(), Sequence::default());
        events.count().await
    }

    /// Starts a draft.
    pub(crate) async fn execute(&self, id: &str) {
        let call = Call::new(Method::POST, &format!("/specs/{id}/execute"));
        let answer = self.send(call).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }

    /// Launches a spec that gives up at its first failure, and tells its id.
    pub(crate) async fn launched(&self) -> String {
        let policy = json!({ "max_attempts": 1, "max_repairs": 0 });
        let body = json!({ "title": "t", "description": "d", "policy": policy });
        let answer = self.post("/specs/launch", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json["spec_id"].as_str().unwrap().to_owned()
    }
}

/// Everybody on this machine is the user `local`; a launch does not wait long.
pub(crate) fn local() -> HttpConfig {
    HttpConfig::new(NoAuth::local().unwrap()).with_launch_wait(Duration::from_secs(5))
}

pub(crate) fn projects<const N: usize>(names: [&str; N]) -> StaticProjects {
    StaticProjects::new(names.map(|name| {
        Project::new(
            ProjectId::new(name).unwrap(),
            Checkout::new(format!("https://example.org/{name}.git")),
        )
        .with_name(name)
    }))
}

pub(crate) struct Call {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Body,
}

impl Call {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Body::empty(),
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self::with_json(Method::POST, path, body)
    }

    pub(crate) fn with_json(method: Method, path: &str, body: &Value) -> Self {
        Self::new(method, path)
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// `null` when the body is not JSON.
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Self {
            status: parts.status,
            headers: parts.headers,
            json: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that this is a problem with `status`, and hands out the fields it names.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Vec<&str> {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        assert_eq!(self.json["status"], status, "{self:?}");
        assert_eq!(self.json["type"], "about:blank");
        assert!(self.json["title"].is_string() && self.json["detail"].is_string());
        let Some(errors) = self.json["errors"].as_array() else {
            return Vec::new();
        };
        errors
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect()
    }
}

/// Reads server-sent events, frame by frame.
pub(crate) struct Frames {
    body: axum::body::BodyDataStream,
    read: String,
}

impl Frames {
    pub(crate) fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        Self {
            body: response.into_body().into_data_stream(),
            read: String::new(),
        }
    }

    /// The next frame; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((frame, rest)) = self.read.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.read = rest;
                return Some(frame);
            }
            let bytes = self.body.next().await?.unwrap();
            self.read.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    pub(crate) async fn rest(mut self) -> Vec<String> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }
}
