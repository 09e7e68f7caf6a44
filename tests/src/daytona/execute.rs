//! Commands without a session, and the environment of the daemon.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use nix::sys::signal::Signal;
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::Receiver;
use tokio::process::Command;

use crate::daytona::answer::{Answer, Refusal};
use crate::daytona::control::body;
use crate::daytona::process;
use crate::daytona::toolbox::Here;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Execute {
    command: String,
    cwd: Option<String>,
    envs: Option<BTreeMap<String, String>>,
    timeout: Option<u64>,
}

/// The shell that commands are for.
pub(crate) fn shell() -> &'static str {
    if std::path::Path::new("/bin/bash").exists() {
        "/bin/bash"
    } else {
        "/bin/sh"
    }
}

/// Keeps the text of a command.
pub(crate) fn keep(here: &Here, command: &str) {
    here.world
        .with(|inner| inner.commands.push(command.to_owned()));
}

pub(crate) async fn execute(Extension(here): Extension<Here>, bytes: Bytes) -> Answer {
    let request: Execute = body(&bytes)?;
    if request.command.is_empty() {
        return Err(Refusal::bad_request("command is required").code("INVALID_REQUEST_BODY"));
    }
    keep(&here, &request.command);
    let world = Arc::clone(&here.world);
    // Not tied to the request: who hangs up does not end the command.
    let running = world.tasks.spawn(run(here, request));
    running.await.map_err(Refusal::internal)?
}

async fn run(here: Here, request: Execute) -> Answer {
    let could_not_run = || Json(json!({ "exitCode": -1, "result": "" })).into_response();
    let (reader, writer) = std::io::pipe().map_err(Refusal::internal)?;
    let mut output = Receiver::from_owned_fd(reader.into()).map_err(Refusal::internal)?;
    let started = {
        let mut command = Command::new(shell());
        command
            .current_dir(here.path(request.cwd.as_deref().unwrap_or_default()))
            // The command is the shell's input: what reads in it reads the rest of the command.
            .stdin(Stdio::piped())
            .stdout(writer.try_clone().map_err(Refusal::internal)?)
            .stderr(writer);
        // As the daemon sets them: over what every process has.
        let envs = request.envs.unwrap_or_default();
        here.world.start_process(&here.id, &mut command, &envs)
    };
    let Ok(mut child) = started else {
        return Ok(could_not_run());
    };
    let leader = child.id().unwrap_or_default();
    let stdin = child.stdin.take();
    let ending = async {
        let mut text = Vec::new();
        let feeding = async {
            if let Some(mut stdin) = stdin {
                // A shell that has ended reads no more.
                let _fed = stdin.write_all(request.command.as_bytes()).await;
            }
        };
        // Until everything that holds the output open has ended, not only the command.
        let (_read, ()) = tokio::join!(output.read_to_end(&mut text), feeding);
        (text, child.wait().await)
    };
    let (text, status) = match request.timeout.filter(|seconds| *seconds > 0) {
        None => ending.await,
        Some(seconds) => match tokio::time::timeout(Duration::from_secs(seconds), ending).await {
            Ok(ended) => ended,
            Err(_elapsed) => {
                process::signal_group(leader, Signal::SIGKILL);
                let _ended = child.wait().await;
                let message = "command execution timeout";
                return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, message)
                    .code("PROCESS_EXECUTION_TIMEOUT"));
            }
        },
    };
    let code = status.ok().and_then(|status| status.code()).unwrap_or(-1);
    let result = String::from_utf8_lossy(&text);
    Ok(Json(json!({ "exitCode": code, "result": result })).into_response())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SetEnv {
    set: Option<BTreeMap<String, String>>,
    unset: Option<Vec<String>>,
}

/// Changes the environment of processes that start later. It is no part of the record.
pub(crate) async fn set_env(Extension(here): Extension<Here>, bytes: Bytes) -> Answer {
    let request: SetEnv = body(&bytes)?;
    let all = here.world.with(|inner| {
        let sandbox = inner.find_by_id(&here.id)?;
        for name in request.unset.unwrap_or_default() {
            sandbox.daemon_env.remove(&name);
        }
        sandbox.daemon_env.extend(request.set.unwrap_or_default());
        Ok::<_, Refusal>(sandbox.daemon_env.clone())
    })?;
    Ok::<Response, Refusal>(Json(all).into_response())
}
