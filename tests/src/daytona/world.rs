//! Everything that the fake knows, shared by its handlers and tasks.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::daytona::answer::Refusal;
use crate::daytona::fault::Faults;
use crate::daytona::process::{Belonging, MARKER};
use crate::daytona::sandbox::{Sandbox, State};
use crate::daytona::{FakeOptions, Fault, Ledger, RecordedRequest};

/// The fake without its handle.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) options: FakeOptions,
    pub(crate) api_key: String,
    /// `http://host:port`.
    pub(crate) origin: String,
    pub(crate) folder: PathBuf,
    pub(crate) faults: Faults,
    /// Owns every task of the fake.
    pub(crate) tasks: TaskTracker,
    /// Ends every task of the fake.
    pub(crate) ended: CancellationToken,
    inner: Mutex<Inner>,
}

/// What changes.
#[derive(Debug, Default)]
pub(crate) struct Inner {
    /// By id, which is also the order of their creation.
    pub(crate) sandboxes: BTreeMap<String, Sandbox>,
    pub(crate) commands: Vec<String>,
    pub(crate) requests: VecDeque<RecordedRequest>,
    pub(crate) ledger: Ledger,
    /// Requests in the running minute, by throttler.
    pub(crate) throttled: BTreeMap<&'static str, (Instant, u32)>,
    pub(crate) socket_cut_at: u64,
    /// Nothing is started any more.
    closed: bool,
}

impl Inner {
    /// A sandbox that is not gone, by id or name.
    pub(crate) fn find(&mut self, id_or_name: &str) -> Result<&mut Sandbox, Refusal> {
        self.sandboxes
            .values_mut()
            .filter(|sandbox| sandbox.record.state != State::Destroyed)
            .find(|sandbox| sandbox.record.id == id_or_name || sandbox.record.name == id_or_name)
            .ok_or_else(|| {
                Refusal::not_found(format!("Sandbox with ID or name {id_or_name} not found"))
            })
    }

    /// A sandbox that is not gone, by id only.
    pub(crate) fn find_by_id(&mut self, id: &str) -> Result<&mut Sandbox, Refusal> {
        self.sandboxes
            .get_mut(id)
            .filter(|sandbox| sandbox.record.state != State::Destroyed)
            .ok_or_else(|| Refusal::not_found(format!("Sandbox with ID {id} not found")))
    }
}

impl World {
    pub(crate) fn new(options: FakeOptions, origin: String, folder: PathBuf) -> Arc<Self> {
        let faults = Faults::default();
        for plan in &options.faults {
            faults.add(*plan);
        }
        let made_up = || format!("dtn_{}", uuid::Uuid::now_v7().simple());
        Arc::new(Self {
            api_key: options.api_key.clone().unwrap_or_else(made_up),
            origin,
            folder,
            faults,
            tasks: TaskTracker::new(),
            ended: CancellationToken::new(),
            inner: Mutex::new(Inner {
                socket_cut_at: options.socket_cut_at,
                ..Inner::default()
            }),
            options,
        })
    }

    /// Looks at or changes what there is. Never blocks for long.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs `task` until the fake ends.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let ended = self.ended.clone();
        self.tasks.spawn(async move {
            ended.run_until_cancelled(task).await;
        });
    }

    /// Waits; false if the fake ended meanwhile.
    pub(crate) async fn wait(&self, duration: Duration) -> bool {
        let slept = tokio::time::sleep(duration);
        self.ended.run_until_cancelled(slept).await.is_some()
    }

    /// Waits as long as lagging faults last.
    pub(crate) async fn lag(&self) -> bool {
        self.wait(self.options.lag).await
    }

    pub(crate) fn strikes(&self, fault: Fault) -> bool {
        self.faults.strikes(fault)
    }

    /// Starts a process in a sandbox, with the environment that is usual there and `envs`.
    ///
    /// Processes start under the lock, so that none starts in a sandbox that has just been ended.
    pub(crate) fn start_process(
        &self,
        id: &str,
        command: &mut Command,
        envs: &BTreeMap<String, String>,
    ) -> io::Result<Child> {
        self.with(|inner| {
            let closed = inner.closed;
            let sandbox = inner
                .find_by_id(id)
                .ok()
                .filter(|sandbox| sandbox.record.state == State::Started && !closed)
                .ok_or_else(|| io::Error::other("the sandbox has ended"))?;
            command
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .env("HOME", sandbox.home())
                .env("USER", "daytona")
                .env("LANG", "C.UTF-8")
                .env("DAYTONA_SANDBOX_ID", id)
                .envs(sandbox.record.env())
                .envs(&sandbox.daemon_env)
                .envs(envs)
                .env(MARKER, id)
                .process_group(0);
            command.spawn()
        })
    }

    /// Lets nothing start any more, and answers what is to be ended.
    pub(crate) fn close(&self) -> Vec<Belonging> {
        self.ended.cancel();
        self.tasks.close();
        self.with(|inner| {
            if std::mem::replace(&mut inner.closed, true) {
                return Vec::new();
            }
            inner
                .sandboxes
                .values()
                .filter(|sandbox| sandbox.record.state != State::Destroyed)
                .map(|sandbox| sandbox.belonging.clone())
                .collect()
        })
    }
}
