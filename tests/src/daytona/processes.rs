//! `/processes`, the successor of sessions that is not in any release yet; off unless asked for.
//!
//! Only its outline is known. What it does not say is chosen here so that nothing is a trap: the list
//! is an array, a log without `follow` is one object, and records outlive a stop of the sandbox.

mod run;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use futures_util::stream;
use nix::sys::signal::Signal;
use serde::Deserialize;
use serde_json::json;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};

use crate::daytona::answer::{Answer, Refusal};
use crate::daytona::control::body;
use crate::daytona::files::Arguments;
use crate::daytona::process;
use crate::daytona::toolbox::Here;
use crate::daytona::world::World;

pub(crate) use run::Run;

use run::{End, Input, feed, watch_over};

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/", post(create).get(list))
        .route("/{process}", get(one))
        .route("/{process}/logs", get(logs))
        .route("/{process}/wait", get(wait))
        .route("/{process}/signals", post(signal))
        .route("/{process}/stdin", post(stdin))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Create {
    argv: Option<Vec<String>>,
    shell_command: Option<String>,
    cwd: Option<String>,
    env: Option<BTreeMap<String, String>>,
    stdin: Option<String>,
    kind: Option<String>,
    timeout_ms: Option<u64>,
}

fn find(here: &Here, id: &str) -> Result<Arc<Run>, Refusal> {
    here.world.with(|inner| {
        let found = inner.find_by_id(&here.id)?.runs.get(id);
        found
            .map(Arc::clone)
            .ok_or_else(|| Refusal::not_found("process not found").code("PROCESS_NOT_FOUND"))
    })
}

async fn create(Extension(here): Extension<Here>, bytes: Bytes) -> Answer {
    let request: Create = body(&bytes)?;
    if request.kind.as_deref().is_some_and(|kind| kind != "exec") {
        return Err(Refusal::bad_request(
            "the fake has processes of kind exec only",
        ));
    }
    let shell = super::execute::shell().to_owned();
    let argv = match (request.argv, request.shell_command) {
        (Some(argv), None) if !argv.is_empty() => argv,
        (None, Some(text)) => vec![shell, "-c".to_owned(), text],
        _ => {
            return Err(Refusal::bad_request(
                "either argv or shellCommand is required",
            ));
        }
    };
    super::execute::keep(&here, &argv.join(" "));
    let (program, arguments) = argv
        .split_first()
        .ok_or_else(|| Refusal::bad_request("argv"))?;
    let has_input = request.stdin.as_deref() == Some("pipe");
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(here.path(request.cwd.unwrap_or_default()))
        .stdin(if has_input {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let envs = request.env.unwrap_or_default();
    let mut child = here.world.start_process(&here.id, &mut command, &envs).ok();
    let stdin = child.as_mut().and_then(|child| child.stdin.take());
    let (input, inputs) = mpsc::unbounded_channel();
    let run = Arc::new(Run {
        id: uuid::Uuid::now_v7().to_string(),
        leader: child.as_ref().and_then(Child::id).unwrap_or_default(),
        input: stdin.is_some().then_some(input),
        kept: Mutex::default(),
        changed: watch::Sender::new(0),
    });
    here.world.with(|inner| {
        let runs = &mut inner.find_by_id(&here.id)?.runs;
        runs.insert(run.id.clone(), Arc::clone(&run));
        Ok::<_, Refusal>(())
    })?;
    if let Some(stdin) = stdin {
        here.world.spawn(feed(stdin, inputs));
    }
    match child {
        None => run.change(|kept| {
            kept.end = Some(End {
                reason: "failed",
                code: None,
                signal: None,
            });
            kept.is_closed = true;
        }),
        Some(child) => {
            let limit = request.timeout_ms.map(Duration::from_millis);
            let world = Arc::clone(&here.world);
            world.spawn(watch_over(here, Arc::clone(&run), child, limit));
        }
    }
    Ok((StatusCode::CREATED, Json(run.whole())).into_response())
}

async fn list(Extension(here): Extension<Here>) -> Answer {
    let runs = here.world.with(|inner| {
        let sandbox = inner.find_by_id(&here.id)?;
        Ok::<_, Refusal>(sandbox.runs.values().cloned().collect::<Vec<_>>())
    })?;
    let all: Vec<_> = runs.iter().map(|run| run.whole()).collect();
    Ok(Json(all).into_response())
}

async fn one(Extension(here): Extension<Here>, Path((_, id)): Path<(String, String)>) -> Answer {
    Ok(Json(find(&here, &id)?.whole()).into_response())
}

async fn wait(
    Extension(here): Extension<Here>,
    Path((_, id)): Path<(String, String)>,
    arguments: Arguments,
) -> Answer {
    let run = find(&here, &id)?;
    let limit = arguments
        .get("timeoutMs")
        .and_then(|text| text.parse().ok());
    let mut changed = run.changed.subscribe();
    let ended = changed.wait_for(|_| run.with(|kept| kept.end.is_some()));
    let limit = Duration::from_millis(limit.unwrap_or(30_000));
    let _or_not_yet = tokio::time::timeout(limit, ended).await;
    Ok(Json(run.whole()).into_response())
}

async fn logs(
    Extension(here): Extension<Here>,
    Path((_, id)): Path<(String, String)>,
    arguments: Arguments,
) -> Answer {
    let run = find(&here, &id)?;
    let cursor = arguments.get("cursor").map_or(Ok(0), |text| text.parse());
    let cursor: usize =
        cursor.map_err(|error: std::num::ParseIntError| Refusal::bad_request(error.to_string()))?;
    if arguments.get("follow").map(String::as_str) == Some("true") {
        return Ok(follow(run, cursor));
    }
    let mut frames = Vec::new();
    let is_last = loop {
        match run.frame(cursor + frames.len()) {
            (Some(frame), _) => frames.push(frame),
            (None, is_last) => break is_last,
        }
    };
    let next = (cursor + frames.len()).to_string();
    let whole = json!({
        "frames": frames, "cursor": next, "truncatedHead": false, "eof": is_last,
    });
    Ok(Json(whole).into_response())
}

fn follow(run: Arc<Run>, cursor: usize) -> Response {
    let events = stream::unfold(Some((run, cursor)), async |next| {
        let (run, cursor) = next?;
        let mut changed = run.changed.subscribe();
        loop {
            let (event, next) = match run.frame(cursor) {
                (Some(frame), _) => (frame, Some((Arc::clone(&run), cursor + 1))),
                (None, true) => (json!({ "eof": true, "cursor": cursor.to_string() }), None),
                (None, false) => {
                    changed.changed().await.ok()?;
                    continue;
                }
            };
            return Some((Event::default().json_data(event), next));
        }
    });
    Sse::new(events).into_response()
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Signalling {
    signal: String,
    escalate_after_ms: Option<u64>,
    escalate_to: Option<String>,
}

fn named(name: &str) -> Result<Signal, Refusal> {
    let long = format!("SIG{}", name.trim_start_matches("SIG"));
    let known = long.parse().ok();
    known.ok_or_else(|| Refusal::bad_request(format!("unknown signal {name:?}")))
}

async fn signal(
    Extension(here): Extension<Here>,
    Path((_, id)): Path<(String, String)>,
    bytes: Bytes,
) -> Answer {
    let request: Signalling = body(&bytes)?;
    let run = find(&here, &id)?;
    let first = named(&request.signal)?;
    let last = named(request.escalate_to.as_deref().unwrap_or("KILL"))?;
    let has_ended = move |run: &Run| run.with(|kept| kept.end.is_some());
    if has_ended(&run) {
        return Err(Refusal::new(StatusCode::GONE, "process has ended").code("GONE"));
    }
    process::signal_group(run.leader, first);
    if let Some(after) = request.escalate_after_ms {
        let world = Arc::clone(&here.world);
        world.spawn(async move {
            tokio::time::sleep(Duration::from_millis(after)).await;
            // Its number may belong to another group by then.
            if !has_ended(&run) {
                process::signal_group(run.leader, last);
            }
        });
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stdin {
    data: Option<String>,
    eof: bool,
}

async fn stdin(
    Extension(here): Extension<Here>,
    Path((_, id)): Path<(String, String)>,
    bytes: Bytes,
) -> Answer {
    let request: Stdin = body(&bytes)?;
    let run = find(&here, &id)?;
    let Some(input) = &run.input else {
        return Err(Refusal::bad_request("the process has no stdin"));
    };
    let data = request.data.map(|data| Input::Data(data.into_bytes()));
    for part in data.into_iter().chain(request.eof.then_some(Input::End)) {
        let sent = input.send(part);
        sent.map_err(|error| Refusal::new(StatusCode::GONE, error.to_string()))?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
