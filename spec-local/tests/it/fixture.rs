//! A repository and spawners over temporary folders.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_trait::async_trait;
use spec_core::SandboxSpawner;
use spec_core::testing::conformance::spawner::{KnownRepository, SpawnerFixture};
use spec_local::{IsolationMode, LocalSpawner};
use tempfile::TempDir;

/// A repository in a folder that vanishes with it.
#[derive(Debug)]
pub(crate) struct Repository {
    folder: TempDir,
    known: KnownRepository,
}

impl Repository {
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("spec-local-repository-").unwrap();
        Self {
            known: KnownRepository::make_in(folder.path()),
            folder,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn known(&self) -> KnownRepository {
        self.known.clone()
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
