//! Errors that are not about one route.

use axum::http::{Method, StatusCode};
use serde_json::json;
use spec_core::store::MemoryStore;
use spec_core::testing::{FaultMode, FaultPlan, FaultyStore, RunScript};

use crate::harness::{App, Call, local};

fn idea() -> String {
    json!({ "title": "t", "description": "d", "auto_execute": false }).to_string()
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let app = App::idle();
    for path in ["/", "/spec", "/specs/", "/specs/x/y", "/api/specs"] {
        app.get(path).await.problem(404);
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_which_ones_are_right() {
    let app = App::idle();
    for (method, path, allowed) in [
        (Method::POST, "/specs", "GET,HEAD"),
        (Method::PUT, "/healthz", "GET,HEAD"),
        (Method::GET, "/specs/launch", "POST"),
        (Method::GET, "/specs/x/cancel", "POST"),
    ] {
        let answer = app.send(Call::new(method, path)).await;
        answer.problem(405);
        assert_eq!(answer.header("allow"), allowed);
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_malformed() {
    let app = App::idle();
    for body in ["", "{", "{\"title\": \"t\",}", "{} {}", "nonsense"] {
        let call = Call::new(Method::POST, "/specs/launch")
            .header("content-type", "application/json")
            .body(body);
        app.send(call).await.problem(400);
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_not_taken() {
    let app = App::idle();
    let call = || Call::new(Method::POST, "/specs/launch").body(idea());
    app.send(call()).await.problem(415);
    for wrong in ["text/plain", "application/x-www-form-urlencoded", "json"] {
        let call = call().header("content-type", wrong);
        app.send(call).await.problem(415);
    }
    for right in ["application/json; charset=utf-8", "application/vnd.x+json"] {
        let call = call().header("content-type", right);
        assert_eq!(app.send(call).await.status, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_too_large() {
    let app = App::with(local().with_max_body_bytes(64));
    let body = json!({ "title": "t", "description": "d".repeat(64) });
    app.post("/specs/launch", &body).await.problem(413);
}

#[tokio::test]
async fn a_problem_names_the_path_and_the_request() {
    let app = App::idle();
    let answer = app
        .send(Call::get("/specs/x").header("x-request-id", "r-1"))
        .await;
    answer.problem(404);
    assert_eq!(answer.json["title"], "Not Found");
    assert_eq!(answer.json["instance"], "/specs/x");
    assert_eq!(answer.json["request_id"], "r-1");
    assert!(app.get("/specs/x").await.json.get("request_id").is_none());
}

#[tokio::test]
async fn a_store_that_is_down_is_told_without_details_and_when_to_come_back() {
    let plan = FaultPlan::nth(1, FaultMode::Before);
    let store = FaultyStore::new(MemoryStore::default(), plan);
    let app = App::over(store, RunScript::hangs(), local());
    let answer = app.get("/specs").await;
    answer.problem(503);
    assert!(!answer.header("retry-after").is_empty());
    assert!(!answer.text.contains("fault"), "{}", answer.text);
    assert_eq!(app.get("/specs").await.status, StatusCode::OK);
}

#[tokio::test]
async fn health_is_told_to_everybody() {
    let app = App::idle();
    assert_eq!(app.get("/healthz").await.json, json!({ "status": "ok" }));
}
