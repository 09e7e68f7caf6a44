//! Specs in SQLite.

mod change;
mod lease;
mod migrations;
mod read;
mod retention;
mod sql;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use spec_core::artifact::Artifact;
use spec_core::clock::{Clock, SystemClock, Timestamp};
use spec_core::event::SpecEvent;
use spec_core::id::{ArtifactVersion, Duty, RunnerId, SandboxId, Sequence, SpecId};
use spec_core::store::{
    Append, Appended, Claim, Claimed, Commit, Committed, Create, Created, Heartbeat, Lease, Page,
    PageLimit, SpecQuery, SpecSummary, StoreError, StoredSpec, Wakeup,
};
use spec_core::{Phase, SpecStore};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::broadcast;
use tokio::time::Instant;

use self::change::{CommitChange, CreateChange};
use self::lease::{ClaimChange, HeartbeatChange, LeadChange, ReleaseChange, RetireChange};
use self::retention::PurgeChange;
use self::writer::Writer;
use crate::error::failed;
use crate::row::AppendChange;
use crate::wakeups;

/// Connections that read at the same time, beside the one that writes.
const READERS: u32 = 4;
/// How long a connection waits for another process before it gives up.
const PATIENCE: Duration = Duration::from_secs(10);
/// Hints that a slow listener may fall behind before it is told that it lagged.
const WAKEUPS_KEPT: usize = 1024;

/// Keeps specs in SQLite.
///
/// Several processes on one machine can share a file: each claims specs of its own, and each is
/// hinted at the others' changes, though not at what they
/// [announce](SpecStore::announce) of sandboxes. Within a process, share one store: all its changes go
/// through one task, which makes many of them durable at once. That task ends when the store is dropped, after
/// the changes that were queued; [`close`](Self::close) waits for it.
///
/// The methods are cancel-safe, as the contract of [`SpecStore`] asks: a change whose future is
/// dropped is made or not made.
#[derive(Debug)]
pub struct SqliteStore {
    reads: SqlitePool,
    writes: SqlitePool,
    /// The pools are this store's own, to be closed with it.
    owned: bool,
    writer: Writer,
    wakeups: broadcast::Sender<Wakeup>,
    clock: Arc<dyn Clock>,
}

impl SqliteStore {
    /// Opens the file at `path`, makes it where there is none, and brings its tables to this version.
    ///
    /// The file is in WAL mode and every commit reaches the disk before it is reported.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when the file cannot be opened or is locked for long, [`Corrupt`] when it is
    /// no database, [`Internal`] when a newer version has changed its tables.
    ///
    /// [`Unavailable`]: spec_core::store::StoreErrorKind::Unavailable
    /// [`Corrupt`]: spec_core::store::StoreErrorKind::Corrupt
    /// [`Internal`]: spec_core::store::StoreErrorKind::Internal
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE)
            .foreign_keys(true);
        let writes = single(options.clone()).await?;
        prepare(&writes).await?;
        let reads = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_lazy_with(options.create_if_missing(false).pragma("query_only", "ON"));
        Ok(Self::start(reads, writes, true, true))
    }

    /// A store that is gone when it is dropped. For tests and trials.
    ///
    /// # Errors
    ///
    /// When SQLite cannot be started.
    pub async fn open_in_memory() -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(":memory:")
            .in_memory(true)
            .foreign_keys(true);
        // Every connection would be a database of its own, so reads and writes share one.
        let pool = single(options).await?;
        prepare(&pool).await?;
        Ok(Self::start(pool.clone(), pool, true, false))
    }

    /// Keeps specs in the host's own database, beside its tables, and brings its own tables (all
    /// named `spec_…`) to this version. The record of migrations is kept apart from the host's.
    ///
    /// Set the pool's journal mode to WAL and give it a busy timeout. The pool is used for reading
    /// and, by one connection at a time, for writing; it is not closed with the store.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn with_pool(pool: SqlitePool) -> Result<Self, StoreError> {
        prepare(&pool).await?;
        Ok(Self::start(pool.clone(), pool, false, false))
    }

    /// Takes the time from `clock` instead of the machine.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the changes that are queued, refuses further ones, and closes what the store opened.
    /// Safe to repeat.
    pub async fn close(&self) {
        self.writer.stop().await;
        if self.owned {
            self.reads.close().await;
            self.writes.close().await;
        }
    }

    fn start(reads: SqlitePool, writes: SqlitePool, owned: bool, alone: bool) -> Self {
        let wakeups = broadcast::Sender::new(WAKEUPS_KEPT);
        Self {
            reads,
            writer: Writer::start(writes.clone(), wakeups.clone(), alone),
            writes,
            owned,
            wakeups,
            clock: Arc::new(SystemClock),
        }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }
}

/// A pool of one connection that stays open.
///
/// Turning on WAL needs a new file for itself, and SQLite does not wait for that, whatever the busy
/// timeout says: of several starters all but one are told that it is locked. They try again here.
async fn single(options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let pool = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None);
    let mut pause = Duration::from_millis(5);
    let deadline = Instant::now() + PATIENCE;
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(200));
            }
            Err(error) => return Err(failed("open", error)),
        }
    }
}

/// True when another connection has the file, or a part of it, for itself.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(|error| error.code()?.parse::<i32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

async fn prepare(pool: &SqlitePool) -> Result<(), StoreError> {
    let mut connection = pool
        .acquire()
        .await
        .map_err(|error| failed("connect", error))?;
    migrations::migrate(&mut connection).await
}

#[async_trait]
impl SpecStore for SqliteStore {
    async fn create(&self, create: Create) -> Result<Created, StoreError> {
        let clock = self.clock();
        self.writer.make(CreateChange::new(create, clock)?).await
    }

    async fn get(&self, id: SpecId) -> Result<Option<StoredSpec>, StoreError> {
        read::spec(&self.reads, id).await
    }

    async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, StoreError> {
        read::list(&self.reads, query).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        self.writer.make(CommitChange::new(&commit)?).await
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        self.writer.make(AppendChange::new(&append)?).await
    }

    async fn events(
        &self,
        id: SpecId,
        after: Sequence,
        limit: PageLimit,
    ) -> Result<Vec<SpecEvent>, StoreError> {
        read::events(&self.reads, id, after, limit).await
    }

    async fn artifact(
        &self,
        id: SpecId,
        phase: Phase,
        version: Option<ArtifactVersion>,
    ) -> Result<Option<Artifact>, StoreError> {
        read::artifact(&self.reads, id, phase, version).await
    }

    async fn artifacts(&self, id: SpecId) -> Result<Vec<Artifact>, StoreError> {
        read::artifacts(&self.reads, id).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        let (claim, clock) = (*claim, self.clock());
        self.writer.make(ClaimChange { claim, clock }).await
    }

    async fn heartbeat(&self, runner: RunnerId, lease: Duration) -> Result<Heartbeat, StoreError> {
        let clock = self.clock();
        self.writer
            .make(HeartbeatChange {
                runner,
                lease,
                clock,
            })
            .await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.writer.make(ReleaseChange(*lease)).await
    }

    async fn retire(&self, runner: RunnerId) -> Result<(), StoreError> {
        self.writer.make(RetireChange(runner)).await
    }

    async fn lead(
        &self,
        duty: &Duty,
        runner: RunnerId,
        term: Duration,
    ) -> Result<bool, StoreError> {
        let (duty, clock) = (duty.clone(), self.clock());
        self.writer
            .make(LeadChange {
                duty,
                runner,
                term,
                clock,
            })
            .await
    }

    async fn purge(&self, archived_before: Timestamp, limit: PageLimit) -> Result<u32, StoreError> {
        let change = PurgeChange {
            archived_before,
            limit,
        };
        self.writer.make(change).await
    }

    /// Reaches who listens to this store, in this process: other processes that share the file, and
    /// other stores on it, find what has changed in it, and an announcement changes nothing.
    async fn announce(&self, sandbox: &SandboxId) -> Result<(), StoreError> {
        let id = sandbox.clone();
        // An error says that nobody listens.
        let _listeners = self.wakeups.send(Wakeup::Sandbox { id });
        Ok(())
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        wakeups::stream(self.wakeups.subscribe())
    }
}
