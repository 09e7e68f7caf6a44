//! Specs in Postgres.

mod change;
mod claim;
mod commit;
mod create;
mod database;
mod hints;
mod lane;
mod lease;
mod liveness;
mod migrations;
mod read;
mod retention;
mod session;
mod sql;
mod state;

use std::time::Duration;

use async_trait::async_trait;
use futures_core::stream::BoxStream;
use spec_core::artifact::Artifact;
use spec_core::clock::Timestamp;
use spec_core::event::SpecEvent;
use spec_core::id::{ArtifactVersion, Duty, RunnerId, SandboxId, Sequence, SpecId};
use spec_core::store::{
    Append, Appended, Claim, Claimed, Commit, Committed, Create, Created, Heartbeat, Lease, Page,
    PageLimit, SpecQuery, SpecSummary, StoreError, StoredSpec, Wakeup,
};
use spec_core::{Phase, SpecStore};
use sqlx::PgPool;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use self::commit::CommitChange;
use self::create::{CreateChange, Outcome};
use self::hints::Hints;
use self::lane::Lane;
use self::liveness::Liveness;
use self::session::Session;
use crate::row::AppendChange;
use crate::wakeups;

/// Keeps specs in Postgres, in the schema `spec` of a host's database.
///
/// Any number of processes may share a database: each claims specs of its own and is hinted at the
/// others' changes. When one dies, the others take over what its runners held within two seconds,
/// without waiting for its leases. Within a process, share one store: what its callers change at the same time is
/// made durable together. Beside the connections of the pool that are in use, a store keeps one of
/// its own open.
///
/// Every call is bounded: it waits at most 5 s for a connection and 10 s for an answer, and then says
/// that the store is unavailable.
///
/// The methods are cancel-safe, as the contract of [`SpecStore`] asks: a change whose future is
/// dropped is made or not made. When the store is dropped, it makes the changes that are queued and
/// ends its tasks; [`close`](Self::close) waits for that. The pool stays the host's.
#[derive(Debug)]
pub struct PostgresStore {
    pool: PgPool,
    hints: Hints,
    liveness: Liveness,
    creations: Lane<CreateChange>,
    commits: Lane<CommitChange>,
    appends: Lane<AppendChange>,
    lanes: Tasks,
    background: Tasks,
}

/// Tasks, with what stops them and waits for them.
#[derive(Debug)]
struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    _stop_when_dropped: DropGuard,
}

impl Default for Tasks {
    fn default() -> Self {
        let stop = CancellationToken::new();
        Self {
            tracker: TaskTracker::new(),
            _stop_when_dropped: stop.clone().drop_guard(),
            stop,
        }
    }
}

impl Tasks {
    async fn end(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl PostgresStore {
    /// Keeps specs in the database of `pool`, and brings its tables (all in the schema `spec`) to this
    /// version. The record of migrations is kept there too, apart from the host's. Any number of
    /// processes may start at once.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when the database cannot be reached, [`Internal`] when a later version has
    /// changed its tables or the pool's role may not make them.
    ///
    /// [`Unavailable`]: spec_core::store::StoreErrorKind::Unavailable
    /// [`Internal`]: spec_core::store::StoreErrorKind::Internal
    pub async fn new(pool: PgPool) -> Result<Self, StoreError> {
        migrations::migrate(&pool).await?;
        Ok(Self::start(pool))
    }

    /// Likewise, for a role that may not change tables: another one has brought them to this version.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when the database cannot be reached, [`Internal`] when its tables are of
    /// another version.
    ///
    /// [`Unavailable`]: spec_core::store::StoreErrorKind::Unavailable
    /// [`Internal`]: spec_core::store::StoreErrorKind::Internal
    pub async fn migrated(pool: PgPool) -> Result<Self, StoreError> {
        migrations::verify(&pool).await?;
        Ok(Self::start(pool))
    }

    /// Without the locks that show whether a process lives: when one dies, what it held is taken over
    /// when its leases have run out. For a pooler that gives every transaction another session; there
    /// the locks would say of living processes that they are dead. Of the stores of a database, some
    /// may have the locks and some not.
    #[must_use]
    pub fn without_liveness_lock(self) -> Self {
        self.liveness.turn_off();
        self
    }

    /// Makes the changes that are queued, refuses further ones, and ends the store's tasks and its own
    /// connection. Safe to repeat.
    pub async fn close(&self) {
        self.lanes.end().await;
        self.background.end().await;
    }

    fn start(pool: PgPool) -> Self {
        let own = Uuid::now_v7();
        let (lanes, background) = (Tasks::default(), Tasks::default());
        let liveness = Liveness::default();
        let (hints, announcer) = Hints::new(pool.clone(), own);
        background
            .tracker
            .spawn(announcer.run(background.stop.clone()));
        let session = Session {
            pool: pool.clone(),
            own,
            hints: hints.clone(),
            liveness: liveness.clone(),
        };
        background
            .tracker
            .spawn(session.run(background.stop.clone()));
        Self {
            creations: start(&pool, &hints, &lanes),
            commits: start(&pool, &hints, &lanes),
            appends: start(&pool, &hints, &lanes),
            pool,
            hints,
            liveness,
            lanes,
            background,
        }
    }

    fn tell(&self, wakeups: Vec<Wakeup>) {
        for wakeup in wakeups {
            self.hints.tell(wakeup);
        }
    }
}

fn start<C: lane::Change>(pool: &PgPool, hints: &Hints, tasks: &Tasks) -> Lane<C> {
    Lane::start(pool, hints, &tasks.tracker, &tasks.stop)
}

#[async_trait]
impl SpecStore for PostgresStore {
    async fn create(&self, create: Create) -> Result<Created, StoreError> {
        loop {
            match self
                .creations
                .make(CreateChange::new(create.clone())?)
                .await?
            {
                Outcome::New(stored, lease) => {
                    let stored = *stored;
                    return Ok(Created::New { stored, lease });
                }
                Outcome::Existing(earlier) => {
                    // If it was deleted meanwhile, so was its key.
                    if let Some(existing) = read::spec(&self.pool, earlier).await? {
                        return Ok(Created::Existing(existing));
                    }
                }
            }
        }
    }

    async fn get(&self, id: SpecId) -> Result<Option<StoredSpec>, StoreError> {
        read::spec(&self.pool, id).await
    }

    async fn list(&self, query: &SpecQuery) -> Result<Page<SpecSummary>, StoreError> {
        read::list(&self.pool, query).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        self.commits.make(CommitChange::new(&commit)?).await
    }

    async fn append(&self, append: Append) -> Result<Appended, StoreError> {
        self.appends.make(AppendChange::new(&append)?).await
    }

    async fn events(
        &self,
        id: SpecId,
        after: Sequence,
        limit: PageLimit,
    ) -> Result<Vec<SpecEvent>, StoreError> {
        read::events(&self.pool, id, after, limit).await
    }

    async fn artifact(
        &self,
        id: SpecId,
        phase: Phase,
        version: Option<ArtifactVersion>,
    ) -> Result<Option<Artifact>, StoreError> {
        read::artifact(&self.pool, id, phase, version).await
    }

    async fn artifacts(&self, id: SpecId) -> Result<Vec<Artifact>, StoreError> {
        read::artifacts(&self.pool, id).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        claim::claim(&self.pool, &self.liveness, &self.hints, claim).await
    }

    async fn heartbeat(&self, runner: RunnerId, lease: Duration) -> Result<Heartbeat, StoreError> {
        lease::heartbeat(&self.pool, &self.liveness, runner, lease).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.tell(lease::release(&self.pool, lease).await?);
        Ok(())
    }

    async fn retire(&self, runner: RunnerId) -> Result<(), StoreError> {
        self.tell(lease::retire(&self.pool, &self.liveness, runner).await?);
        // A process that gives its specs back often ends next.
        self.hints.flush().await;
        Ok(())
    }

    async fn lead(
        &self,
        duty: &Duty,
        runner: RunnerId,
        term: Duration,
    ) -> Result<bool, StoreError> {
        lease::lead(&self.pool, duty, runner, term).await
    }

    async fn purge(&self, archived_before: Timestamp, limit: PageLimit) -> Result<u32, StoreError> {
        retention::purge(&self.pool, archived_before, limit).await
    }

    /// `Ok` means that the server has taken it for all processes.
    async fn announce(&self, sandbox: &SandboxId) -> Result<(), StoreError> {
        self.hints.announce(sandbox.clone()).await
    }

    fn wakeups(&self) -> BoxStream<'static, Wakeup> {
        wakeups::stream(self.hints.listen())
    }
}
