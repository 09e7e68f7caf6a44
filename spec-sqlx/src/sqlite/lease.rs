//! Changes of who may drive a spec: claims, heartbeats, and what is given back.

use std::sync::Arc;
use std::time::Duration;

use spec_core::clock::{Clock, Timestamp};
use spec_core::id::{Epoch, RunnerId, SpecId};
use spec_core::store::{Claim, Claimed, Heartbeat, Held, Lease, StoreError, StoreErrorKind};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::read::{column, spec_id, stored};
use super::sql;
use super::writer::{Change, Made};
use crate::error::failed;
use crate::row::counter;

/// How long an expired runner that holds nothing is remembered, so that it is told to stop.
const EXPIRED_RUNNERS_KEPT: Duration = Duration::from_hours(24);

pub(super) struct ClaimChange {
    pub(super) claim: Claim,
    /// Read when the writer's turn has come, not when the request was queued.
    pub(super) clock: Arc<dyn Clock>,
}

impl Change for ClaimChange {
    type Answer = Vec<Claimed>;

    async fn make(
        self,
        connection: &mut SqliteConnection,
    ) -> Result<Made<Vec<Claimed>>, StoreError> {
        let Self { claim, clock } = self;
        let now = clock.now();
        if expiry(connection, claim.runner)
            .await?
            .is_none_or(|until| until <= now)
        {
            return Err(expired(claim.runner));
        }
        let mut claimed = Vec::new();
        let mut seen = (i64::MIN, Uuid::nil());
        loop {
            let missing = i64::from(claim.limit) - i64::try_from(claimed.len()).unwrap_or(i64::MAX);
            let rows = due(connection, &claim, now, seen, missing).await?;
            let Some(last) = rows.last() else {
                break;
            };
            seen = (column(last, "due_at")?, column(last, "id")?);
            for row in &rows {
                match take(connection, claim.runner, row).await {
                    Ok(taken) => claimed.push(taken),
                    Err(error) if error.kind() == StoreErrorKind::Corrupt => skip(row, &error),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Made {
            answer: claimed,
            changed: Vec::new(),
        })
    }
}

/// The next specs that are due and that nobody alive owns.
async fn due(
    connection: &mut SqliteConnection,
    claim: &Claim,
    now: Timestamp,
    seen: (i64, Uuid),
    limit: i64,
) -> Result<Vec<SqliteRow>, StoreError> {
    // A negative limit would mean none.
    if limit <= 0 {
        return Ok(Vec::new());
    }
    let query = match claim.only {
        Some(_) => sqlx::query(sql::DUE_ONLY),
        None => sqlx::query(sql::DUE),
    }
    .bind(now.as_micros())
    .bind(claim.machine_version)
    .bind(seen.0)
    .bind(seen.1)
    .bind(limit);
    match claim.only {
        Some(only) => query.bind(only.as_uuid()),
        None => query,
    }
    .fetch_all(connection)
    .await
    .map_err(|error| failed("find specs that are due", error))
}

async fn take(
    connection: &mut SqliteConnection,
    runner: RunnerId,
    row: &SqliteRow,
) -> Result<Claimed, StoreError> {
    let epoch: Epoch = counter("the epoch", column(row, "epoch")?)?;
    let claimed = Claimed {
        lease: Lease {
            spec_id: spec_id(row)?,
            runner,
            epoch: epoch.next(),
        },
        stored: stored(row)?,
        fruitless: column(row, "claims")?,
    };
    sqlx::query(sql::TAKE)
        .bind(claimed.lease.spec_id.as_uuid())
        .bind(i64::from(claimed.lease.epoch))
        .bind(runner.as_uuid())
        .bind(claimed.fruitless.saturating_add(1))
        .execute(connection)
        .await
        .map_err(|error| failed("claim a spec", error))?;
    Ok(claimed)
}

fn skip(row: &SqliteRow, error: &StoreError) {
    tracing::error!(
        spec.id = spec_id(row).ok().map(tracing::field::display),
        error = error as &dyn std::error::Error,
        "a spec cannot be claimed because what is stored of it cannot be read"
    );
}

pub(super) struct HeartbeatChange {
    pub(super) runner: RunnerId,
    pub(super) lease: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

impl Change for HeartbeatChange {
    type Answer = Heartbeat;

    async fn make(self, connection: &mut SqliteConnection) -> Result<Made<Heartbeat>, StoreError> {
        let Self {
            runner,
            lease,
            clock,
        } = self;
        let failed = |error| failed("record a heartbeat", error);
        let now = clock.now();
        match expiry(connection, runner).await? {
            Some(until) if until <= now => return Err(expired(runner)),
            Some(_) => {}
            None => {
                sqlx::query(sql::FORGET_RUNNERS)
                    .bind((now - EXPIRED_RUNNERS_KEPT).as_micros())
                    .execute(&mut *connection)
                    .await
                    .map_err(failed)?;
            }
        }
        let expires_at = now + lease;
        sqlx::query(sql::BEAT)
            .bind(runner.as_uuid())
            .bind(expires_at.as_micros())
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        let held = sqlx::query(sql::HELD)
            .bind(runner.as_uuid())
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?
            .iter()
            .map(|row| {
                Ok(Held {
                    spec_id: spec_id(row)?,
                    epoch: counter("the epoch", column(row, "epoch")?)?,
                    revision: counter("the revision", column(row, "revision")?)?,
                })
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Made {
            answer: Heartbeat { expires_at, held },
            changed: Vec::new(),
        })
    }
}

pub(super) struct ReleaseChange(pub(super) Lease);

impl Change for ReleaseChange {
    type Answer = ();

    async fn make(self, connection: &mut SqliteConnection) -> Result<Made<()>, StoreError> {
        let Lease {
            spec_id,
            runner,
            epoch,
        } = self.0;
        let given_back = sqlx::query(sql::GIVE_BACK)
            .bind(spec_id.as_uuid())
            .bind(i64::from(epoch))
            .bind(runner.as_uuid())
            .execute(connection)
            .await
            .map_err(|error| failed("give a spec back", error))?
            .rows_affected();
        Ok(Made {
            answer: (),
            changed: (given_back > 0).then_some(spec_id).into_iter().collect(),
        })
    }
}

pub(super) struct RetireChange(pub(super) RunnerId);

impl Change for RetireChange {
    type Answer = ();

    async fn make(self, connection: &mut SqliteConnection) -> Result<Made<()>, StoreError> {
        let failed = |error| failed("retire a runner", error);
        let Self(runner) = self;
        let given_back: Vec<Uuid> = sqlx::query_scalar(sql::GIVE_BACK_ALL)
            .bind(runner.as_uuid())
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
        sqlx::query(sql::FORGET_RUNNER)
            .bind(runner.as_uuid())
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        Ok(Made {
            answer: (),
            changed: given_back.into_iter().map(SpecId::from_uuid).collect(),
        })
    }
}

/// When the runner's lease expires; `None` when it has none.
async fn expiry(
    connection: &mut SqliteConnection,
    runner: RunnerId,
) -> Result<Option<Timestamp>, StoreError> {
    let until: Option<i64> = sqlx::query_scalar(sql::EXPIRY)
        .bind(runner.as_uuid())
        .fetch_optional(connection)
        .await
        .map_err(|error| failed("read a runner's lease", error))?;
    Ok(until.map(Timestamp::from_micros))
}

fn expired(runner: RunnerId) -> StoreError {
    StoreError::new(
        StoreErrorKind::Fenced,
        format!("the lease of runner {runner} has expired or was never taken"),
    )
}
