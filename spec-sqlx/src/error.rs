//! What a database's errors mean to users of a store.

use std::borrow::Cow;
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
        sqlx::Error::Database(database) => match sqlstate(error) {
            Some(state) => postgres_kind(&state),
            None => database
                .code()
                .and_then(|code| code.parse().ok())
                .map_or(StoreErrorKind::Internal, sqlite_kind),
        },
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => StoreErrorKind::Unavailable,
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Internal,
    }
}

/// The code of a Postgres error: five characters, where SQLite's numbers have at most four.
pub(crate) fn sqlstate(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error
        .as_database_error()?
        .code()
        .filter(|code| code.len() == 5)
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn postgres_kind(state: &str) -> StoreErrorKind {
    match state {
        // Not serialisable, deadlock, lock not available, cancelled by a timeout.
        "40001" | "40P01" | "55P03" | "57014" => StoreErrorKind::Unavailable,
        // Untranslatable character, corrupt data, corrupt index.
        "22P05" | "XX001" | "XX002" => StoreErrorKind::Corrupt,
        // Connection, resources, shutdown, failure of the system around the server.
        _ if ["08", "53", "57P", "58"]
            .iter()
            .any(|class| state.starts_with(class)) =>
        {
            StoreErrorKind::Unavailable
        }
        // A standby, or a server that was told to write nothing for now.
        "25006" => StoreErrorKind::Unavailable,
        _ => StoreErrorKind::Internal,
    }
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
