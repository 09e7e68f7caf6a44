//! Stores and runners as a process of a service has them, and what the database says of them.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use std::sync::Arc;
use std::time::Duration;

use spec_core::id::RunnerId;
use spec_core::store::{Claim, StoreError};
use spec_core::testing::demo;
use spec_core::{RunnerConfig, SpecStateMachine, SpecStore};
use spec_sqlx::PostgresStore;
use sqlx::{PgPool, Row};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A lease that does not end within a test.
pub(super) const LONG: Duration = Duration::from_mins(1);
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn new_runner() -> RunnerId {
    RunnerId::from_uuid(Uuid::now_v7())
}

/// Waits until `condition` holds, and says how long that took.
pub(super) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !condition().await {
        assert!(
            begun.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        sleep(Duration::from_millis(5)).await;
    }
    begun.elapsed()
}

/// What the database says of a runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) alive: bool,
    /// Under this start of the server.
    pub(super) pinned: bool,
    /// Sessions that hold its lock.
    pub(super) locks: i64,
}

impl Seen {
    /// A runner whose process lives.
    pub(super) const WELL: Self = Self {
        alive: true,
        pinned: true,
        locks: 1,
    };
    /// A runner of which only the lease is known.
    pub(super) const LEASED: Self = Self {
        alive: true,
        pinned: false,
        locks: 0,
    };
}

/// `None` also while the server cannot be reached.
pub(super) async fn seen(pool: &PgPool, runner: RunnerId) -> Option<Seen> {
    let row = sqlx::query(
        "SELECT r.expires_at > clock_timestamp() AS alive, \
             coalesce(r.pinned = pg_postmaster_start_time(), false) AS pinned, \
             (SELECT count(*) FROM pg_locks l \
              WHERE l.locktype = 'advisory' AND l.classid = 1397769539 AND l.objsubid = 2 \
                AND l.objid = uuid_hash(r.id)::oid \
                AND l.database = (SELECT oid FROM pg_database \
                                  WHERE datname = current_database())) AS locks \
         FROM spec.runners r WHERE r.id = $1",
    )
    .bind(runner.as_uuid())
    .fetch_optional(pool)
    .await
    .ok()??;
    Some(Seen {
        alive: row.get("alive"),
        pinned: row.get("pinned"),
        locks: row.get("locks"),
    })
}

pub(super) async fn until_seen(pool: &PgPool, runner: RunnerId, expected: Seen) {
    until(&format!("{expected:?}"), async || {
        seen(pool, runner).await == Some(expected)
    })
    .await;
}

/// A runner of this store, with its lock.
pub(super) async fn registered(pool: &PgPool, store: &PostgresStore) -> RunnerId {
    let runner = new_runner();
    store.heartbeat(runner, LONG).await.unwrap();
    until_seen(pool, runner, Seen::WELL).await;
    runner
}

pub(super) async fn claim(store: &PostgresStore, runner: RunnerId) -> Result<usize, StoreError> {
    let claim = Claim {
        runner,
        limit: 10,
        machine_version: u16::MAX,
        only: None,
        max_per_project: None,
    };
    store.claim(&claim).await.map(|claimed| claimed.len())
}

/// A runner that says that its process lives, and has none.
pub(super) async fn ghost(pool: &PgPool) -> RunnerId {
    let ghost = new_runner();
    sqlx::query(
        "INSERT INTO spec.runners (id, expires_at, pinned) \
         VALUES ($1, clock_timestamp() + interval '1 hour', pg_postmaster_start_time())",
    )
    .bind(ghost.as_uuid())
    .execute(pool)
    .await
    .unwrap();
    ghost
}

/// Claims for `runner` until this store must have found every dead runner that there was: it has
/// found one more that was added last.
pub(super) async fn looked_for_the_dead(pool: &PgPool, store: &PostgresStore, runner: RunnerId) {
    let ghost = ghost(pool).await;
    until("a ghost found", async || {
        let _claimed = claim(store, runner).await;
        seen(pool, ghost).await.is_some_and(|seen| !seen.alive)
    })
    .await;
}

/// The server process of the session that holds a runner's lock.
pub(super) async fn session_of(pool: &PgPool, runner: RunnerId) -> i32 {
    sqlx::query(
        "SELECT pid FROM pg_locks \
         WHERE locktype = 'advisory' AND classid = 1397769539 AND objid = uuid_hash($1)::oid",
    )
    .bind(runner.as_uuid())
    .fetch_one(pool)
    .await
    .unwrap()
    .get("pid")
}

/// A process of a service: a store of its own, and a runner with the defaults but for the lease.
pub(super) struct Replica {
    store: Arc<PostgresStore>,
    token: CancellationToken,
    runner: JoinSet<Result<(), spec_core::Error>>,
}

impl Replica {
    pub(super) async fn start(pool: PgPool, lease: Duration) -> Self {
        let store = Arc::new(PostgresStore::new(pool).await.unwrap());
        let spawner = demo::spawner(demo::good_run);
        let config = RunnerConfig::in_environment("test")
            .unwrap()
            .with_lease(lease);
        let machine = SpecStateMachine::new(Arc::clone(&store), spawner, demo::projects())
            .with_config(config);
        let token = CancellationToken::new();
        let mut runner = JoinSet::new();
        let stop = token.clone();
        runner.spawn(async move { machine.run(stop).await });
        Self {
            store,
            token,
            runner,
        }
    }

    pub(super) async fn stop(mut self) {
        self.token.cancel();
        while let Some(ended) = self.runner.join_next().await {
            ended.unwrap().unwrap();
        }
        self.store.close().await;
    }
}
