//! The tables, and how they come to be.

use std::cmp::Ordering;

use spec_core::store::{StoreError, StoreErrorKind};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, PgPool, SqlSafeStr};

use super::read::column;
use super::{database, sql};
use crate::error::{failed, not_migrated, sqlstate};

fn migrator() -> Migrator {
    let mut migrator = Migrator::with_migrations(vec![step(
        1,
        "specs",
        include_str!("../../migrations/postgres/0001_specs.sql"),
    )]);
    migrator.create_schema("spec");
    // A host that uses sqlx keeps its own record under the default name.
    migrator.dangerous_set_table_name("spec.migrations");
    // Its lock belongs to a session, and a pooler may give every transaction another one.
    migrator.set_locking(false);
    migrator
}

fn step(version: i64, name: &'static str, sql: &'static str) -> Migration {
    let sql = sql.into_sql_str();
    Migration::new(version, name.into(), MigrationType::Simple, sql, false)
}

/// Brings the tables to this version. Safe to run by many at once and beside a host's own migrations.
pub(super) async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    let (found, needed) = (version(pool).await?, latest());
    if found > needed {
        return Err(StoreError::new(
            StoreErrorKind::Internal,
            ahead(found, needed),
        ));
    }
    let mut connection = database::acquire(pool)
        .await
        .map_err(|error| failed("connect", error))?;
    let run = async {
        let mut transaction = connection.begin().await?;
        sqlx::query(sql::LOCK_MIGRATIONS)
            .execute(&mut *transaction)
            .await?;
        migrator()
            .run_direct(None, &mut *transaction, false)
            .await?;
        transaction.commit().await?;
        Ok(())
    };
    run.await.map_err(not_migrated)
}

/// Checks that the tables are of this version.
pub(super) async fn verify(pool: &PgPool) -> Result<(), StoreError> {
    let (found, needed) = (version(pool).await?, latest());
    let message = match found.cmp(&needed) {
        Ordering::Equal => return Ok(()),
        Ordering::Less => format!(
            "the tables for specs are at version {found} and this program needs {needed}: let a \
             role that may change them run the migrations first"
        ),
        Ordering::Greater => ahead(found, needed),
    };
    Err(StoreError::new(StoreErrorKind::Internal, message))
}

fn ahead(found: i64, needed: i64) -> String {
    format!(
        "the tables for specs are at version {found}, and this program knows {needed}: update it to \
         the version that has changed them"
    )
}

/// The version of the tables; 0 when there are none.
async fn version(pool: &PgPool) -> Result<i64, StoreError> {
    const UNDEFINED_TABLE: &str = "42P01";
    match database::rows(pool, sqlx::query(sql::VERSION)).await {
        Ok(rows) => rows.first().map_or(Ok(0), |row| column(row, "version")),
        Err(error) if sqlstate(&error).as_deref() == Some(UNDEFINED_TABLE) => Ok(0),
        Err(error) => Err(failed("tell the version of the tables", error)),
    }
}

fn latest() -> i64 {
    migrator()
        .iter()
        .map(|step| step.version)
        .max()
        .unwrap_or(0)
}
