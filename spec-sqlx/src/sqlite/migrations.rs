//! The tables, and how they come to be.

use spec_core::store::StoreError;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, SqlSafeStr, SqliteConnection};

use super::sql;
use crate::error::{failed, not_migrated};

/// Brings the tables to this version. Safe to run by many at once and beside a host's own migrations.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut migrator = Migrator::with_migrations(vec![
        step(
            1,
            "specs",
            include_str!("../../migrations/sqlite/0001_specs.sql"),
        ),
        step(
            2,
            "duties",
            include_str!("../../migrations/sqlite/0002_duties.sql"),
        ),
    ]);
    // A host that uses sqlx keeps its own record under the default name.
    migrator.dangerous_set_table_name("spec_migrations");

    // The migrator locks nothing in SQLite, so that two starters would both find a step to be done.
    let mut transaction = connection
        .begin_with(sql::BEGIN)
        .await
        .map_err(|error| failed("begin a migration", error))?;
    migrator
        .run_direct(None, &mut *transaction, false)
        .await
        .map_err(not_migrated)?;
    transaction
        .commit()
        .await
        .map_err(|error| failed("commit a migration", error))
}

fn step(version: i64, name: &'static str, sql: &'static str) -> Migration {
    let sql = sql.into_sql_str();
    Migration::new(version, name.into(), MigrationType::Simple, sql, false)
}
