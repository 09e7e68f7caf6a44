//! How the server goes about the statements that run all the time: by indexes, whatever it knows of
//! the tables. A plan that was made for a few rows is kept when there are many.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use super::super::migrations::migrate;
use super::*;

/// Tables that grow with the specs.
const GROWING: [&str; 7] = [
    "specs",
    "states",
    "descriptions",
    "checkpoints",
    "events",
    "artifacts",
    "idempotency_keys",
];

/// Statements, and indexes that each goes by.
const HOT: &[(&str, &str, &[&str])] = &[
    (
        "CLAIM",
        CLAIM,
        &["specs_ready", "specs_held", "states_pkey"],
    ),
    ("CLAIM_THESE", CLAIM_THESE, &["specs_held", "states_pkey"]),
    ("COMMIT", COMMIT, &["specs_pkey", "states_pkey"]),
    ("APPEND", APPEND, &["specs_pkey"]),
    ("CREATE", CREATE, &["specs_pkey", "idempotency_keys_pkey"]),
    ("HEARTBEAT", HEARTBEAT, &["specs_held"]),
    ("RELEASE", RELEASE, &[]),
    ("RETIRE", RETIRE, &["specs_held"]),
    (
        "SPEC",
        SPEC,
        &[
            "specs_pkey",
            "states_pkey",
            "descriptions_pkey",
            "checkpoints_pkey",
        ],
    ),
    ("LIST", LIST, &["specs_pkey", "states_pkey"]),
    (
        "LIST_OF_PROJECT",
        LIST_OF_PROJECT,
        &["specs_of_project", "states_pkey"],
    ),
    (
        "LIST_OF_OWNER",
        LIST_OF_OWNER,
        &["specs_of_owner", "states_pkey"],
    ),
    (
        "LIST_OF_STATUS",
        LIST_OF_STATUS,
        &["specs_of_status", "states_pkey"],
    ),
    ("LIST_OF_PROJECT_AND_OWNER", LIST_OF_PROJECT_AND_OWNER, &[]),
    (
        "LIST_OF_PROJECT_AND_STATUS",
        LIST_OF_PROJECT_AND_STATUS,
        &[],
    ),
    ("LIST_OF_OWNER_AND_STATUS", LIST_OF_OWNER_AND_STATUS, &[]),
    ("LIST_OF_ALL_THREE", LIST_OF_ALL_THREE, &[]),
    ("SEARCH", SEARCH, &["specs_pkey", "states_pkey"]),
    (
        "SEARCH_OF_PROJECT",
        SEARCH_OF_PROJECT,
        &["specs_of_project", "states_pkey"],
    ),
    (
        "SEARCH_OF_OWNER",
        SEARCH_OF_OWNER,
        &["specs_of_owner", "states_pkey"],
    ),
    (
        "SEARCH_OF_STATUS",
        SEARCH_OF_STATUS,
        &["specs_of_status", "states_pkey"],
    ),
    (
        "SEARCH_OF_PROJECT_AND_OWNER",
        SEARCH_OF_PROJECT_AND_OWNER,
        &[],
    ),
    (
        "SEARCH_OF_PROJECT_AND_STATUS",
        SEARCH_OF_PROJECT_AND_STATUS,
        &[],
    ),
    (
        "SEARCH_OF_OWNER_AND_STATUS",
        SEARCH_OF_OWNER_AND_STATUS,
        &[],
    ),
    ("SEARCH_OF_ALL_THREE", SEARCH_OF_ALL_THREE, &[]),
    ("EVENTS", EVENTS, &["events_pkey"]),
    ("ARTIFACT", ARTIFACT, &["artifacts_pkey"]),
    ("ARTIFACTS", ARTIFACTS, &["artifacts_pkey"]),
    ("HELD_OF_PROJECTS", HELD_OF_PROJECTS, &["specs_held"]),
    (
        "DUE_OF_PROJECTS",
        DUE_OF_PROJECTS,
        &["specs_ready_of_project", "specs_held"],
    ),
    ("PUT_ASIDE", PUT_ASIDE, &[]),
    ("DELETE_SPECS", DELETE_SPECS, &["specs_archived"]),
    (
        "DELETE_REST",
        DELETE_REST,
        &["events_pkey", "artifacts_pkey"],
    ),
];

/// What costs more is compiled to machine code first, which takes a hundred times as long as to run it.
const COMPILED: f64 = 100_000.0;

/// Fills the tables with `$1` specs: some due, some held by runners that live or do not.
fn fill(specs: u32) -> String {
    format!(
        "INSERT INTO spec.runners (id, expires_at) \
             SELECT md5('runner ' || n)::uuid, now() + (n - 4) * interval '1 hour' \
             FROM generate_series(0, 7) AS n;
         CREATE TEMPORARY TABLE made AS \
             SELECT n, md5('spec ' || n)::uuid AS id FROM generate_series(1, {specs}) AS n;
         INSERT INTO spec.specs SELECT id, 'project ' || n % 50, 'owner ' || n % 20, \
             (ARRAY['draft', 'executing', 'completed', 'failed'])[1 + n % 4], \
             CASE WHEN n % 10 = 9 THEN now() END, 1, 3, 20, 1, \
             CASE WHEN n % 40 = 0 THEN md5('runner ' || n / 40 % 8)::uuid END, 0, \
             CASE WHEN n % 4 = 0 THEN now() END, n % 8 = 4, \
             CASE WHEN n % 8 = 4 THEN now() - n * interval '1 second' END FROM made;
         INSERT INTO spec.states SELECT id, '{{}}', json_build_object('text', repeat('x', 1500)) FROM made;
         INSERT INTO spec.descriptions SELECT id, repeat('x', 300) FROM made;
         INSERT INTO spec.checkpoints SELECT id, '{{}}' FROM made WHERE n % 2 = 0;
         INSERT INTO spec.events SELECT id, e, 1, now(), '{{}}' FROM made, generate_series(1, 5) AS e;
         INSERT INTO spec.artifacts SELECT id, 'explore', 1, '{{}}' FROM made WHERE n % 4 = 0;
         INSERT INTO spec.idempotency_keys SELECT 'owner', n::text, id FROM made;
         DROP TABLE made"
    )
}

async fn run(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap();
}

/// A plan for any parameters, or one for a batch of one.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Generic,
    Custom,
}

async fn plan(connection: &mut PgConnection, sql: &str, kind: Kind) -> Value {
    run(connection, format!("PREPARE hot AS {sql}")).await;
    let types: Vec<String> = sqlx::query_scalar(
        "SELECT unnest(parameter_types)::text FROM pg_prepared_statements WHERE name = 'hot'",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let (mode, values): (_, Vec<String>) = match kind {
        Kind::Generic => ("force_generic_plan", vec!["NULL".to_owned(); types.len()]),
        Kind::Custom => (
            "force_custom_plan",
            types.iter().map(|of| value(of)).collect(),
        ),
    };
    let mut execute = "EXPLAIN (FORMAT JSON) EXECUTE hot".to_owned();
    if !values.is_empty() {
        write!(execute, " ({})", values.join(", ")).unwrap();
    }
    run(connection, format!("SET plan_cache_mode = {mode}")).await;
    let plan = sqlx::query_scalar(AssertSqlSafe(execute))
        .persistent(false)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    run(connection, "DEALLOCATE hot".to_owned()).await;
    plan
}

/// A value of a type; an array has one element.
fn value(of: &str) -> String {
    match of.strip_suffix("[]") {
        Some(element) => format!("ARRAY[{}]::{of}", value(element)),
        None => match of {
            "uuid" => "md5('spec 5')::uuid".to_owned(),
            "timestamp with time zone" => "now()".to_owned(),
            "boolean" => "false".to_owned(),
            "text" => "'owner 5'".to_owned(),
            _ => "5".to_owned(),
        },
    }
}

/// What a plan reads from end to end, and the indexes that it goes by.
fn scans(node: &Value, whole: &mut BTreeSet<String>, by: &mut BTreeSet<String>) {
    match node {
        Value::Object(fields) => {
            let text = |name| fields.get(name).and_then(Value::as_str).unwrap_or_default();
            if text("Node Type") == "Seq Scan" && GROWING.contains(&text("Relation Name")) {
                whole.insert(text("Relation Name").to_owned());
            }
            // Starting workers takes longer than any of these statements.
            if text("Node Type").starts_with("Gather") {
                whole.insert("a parallel plan".to_owned());
            }
            if !text("Index Name").is_empty() {
                by.insert(text("Index Name").to_owned());
            }
            fields.values().for_each(|field| scans(field, whole, by));
        }
        Value::Array(nodes) => nodes.iter().for_each(|node| scans(node, whole, by)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

async fn goes_by_indexes(connection: &mut PgConnection, tables: &str) {
    let mut wrong = String::new();
    for (name, sql, indexes) in HOT {
        for kind in [Kind::Generic, Kind::Custom] {
            let plan = plan(connection, sql, kind).await;
            let cost = plan[0]["Plan"]["Total Cost"].as_f64().unwrap();
            let (mut whole, mut by) = (BTreeSet::new(), BTreeSet::new());
            scans(&plan, &mut whole, &mut by);
            let named = indexes.iter().all(|index| by.contains(*index));
            if !whole.is_empty() || !named && matches!(kind, Kind::Generic) || cost > COMPILED {
                writeln!(
                    wrong,
                    "{name} {kind:?}: all of {whole:?}, by {by:?}, {cost}"
                )
                .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "on {tables}:\n{wrong}");
}

async fn on(specs: u32, statistics: &str, tables: &str) {
    let database = spec_test_postgres::database().await;
    let pool = database.pool();
    migrate(&pool).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    run(&mut connection, fill(specs)).await;
    run(&mut connection, statistics.to_owned()).await;
    goes_by_indexes(&mut connection, tables).await;
}

#[tokio::test]
async fn statements_go_by_indexes_on_new_tables() {
    on(5, "", "new tables").await;
}

#[tokio::test]
async fn statements_go_by_indexes_on_large_tables() {
    on(100_000, "ANALYZE", "large tables").await;
}

#[tokio::test]
async fn statements_go_by_indexes_on_large_tables_without_statistics() {
    on(20_000, "", "large tables without statistics").await;
}

#[tokio::test]
async fn statements_go_by_indexes_on_small_tables() {
    on(60, "VACUUM ANALYZE", "small tables").await;
}
