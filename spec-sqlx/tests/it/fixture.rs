//! SQLite stores for the suite, and what the other tests need to make some.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use spec_core::SpecStore;
use spec_core::clock::{Clock, Timestamp};
use spec_core::id::{Sequence, SpecId};
use spec_core::testing::ManualClock;
use spec_core::testing::conformance::store::StoreFixture;
use spec_sqlx::SqliteStore;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Memory,
    Host,
}

/// Makes SQLite stores whose time the suite decides about.
#[derive(Debug)]
pub(crate) struct SqliteFixture {
    kind: Kind,
    clock: ManualClock,
    folder: TempDir,
    /// The store that was made last, to be closed before it is opened again.
    store: Mutex<Option<Arc<SqliteStore>>>,
}

impl SqliteFixture {
    pub(crate) fn file() -> Self {
        Self::new(Kind::File)
    }

    pub(crate) fn memory() -> Self {
        Self::new(Kind::Memory)
    }

    pub(crate) fn host() -> Self {
        Self::new(Kind::Host)
    }

    fn new(kind: Kind) -> Self {
        Self {
            kind,
            clock: ManualClock::default(),
            folder: TempDir::new().unwrap(),
            store: Mutex::default(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("specs.db")
    }

    async fn open(&self) -> Arc<dyn SpecStore> {
        let store = match self.kind {
            Kind::File => SqliteStore::open(self.path()).await,
            Kind::Memory => SqliteStore::open_in_memory().await,
            Kind::Host => SqliteStore::with_pool(host_pool(&self.path()).await).await,
        };
        let store = Arc::new(store.unwrap().with_clock(self.clock.clone()));
        *self.store.lock().unwrap() = Some(Arc::clone(&store));
        store
    }
}

#[async_trait]
impl StoreFixture for SqliteFixture {
    async fn fresh(&self) -> Arc<dyn SpecStore> {
        self.open().await
    }

    async fn reopen(&self, old: Arc<dyn SpecStore>) -> Option<Arc<dyn SpecStore>> {
        if self.kind == Kind::Memory {
            return None;
        }
        drop(old);
        let store = self.store.lock().unwrap().take().unwrap();
        store.close().await;
        drop(store);
        Some(self.open().await)
    }

    async fn corrupt(&self, id: SpecId) -> bool {
        if self.kind == Kind::Memory {
            return false;
        }
        let pool = host_pool(&self.path()).await;
        let updated = sqlx::query("UPDATE spec_states SET state = '{\"id\":1}' WHERE spec_id = ?1")
            .bind(id.as_uuid())
            .execute(&pool)
            .await;
        updated.unwrap().rows_affected() == 1
    }

    async fn corrupt_event(&self, id: SpecId, sequence: Sequence) -> bool {
        if self.kind == Kind::Memory {
            return false;
        }
        let pool = host_pool(&self.path()).await;
        let updated = sqlx::query(
            "UPDATE spec_events SET body = '{\"type\":\"spec.of_tomorrow\",\"data\":{}}' \
             WHERE spec_id = ?1 AND sequence = ?2",
        )
        .bind(id.as_uuid())
        .bind(sequence.get())
        .execute(&pool)
        .await;
        updated.unwrap().rows_affected() == 1
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}

/// A pool as a host would have it.
pub(crate) async fn host_pool(path: &Path) -> SqlitePool {
    host_pool_with(path, Duration::from_secs(10)).await
}

pub(crate) async fn host_pool_with(path: &Path, patience: Duration) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(patience)
        .foreign_keys(true);
    SqlitePoolOptions::new()
        .max_connections(3)
        .connect_with(options)
        .await
        .unwrap()
}
