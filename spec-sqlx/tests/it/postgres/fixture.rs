//! Postgres stores for the suite, and what the other tests need to make some.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use spec_core::SpecStore;
use spec_core::clock::{Clock, Timestamp};
use spec_core::id::{Sequence, SpecId};
use spec_core::testing::ManualClock;
use spec_core::testing::conformance::store::StoreFixture;
use spec_sqlx::PostgresStore;
use spec_test_postgres::{TestDatabase, database};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::sync::OnceCell;

/// Makes Postgres stores whose time the suite decides about.
#[derive(Debug, Default)]
pub(crate) struct PostgresFixture {
    clock: ManualClock,
    /// The store that was made last, to be closed before it is opened again.
    store: Mutex<Option<Arc<PostgresStore>>>,
    database: OnceCell<TestDatabase>,
}

impl PostgresFixture {
    async fn pool(&self) -> PgPool {
        self.database.get_or_init(database).await.pool()
    }

    /// Makes the store's time the suite's.
    async fn set_clock(&self) {
        let sql = format!(
            "CREATE OR REPLACE FUNCTION spec.now() RETURNS timestamptz LANGUAGE sql VOLATILE AS \
             'SELECT timestamptz ''{}'''",
            self.clock.now()
        );
        let pool = self.pool().await;
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&pool)
            .await
            .unwrap();
    }

    async fn open(&self) -> Arc<dyn SpecStore> {
        let store = PostgresStore::new(self.pool().await).await.unwrap();
        let store = Arc::new(store);
        self.set_clock().await;
        *self.store.lock().unwrap() = Some(Arc::clone(&store));
        store
    }
}

#[async_trait]
impl StoreFixture for PostgresFixture {
    async fn fresh(&self) -> Arc<dyn SpecStore> {
        self.open().await
    }

    async fn reopen(&self, old: Arc<dyn SpecStore>) -> Option<Arc<dyn SpecStore>> {
        drop(old);
        let store = self.store.lock().unwrap().take().unwrap();
        store.close().await;
        drop(store);
        Some(self.open().await)
    }

    async fn corrupt(&self, id: SpecId) -> bool {
        let updated = sqlx::query("UPDATE spec.states SET state = '{\"id\":1}' WHERE spec_id = $1")
            .bind(id.as_uuid())
            .execute(&self.pool().await)
            .await;
        updated.unwrap().rows_affected() == 1
    }

    async fn corrupt_event(&self, id: SpecId, sequence: Sequence) -> bool {
        let updated = sqlx::query(
            "UPDATE spec.events SET body = '{\"type\":\"spec.of_tomorrow\",\"data\":{}}' \
             WHERE spec_id = $1 AND sequence = $2",
        )
        .bind(id.as_uuid())
        .bind(i64::from(sequence))
        .execute(&self.pool().await)
        .await;
        updated.unwrap().rows_affected() == 1
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
        self.set_clock().await;
    }
}
