//! `GET /openapi.json`

use std::fs;

use axum::Router;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::harness::{App, Call};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
const REWRITE: &str = "UPDATE_OPENAPI=1 cargo test -p spec-http --test it openapi";

/// The same value, with its members in the order of their names: how a map keeps them depends on what
/// else is built.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            members
                .into_iter()
                .map(|(name, it)| (name, sorted(it)))
                .collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[tokio::test]
async fn the_document_that_is_kept_is_the_one_that_is_answered() {
    let answer = App::idle().get("/openapi.json").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    let text = serde_json::to_string_pretty(&sorted(answer.json)).unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(FILE, &text).unwrap();
    }
    let kept = fs::read_to_string(FILE).unwrap_or_default();
    let first = kept.lines().zip(text.lines()).position(|(a, b)| a != b);
    assert!(
        kept == text,
        "openapi.json is not what the table of routes says (first difference: line {}); \
         rewrite it with\n    {REWRITE}",
        first.map_or(kept.lines().count().min(text.lines().count()), |line| line) + 1
    );
}

#[tokio::test]
async fn the_document_says_under_which_prefix_it_was_found() {
    let mut app = App::idle();
    app.router = Router::new().nest("/api/v1", app.router);
    let document = app.get("/api/v1/openapi.json").await.json;
    assert_eq!(document["servers"], json!([{ "url": "/api/v1" }]));
    assert!(document["paths"]["/specs/{spec_id}"].is_object());
}

#[tokio::test]
async fn the_document_is_for_everybody() {
    let app = App::idle();
    let elsewhere = Call::get("/openapi.json").header("host", "specs.example.org");
    assert_eq!(app.send(elsewhere).await.status, StatusCode::OK);
}
