//! A repository and spawners over temporary folders.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_trait::async_trait;
use spec_core::SandboxSpawner;
use spec_core::id::CommitId;
use spec_core::testing::conformance::spawner::{KnownRepository, SpawnerFixture};
use spec_local::{IsolationMode, LocalSpawner};
use tempfile::TempDir;

/// A repository with two commits.
#[derive(Debug)]
pub(crate) struct Repository {
    folder: TempDir,
    head: CommitId,
    earlier: CommitId,
}

/// Runs git in `folder` and hands out what it prints.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Repository {
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("spec-local-repository-").unwrap();
        git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
        let commit = |text: &str| {
            std::fs::write(folder.path().join("README.md"), text).unwrap();
            git(folder.path(), &["add", "--all"]);
            git(folder.path(), &["commit", "--quiet", "--message", text]);
            CommitId::new(git(folder.path(), &["rev-parse", "HEAD"])).unwrap()
        };
        let earlier = commit("earlier\n");
        let head = commit("head\n");
        // Not committed, so it must not arrive.
        std::fs::write(folder.path().join("uncommitted"), "").unwrap();
        Self {
            folder,
            head,
            earlier,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn known(&self) -> KnownRepository {
        KnownRepository {
            url: self.path().display().to_string(),
            head: self.head.clone(),
            file: "README.md".to_owned(),
            content: b"head\n".to_vec(),
            earlier: self.earlier.clone(),
            earlier_content: b"earlier\n".to_vec(),
            unknown_commit: CommitId::new("0123456789".repeat(4)).unwrap(),
            not_a_repository: self.path().join("nothing").display().to_string(),
        }
    }
}

/// Spawners in folders that vanish with the fixture.
#[derive(Debug)]
pub(crate) struct LocalFixture {
    mode: IsolationMode,
    repository: Repository,
    roots: TempDir,
}

/// Which root a spawner has: the port does not tell.
static ROOTS: LazyLock<Mutex<HashMap<usize, PathBuf>>> = LazyLock::new(Mutex::default);

fn address(spawner: &Arc<dyn SandboxSpawner>) -> usize {
    Arc::as_ptr(spawner).cast::<()>().addr()
}

impl LocalFixture {
    pub(crate) fn new(mode: IsolationMode) -> Self {
        Self {
            mode,
            repository: Repository::new(),
            roots: TempDir::with_prefix("spec-local-roots-").unwrap(),
        }
    }

    fn open(&self, root: PathBuf) -> Arc<dyn SandboxSpawner> {
        let spawner: Arc<dyn SandboxSpawner> =
            Arc::new(LocalSpawner::new(&root).with_isolation(self.mode));
        let mut roots = ROOTS.lock().unwrap_or_else(PoisonError::into_inner);
        roots.insert(address(&spawner), root);
        spawner
    }
}

#[async_trait]
impl SpawnerFixture for LocalFixture {
    async fn fresh(&self) -> Arc<dyn SandboxSpawner> {
        let root = TempDir::new_in(self.roots.path()).unwrap();
        self.open(root.keep())
    }

    fn repository(&self) -> KnownRepository {
        self.repository.known()
    }

    async fn reopen(&self, old: Arc<dyn SandboxSpawner>) -> Option<Arc<dyn SandboxSpawner>> {
        let roots = ROOTS.lock().unwrap_or_else(PoisonError::into_inner);
        let root = roots.get(&address(&old)).unwrap().clone();
        drop(roots);
        Some(self.open(root))
    }

    fn runs_programs(&self) -> bool {
        true
    }
}
