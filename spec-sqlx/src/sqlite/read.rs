//! What is read, and how rows become values.

use spec_core::artifact::Artifact;
use spec_core::clock::Timestamp;
use spec_core::event::{NewEvent, SpecEvent};
use spec_core::id::{ArtifactVersion, Sequence, SpecId};
use spec_core::store::{Page, PageLimit, SpecQuery, SpecSummary, StoreError, StoredSpec};
use spec_core::{Phase, SpecStatus};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor};
use uuid::Uuid;

use super::sql;
use crate::error::failed;
use crate::row::{counter, from_json, page};

/// Sorts after every identifier: one byte longer than the greatest.
const AFTER_ALL: [u8; 17] = [0xff; 17];

pub(super) async fn spec(
    executor: impl SqliteExecutor<'_>,
    id: SpecId,
) -> Result<Option<StoredSpec>, StoreError> {
    sqlx::query(sql::SPEC)
        .bind(id.as_uuid())
        .fetch_optional(executor)
        .await
        .map_err(|error| failed("read a spec", error))?
        .as_ref()
        .map(stored)
        .transpose()
}

/// The spec in a row with the columns `state`, `last_sequence` and `checkpoint`.
pub(super) fn stored(row: &SqliteRow) -> Result<StoredSpec, StoreError> {
    let state: &str = column(row, "state")?;
    let checkpoint: Option<&str> = column(row, "checkpoint")?;
    Ok(StoredSpec {
        spec: from_json("the state of a spec", state)?,
        last_sequence: counter("the sequence", column(row, "last_sequence")?)?,
        checkpoint: checkpoint
            .map(|checkpoint| from_json("the checkpoint of a spec", checkpoint))
            .transpose()?,
    })
}

pub(super) async fn list(
    executor: impl SqliteExecutor<'_>,
    query: &SpecQuery,
) -> Result<Page<SpecSummary>, StoreError> {
    let SpecQuery {
        project,
        owner,
        status,
        search,
        include_archived,
        before,
        limit,
    } = query;
    let statement = match (project, owner) {
        (Some(_), _) => sql::LIST_OF_PROJECT,
        (None, Some(_)) => sql::LIST_OF_OWNER,
        (None, None) => sql::LIST,
    };
    let before = before.map_or(AFTER_ALL.to_vec(), |id| id.as_uuid().as_bytes().to_vec());
    let rows = sqlx::query(statement)
        .bind(before)
        .bind(project.as_ref().map(|project| project.as_str().to_owned()))
        .bind(owner.as_ref().map(|owner| owner.as_str().to_owned()))
        .bind(status.map(SpecStatus::as_str))
        .bind(include_archived)
        // One more than asked for tells whether there is a next page.
        .bind(i64::from(limit.get()) + 1)
        .bind(search.as_ref().map(|search| search.folded().to_owned()))
        .fetch_all(executor)
        .await
        .map_err(|error| failed("list specs", error))?;

    page(*limit, rows.iter().map(|row| column(row, "summary")))
}

pub(super) async fn events(
    executor: impl SqliteExecutor<'_>,
    id: SpecId,
    after: Sequence,
    limit: PageLimit,
) -> Result<Vec<SpecEvent>, StoreError> {
    sqlx::query(sql::EVENTS)
        .bind(id.as_uuid())
        .bind(i64::from(after))
        .bind(limit.get())
        .fetch_all(executor)
        .await
        .map_err(|error| failed("read events", error))?
        .iter()
        .map(|row| {
            let event = NewEvent {
                at: Timestamp::from_micros(column(row, "at")?),
                revision: counter("the revision", column(row, "revision")?)?,
                body: from_json("an event", column(row, "body")?)?,
            };
            let sequence = counter("the sequence", column(row, "sequence")?)?;
            Ok(event.at_sequence(id, sequence))
        })
        .collect()
}

pub(super) async fn artifact(
    executor: impl SqliteExecutor<'_>,
    id: SpecId,
    phase: Phase,
    version: Option<ArtifactVersion>,
) -> Result<Option<Artifact>, StoreError> {
    sqlx::query(sql::ARTIFACT)
        .bind(id.as_uuid())
        .bind(phase.as_str())
        .bind(version.map(i64::from))
        .fetch_optional(executor)
        .await
        .map_err(|error| failed("read an artifact", error))?
        .map(|row| from_json("an artifact", column(&row, "artifact")?))
        .transpose()
}

pub(super) async fn artifacts(
    executor: impl SqliteExecutor<'_>,
    id: SpecId,
) -> Result<Vec<Artifact>, StoreError> {
    let mut artifacts = sqlx::query(sql::ARTIFACTS)
        .bind(id.as_uuid())
        .fetch_all(executor)
        .await
        .map_err(|error| failed("read artifacts", error))?
        .iter()
        .map(|row| from_json("an artifact", column(row, "artifact")?))
        .collect::<Result<Vec<Artifact>, _>>()?;
    artifacts.sort_by_key(|artifact| artifact.phase);
    Ok(artifacts)
}

/// The identifier in a row's column `id`.
pub(super) fn spec_id(row: &SqliteRow) -> Result<SpecId, StoreError> {
    column::<Uuid>(row, "id").map(SpecId::from_uuid)
}

pub(super) fn column<'r, T>(row: &'r SqliteRow, name: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    row.try_get(name)
        .map_err(|error| failed("yield a readable row", error))
}
