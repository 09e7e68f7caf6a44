//! The port behind which specs are kept: [`SpecStore`] and its vocabulary.

mod commit;
mod error;
mod ext;
mod forward;
mod lease;
mod memory;
mod query;
mod search;
mod turns;

pub use commit::{Append, Appended, Checkpoint, Commit, Committed, Create, Created, StoredSpec};
pub use error::{StoreError, StoreErrorKind};
pub use ext::SpecStoreExt;
pub use lease::{Claim, Claimed, Heartbeat, Held, Lease, Wakeup};
pub use memory::MemoryStore;
pub use query::{Page, PageLimit, SpecQuery, SpecSummary};
pub use search::{TitleSearch, folded};
pub use turns::Turns;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use crate::artifact::Artifact;
use crate::clock::Timestamp;
use crate::event::SpecEvent;
use crate::id::{ArtifactVersion, Duty, RunnerId, SandboxId, Sequence, SpecId};
use crate::phase::Phase;

/// Keeps specs, their events and their artifacts, and says who may drive them.
///
/// # Contract
///
/// - **Atomic.** [`create`](Self::create), [`commit`](Self::commit) and [`append`](Self::append) do
///   all they say or nothing. `Ok` means that it is durable, as far as the store is.
/// - **Compare and set.** A commit names the revision it was made from and is refused when that is
///   no longer current.
/// - **Fenced.** A commit or append under a lease is refused once the spec's epoch has moved on or
///   the lease was given back, whatever clocks say.
/// - **Dense.** Events of a spec are numbered 1, 2, 3, … in commit order, without gap or repeat.
/// - **Cancel-safe.** Dropping a future leaves the effect done or not done, never half done.
/// - Time is the store's own where it has one (a database's clock); it decides about leases and
///   about what is due.
///
/// Implemented for `Arc<T>` and `Box<T>`; `dyn SpecStore` works.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait SpecStore: fmt::Debug + Send + Sync + 'static {
    /// Stores a new spec with its first events, at revision 1.
    ///
    /// With a [runner](Create::runner) it is claimed in the same step, at epoch 1.
    ///
    /// With an idempotency key that this owner has used before, nothing is stored and the earlier
    /// spec is returned. With a key it is safe to repeat; without one, a repeat after an unclear
    /// outcome is answered [`AlreadyExists`](StoreErrorKind::AlreadyExists) if the first try
    /// succeeded.
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](StoreErrorKind::AlreadyExists) when the spec's id is taken.
    async fn create(&self, create: Create) -> Result<Created, StoreError>;

    /// The spec as last committed; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](StoreErrorKind::Corrupt) when what is stored cannot be read.
    async fn get(&self, id: SpecId) -> Result<Option<StoredSpec>, StoreError>;

    /// A page of specs, newest first. Specs that are created meanwhile never shift a later page. A
    /// spec is on it when it passes every filter of the query.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](StoreErrorKind::Corrupt) when what is stored cannot be read.
    async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, StoreError>;

    /// Replaces a spec's state and adds events and artifacts, in one transaction.
    ///
    /// After an unclear outcome (a lost answer), read the spec: its revision tells. Resets the count
    /// of [fruitless claims](Claimed::fruitless) when made under a lease. A commit always raises the
    /// revision, by one or more; one that does not is refused as
    /// [`Internal`](StoreErrorKind::Internal).
    ///
    /// # Errors
    ///
    /// [`NotFound`](StoreErrorKind::NotFound), [`Fenced`](StoreErrorKind::Fenced) (checked first), or
    /// [`Conflict`](StoreErrorKind::Conflict) when the revision is not current.
    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError>;

    /// Adds events that change no state, and remembers how far a run's output was read.
    ///
    /// Not safe to repeat after an unclear outcome: compare the stored checkpoint first.
    ///
    /// # Errors
    ///
    /// [`NotFound`](StoreErrorKind::NotFound) or [`Fenced`](StoreErrorKind::Fenced).
    async fn append(&self, append: Append) -> Result<Appended, StoreError>;

    /// Events of a spec after `after`, in order, at most `limit`. Empty for an unknown spec.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](StoreErrorKind::Corrupt) when one of them cannot be read.
    async fn events(
        &self,
        id: SpecId,
        after: Sequence,
        limit: PageLimit,
    ) -> Result<Vec<SpecEvent>, StoreError>;

    /// One version of a phase's artifact (`None`: the newest); `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](StoreErrorKind::Corrupt) when it cannot be read.
    async fn artifact(
        &self,
        id: SpecId,
        phase: Phase,
        version: Option<ArtifactVersion>,
    ) -> Result<Option<Artifact>, StoreError>;

    /// The newest artifact of every phase that has one, in the order of the phases.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](StoreErrorKind::Corrupt) when one of them cannot be read.
    async fn artifacts(&self, id: SpecId) -> Result<Vec<Artifact>, StoreError>;

    /// Takes ownership of specs that are due and that nobody alive owns, longest due first.
    ///
    /// A spec is due from [`due_at`](crate::machine::due_at) on. Each claim raises its epoch. No spec
    /// is handed to two runners; a spec this runner owns already is not handed out again. A spec
    /// whose stored state cannot be read is skipped and logged, so that one bad row never stops the
    /// others. Under a [cap](Claim::max_per_project), projects take turns instead.
    ///
    /// # Errors
    ///
    /// [`Fenced`](StoreErrorKind::Fenced) when the runner's lease has expired or was never taken.
    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError>;

    /// Says that a runner is alive, for `lease` from now, and tells what it holds. The first call
    /// registers it. Extends the ownership of everything it holds at once.
    ///
    /// # Errors
    ///
    /// [`Fenced`](StoreErrorKind::Fenced) when the lease had expired: the runner must stop and come
    /// back as another incarnation.
    async fn heartbeat(&self, runner: RunnerId, lease: Duration) -> Result<Heartbeat, StoreError>;

    /// Gives a spec back. Nothing happens when the lease is no longer current. Safe to repeat.
    ///
    /// # Errors
    ///
    /// Retryable kinds only.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Gives everything back and forgets the runner. Safe to repeat.
    ///
    /// # Errors
    ///
    /// Retryable kinds only.
    async fn retire(&self, runner: RunnerId) -> Result<(), StoreError>;

    /// Takes or renews a duty that one runner at a time fulfils, for `term` from now. False while
    /// another runner's term lasts. Safe to repeat.
    ///
    /// A term ends by itself; a leader whose work takes longer asks again before it does. A term of
    /// zero gives the duty back.
    ///
    /// # Errors
    ///
    /// Retryable kinds only.
    async fn lead(&self, duty: &Duty, runner: RunnerId, term: Duration)
    -> Result<bool, StoreError>;

    /// Deletes specs that were archived before `archived_before`, at most `limit`, with their events,
    /// artifacts and idempotency keys, and says how many. Safe to repeat.
    ///
    /// # Errors
    ///
    /// Retryable kinds only.
    async fn purge(&self, archived_before: Timestamp, limit: PageLimit) -> Result<u32, StoreError>;

    /// Tells all who [listen](Self::wakeups), in every process that the hints of this store reach,
    /// that something about a sandbox has changed. The store need not know the sandbox.
    ///
    /// A hint like any other: nothing is stored, and nobody hears of it who does not listen now. `Ok`
    /// means that it is on its way. Safe to repeat; dropping the future tells some, all or nobody.
    ///
    /// # Errors
    ///
    /// Retryable kinds only: some may have been told.
    async fn announce(&self, sandbox: &SandboxId) -> Result<(), StoreError>;

    /// Hints that something has changed, from now on. Hints may be late, repeated, merged or missing:
    /// listeners read the store from where they were, and also look without a hint now and then.
    /// The stream ends only with the store.
    fn wakeups(&self) -> BoxStream<'static, Wakeup>;
}
