//! A spawner in memory whose runs do what a script says.

mod follow;
mod script;
mod state;
#[cfg(test)]
pub(super) mod tests;

pub use script::{RunScript, ScriptedRun};
pub use state::Call;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use tokio::sync::watch;
use tokio::task::yield_now;

use super::ManualClock;
use crate::clock::Clock;
use crate::id::{CommitId, OutputCursor, RunKey, SandboxKey};
use crate::sandbox::{
    Capabilities, Checkout, CheckoutRef, FoundSandbox, Labels, Output, RunRequest, Sandbox,
    SandboxFile, SandboxPath, SandboxRef, SandboxSpawner, SpawnError, SpawnErrorKind, SpawnRequest,
    Termination,
};
use state::{State, StoredRun, Vanished};

type Script = dyn Fn(&ScriptedRun) -> RunScript + Send + Sync;
type CheckoutRule = dyn Fn(&Checkout) -> Result<CommitId, String> + Send + Sync;

/// A [`SandboxSpawner`] in memory whose runs do what a script says. Clones share everything.
///
/// Behaves as the contract demands. Yields to the runtime before and after each effect, so that a
/// test which drops a call at any await point sees both outcomes: not done and done.
#[derive(Clone)]
pub struct ScriptedSpawner {
    shared: Arc<Shared>,
}

struct Shared {
    script: Box<Script>,
    settings: Mutex<Settings>,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

struct Settings {
    clock: Arc<dyn Clock>,
    checkout: Arc<CheckoutRule>,
    repository: BTreeMap<String, Vec<u8>>,
    missing_programs: Vec<String>,
    reluctance: u32,
    capabilities: Capabilities,
}

impl ScriptedSpawner {
    /// A spawner whose runs do what `script` says about them. The script is asked once per start.
    pub fn new(script: impl Fn(&ScriptedRun) -> RunScript + Send + Sync + 'static) -> Self {
        Self {
            shared: Arc::new(Shared {
                script: Box::new(script),
                settings: Mutex::new(Settings {
                    clock: Arc::new(ManualClock::default()),
                    checkout: Arc::new(any_commit),
                    repository: BTreeMap::new(),
                    missing_programs: Vec::new(),
                    reluctance: 0,
                    capabilities: Capabilities::default().with_detached_runs(true),
                }),
                state: Mutex::default(),
                changes: watch::Sender::new(0),
            }),
        }
    }

    /// Puts a file into the repository of every sandbox that is made from now on.
    #[must_use]
    pub fn with_repository_file(
        self,
        path: impl Into<String>,
        content: impl Into<Vec<u8>>,
    ) -> Self {
        let path = format!("repo/{}", path.into());
        self.settings().repository.insert(path, content.into());
        self
    }

    /// Takes the time from `clock`: of creation, and for the timeout of runs that hang. Otherwise
    /// time stands still and no run times out.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        self.settings().clock = clock;
        self
    }

    /// Decides which commit a checkout yields, or why it is rejected. Otherwise every commit exists,
    /// and anything else yields [`ScriptedSpawner::COMMIT`].
    #[must_use]
    pub fn with_checkout(
        self,
        rule: impl Fn(&Checkout) -> Result<CommitId, String> + Send + Sync + 'static,
    ) -> Self {
        self.settings().checkout = Arc::new(rule);
        self
    }

    /// Makes `start` answer [`SpawnErrorKind::ProgramNotFound`] for runs of this program, and for
    /// those that need it.
    #[must_use]
    pub fn with_missing_program(self, program: impl Into<String>) -> Self {
        self.settings().missing_programs.push(program.into());
        self
    }

    /// Makes the first `times` terminations of every sandbox answer [`Termination::Accepted`]
    /// without removing it.
    #[must_use]
    pub fn with_reluctant_termination(self, times: u32) -> Self {
        self.settings().reluctance = times;
        self
    }

    /// Declares other capabilities; behaviour stays the same.
    #[must_use]
    pub fn with_capabilities(self, capabilities: Capabilities) -> Self {
        self.settings().capabilities = capabilities;
        self
    }

    /// The commit that the default branch, and every name, stands for.
    pub const COMMIT: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

    /// Lets a waiting run come to its scripted end. Nothing happens when it does not wait.
    pub fn release(&self, run: &RunKey) {
        self.shared.state().release(run);
        self.shared.announce();
    }

    /// Takes a sandbox away without being asked, as a provider does after the TTL or by accident.
    pub fn lose(&self, key: SandboxKey) {
        self.shared.state().remove(key, Vanished::Lost);
        self.shared.announce();
    }

    /// Likewise, without anybody being told: streams that are open stay silent for ever, and only who
    /// asks anew learns of it.
    pub fn lose_silently(&self, key: SandboxKey) {
        self.shared.state().remove(key, Vanished::Silently);
    }

    /// Every call so far, in the order in which they began.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.state().calls.clone()
    }

    /// Sandboxes ever made under `key`. More than one means that it was made again after its end.
    #[must_use]
    pub fn created(&self, key: SandboxKey) -> usize {
        self.shared.state().created_under(key)
    }

    /// Sandboxes ever made, in order of creation.
    #[must_use]
    pub fn all_created(&self) -> Vec<SandboxKey> {
        self.shared.state().created.clone()
    }

    /// Sandboxes that exist.
    #[must_use]
    pub fn live(&self) -> Vec<SandboxKey> {
        self.shared.state().sandboxes.keys().copied().collect()
    }

    /// Sandboxes that `terminate` has removed, in order.
    #[must_use]
    pub fn terminated(&self) -> Vec<SandboxKey> {
        self.shared.state().terminated.clone()
    }

    /// Processes ever started under a run key.
    #[must_use]
    pub fn starts(&self, run: &RunKey) -> usize {
        self.all_starts().get(run).copied().unwrap_or_default()
    }

    /// Processes ever started, by run key.
    #[must_use]
    pub fn all_starts(&self) -> BTreeMap<RunKey, usize> {
        self.shared.state().starts.clone()
    }

    /// A file in a live sandbox.
    #[must_use]
    pub fn file(&self, key: SandboxKey, path: &SandboxPath) -> Option<Vec<u8>> {
        let state = self.shared.state();
        let file = state.sandboxes.get(&key)?.files.get(path.as_str())?;
        Some(file.clone())
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.shared.settings()
    }
}

impl fmt::Debug for ScriptedSpawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedSpawner")
            .field("live", &self.live())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.settings().clock)
    }

    fn announce(&self) {
        self.changes.send_modify(|change| *change += 1);
    }
}

fn any_commit(checkout: &Checkout) -> Result<CommitId, String> {
    match &checkout.reference {
        CheckoutRef::Commit(commit) => Ok(commit.clone()),
        CheckoutRef::Default | CheckoutRef::Name(_) => {
            CommitId::new(ScriptedSpawner::COMMIT).map_err(|invalid| invalid.to_string())
        }
    }
}

#[async_trait]
impl SandboxSpawner for ScriptedSpawner {
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError> {
        self.shared
            .state()
            .calls
            .push(Call::Spawn { key: request.key });
        yield_now().await;
        let (rule, now) = {
            let settings = self.settings();
            (Arc::clone(&settings.checkout), settings.clock.now())
        };
        let adopted = self.shared.state().adopt(request.key);
        let sandbox = if let Some(sandbox) = adopted {
            sandbox
        } else {
            let commit = rule(&request.checkout)
                .map_err(|reason| SpawnError::new(SpawnErrorKind::Rejected, reason))?;
            let files = self.settings().repository.clone();
            self.shared.state().create(request, commit, now, files)?
        };
        self.shared.announce();
        yield_now().await;
        Ok(sandbox)
    }

    async fn write_files(
        &self,
        sandbox: &SandboxRef,
        files: &[SandboxFile],
    ) -> Result<(), SpawnError> {
        self.shared.state().calls.push(Call::WriteFiles {
            key: sandbox.key,
            paths: files.iter().map(|file| file.path.clone()).collect(),
        });
        for file in files {
            yield_now().await;
            let mut state = self.shared.state();
            let stored = state.existing(sandbox)?;
            let path = file.path.to_string();
            stored.files.insert(path, file.content.clone());
        }
        yield_now().await;
        self.shared.state().existing(sandbox).map(drop)
    }

    async fn start(&self, sandbox: &SandboxRef, run: &RunRequest) -> Result<(), SpawnError> {
        self.shared.state().calls.push(Call::Start {
            key: sandbox.key,
            run: run.key,
        });
        yield_now().await;
        let missing = self.settings().missing_programs.clone();
        let is_missing = |program: &&str| missing.iter().any(|name| name == program);
        if let Some(program) = run.programs().find(is_missing) {
            return Err(SpawnError::new(
                SpawnErrorKind::ProgramNotFound,
                format!("program `{program}` does not exist in the sandbox"),
            ));
        }
        let scripted = {
            let mut state = self.shared.state();
            let stored = state.existing(sandbox)?;
            (!stored.runs.contains_key(&run.key)).then(|| ScriptedRun::of(run, &stored.files))
        };
        if let Some(scripted) = scripted {
            // Without the lock: a script may look at the spawner.
            let script = (self.shared.script)(&scripted);
            let started_at = self.shared.clock().now();
            let run_state = StoredRun::new(script, started_at + run.timeout);
            self.shared.state().start(sandbox, run.key, run_state)?;
        }
        self.shared.announce();
        yield_now().await;
        Ok(())
    }

    async fn output(
        &self,
        sandbox: &SandboxRef,
        run: &RunKey,
        after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError> {
        self.shared.state().calls.push(Call::Output {
            key: sandbox.key,
            run: *run,
            after: after.clone(),
        });
        yield_now().await;
        follow::follow(Arc::clone(&self.shared), sandbox, *run, after.as_ref())
    }

    async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError> {
        self.shared.state().calls.push(Call::ReadFile {
            key: sandbox.key,
            path: path.clone(),
        });
        yield_now().await;
        let content = self
            .shared
            .state()
            .existing(sandbox)?
            .read(path, max_bytes)?;
        yield_now().await;
        Ok(content)
    }

    async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        self.shared
            .state()
            .calls
            .push(Call::Terminate { key: sandbox.key });
        yield_now().await;
        let reluctance = self.settings().reluctance;
        let termination = self.shared.state().terminate(sandbox.key, reluctance);
        self.shared.announce();
        yield_now().await;
        Ok(termination)
    }

    async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        self.shared.state().calls.push(Call::Find { key });
        yield_now().await;
        Ok(self.shared.state().adopt(key).map(FoundSandbox::from))
    }

    async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        self.shared.state().calls.push(Call::List {
            labels: labels.clone(),
        });
        yield_now().await;
        let listed = self.shared.state().labelled(labels);
        Ok(listed.into_iter().map(FoundSandbox::from).collect())
    }

    fn capabilities(&self) -> Capabilities {
        self.settings().capabilities
    }
}
