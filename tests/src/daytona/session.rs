//! Sessions: one long-lived shell each, into which every command is sourced.
//!
//! Nothing of what goes wrong with sessions is imitated. It follows from how they are built, as it
//! does there: `exit` in a command ends the shell, and then nobody writes the exit code.

mod command;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use nix::sys::signal::Signal;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;
use tokio::process::{ChildStdin, Command};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_util::sync::CancellationToken;

use crate::daytona::answer::{Answer, Refusal};
use crate::daytona::control::body;
use crate::daytona::execute::{keep, shell};
use crate::daytona::toolbox::Here;
use crate::daytona::{Fault, labels, lifecycle, process};

pub(crate) use command::SessionCommand;

use command::{quoted, write_files};

/// How often files are looked at that a shell writes.
pub(crate) const POLL: Duration = Duration::from_millis(20);

/// A shell and what was sent to it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    folder: PathBuf,
    shell: u32,
    /// Lines for the shell. Without a sender its input ends, and the shell with it.
    lines: UnboundedSender<String>,
    /// Cancelled when the session is deleted.
    pub(crate) deleted: CancellationToken,
    /// Cancelled when the shell has ended.
    exited: CancellationToken,
    commands: Mutex<Vec<Arc<SessionCommand>>>,
}

impl Session {
    fn commands(&self) -> Vec<Arc<SessionCommand>> {
        let commands = self.commands.lock();
        commands.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn whole(&self) -> Value {
        let commands: Vec<_> = self.commands().iter().map(|each| each.whole()).collect();
        json!({ "sessionId": self.id, "commands": commands })
    }
}

fn find(here: &Here, id: &str) -> Result<Arc<Session>, Refusal> {
    here.world.with(|inner| {
        let found = inner.find_by_id(&here.id)?.sessions.get(id);
        found
            .map(Arc::clone)
            .ok_or_else(|| Refusal::not_found("session not found").code("PROCESS_NOT_FOUND"))
    })
}

/// A command and its session.
pub(crate) fn find_command(
    here: &Here,
    session: &str,
    command: &str,
) -> Result<(Arc<Session>, Arc<SessionCommand>), Refusal> {
    let session = find(here, session)?;
    let found = session.commands().into_iter().find(|c| c.id == command);
    let found =
        found.ok_or_else(|| Refusal::not_found("command not found").code("PROCESS_NOT_FOUND"))?;
    Ok((session, found))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CreateSession {
    session_id: String,
}

pub(crate) async fn create(Extension(here): Extension<Here>, bytes: Bytes) -> Answer {
    let CreateSession { session_id: id } = body(&bytes)?;
    if id.is_empty() {
        return Err(Refusal::bad_request("sessionId is required").code("INVALID_REQUEST_BODY"));
    }
    if find(&here, &id).is_ok() {
        return Err(Refusal::conflict("session already exists"));
    }
    let folder = here.daemon.join(uuid::Uuid::now_v7().to_string());
    fs::create_dir_all(&folder).map_err(Refusal::internal)?;
    let mut command = Command::new(shell());
    command
        .current_dir(&here.home)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let started = here
        .world
        .start_process(&here.id, &mut command, &BTreeMap::new());
    let mut child = started.map_err(Refusal::internal)?;
    let (Some(shell), Some(stdin)) = (child.id(), child.stdin.take()) else {
        return Err(Refusal::internal("the shell has no input"));
    };
    let (lines, unread) = mpsc::unbounded_channel();
    here.world.spawn(feed(stdin, unread));
    let session = Arc::new(Session {
        id: id.clone(),
        folder,
        shell,
        lines,
        deleted: CancellationToken::new(),
        exited: CancellationToken::new(),
        commands: Mutex::default(),
    });
    let exited = session.exited.clone();
    here.world.spawn(async move {
        let _status = child.wait().await;
        exited.cancel();
    });
    let is_new = here.world.with(|inner| {
        let sessions = &mut inner.find_by_id(&here.id)?.sessions;
        let is_new = !sessions.contains_key(&id);
        if is_new {
            sessions.insert(id, session);
        }
        Ok::<_, Refusal>(is_new)
    })?;
    if !is_new {
        process::signal_group(shell, Signal::SIGKILL);
        return Err(Refusal::conflict("session already exists"));
    }
    Ok(StatusCode::CREATED.into_response())
}

/// Gives a shell its lines. One that has ended takes none: then they vanish without a word.
async fn feed(mut stdin: ChildStdin, mut lines: UnboundedReceiver<String>) {
    while let Some(line) = lines.recv().await {
        if stdin.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}

pub(crate) async fn list(Extension(here): Extension<Here>) -> Answer {
    let sessions = here.world.with(|inner| {
        let sandbox = inner.find_by_id(&here.id)?;
        Ok::<_, Refusal>(sandbox.sessions.values().cloned().collect::<Vec<_>>())
    })?;
    let all: Vec<_> = sessions.iter().map(|session| session.whole()).collect();
    Ok(Json(all).into_response())
}

pub(crate) async fn get(
    Extension(here): Extension<Here>,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    Ok(Json(find(&here, &id)?.whole()).into_response())
}

pub(crate) async fn one_command(
    Extension(here): Extension<Here>,
    Path((_, session, command)): Path<(String, String, String)>,
) -> Answer {
    let (_, command) = find_command(&here, &session, &command)?;
    Ok(Json(command.whole()).into_response())
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Exec {
    command: String,
    run_async: Option<bool>,
    /// The older name.
    r#async: Option<bool>,
    suppress_input_echo: Option<bool>,
}

pub(crate) async fn exec(
    Extension(here): Extension<Here>,
    axum::extract::ConnectInfo(connection): axum::extract::ConnectInfo<
        crate::daytona::connection::Connection,
    >,
    Path((_, session)): Path<(String, String)>,
    bytes: Bytes,
) -> Answer {
    let request: Exec = body(&bytes)?;
    if request.command.trim().is_empty() {
        return Err(Refusal::bad_request("command is required").code("INVALID_REQUEST_BODY"));
    }
    let session = find(&here, &session)?;
    // What was sent before the shell ended vanishes without a word; then nothing can be written.
    if session.exited.is_cancelled() {
        return Err(Refusal::bad_request("failed to write command: broken pipe"));
    }
    let is_async = request.run_async.or(request.r#async).unwrap_or(false);
    let id = uuid::Uuid::now_v7().to_string();
    let command = Arc::new(SessionCommand {
        folder: session.folder.join(&id),
        text: request.command,
        echoes_input: !request.suppress_input_echo.unwrap_or(false),
        id,
    });
    let loses_code = here.world.strikes(Fault::MissingExitCode);
    write_files(&command, is_async, loses_code).map_err(Refusal::internal)?;
    session
        .commands
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Arc::clone(&command));
    let line = format!(". {}\n", quoted(&command.folder.join("around")));
    let _taken = session.lines.send(line);
    keep(&here, &command.text);
    for fault in [Fault::AutoStop, Fault::Oom] {
        if here.world.strikes(fault) {
            lifecycle::strike_soon(&here.world, &here.id, fault);
        }
    }
    if here.world.strikes(Fault::SessionShellDeath) {
        let (world, shell) = (Arc::clone(&here.world), session.shell);
        let owner = Arc::clone(&here.world);
        owner.spawn(async move {
            world.wait(world.options.lag / 3).await;
            process::kill_one(shell);
        });
    }
    if here.world.strikes(Fault::LostExecResponse) {
        connection.cut();
    }
    if is_async {
        let accepted = Json(json!({ "cmdId": command.id }));
        return Ok((StatusCode::ACCEPTED, accepted).into_response());
    }
    // There is no limit: without an exit code it never answers.
    let code = loop {
        if let Some(code) = command.exit_code() {
            break code;
        }
        if session.deleted.is_cancelled() {
            return Err(Refusal::bad_request("session cancelled"));
        }
        tokio::time::sleep(POLL).await;
    };
    let log = fs::read(command.log()).map_err(Refusal::internal)?;
    let (stdout, stderr) = labels::split(&log);
    Ok(Json(json!({
        "cmdId": command.id,
        "exitCode": code,
        "output": String::from_utf8_lossy(&log),
        "stdout": String::from_utf8_lossy(&stdout),
        "stderr": String::from_utf8_lossy(&stderr),
    }))
    .into_response())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Input {
    data: String,
}

pub(crate) async fn input(
    Extension(here): Extension<Here>,
    Path((_, session, command)): Path<(String, String, String)>,
    bytes: Bytes,
) -> Answer {
    let Input { mut data } = body(&bytes)?;
    let (session, command) = find_command(&here, &session, &command)?;
    if session.exited.is_cancelled() {
        return Err(
            Refusal::new(StatusCode::GONE, "session process has exited").code("SESSION_ENDED")
        );
    }
    if let Some(code) = command.exit_code() {
        let message = format!("command has already completed with exit code {code}");
        return Err(Refusal::new(StatusCode::GONE, message).code("COMMAND_ALREADY_COMPLETED"));
    }
    if !data.ends_with('\n') {
        data.push('\n');
    }
    // The shell may not have come to the command yet.
    let begun = Instant::now();
    let mut sender = loop {
        match pipe::OpenOptions::new().open_sender(command.folder.join("in")) {
            Ok(sender) => break sender,
            Err(_) if begun.elapsed() < Duration::from_secs(2) => tokio::time::sleep(POLL).await,
            Err(error) => return Err(Refusal::internal(error)),
        }
    };
    let sent = sender.write_all(data.as_bytes()).await;
    sent.map_err(Refusal::internal)?;
    if command.echoes_input {
        let mut log = fs::OpenOptions::new().append(true).open(command.log());
        let line = [labels::STDOUT.as_slice(), data.as_bytes()].concat();
        let echoed = log.as_mut().map_err(|error| error.kind());
        let _best_effort = echoed.map(|log| log.write_all(&line));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) async fn delete(
    Extension(here): Extension<Here>,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let session = find(&here, &id)?;
    let world = Arc::clone(&here.world);
    // Not tied to the request: who hangs up does not save the processes.
    let ending = world.tasks.spawn(end(here, session));
    ending.await.map_err(Refusal::internal)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Ends the processes of a session, and removes what they wrote with them.
async fn end(here: Here, session: Arc<Session>) {
    process::signal_group(session.shell, Signal::SIGTERM);
    let begun = Instant::now();
    while process::group_runs(session.shell) {
        if begun.elapsed() >= here.world.options.session_grace {
            process::signal_group(session.shell, Signal::SIGKILL);
        }
        if !here.world.wait(POLL).await {
            // Then everything ends.
            return;
        }
    }
    session.deleted.cancel();
    let _gone_with_the_sandbox = fs::remove_dir_all(&session.folder);
    here.world.with(|inner| {
        if let Ok(sandbox) = inner.find_by_id(&here.id) {
            sandbox
                .sessions
                .retain(|_, each| !Arc::ptr_eq(each, &session));
        }
    });
}
