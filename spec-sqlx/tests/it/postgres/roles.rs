//! Roles with few rights.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use spec_core::SpecStore;
use spec_core::store::{SpecQuery, StoreErrorKind};
use spec_sqlx::PostgresStore;
use spec_test_postgres::{TestDatabase, database};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::bench::{any, change, launch, line, run, runner, store};

/// A role that may use the tables and not change them, with at most so many connections. Roles
/// belong to all databases of a server.
struct Role {
    name: String,
    options: PgConnectOptions,
}

impl Role {
    async fn new(database: &TestDatabase, connections: i32) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let options: PgConnectOptions = database.url().parse().unwrap();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}_{number}", options.get_database().unwrap());
        let sql = format!(
            "CREATE ROLE {name} LOGIN PASSWORD 'secret' CONNECTION LIMIT {connections};
             GRANT USAGE ON SCHEMA spec TO {name};
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA spec TO {name}"
        );
        run(&database.pool(), sql).await;
        let options = options.username(&name).password("secret");
        Self { name, options }
    }

    /// Tests that fail leave theirs behind; nobody can log in to a database that is gone.
    async fn remove(self, database: &TestDatabase) {
        let name = self.name;
        run(
            &database.pool(),
            format!("DROP OWNED BY {name}; DROP ROLE {name}"),
        )
        .await;
    }
}

#[tokio::test]
async fn a_role_that_may_not_change_tables_can_do_all_the_rest() {
    let database = database().await;
    store(database.url()).await.close().await;
    let role = Role::new(&database, -1).await;
    let pool = PgPoolOptions::new().connect_lazy_with(role.options.clone());
    let store = PostgresStore::migrated(pool.clone()).await.unwrap();
    launch(&store).await;
    let runner = runner(&store).await;
    let claimed = store.claim(&any(runner, 1)).await.unwrap().remove(0);
    let spec = &claimed.stored.spec;
    store
        .append(line(spec, claimed.lease, "a line"))
        .await
        .unwrap();
    store
        .commit(change(spec).under(claimed.lease))
        .await
        .unwrap();
    store.retire(runner).await.unwrap();
    assert_eq!(
        store.list(&SpecQuery::default()).await.unwrap().items.len(),
        1
    );
    store.close().await;
    let refused = PostgresStore::new(pool.clone()).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Internal, "{refused}");
    pool.close().await;
    role.remove(&database).await;
}

#[tokio::test]
async fn too_many_connections_mean_that_the_store_is_unavailable() {
    let database = database().await;
    store(database.url()).await.close().await;
    let role = Role::new(&database, 1).await;
    let one = || {
        PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_millis(300))
            .connect_lazy_with(role.options.clone())
    };
    let (taken, refused) = (one(), one());
    let connection = taken.acquire().await.unwrap();
    let error = PostgresStore::migrated(refused.clone()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
    drop(connection);
    taken.close().await;
    refused.close().await;
    role.remove(&database).await;
}
