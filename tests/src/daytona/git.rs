//! Git of the daemon: clone and status.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;

use crate::daytona::answer::{Answer, Refusal};
use crate::daytona::control::body;
use crate::daytona::files::{Arguments, argument};
use crate::daytona::toolbox::Here;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CloneRequest {
    url: String,
    path: String,
    branch: Option<String>,
    commit_id: Option<String>,
    depth: Option<u32>,
    username: Option<String>,
    password: Option<String>,
    insecure_skip_tls: Option<bool>,
}

/// Runs git as the daemon does: asking nobody, and with the credential for this call only.
async fn git(
    here: &Here,
    folder: &Path,
    arguments: &[&str],
    credential: Option<(&str, &str)>,
) -> Result<Output, Refusal> {
    let mut envs = BTreeMap::from([
        ("GIT_TERMINAL_PROMPT".to_owned(), "0".to_owned()),
        ("GIT_CONFIG_NOSYSTEM".to_owned(), "1".to_owned()),
        ("GIT_LFS_SKIP_SMUDGE".to_owned(), "1".to_owned()),
        ("LC_ALL".to_owned(), "C".to_owned()),
    ]);
    if let Some((username, password)) = credential {
        // While nothing is started: a program that is open for writing cannot be run.
        let askpass = here.world.with(|_| askpass(here))?;
        envs.insert("GIT_ASKPASS".to_owned(), askpass.display().to_string());
        envs.insert("SPEC_FAKE_USERNAME".to_owned(), username.to_owned());
        envs.insert("SPEC_FAKE_PASSWORD".to_owned(), password.to_owned());
    }
    let mut command = Command::new("git");
    command
        .args(["-c", "credential.helper="])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let started = here.world.start_process(&here.id, &mut command, &envs);
    let child = started.map_err(Refusal::internal)?;
    child.wait_with_output().await.map_err(Refusal::internal)
}

/// A program that answers git's questions from its environment, so that nothing is on disk.
fn askpass(here: &Here) -> Result<PathBuf, Refusal> {
    use std::os::unix::fs::PermissionsExt;

    let path = here.daemon.join("askpass");
    if !path.exists() {
        let text = "#!/bin/sh\ncase $1 in Username*) printf '%s\\n' \"$SPEC_FAKE_USERNAME\";; \
                    *) printf '%s\\n' \"$SPEC_FAKE_PASSWORD\";; esac\n";
        std::fs::write(&path, text).map_err(Refusal::internal)?;
        let executable = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&path, executable).map_err(Refusal::internal)?;
    }
    Ok(path)
}

/// The daemon's name for what went wrong.
fn failed(output: &Output) -> Refusal {
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let says = |part: &str| message.contains(part);
    if says("Authentication failed")
        || says("could not read Username")
        || says("could not read Password")
    {
        Refusal::new(StatusCode::UNAUTHORIZED, message).code("GIT_AUTH_FAILED")
    } else if says("Remote branch") {
        Refusal::not_found(message).code("GIT_BRANCH_NOT_FOUND")
    } else if says("does not exist")
        || says("not found")
        || says("not appear to be a git repository")
    {
        Refusal::not_found(message).code("GIT_REPO_NOT_FOUND")
    } else if says("unable to access") || says("Could not resolve") {
        Refusal::internal(message).code("GIT_TRANSPORT_FAILED")
    } else {
        Refusal::bad_request(message)
    }
}

pub(crate) async fn clone(Extension(here): Extension<Here>, bytes: Bytes) -> Answer {
    let request: CloneRequest = body(&bytes)?;
    if request.url.is_empty() || request.path.is_empty() {
        return Err(Refusal::bad_request("url and path are required").code("INVALID_REQUEST_BODY"));
    }
    let into = here.path(&request.path);
    let into_text = into.display().to_string();
    let depth = request
        .depth
        .filter(|depth| *depth > 0)
        .map(|depth| depth.to_string());
    let mut arguments = Vec::new();
    if request.insecure_skip_tls == Some(true) {
        arguments.extend(["-c", "http.sslVerify=false"]);
    }
    arguments.extend(["clone", "--quiet", "--single-branch"]);
    let branch = request
        .branch
        .as_deref()
        .filter(|branch| !branch.is_empty());
    if let Some(branch) = branch {
        arguments.extend(["--branch", branch]);
    }
    if let Some(depth) = &depth {
        arguments.extend(["--depth", depth]);
    }
    arguments.extend(["--", &request.url, &into_text]);
    let password = request.password.as_deref();
    let credential =
        password.map(|password| (request.username.as_deref().unwrap_or("git"), password));
    let output = git(&here, &here.home, &arguments, credential).await?;
    if !output.status.success() {
        return Err(failed(&output));
    }
    if let Some(branch) = branch {
        // Git takes a tag for a branch here; the daemon does not.
        let head = git(&here, &into, &["symbolic-ref", "--quiet", "HEAD"], None).await?;
        if !head.status.success() {
            let _best_effort = std::fs::remove_dir_all(&into);
            let message = format!("Remote branch {branch} not found");
            return Err(Refusal::not_found(message).code("GIT_BRANCH_NOT_FOUND"));
        }
    }
    if let Some(commit) = request.commit_id.as_deref().filter(|id| !id.is_empty()) {
        let arguments = ["checkout", "--quiet", "--detach", commit];
        let output = git(&here, &into, &arguments, None).await?;
        if !output.status.success() {
            return Err(failed(&output));
        }
    }
    Ok(StatusCode::OK.into_response())
}

fn status_name(letter: char) -> &'static str {
    match letter {
        '?' => "Untracked",
        'M' | 'T' => "Modified",
        'A' => "Added",
        'D' => "Deleted",
        'R' => "Renamed",
        'C' => "Copied",
        'U' => "Updated but unmerged",
        _ => "Unmodified",
    }
}

pub(crate) async fn status(Extension(here): Extension<Here>, arguments: Arguments) -> Answer {
    let folder = here.path(argument(&arguments, "path")?);
    if !folder.is_dir() {
        let message = format!("{}: repository does not exist", folder.display());
        return Err(Refusal::not_found(message).code("GIT_REPO_NOT_FOUND"));
    }
    let asked = [
        "status",
        "--porcelain=v1",
        "--branch",
        "--untracked-files=all",
    ];
    let output = git(&here, &folder, &asked, None).await?;
    if !output.status.success() {
        return Err(failed(&output).code("GIT_REPO_NOT_FOUND"));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut branch = "";
    let mut upstream = None;
    let (mut ahead, mut behind) = (0_u32, 0_u32);
    let mut files = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("## ") {
            let head = head.strip_prefix("No commits yet on ").unwrap_or(head);
            let (name, rest) = head.split_once("...").unwrap_or((head, ""));
            branch = name;
            let (tracked, counts) = rest.split_once(" [").unwrap_or((rest, ""));
            upstream = (!tracked.is_empty()).then(|| tracked.to_owned());
            for count in counts.trim_end_matches(']').split(", ") {
                match count.split_once(' ') {
                    Some(("ahead", number)) => ahead = number.parse().unwrap_or_default(),
                    Some(("behind", number)) => behind = number.parse().unwrap_or_default(),
                    Some(_) | None => {}
                }
            }
            continue;
        }
        let mut letters = line.chars();
        let (Some(staging), Some(worktree)) = (letters.next(), letters.next()) else {
            continue;
        };
        files.push(json!({
            "name": letters.as_str().trim_start(),
            "staging": status_name(staging),
            "worktree": status_name(worktree),
            "extra": "",
        }));
    }
    let is_detached = branch == "HEAD (no branch)";
    Ok(Json(json!({
        "currentBranch": if is_detached { "HEAD" } else { branch },
        "fileStatus": files,
        "ahead": ahead,
        "behind": behind,
        "branchPublished": upstream.is_some(),
        "upstream": upstream.unwrap_or_default(),
        "detached": is_detached,
    }))
    .into_response())
}
