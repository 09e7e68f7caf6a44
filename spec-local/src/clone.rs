//! A checkout made by the `git` command, in a clean environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use spec_core::id::CommitId;
use spec_core::sandbox::{Checkout, CheckoutRef, Secret, SpawnError, SpawnErrorKind, git};
use tokio::process::Command;

use crate::failure;
use crate::place::MARKER;
use crate::record::write_whole;

/// Hands credentials to git without a command line, a URL or a file that holds them.
const ASKPASS: &str = r#"#!/bin/sh
case $1 in
Username*) printf '%s\n' "$SPEC_GIT_USERNAME" ;;
*) printf '%s\n' "$SPEC_GIT_PASSWORD" ;;
esac
"#;

/// Makes a repository in a folder.
#[derive(Debug)]
pub(crate) struct Clone<'a> {
    pub(crate) checkout: &'a Checkout,
    /// Folder for git's own files, not seen by agents.
    pub(crate) workspace: &'a Path,
    /// Folder that becomes the repository.
    pub(crate) target: &'a Path,
    /// Value of [`MARKER`], by which an orphaned git is found.
    pub(crate) mark: &'a str,
    /// Where `git` and what it needs are looked for.
    pub(crate) search_path: &'a OsString,
    pub(crate) limit: Duration,
}

impl Clone<'_> {
    /// Clones and checks out. Dropping the future ends git.
    pub(crate) async fn run(&self) -> Result<CommitId, SpawnError> {
        git::refuse_password_in(&self.checkout.url)?;
        let environment = self.environment()?;
        let deadline = tokio::time::Instant::now() + self.limit;
        tokio::time::timeout_at(deadline, self.make(&environment))
            .await
            .unwrap_or_else(|_| {
                Err(SpawnError::new(
                    SpawnErrorKind::Timeout,
                    format!("git was not done after {} seconds", self.limit.as_secs()),
                ))
            })
    }

    async fn make(
        &self,
        environment: &BTreeMap<&'static str, OsString>,
    ) -> Result<CommitId, SpawnError> {
        let target = self.target.as_os_str();
        // Its user name would stay in the repository's configuration, where agents read.
        let (url, _user) = git::split_user(&self.checkout.url);
        // Through the transport even for a path: nothing is shared with the origin, and only what
        // is committed arrives.
        let mut clone = self.git(environment);
        clone.args([
            "clone",
            "--quiet",
            "--no-checkout",
            "--no-local",
            "--template=",
            "--",
        ]);
        clone.arg(url).arg(target);
        self.finish(clone).await?;
        let commit = self.resolve(environment).await?;
        let mut checkout = self.git_inside(environment);
        checkout.args(["checkout", "--quiet", "--detach", commit.as_str()]);
        self.finish(checkout).await?;
        Ok(commit)
    }

    async fn resolve(
        &self,
        environment: &BTreeMap<&'static str, OsString>,
    ) -> Result<CommitId, SpawnError> {
        match &self.checkout.reference {
            CheckoutRef::Default => self
                .commit_of(environment, "HEAD")
                .await?
                .ok_or_else(|| failure::rejected("the repository has no commit")),
            CheckoutRef::Name(name) => {
                for prefix in ["refs/remotes/origin/", "refs/tags/"] {
                    let found = self
                        .commit_of(environment, &format!("{prefix}{name}"))
                        .await?;
                    if let Some(commit) = found {
                        return Ok(commit);
                    }
                }
                Err(failure::rejected(format!(
                    "the repository has no branch or tag `{name}`"
                )))
            }
            CheckoutRef::Commit(commit) => {
                if !commit.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(failure::rejected(format!(
                        "`{commit}` is not a commit hash"
                    )));
                }
                if let Some(found) = self.commit_of(environment, commit.as_str()).await? {
                    return Ok(found);
                }
                // No branch leads to it any more, but the server may still have it.
                let mut fetch = self.git_inside(environment);
                fetch.args(["fetch", "--quiet", "origin", commit.as_str()]);
                match self.finish(fetch).await {
                    Err(error) if error.is_retryable() => return Err(error),
                    Ok(_) | Err(_) => {}
                }
                self.commit_of(environment, commit.as_str())
                    .await?
                    .ok_or_else(|| {
                        failure::rejected(format!("the repository has no commit {commit}"))
                    })
            }
        }
    }

    async fn commit_of(
        &self,
        environment: &BTreeMap<&'static str, OsString>,
        name: &str,
    ) -> Result<Option<CommitId>, SpawnError> {
        let mut command = self.git_inside(environment);
        command.args(["rev-parse", "--quiet", "--verify", "--end-of-options"]);
        command.arg(format!("{name}^{{commit}}"));
        match self.finish(command).await {
            Ok(hash) => CommitId::new(hash.trim()).map(Some).map_err(|invalid| {
                failure::internal("git answered no commit hash").with_source(invalid)
            }),
            Err(error) if error.kind() == SpawnErrorKind::Rejected => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn git(&self, environment: &BTreeMap<&'static str, OsString>) -> Command {
        let program = find_git(self.search_path).unwrap_or_else(|| PathBuf::from("git"));
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    fn git_inside(&self, environment: &BTreeMap<&'static str, OsString>) -> Command {
        let mut command = self.git(environment);
        command.arg("-C").arg(self.target);
        command
    }

    /// Runs git to its end and hands out what it printed.
    async fn finish(&self, mut command: Command) -> Result<String, SpawnError> {
        let child = command.spawn().map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                failure::rejected("git is not installed on this machine")
            } else {
                failure::io("run git")(error)
            }
        })?;
        // Its own children, which transfer the data, would outlive it when the future is dropped.
        let group = Group(child.id());
        let output = child
            .wait_with_output()
            .await
            .map_err(failure::io("wait for git"))?;
        group.has_ended();
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        if output.status.code().is_none() {
            return Err(SpawnError::new(
                SpawnErrorKind::Unavailable,
                "git was ended by a signal",
            ));
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        let complaint = match &self.checkout.password {
            Some(password) if !password.expose().is_empty() => {
                complaint.replace(password.expose(), "[redacted]")
            }
            _ => complaint.into_owned(),
        };
        // Many remotes take a token for the user name.
        let complaint = match git::split_user(&self.checkout.url) {
            (_, Some(user)) => complaint.replace(&format!("{user}@"), "[redacted]@"),
            (_, None) => complaint,
        };
        Err(git::refusal(&complaint))
    }

    fn environment(&self) -> Result<BTreeMap<&'static str, OsString>, SpawnError> {
        let config = self.workspace.join("gitconfig");
        // Protected configuration is the only kind from which git takes this; it lets a repository
        // of another user be read. No other configuration of this machine applies.
        write_whole(
            &config,
            b"[safe]\n\tdirectory = *\n[core]\n\thooksPath = /dev/null\n",
        )
        .map_err(failure::io("write git's configuration"))?;
        let mut environment = BTreeMap::from([
            (
                "GIT_ALLOW_PROTOCOL",
                OsString::from("file:git:http:https:ssh"),
            ),
            ("GIT_CONFIG_GLOBAL", config.into_os_string()),
            ("GIT_CONFIG_NOSYSTEM", OsString::from("1")),
            ("GIT_SSH_COMMAND", OsString::from("ssh -o BatchMode=yes")),
            ("GIT_TERMINAL_PROMPT", OsString::from("0")),
            ("HOME", self.workspace.as_os_str().to_owned()),
            ("LC_ALL", OsString::from("C")),
            ("PATH", self.search_path.clone()),
            (MARKER, OsString::from(self.mark)),
        ]);
        if let Some(agent) = std::env::var_os("SSH_AUTH_SOCK") {
            environment.insert("SSH_AUTH_SOCK", agent);
        }
        let (_, user) = git::split_user(&self.checkout.url);
        let password = self.checkout.password.as_ref().map(Secret::expose);
        if password.is_some() || user.is_some() {
            let askpass = self.workspace.join("askpass");
            write_whole(&askpass, ASKPASS.as_bytes())
                .and_then(|()| fs::set_permissions(&askpass, fs::Permissions::from_mode(0o700)))
                .map_err(failure::io("write git's password prompt"))?;
            let username = self.checkout.username.as_deref().or(user);
            let username = username.unwrap_or(git::TOKEN_USER);
            environment.insert("GIT_ASKPASS", askpass.into_os_string());
            environment.insert("SPEC_GIT_USERNAME", username.into());
            environment.insert("SPEC_GIT_PASSWORD", password.unwrap_or_default().into());
        }
        Ok(environment)
    }
}

/// Ends a process group unless it has ended by itself.
struct Group(Option<u32>);

impl Group {
    fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0.and_then(|pid| i32::try_from(pid).ok()) {
            // The leader is our child and not yet waited for, so the number is still its own.
            let _ended = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

fn find_git(search_path: &OsString) -> Option<PathBuf> {
    crate::run::find_on(search_path, "git")
}
