//! How Postgres goes about the calls. The store's statements are its own, but its pool is ours: what a
//! session has prepared can be explained in the same session.

use std::collections::BTreeSet;

use anyhow::Result;
use serde::Serialize;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use super::call::{Call, Calls};
use super::fill::Filled;
use crate::cluster::Database;

/// One statement's plan.
#[derive(Debug, Serialize)]
pub(super) struct Plan {
    pub(super) call: &'static str,
    pub(super) lines: Vec<String>,
}

/// A statement of the session: its name, and how many parameters it has.
type Prepared = (String, i32);

pub(super) async fn explain(database: &Database, filled: Filled) -> Result<Vec<Plan>> {
    // One connection: what the store prepares is found where it is looked for.
    let mut calls = Calls::open(database, filled, 1).await?;
    let mut plans = Vec::new();
    let mut known = prepared(&mut *calls.pool.acquire().await?).await?;
    for call in Call::ALL {
        calls.make(call, 1).await?;
        let mut session = calls.pool.acquire().await?;
        session
            .execute("SET plan_cache_mode = force_generic_plan")
            .await?;
        let now = prepared(&mut session).await?;
        for statement in now.difference(&known) {
            plans.push(Plan {
                call: call.name(),
                lines: plan(&mut session, statement).await?,
            });
        }
        known = now;
    }
    calls.close().await;
    Ok(plans)
}

/// What was prepared to read specs; other things are of no interest.
async fn prepared(session: &mut PgConnection) -> Result<BTreeSet<Prepared>> {
    let prepared: Vec<Prepared> = sqlx::query_as(
        "SELECT name, cardinality(parameter_types) FROM pg_prepared_statements \
         WHERE statement LIKE '%spec.specs%' OR statement LIKE '%spec.events%'",
    )
    .persistent(false)
    .fetch_all(session)
    .await?;
    Ok(prepared.into_iter().collect())
}

async fn plan(session: &mut PgConnection, (name, parameters): &Prepared) -> Result<Vec<String>> {
    let values = vec!["NULL"; usize::try_from(*parameters)?].join(", ");
    let sql = format!("EXPLAIN EXECUTE {name} ({values})");
    let lines = sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false);
    Ok(lines.fetch_all(session).await?)
}
