//! What is read, and how rows become values.

use chrono::{DateTime, Utc};
use spec_core::artifact::Artifact;
use spec_core::event::{NewEvent, SpecEvent};
use spec_core::id::{ArtifactVersion, Sequence, SpecId};
use spec_core::store::{Page, PageLimit, SpecQuery, SpecSummary, StoreError, StoredSpec};
use spec_core::{Phase, SpecStatus};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Postgres, Row};
use uuid::Uuid;

use super::database::rows;
use super::{sql, state};
use crate::error::failed;
use crate::row::{counter, from_json, page};

pub(super) async fn spec(pool: &PgPool, id: SpecId) -> Result<Option<StoredSpec>, StoreError> {
    rows(pool, sqlx::query(sql::SPEC).bind(id.as_uuid()))
        .await
        .map_err(|error| failed("read a spec", error))?
        .first()
        .map(stored)
        .transpose()
}

/// The spec in a row with the columns `state`, `description`, `last_sequence` and `checkpoint`.
pub(super) fn stored(row: &PgRow) -> Result<StoredSpec, StoreError> {
    let checkpoint: Option<&str> = column(row, "checkpoint")?;
    Ok(StoredSpec {
        spec: state::described(column(row, "state")?, column(row, "description")?)?,
        last_sequence: number("the sequence", row, "last_sequence")?,
        checkpoint: checkpoint
            .map(|checkpoint| from_json("the checkpoint of a spec", checkpoint))
            .transpose()?,
    })
}

pub(super) async fn list(
    pool: &PgPool,
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
    let (list, search_in) = match (project, owner, status) {
        (None, None, None) => (sql::LIST, sql::SEARCH),
        (Some(_), None, None) => (sql::LIST_OF_PROJECT, sql::SEARCH_OF_PROJECT),
        (None, Some(_), None) => (sql::LIST_OF_OWNER, sql::SEARCH_OF_OWNER),
        (None, None, Some(_)) => (sql::LIST_OF_STATUS, sql::SEARCH_OF_STATUS),
        (Some(_), Some(_), None) => (
            sql::LIST_OF_PROJECT_AND_OWNER,
            sql::SEARCH_OF_PROJECT_AND_OWNER,
        ),
        (Some(_), None, Some(_)) => (
            sql::LIST_OF_PROJECT_AND_STATUS,
            sql::SEARCH_OF_PROJECT_AND_STATUS,
        ),
        (None, Some(_), Some(_)) => (
            sql::LIST_OF_OWNER_AND_STATUS,
            sql::SEARCH_OF_OWNER_AND_STATUS,
        ),
        (Some(_), Some(_), Some(_)) => (sql::LIST_OF_ALL_THREE, sql::SEARCH_OF_ALL_THREE),
    };
    let statement = if search.is_some() { search_in } else { list };
    let query = sqlx::query(statement)
        .bind(before.map(SpecId::as_uuid))
        .bind(project.as_ref().map(|project| project.as_str().to_owned()))
        .bind(owner.as_ref().map(|owner| owner.as_str().to_owned()))
        .bind(status.map(SpecStatus::as_str))
        .bind(include_archived)
        // One more than asked for tells whether there is a next page.
        .bind(i64::from(limit.get()) + 1);
    let query = match search {
        Some(search) => query.bind(search.folded().to_owned()),
        None => query,
    };
    let rows = rows(pool, query)
        .await
        .map_err(|error| failed("list specs", error))?;

    page(*limit, rows.iter().map(|row| column(row, "summary")))
}

pub(super) async fn events(
    pool: &PgPool,
    id: SpecId,
    after: Sequence,
    limit: PageLimit,
) -> Result<Vec<SpecEvent>, StoreError> {
    let query = sqlx::query(sql::EVENTS)
        .bind(id.as_uuid())
        .bind(i64::from(after))
        .bind(i64::from(limit.get()));
    rows(pool, query)
        .await
        .map_err(|error| failed("read events", error))?
        .iter()
        .map(|row| {
            let event = NewEvent {
                at: column::<DateTime<Utc>>(row, "at")?.into(),
                revision: number("the revision", row, "revision")?,
                body: from_json("an event", column(row, "body")?)?,
            };
            Ok(event.at_sequence(id, number("the sequence", row, "sequence")?))
        })
        .collect()
}

pub(super) async fn artifact(
    pool: &PgPool,
    id: SpecId,
    phase: Phase,
    version: Option<ArtifactVersion>,
) -> Result<Option<Artifact>, StoreError> {
    let query = sqlx::query(sql::ARTIFACT)
        .bind(id.as_uuid())
        .bind(phase.as_str())
        .bind(version.map(i64::from));
    rows(pool, query)
        .await
        .map_err(|error| failed("read an artifact", error))?
        .first()
        .map(|row| from_json("an artifact", column(row, "artifact")?))
        .transpose()
}

pub(super) async fn artifacts(pool: &PgPool, id: SpecId) -> Result<Vec<Artifact>, StoreError> {
    let query = sqlx::query(sql::ARTIFACTS).bind(id.as_uuid());
    let mut artifacts = rows(pool, query)
        .await
        .map_err(|error| failed("read artifacts", error))?
        .iter()
        .map(|row| from_json("an artifact", column(row, "artifact")?))
        .collect::<Result<Vec<Artifact>, _>>()?;
    artifacts.sort_by_key(|artifact| artifact.phase);
    Ok(artifacts)
}

/// The identifier in a row's column `id`.
pub(super) fn spec_id(row: &PgRow) -> Result<SpecId, StoreError> {
    column::<Uuid>(row, "id").map(SpecId::from_uuid)
}

/// A counter, such as a revision.
pub(super) fn number<T>(what: &str, row: &PgRow, name: &str) -> Result<T, StoreError>
where
    T: TryFrom<i64, Error = std::num::TryFromIntError>,
{
    counter(what, column::<i32>(row, name)?.into())
}

pub(super) fn column<'r, T>(row: &'r PgRow, name: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
{
    row.try_get(name)
        .map_err(|error| failed("yield a readable row", error))
}
