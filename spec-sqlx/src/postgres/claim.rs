//! Claims: the longest due first, or projects in turn under a cap.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use spec_core::id::{ProjectId, RunnerId, SpecId};
use spec_core::store::{Claim, Claimed, Lease, StoreError, StoreErrorKind, Turns};
use sqlx::postgres::PgRow;
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use super::hints::Hints;
use super::lease::{expired, micros};
use super::liveness::{Liveness, look};
use super::read::{column, number, spec_id, stored};
use super::{database, read, sql};
use crate::error::{corrupt, failed};
use crate::row::counter;

/// When a spec whose state cannot be read is looked at again.
const ASIDE: Duration = Duration::from_mins(1);

pub(super) async fn claim(
    pool: &PgPool,
    liveness: &Liveness,
    hints: &Hints,
    claim: &Claim,
) -> Result<Vec<Claimed>, StoreError> {
    let mut connection = database::acquire(pool).await.map_err(not_claimed)?;
    let work = async {
        if !liveness.is_time_to_look() {
            return by_rule(pool, &mut connection, claim).await;
        }
        let mut transaction = connection.begin().await.map_err(not_claimed)?;
        let look = look(&mut transaction, claim.runner)
            .await
            .map_err(not_claimed)?;
        let claimed = by_rule(pool, &mut transaction, claim).await?;
        transaction.commit().await.map_err(not_claimed)?;
        look.tell(liveness, hints);
        Ok(claimed)
    };
    let claimed = database::in_time(work).await;
    if claimed.is_err() {
        connection.close_on_drop();
    }
    let claimed = claimed.map_err(not_claimed)?;
    if claimed
        .as_ref()
        .is_err_and(|error| error.kind() == StoreErrorKind::Fenced)
    {
        liveness.let_go(claim.runner);
    }
    claimed
}

async fn by_rule(
    pool: &PgPool,
    connection: &mut PgConnection,
    claim: &Claim,
) -> Result<Vec<Claimed>, StoreError> {
    match claim.max_per_project {
        None => longest_due(pool, connection, claim).await,
        Some(cap) => in_turn(pool, connection, claim, cap).await,
    }
}

fn not_claimed(error: sqlx::Error) -> StoreError {
    failed("claim specs", error)
}

async fn longest_due(
    pool: &PgPool,
    connection: &mut PgConnection,
    claim: &Claim,
) -> Result<Vec<Claimed>, StoreError> {
    let only: Option<Vec<Uuid>> = claim.only.map(|only| vec![only.as_uuid()]);
    let mut claimed = Vec::new();
    loop {
        let missing = missing(claim, claimed.len());
        let (taken, unreadable) = take(pool, connection, claim, missing, only.as_deref()).await?;
        claimed.extend(taken);
        if unreadable == 0 {
            return Ok(claimed);
        }
    }
}

/// While projects take turns under a cap, claims go one after the other, so that the cap is strict.
async fn in_turn(
    pool: &PgPool,
    connection: &mut PgConnection,
    claim: &Claim,
    cap: NonZeroU32,
) -> Result<Vec<Claimed>, StoreError> {
    let mut transaction = connection.begin().await.map_err(not_claimed)?;
    sqlx::query(sql::LOCK_TURNS)
        .execute(&mut *transaction)
        .await
        .map_err(not_claimed)?;
    let mut claimed = Vec::new();
    loop {
        let chosen = chosen(&mut transaction, claim, claimed.len(), cap).await?;
        let ids: Vec<Uuid> = chosen.iter().map(|id| id.as_uuid()).collect();
        let limit = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let (mut taken, unreadable) =
            take(pool, &mut transaction, claim, limit, Some(&ids)).await?;
        taken.sort_unstable_by_key(|taken| chosen.iter().position(|id| *id == taken.lease.spec_id));
        claimed.extend(taken);
        if unreadable == 0 {
            break;
        }
    }
    transaction.commit().await.map_err(not_claimed)?;
    Ok(claimed)
}

fn missing(claim: &Claim, claimed: usize) -> i64 {
    i64::from(claim.limit).saturating_sub(i64::try_from(claimed).unwrap_or(i64::MAX))
}

/// The specs whose turn it is, in turn.
async fn chosen(
    connection: &mut PgConnection,
    claim: &Claim,
    claimed: usize,
    cap: NonZeroU32,
) -> Result<Vec<SpecId>, StoreError> {
    let project = |row: &PgRow| {
        let name: String = column(row, "project_id")?;
        ProjectId::new(name).map_err(|error| corrupt("the project of a spec", error))
    };
    let mut held = HashMap::new();
    for row in sqlx::query(sql::HELD_OF_PROJECTS)
        .fetch_all(&mut *connection)
        .await
        .map_err(not_claimed)?
    {
        let number: i64 = column(&row, "held")?;
        held.insert(project(&row)?, u32::try_from(number).unwrap_or(u32::MAX));
    }
    let missing = missing(claim, claimed);
    let due = sqlx::query(sql::DUE_OF_PROJECTS)
        .bind(i32::from(claim.machine_version))
        .bind(missing.min(cap.get().into()))
        .bind(claim.only.map(SpecId::as_uuid))
        .fetch_all(connection)
        .await
        .map_err(not_claimed)?
        .iter()
        .map(|row| Ok((project(row)?, spec_id(row)?)))
        .collect::<Result<Vec<_>, StoreError>>()?;
    let mut turns = Turns::new(due, held, cap);
    let in_turn = std::iter::from_fn(|| {
        let (project, id) = turns.next_in_turn()?;
        turns.taken(project);
        Some(id)
    });
    Ok(in_turn
        .take(usize::try_from(missing).unwrap_or(0))
        .collect())
}

/// Takes at most `limit` specs, of `these` if given, and says how many more cannot be read.
async fn take(
    pool: &PgPool,
    connection: &mut PgConnection,
    claim: &Claim,
    limit: i64,
    these: Option<&[Uuid]>,
) -> Result<(Vec<Claimed>, usize), StoreError> {
    let query = match these {
        Some(_) => sqlx::query(sql::CLAIM_THESE),
        None => sqlx::query(sql::CLAIM),
    }
    .bind(claim.runner.as_uuid())
    .bind(limit)
    .bind(i32::from(claim.machine_version));
    let rows = match these {
        Some(these) => query.bind(these.to_vec()),
        None => query,
    }
    .fetch_all(&mut *connection)
    .await
    .map_err(not_claimed)?;

    let (mut claimed, mut unreadable) = (Vec::new(), Vec::new());
    for row in &rows {
        if !column::<bool>(row, "alive")? {
            return Err(expired(claim.runner));
        }
        let Some(id) = column::<Option<Uuid>>(row, "id")?.map(SpecId::from_uuid) else {
            break;
        };
        match taken(pool, claim.runner, id, row).await {
            Ok(taken) => claimed.push(taken),
            Err(error) if error.kind() == StoreErrorKind::Corrupt => {
                tracing::error!(
                    spec.id = %id,
                    error = &error as &dyn std::error::Error,
                    "a spec cannot be claimed because what is stored of it cannot be read"
                );
                unreadable.push(id.as_uuid());
            }
            Err(error) => return Err(error),
        }
    }
    let skipped = unreadable.len();
    if skipped > 0 {
        sqlx::query(sql::PUT_ASIDE)
            .bind(unreadable)
            .bind(claim.runner.as_uuid())
            .bind(micros(ASIDE))
            .execute(connection)
            .await
            .map_err(not_claimed)?;
    }
    Ok((claimed, skipped))
}

async fn taken(
    pool: &PgPool,
    runner: RunnerId,
    spec_id: SpecId,
    row: &PgRow,
) -> Result<Claimed, StoreError> {
    let stored = if column(row, "unchanged")? {
        stored(row)?
    } else {
        read::spec(pool, spec_id)
            .await?
            .ok_or_else(|| corrupt("a spec", "it is gone although it is held"))?
    };
    Ok(Claimed {
        lease: Lease {
            spec_id,
            runner,
            epoch: number("the epoch", row, "epoch")?,
        },
        stored,
        fruitless: counter("the claims", column::<i32>(row, "fruitless")?.into())?,
    })
}
