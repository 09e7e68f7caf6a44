//! Who may drive specs: heartbeats, what is given back, and duties.

use std::time::Duration;

use chrono::{DateTime, Utc};
use spec_core::id::{Duty, RunnerId};
use spec_core::store::{Heartbeat, Held, Lease, StoreError, StoreErrorKind, Wakeup};
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::database::rows;
use super::liveness::Liveness;
use super::read::{column, number, spec_id};
use super::sql;
use crate::error::failed;

/// How long an expired runner that holds nothing is remembered, so that it is told to stop.
const EXPIRED_RUNNERS_KEPT: Duration = Duration::from_hours(24);
/// Longer terms than this make no difference.
pub(super) const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

/// A duration for the server, in microseconds.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.min(LONGEST).as_micros()).unwrap_or(i64::MAX)
}

pub(super) async fn heartbeat(
    pool: &PgPool,
    liveness: &Liveness,
    runner: RunnerId,
    lease: Duration,
) -> Result<Heartbeat, StoreError> {
    let failed = |error| failed("record a heartbeat", error);
    let query = sqlx::query(sql::HEARTBEAT)
        .bind(runner.as_uuid())
        .bind(micros(lease));
    let beat = rows(pool, query).await.map_err(failed)?;
    let Some(first) = beat.first() else {
        liveness.let_go(runner);
        return Err(expired(runner));
    };
    liveness.heard_of(runner, lease, column(first, "pinned")?);
    if column(first, "new")? {
        let query = sqlx::query(sql::FORGET_RUNNERS).bind(micros(EXPIRED_RUNNERS_KEPT));
        rows(pool, query).await.map_err(failed)?;
    }
    let mut held = Vec::new();
    for row in &beat {
        if column::<Option<Uuid>>(row, "id")?.is_some() {
            held.push(Held {
                spec_id: spec_id(row)?,
                epoch: number("the epoch", row, "epoch")?,
                revision: number("the revision", row, "revision")?,
            });
        }
    }
    Ok(Heartbeat {
        expires_at: column::<DateTime<Utc>>(first, "expires_at")?.into(),
        held,
    })
}

/// Gives a spec back, and says what listeners are to be told.
pub(super) async fn release(pool: &PgPool, lease: &Lease) -> Result<Vec<Wakeup>, StoreError> {
    let Lease {
        spec_id,
        runner,
        epoch,
    } = *lease;
    let query = sqlx::query(sql::RELEASE)
        .bind(runner.as_uuid())
        .bind(spec_id.as_uuid())
        .bind(i64::from(epoch));
    let given_back = rows(pool, query)
        .await
        .map_err(|error| failed("give a spec back", error))?;
    free(&given_back)
}

/// Gives everything back, likewise.
pub(super) async fn retire(
    pool: &PgPool,
    liveness: &Liveness,
    runner: RunnerId,
) -> Result<Vec<Wakeup>, StoreError> {
    let failed = |error| failed("retire a runner", error);
    // First of all, so that whatever is handed to it from now on is seen to be left behind.
    let query = sqlx::query(sql::FORGET_RUNNER).bind(runner.as_uuid());
    rows(pool, query).await.map_err(failed)?;
    liveness.let_go(runner);
    let query = sqlx::query(sql::RETIRE).bind(runner.as_uuid());
    let given_back = rows(pool, query).await.map_err(failed)?;
    free(&given_back)
}

/// What is said of specs that nobody holds any more.
fn free(rows: &[PgRow]) -> Result<Vec<Wakeup>, StoreError> {
    rows.iter()
        .map(|row| {
            Ok(Wakeup::Spec {
                id: spec_id(row)?,
                revision: number("the revision", row, "revision")?,
                due: column(row, "due")?,
            })
        })
        .collect()
}

/// Takes or renews a duty.
pub(super) async fn lead(
    pool: &PgPool,
    duty: &Duty,
    runner: RunnerId,
    term: Duration,
) -> Result<bool, StoreError> {
    let query = sqlx::query(sql::LEAD)
        .bind(duty.as_str().to_owned())
        .bind(runner.as_uuid())
        .bind(micros(term));
    let taken = rows(pool, query)
        .await
        .map_err(|error| failed("take a duty", error))?;
    Ok(!taken.is_empty())
}

pub(super) fn expired(runner: RunnerId) -> StoreError {
    StoreError::new(
        StoreErrorKind::Fenced,
        format!("the lease of runner {runner} has expired or was never taken"),
    )
}
