//! [`LocalSpawner`].

mod make;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use spec_core::clock::{Clock, SystemClock};
use spec_core::id::{OutputCursor, RunKey, SandboxKey};
use spec_core::sandbox::{
    Capabilities, FoundSandbox, Isolation, Labels, Origin, Output, RunRequest, Sandbox,
    SandboxFile, SandboxPath, SandboxRef, SandboxSpawner, SpawnError, SpawnRequest, Termination,
};
use tokio::sync::OnceCell;

use crate::failure::{self, blocking};
use crate::isolation::{self, IsolationMode, View};
use crate::place::{self, Place};
use crate::record::{self, Record};
use crate::{files, output, run, terminate};

/// Makes sandboxes in folders of this machine and runs programs there.
///
/// Each sandbox is a folder below the spawner's root. Any number of spawners, in any number of
/// processes, may share a root. Runs survive the end of the process that started them. Give a host
/// a root of its own and call [`sweep_expired`](Self::sweep_expired) now and then.
#[derive(Debug)]
pub struct LocalSpawner {
    root: PathBuf,
    resolved_root: OnceCell<PathBuf>,
    clock: Arc<dyn Clock>,
    mode: IsolationMode,
    isolation: OnceCell<Isolation>,
    view: View,
    search_path: OsString,
    clone_limit: Duration,
}

impl LocalSpawner {
    /// A spawner that keeps its sandboxes below `root`, which is made when needed.
    ///
    /// Programs, and `git`, are looked for on the `PATH` of this process.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            resolved_root: OnceCell::new(),
            clock: Arc::new(SystemClock),
            mode: IsolationMode::default(),
            isolation: OnceCell::new(),
            view: View {
                readable: Vec::new(),
                network: true,
            },
            search_path: std::env::var_os("PATH")
                .unwrap_or_else(|| OsString::from("/usr/local/bin:/usr/bin:/bin")),
            clone_limit: Duration::from_mins(10),
        }
    }

    /// Says whether programs are kept inside their sandbox.
    #[must_use]
    pub fn with_isolation(mut self, mode: IsolationMode) -> Self {
        self.mode = mode;
        self
    }

    /// Refuses to make sandboxes that are not isolated, or takes that back.
    #[must_use]
    pub fn require_isolation(self, required: bool) -> Self {
        self.with_isolation(if required {
            IsolationMode::Required
        } else {
            IsolationMode::WhenAvailable
        })
    }

    /// Lets isolated programs read a folder or file of this machine, for example where an agent is
    /// installed.
    #[must_use]
    pub fn with_readable(mut self, path: impl Into<PathBuf>) -> Self {
        self.view.readable.push(path.into());
        self
    }

    /// Lets isolated programs reach the network, as they can by default, or not.
    #[must_use]
    pub fn with_network(mut self, open: bool) -> Self {
        self.view.network = open;
        self
    }

    /// Looks for programs on another `PATH`.
    #[must_use]
    pub fn with_search_path(mut self, search_path: impl Into<OsString>) -> Self {
        self.search_path = search_path.into();
        self
    }

    /// Gives git another time to clone than ten minutes.
    #[must_use]
    pub fn with_clone_limit(mut self, limit: Duration) -> Self {
        self.clone_limit = limit;
        self
    }

    /// Takes the time of creation and expiry from `clock`. Waits for processes are in real time.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Ends the sandboxes below this root that have outlived their time to live, and what earlier
    /// makers and removers have left. Returns how many were ended. Safe to repeat and to drop.
    ///
    /// # Errors
    ///
    /// When this machine refuses to list or remove; sandboxes before that one are ended.
    pub async fn sweep_expired(&self) -> Result<usize, SpawnError> {
        let root = self.root().await?;
        let now = self.clock.now();
        let listed = root.clone();
        let expired = blocking(move || {
            let keys = place::all_keys(&listed).map_err(failure::io("list the sandboxes"))?;
            let expired = |key: &SandboxKey| {
                let place = Place::new(&listed, *key);
                let finished = Record::read(&place.finished()).ok().flatten();
                let making = record::read_expiry(&place.making()).ok().flatten();
                let left = place.removed().is_ok_and(|removed| !removed.is_empty());
                finished.is_some_and(|record| record.expires_at <= now)
                    || making.is_some_and(|expires_at| expires_at <= now)
                    || left && !place.finished().exists() && !place.making().exists()
            };
            Ok(keys.into_iter().filter(expired).collect::<Vec<_>>())
        })
        .await?;
        let mut ended = 0;
        for key in expired {
            if terminate::terminate(&Place::new(&root, key)).await? == Termination::Confirmed {
                ended += 1;
            }
        }
        Ok(ended)
    }

    /// The root without links, so that all spawners agree on the names of things below it.
    async fn root(&self) -> Result<PathBuf, SpawnError> {
        let resolved = self.resolved_root.get_or_try_init(|| {
            let root = self.root.clone();
            blocking(move || {
                let root = place::prepare(&root)
                    .and_then(|()| std::fs::canonicalize(&root))
                    .map_err(failure::io("make the folder for sandboxes"))?;
                if root.to_str().is_none() {
                    return Err(failure::rejected(
                        "the name of the folder for sandboxes is not UTF-8",
                    ));
                }
                Ok(root)
            })
        });
        resolved.await.cloned()
    }

    async fn place(&self, key: SandboxKey) -> Result<Place, SpawnError> {
        Ok(Place::new(&self.root().await?, key))
    }

    /// The sandbox and its record.
    async fn existing(&self, sandbox: &SandboxRef) -> Result<(Place, Record), SpawnError> {
        let place = self.place(sandbox.key).await?;
        let folder = place.finished();
        let record = blocking(move || {
            Record::read(&folder).map_err(failure::io("read the record of the sandbox"))
        })
        .await?
        .filter(|record| sandbox.id.as_ref().is_none_or(|id| *id == record.id));
        match record {
            Some(record) => Ok((place, record)),
            None => Err(failure::not_found(format!(
                "sandbox {} does not exist",
                sandbox.key
            ))),
        }
    }

    async fn isolation(&self) -> Result<&Isolation, SpawnError> {
        let bwrap = self.bwrap();
        self.isolation
            .get_or_try_init(|| isolation::available(self.mode, bwrap.as_deref(), &self.view))
            .await
    }

    fn bwrap(&self) -> Option<PathBuf> {
        run::find_on(&self.search_path, "bwrap")
    }
}

#[async_trait]
impl SandboxSpawner for LocalSpawner {
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        self.make(request).await
    }

    async fn write_files(
        &self,
        sandbox: &SandboxRef,
        files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        let (place, _) = self.existing(sandbox).await?;
        let files = files.to_vec();
        blocking(move || {
            let root = place.inside();
            files.iter().try_for_each(|file| files::write(&root, file))
        })
        .await
    }

    async fn start(&self, sandbox: &SandboxRef, run: &RunRequest) -> Result<(), SpawnError> {
        let (place, record) = self.existing(sandbox).await?;
        let time_left = record.expires_at.since(self.clock.now());
        if time_left.is_zero() {
            return Err(failure::not_found("the sandbox has outlived its time"));
        }
        let bwrap = self.bwrap();
        run::start(
            &place,
            &record,
            run,
            time_left,
            &self.search_path,
            &self.view,
            bwrap.as_deref(),
        )
        .await
    }

    async fn output(
        &self,
        sandbox: &SandboxRef,
        run: &RunKey,
        after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        let (place, _) = self.existing(sandbox).await?;
        output::follow(&place, run, after.as_ref())
    }

    async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        let (place, _) = self.existing(sandbox).await?;
        let path = path.clone();
        blocking(move || files::read(&place.inside(), &path, max_bytes)).await
    }

    async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        terminate::terminate(&self.place(sandbox.key).await?).await
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        let folder = self.place(key).await?.finished();
        let record = blocking(move || {
            Record::read(&folder).map_err(failure::io("read the record of the sandbox"))
        });
        let sandbox = record.await?.map(|record| record.sandbox(Origin::Adopted));
        Ok(sandbox.map(FoundSandbox::from))
    }

    async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        let root = self.root().await?;
        let labels = labels.clone();
        blocking(move || {
            let keys = place::finished_keys(&root).map_err(failure::io("list the sandboxes"))?;
            let carries = |record: &Record| {
                labels
                    .iter()
                    .all(|(name, value)| record.labels.get(name) == Some(value))
            };
            Ok(keys
                .into_iter()
                // One that vanishes meanwhile, or is damaged, does not hide the others.
                .filter_map(|key| {
                    Record::read(&Place::new(&root, key).finished())
                        .ok()
                        .flatten()
                })
                .filter(carries)
                .map(|record| record.sandbox(Origin::Adopted).into())
                .take(1000)
                .collect())
        })
        .await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_detached_runs(true)
    }
}
