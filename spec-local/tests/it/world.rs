//! A spawner with a repository, and looks at what it leaves on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use spec_core::Phase;
use spec_core::id::{
    AttemptKey, AttemptNumber, Environment, Epoch, RepairNumber, RunKey, SandboxKey, SpecId,
};
use spec_core::sandbox::{
    Channel, Checkout, Output, OutputLine, RunEnd, RunRequest, Sandbox, SandboxRef, SandboxSpawner,
    SpawnRequest,
};
use spec_local::{IsolationMode, LocalSpawner};
use tempfile::TempDir;
use uuid::Uuid;

use crate::fixture::Repository;

/// A folder for sandboxes, a repository, and one key.
#[derive(Debug)]
pub(crate) struct World {
    folder: TempDir,
    pub(crate) repository: Repository,
    attempt: AttemptKey,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::with_prefix("spec-local-world-").unwrap(),
            repository: Repository::new(),
            attempt: AttemptKey {
                spec_id: SpecId::from_uuid(Uuid::now_v7()),
                phase: Phase::Design,
                attempt: AttemptNumber::new(2),
            },
        }
    }

    /// A folder for whatever a test needs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder().join("spawner")
    }

    /// A spawner without isolation: the processes of a sandbox are seen as they are.
    pub(crate) fn spawner(&self) -> LocalSpawner {
        LocalSpawner::new(self.root()).with_isolation(IsolationMode::Off)
    }

    pub(crate) fn key(&self) -> SandboxKey {
        self.attempt.sandbox_key()
    }

    pub(crate) fn run(&self) -> RunKey {
        self.attempt.run_key(RepairNumber::new(0))
    }

    pub(crate) fn reference(&self) -> SandboxRef {
        SandboxRef {
            key: self.key(),
            id: None,
        }
    }

    pub(crate) fn request(&self) -> SpawnRequest {
        request(self.key(), self.repository.path())
    }

    pub(crate) fn shell(&self, script: &str) -> RunRequest {
        shell(self.run(), script)
    }

    /// Makes the sandbox and starts a script in it.
    pub(crate) async fn start(&self, spawner: &LocalSpawner, script: &str) -> Sandbox {
        let sandbox = spawner.spawn(&self.request()).await.unwrap();
        let run = self.shell(script);
        spawner.start(&self.reference(), &run).await.unwrap();
        sandbox
    }

    /// Makes the sandbox and runs a script in it to its end.
    pub(crate) async fn complete(
        &self,
        spawner: &LocalSpawner,
        script: &str,
    ) -> (Vec<String>, RunEnd) {
        self.start(spawner, script).await;
        self.follow(spawner).await
    }

    /// Standard output of the run, and its end.
    pub(crate) async fn follow(&self, spawner: &LocalSpawner) -> (Vec<String>, RunEnd) {
        let mut lines = Vec::new();
        let end = self
            .each_line(spawner, |line| {
                if line.channel == Channel::Stdout {
                    lines.push(line.text);
                }
            })
            .await;
        (lines, end)
    }

    pub(crate) async fn each_line(
        &self,
        spawner: &LocalSpawner,
        mut take: impl FnMut(OutputLine),
    ) -> RunEnd {
        let stream = spawner.output(&self.reference(), &self.run(), None).await;
        let mut stream = stream.unwrap();
        loop {
            match stream.next().await.unwrap().unwrap() {
                Output::Line(line) => take(line),
                Output::Ended(end) => return end,
            }
        }
    }

    /// Marker of the processes of the sandbox.
    pub(crate) fn mark(&self) -> String {
        self.sandbox_folder().display().to_string()
    }

    pub(crate) fn sandbox_folder(&self) -> PathBuf {
        let root = fs::canonicalize(self.root()).unwrap();
        root.join("sandboxes").join(self.key().to_string())
    }

    /// Living processes that carry the mark of the sandbox.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let mark = format!("SPEC_SANDBOX={}", self.mark()).into_bytes();
        let carries = |pid: &u32| {
            fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|e| e == mark))
        };
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
            .filter(carries)
            .filter(|pid| is_alive(*pid))
            .collect()
    }

    pub(crate) fn assert_nothing_runs(&self) {
        let processes = self.processes();
        assert!(processes.is_empty(), "{processes:?}");
    }

    /// The spawner's root holds its four folders, and they hold nothing.
    pub(crate) fn assert_nothing_is_left(&self) {
        let folders = fs::read_dir(self.root()).unwrap();
        let left: Vec<PathBuf> = folders
            .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

pub(crate) fn request(key: SandboxKey, repository: &Path) -> SpawnRequest {
    SpawnRequest {
        key,
        environment: Environment::new("test").unwrap(),
        epoch: Epoch::new(1),
        checkout: Checkout::new(repository.display().to_string()),
        ttl: Duration::from_mins(10),
    }
}

pub(crate) fn shell(run: RunKey, script: &str) -> RunRequest {
    RunRequest {
        key: run,
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        needs: Vec::new(),
        env: BTreeMap::new(),
        secrets: Vec::new(),
        timeout: Duration::from_mins(1),
    }
}

/// False for what has ended, also when its parent has not noticed.
pub(crate) fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        let (_, rest) = stat.rsplit_once(") ").unwrap();
        !rest.starts_with(['Z', 'X'])
    })
}

/// Waits until something is there.
pub(crate) async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "no {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The number in a file, once it is there.
pub(crate) async fn pid_in(path: &Path) -> u32 {
    let what = path.display().to_string();
    until(&what, || {
        let text = fs::read_to_string(path).ok()?;
        text.strip_suffix('\n')?.parse().ok()
    })
    .await
}

/// Puts a program of that name before all others.
pub(crate) fn with_program(folder: &Path, name: &str, script: &str) -> std::ffi::OsString {
    use std::os::unix::fs::PermissionsExt;
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).unwrap();
    let program = bin.join(name);
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut search_path = bin.into_os_string();
    search_path.push(":");
    search_path.push(std::env::var_os("PATH").unwrap());
    search_path
}
