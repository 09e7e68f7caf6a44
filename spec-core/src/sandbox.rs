//! The port behind which agents run: [`SandboxSpawner`] and its vocabulary.

pub mod git;
pub mod posix;

mod error;
mod forward;
mod output;
mod request;

pub use error::{SpawnError, SpawnErrorKind};
pub use output::{
    ByteCursor, Channel, LineSplitter, MAX_LINE_BYTES, Output, OutputLine, RunEnd, SplitLine,
};
pub use request::{
    Checkout, CheckoutRef, Labels, RunRequest, SandboxFile, SandboxPath, Secret, SecretEnv,
    SpawnRequest,
};

use std::fmt;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{CommitId, OutputCursor, RunKey, SandboxId, SandboxKey};

/// What is known of a sandbox's life. Gone is a state and not an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SandboxState {
    /// Being made.
    Pending,
    /// Ready for runs.
    Running,
    /// Stopped, kept.
    Suspended,
    /// Broken.
    Failed {
        /// The provider's account.
        reason: String,
    },
    /// No longer there.
    Gone,
    /// A state that this version does not know.
    Unknown {
        /// The provider's word for it.
        name: String,
    },
}

/// Whether asking for a sandbox made it or found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It did not exist before.
    Created,
    /// An earlier call with the same key had made it.
    Adopted,
}

/// What keeps a sandbox's processes from the rest of the world. Says what *is* enforced, not what
/// was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Isolation {
    /// How, for example `none`, `bubblewrap` or `vm`.
    pub mechanism: String,
    /// Cannot write outside the sandbox.
    pub filesystem: bool,
    /// Cannot see or signal processes outside the sandbox.
    pub processes: bool,
    /// Cannot reach the network beyond what the request allows.
    pub network: bool,
}

impl Isolation {
    /// Nothing is enforced.
    #[must_use]
    pub fn none() -> Self {
        Self {
            mechanism: "none".to_owned(),
            ..Self::default()
        }
    }
}

/// Absolute paths as processes inside the sandbox see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Layout {
    /// Root that every [`SandboxPath`] is relative to.
    pub root: String,
    /// The checked-out repository: `<root>/repo`.
    pub repository: String,
}

impl Layout {
    /// `path` as processes inside the sandbox see it.
    #[must_use]
    pub fn absolute(&self, path: &SandboxPath) -> String {
        format!("{}/{path}", self.root.trim_end_matches('/'))
    }
}

/// A sandbox, as its spawner knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sandbox {
    /// The key it was asked for under.
    pub key: SandboxKey,
    /// The provider's id.
    pub id: SandboxId,
    /// Where it stands.
    pub state: SandboxState,
    /// Whether this call made it.
    pub origin: Origin,
    /// The commit that is checked out.
    pub commit: CommitId,
    /// Where things are inside.
    pub layout: Layout,
    /// What is enforced.
    pub isolation: Isolation,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A sandbox that was looked up. It may be half made, by a caller that died or is still at it: only
/// [`spawn`](SandboxSpawner::spawn) says that a repository is checked out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundSandbox {
    /// The key it was asked for under.
    pub key: SandboxKey,
    /// The provider's id.
    pub id: SandboxId,
    /// Where it stands.
    pub state: SandboxState,
    /// When it was made.
    pub created_at: Timestamp,
}

impl From<Sandbox> for FoundSandbox {
    fn from(sandbox: Sandbox) -> Self {
        let Sandbox {
            key,
            id,
            state,
            created_at,
            ..
        } = sandbox;
        Self {
            key,
            id,
            state,
            created_at,
        }
    }
}

/// Enough to find a sandbox again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SandboxRef {
    /// The key it was asked for under.
    pub key: SandboxKey,
    /// The provider's id; `None` when the answer to the request was lost.
    pub id: Option<SandboxId>,
}

/// How far a termination got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Termination {
    /// The provider will do it; ask again to confirm.
    Accepted,
    /// Nothing is left: no process, no storage. Also the answer for a sandbox that never was.
    Confirmed,
}

/// What a spawner can do beyond the contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// Runs survive the end of the process that started them, and can be followed again.
    pub detached_runs: bool,
    /// The provider itself ends a sandbox after its TTL, even if no host is alive.
    pub native_ttl: bool,
}

impl Capabilities {
    /// A spawner whose runs survive the host.
    #[must_use]
    pub fn with_detached_runs(mut self, yes: bool) -> Self {
        self.detached_runs = yes;
        self
    }

    /// A spawner whose provider enforces the TTL.
    #[must_use]
    pub fn with_native_ttl(mut self, yes: bool) -> Self {
        self.native_ttl = yes;
        self
    }
}

/// Makes sandboxes with a repository in them and runs programs there.
///
/// # Contract
///
/// - **Idempotent on keys.** [`spawn`](Self::spawn) and [`start`](Self::start) repeat safely: a
///   second call with the same key adopts what the first one made, also when the first caller died
///   half-way, and also in another process.
/// - **Cancel-safe.** Dropping any future may leave the effect done or not done, but never leaves
///   anything that `spawn` with the same key would not adopt and `terminate` would not remove.
/// - **Bounded.** Every sandbox has a time to live, after which it is ended by the provider or by a
///   reaper.
/// - **Honest.** A sandbox that is gone is [`SandboxState::Gone`], [`RunEnd::Lost`] or
///   [`SpawnErrorKind::NotFound`], never a made-up exit code.
/// - **Discreet.** Secrets reach the process that needs them and nothing else: not the provider's
///   record, the command line, errors, or logs.
///
/// Implemented for `Arc<T>` and `Box<T>`; `dyn SandboxSpawner` works.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait SandboxSpawner: fmt::Debug + Send + Sync + 'static {
    /// Makes the sandbox `request.key` with the repository checked out, or adopts it.
    ///
    /// `Ok` means: the sandbox is [`SandboxState::Running`] and its commit is checked out. A sandbox
    /// under this key that is half made is completed or remade.
    ///
    /// # Errors
    ///
    /// [`SpawnErrorKind::Rejected`] when no retry can help (not a repository, unknown commit);
    /// retryable kinds otherwise. Nothing is left behind that `terminate` would not find by key.
    async fn spawn(&self, request: &SpawnRequest) -> Result<Sandbox, SpawnError>;

    /// Writes files below the sandbox's root, making parent folders, replacing what is there.
    ///
    /// Each file appears whole or not at all. Safe to repeat.
    ///
    /// # Errors
    ///
    /// [`SpawnErrorKind::NotFound`] when the sandbox is gone.
    async fn write_files(
        &self,
        sandbox: &SandboxRef,
        files: &[SandboxFile],
    ) -> Result<(), SpawnError>;

    /// Starts a program, detached, in the repository's folder. A second call with the same run key
    /// starts nothing.
    ///
    /// `Ok` means: the program has been started once, now or earlier. The environment is exactly
    /// what the request names, plus what the provider cannot do without (`PATH`, `HOME`).
    ///
    /// # Errors
    ///
    /// [`SpawnErrorKind::ProgramNotFound`] when `argv[0]` or a program that the run needs does not
    /// exist in the sandbox, with the name of that program; nothing was started then.
    /// [`SpawnErrorKind::NotFound`] when the sandbox is gone.
    async fn start(&self, sandbox: &SandboxRef, run: &RunRequest) -> Result<(), SpawnError>;

    /// Follows a run: its output lines after `after` (`None`: from the beginning), then exactly one
    /// [`Output::Ended`], then the end of the stream.
    ///
    /// Lines of one channel keep their order; order across channels is not promised. Resuming from
    /// the cursor of the last line seen skips and repeats nothing. The stream may be dropped at any
    /// time; the run goes on.
    ///
    /// # Errors
    ///
    /// [`SpawnErrorKind::NotFound`] when no such run was ever started in this sandbox. A sandbox
    /// that vanishes later ends the stream with [`RunEnd::Lost`].
    async fn output(
        &self,
        sandbox: &SandboxRef,
        run: &RunKey,
        after: Option<OutputCursor>,
    ) -> Result<BoxStream<'static, Result<Output, SpawnError>>, SpawnError>;

    /// Reads a file below the sandbox's root; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`SpawnErrorKind::TooLarge`] when it is longer than `max_bytes`, without reading it whole;
    /// [`SpawnErrorKind::Rejected`] when it is not a regular file below the root (a link that leads
    /// outside, a folder, a device); [`SpawnErrorKind::NotFound`] when the sandbox is gone.
    async fn read_file(
        &self,
        sandbox: &SandboxRef,
        path: &SandboxPath,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, SpawnError>;

    /// Ends every process of the sandbox and removes it. Already gone is fine.
    ///
    /// Finds the sandbox by its key when the id is unknown, also one that was only half made. Safe
    /// to repeat.
    ///
    /// # Errors
    ///
    /// Retryable kinds only, unless access was refused.
    async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError>;

    /// Looks a sandbox up by its key; `None` when there is none.
    ///
    /// # Errors
    ///
    /// Retryable kinds only, unless access was refused.
    async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError>;

    /// The sandboxes of this environment, at most 1,000. May be stale in either direction: verify
    /// each by [`find`](Self::find) before acting on it.
    ///
    /// # Errors
    ///
    /// Retryable kinds only, unless access was refused.
    async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError>;

    /// What this spawner can do beyond the contract.
    fn capabilities(&self) -> Capabilities;
}
