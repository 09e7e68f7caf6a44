//! What a database's errors mean to users of a store.

use std::error::Error as StdError;
use std::sync::Arc;

use spec_core::store::{StoreError, StoreErrorKind};
use sqlx::migrate::MigrateError;

/// The error of a statement, on the way to `doing`; shared where it concerns several requests.
pub(crate) fn failed(doing: &str, error: impl Into<Arc<sqlx::Error>>) -> StoreError {
    let error = error.into();
    StoreError::new(kind(&error), format!("the database failed to {doing}")).with_source(error)
}

/// The error of a change of the schema.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the rest tells of a schema that another version or program made"
)]
pub(crate) fn not_migrated(error: MigrateError) -> StoreError {
    let kind = match &error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => kind(error),
        _ => StoreErrorKind::Internal,
    };
    let message = "the tables for specs cannot be brought to this version";
    StoreError::new(kind, message).with_source(error)
}

/// The error of a value that was read and makes no sense.
pub(crate) fn corrupt(
    what: impl Into<String>,
    error: impl Into<Box<dyn StdError + Send + Sync>>,
) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, what).with_source(error)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the rest tells of a closed pool or of a defect in this crate"
)]
fn kind(error: &sqlx::Error) -> StoreErrorKind {
    match error {
        sqlx::Error::Database(error) => error
            .code()
            .and_then(|code| code.parse().ok())
            .map_or(StoreErrorKind::Internal, sqlite_kind),
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => StoreErrorKind::Unavailable,
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Internal,
    }
}

/// True when another connection has the file, or a part of it, for itself.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(|error| error.code()?.parse::<i32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// The lower eight bits are the primary code (<https://sqlite.org/rescode.html>).
fn sqlite_kind(code: i32) -> StoreErrorKind {
    match code & 0xff {
        // Busy, locked, out of memory, interrupted, I/O, disk full, cannot open: may pass.
        5 | 6 | 7 | 9 | 10 | 13 | 14 => StoreErrorKind::Unavailable,
        // Corrupt, not a database.
        11 | 26 => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Internal,
    }
}
