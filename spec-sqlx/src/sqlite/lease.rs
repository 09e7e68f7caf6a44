//! Changes of who may drive a spec: claims, heartbeats, and what is given back.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use spec_core::clock::{Clock, Timestamp};
use spec_core::id::{Duty, Epoch, ProjectId, RunnerId};
use spec_core::store::{
    Claim, Claimed, Heartbeat, Held, Lease, StoreError, StoreErrorKind, Turns, Wakeup,
};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::change::take;
use super::read::{column, spec_id, stored};
use super::sql;
use super::writer::{Change, Made};
use crate::error::{corrupt, failed};
use crate::row::counter;

/// How long an expired runner that holds nothing is remembered, so that it is told to stop.
const EXPIRED_RUNNERS_KEPT: Duration = Duration::from_hours(24);
/// Specs that are looked at to give projects their turns.
const MAX_DUE: i64 = 10_000;

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
        let answer = match claim.max_per_project {
            None => longest_due(connection, &claim, now).await?,
            Some(cap) => in_turn(connection, &claim, now, cap).await?,
        };
        Ok(Made {
            answer,
            wakeups: Vec::new(),
        })
    }
}

async fn longest_due(
    connection: &mut SqliteConnection,
    claim: &Claim,
    now: Timestamp,
) -> Result<Vec<Claimed>, StoreError> {
    let mut claimed = Vec::new();
    let mut seen = (i64::MIN, Uuid::nil());
    loop {
        let missing = i64::from(claim.limit) - i64::try_from(claimed.len()).unwrap_or(i64::MAX);
        let rows = due(connection, claim, now, seen, missing).await?;
        let Some(last) = rows.last() else {
            return Ok(claimed);
        };
        seen = (column(last, "due_at")?, column(last, "id")?);
        for row in &rows {
            claimed.extend(try_take(connection, claim.runner, row).await?);
        }
    }
}

/// Likewise, while projects take turns under a cap.
async fn in_turn(
    connection: &mut SqliteConnection,
    claim: &Claim,
    now: Timestamp,
    cap: NonZeroU32,
) -> Result<Vec<Claimed>, StoreError> {
    let failed = |error| failed("find specs that are due", error);
    let project = |row: &SqliteRow| {
        let name: String = column(row, "project_id")?;
        ProjectId::new(name).map_err(|error| corrupt("the project of a spec", error))
    };
    let mut held = HashMap::new();
    for row in sqlx::query(sql::HELD_OF_PROJECTS)
        .bind(now.as_micros())
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?
    {
        held.insert(project(&row)?, column(&row, "held")?);
    }
    let due = sqlx::query(sql::DUE_OF_PROJECTS)
        .bind(now.as_micros())
        .bind(claim.machine_version)
        .bind(MAX_DUE)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?
        .iter()
        .map(|row| Ok((project(row)?, spec_id(row)?)))
        .collect::<Result<Vec<_>, StoreError>>()?;

    let mut turns = Turns::new(due, held, cap);
    let mut claimed = Vec::new();
    let limit = usize::try_from(claim.limit).unwrap_or(usize::MAX);
    while claimed.len() < limit
        && let Some((project, id)) = turns.next_in_turn()
    {
        if claim.only.is_some_and(|only| only != id) {
            continue;
        }
        let row = sqlx::query(sql::SPEC)
            .bind(id.as_uuid())
            .fetch_one(&mut *connection)
            .await
            .map_err(failed)?;
        if let Some(taken) = try_take(connection, claim.runner, &row).await? {
            claimed.push(taken);
            turns.taken(project);
        }
    }
    Ok(claimed)
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

/// Takes the spec in `row`, unless what is stored of it cannot be read.
async fn try_take(
    connection: &mut SqliteConnection,
    runner: RunnerId,
    row: &SqliteRow,
) -> Result<Option<Claimed>, StoreError> {
    match claimed(runner, row) {
        Ok(claimed) => {
            let claims = claimed.fruitless.saturating_add(1);
            take(connection, &claimed.lease, claims).await?;
            Ok(Some(claimed))
        }
        Err(error) if error.kind() == StoreErrorKind::Corrupt => {
            tracing::error!(
                spec.id = spec_id(row).ok().map(tracing::field::display),
                error = &error as &dyn std::error::Error,
                "a spec cannot be claimed because what is stored of it cannot be read"
            );
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn claimed(runner: RunnerId, row: &SqliteRow) -> Result<Claimed, StoreError> {
    let epoch: Epoch = counter("the epoch", column(row, "epoch")?)?;
    Ok(Claimed {
        lease: Lease {
            spec_id: spec_id(row)?,
            runner,
            epoch: epoch.next(),
        },
        stored: stored(row)?,
        fruitless: column(row, "claims")?,
    })
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
            wakeups: Vec::new(),
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
            .fetch_all(connection)
            .await
            .map_err(|error| failed("give a spec back", error))?;
        Ok(Made {
            answer: (),
            wakeups: free(&given_back)?,
        })
    }
}

pub(super) struct RetireChange(pub(super) RunnerId);

impl Change for RetireChange {
    type Answer = ();

    async fn make(self, connection: &mut SqliteConnection) -> Result<Made<()>, StoreError> {
        let failed = |error| failed("retire a runner", error);
        let Self(runner) = self;
        let given_back = sqlx::query(sql::GIVE_BACK_ALL)
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
            wakeups: free(&given_back)?,
        })
    }
}

/// What is said of specs that nobody holds any more.
fn free(rows: &[SqliteRow]) -> Result<Vec<Wakeup>, StoreError> {
    rows.iter()
        .map(|row| {
            Ok(Wakeup::Spec {
                id: spec_id(row)?,
                revision: counter("the revision", column(row, "revision")?)?,
                due: column(row, "owed")?,
            })
        })
        .collect()
}

pub(super) struct LeadChange {
    pub(super) duty: Duty,
    pub(super) runner: RunnerId,
    pub(super) term: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

impl Change for LeadChange {
    type Answer = bool;

    async fn make(self, connection: &mut SqliteConnection) -> Result<Made<bool>, StoreError> {
        let Self {
            duty,
            runner,
            term,
            clock,
        } = self;
        let now = clock.now();
        let taken = sqlx::query(sql::LEAD)
            .bind(duty.as_str())
            .bind(runner.as_uuid())
            .bind((now + term).as_micros())
            .bind(now.as_micros())
            .execute(connection)
            .await
            .map_err(|error| failed("take a duty", error))?;
        Ok(Made {
            answer: taken.rows_affected() > 0,
            wakeups: Vec::new(),
        })
    }
}

/// When the runner's lease expires; `None` when it has none.
pub(super) async fn expiry(
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
