//! The tables, and how they come to be.

use spec_core::store::StoreError;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, SqlSafeStr, SqliteConnection};

use super::sql;
use crate::error::{failed, not_migrated};

/// Brings the tables to this version. Safe to run by many at once and beside a host's own migrations.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut migrator = Migrator::with_migrations(vec![Migration::new(
        1,
        "specs".into(),
        MigrationType::Simple,
        include_str!("../../migrations/sqlite/0001_specs.sql").into_sql_str(),
        false,
    )]);
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
