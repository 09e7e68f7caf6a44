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
    /// `generic`: for any parameters; `custom`: for those of such a call.
    pub(super) kind: &'static str,
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
        let now = prepared(&mut session).await?;
        for (name, parameters) in now.difference(&known) {
            let parameters = usize::try_from(*parameters)?;
            let any = vec!["NULL".to_owned(); parameters];
            let such = parameters_of(call, &calls.filled);
            for (kind, values) in [("generic", Some(any)), ("custom", such)] {
                // A call may take further statements, and those other parameters.
                let values = values.filter(|values| values.len() == parameters);
                if let Some(values) = values {
                    plans.push(Plan {
                        call: call.name(),
                        kind,
                        lines: plan(&mut session, kind, name, &values).await?,
                    });
                }
            }
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

/// Parameters of the statements that read, in the order of `spec-sqlx`.
fn parameters_of(call: Call, filled: &Filled) -> Option<Vec<String>> {
    let none = || "NULL".to_owned();
    let page = |project: &str, owner: &str, status: &str| {
        let of = [project, owner, status].map(str::to_owned);
        let limit = ["false".to_owned(), "101".to_owned()];
        Some([none()].into_iter().chain(of).chain(limit).collect())
    };
    let id = || filled.sample.first().map(|id| format!("'{id}'"));
    match call {
        Call::Claim => None,
        Call::List => page("NULL", "NULL", "NULL"),
        Call::ListOfProject => page("'project 1'", "NULL", "NULL"),
        Call::ListOfOwner => page("NULL", "'owner 1'", "NULL"),
        Call::ListOfStatus => page("NULL", "NULL", "'draft'"),
        Call::Get => Some(vec![id()?]),
        Call::Events => Some(vec![id()?, "0".to_owned(), "100".to_owned()]),
    }
}

async fn plan(
    session: &mut PgConnection,
    kind: &str,
    name: &str,
    values: &[String],
) -> Result<Vec<String>> {
    let mode = format!("SET plan_cache_mode = force_{kind}_plan");
    session.execute(AssertSqlSafe(mode)).await?;
    let sql = format!("EXPLAIN EXECUTE {name} ({})", values.join(", "));
    let lines = sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false);
    Ok(lines.fetch_all(session).await?)
}
