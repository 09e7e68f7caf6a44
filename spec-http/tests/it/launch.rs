//! `POST /specs/launch`

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use serde_json::{Value, json};
use spec_core::testing::RunScript;

use crate::harness::{App, Call, local};

fn idea() -> Value {
    json!({ "title": "Add sign-in", "description": "With OAuth.", "project_id": "demo" })
}

#[tokio::test]
async fn a_launch_is_answered_with_the_spec_and_its_sandbox() {
    let app = App::driven(RunScript::hangs());
    let answer = app.post("/specs/launch", &idea()).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let spec_id = answer.json["spec_id"].as_str().unwrap();
    let sandbox_id = answer.json["sandbox_id"].as_str().unwrap();
    assert!(!sandbox_id.is_empty());
    assert_eq!(
        answer.json,
        json!({
            "spec_id": spec_id,
            "status": "executing",
            "current_phase": "explore",
            "sandbox_id": sandbox_id,
            "message": "Spec created and execution started in sandbox",
        })
    );
    assert_eq!(answer.header("location"), format!("/specs/{spec_id}"));
}

#[tokio::test]
async fn a_launch_without_execution_makes_a_draft() {
    let app = App::idle();
    let mut body = idea();
    body["auto_execute"] = json!(false);
    let answer = app.post("/specs/launch", &body).await;
    assert_eq!(
        answer.json,
        json!({
            "spec_id": answer.json["spec_id"],
            "status": "created",
            "current_phase": null,
            "sandbox_id": null,
            "message": "Spec created (not executing)",
        })
    );
    assert!(app.spawner.all_created().is_empty());
}

#[tokio::test]
async fn a_launch_does_not_wait_for_ever_for_the_sandbox() {
    let app = App::with(local().with_launch_wait(Duration::from_millis(20)));
    let answer = app.post("/specs/launch", &idea()).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.json["status"], "executing");
    assert_eq!(answer.json["sandbox_id"], Value::Null);
}

#[tokio::test]
async fn the_location_leads_to_the_spec_under_any_prefix() {
    let mut nested = App::idle();
    nested.router = Router::new().nest("/api/v1", nested.router);
    let mut body = idea();
    body["auto_execute"] = json!(false);
    let answer = nested.post("/api/v1/specs/launch", &body).await;
    let location = answer.header("location");
    assert!(location.starts_with("/api/v1/specs/"), "{location}");
    let detail = nested.get(location).await;
    assert_eq!(detail.json["id"], answer.json["spec_id"]);
    nested.get("/api/v1/nowhere").await.problem(404);
}

#[tokio::test]
async fn the_description_is_kept_exactly_as_typed() {
    let app = App::idle();
    let typed = "  two\r\nlines, ünïcode 🦀 and \"quotes\"  ";
    let body = json!({ "title": "t", "description": typed, "auto_execute": false });
    let answer = app.post("/specs/launch", &body).await;
    let detail = app.get(answer.header("location")).await;
    assert_eq!(detail.json["description"], typed);
}

#[tokio::test]
async fn a_repeated_launch_with_the_same_key_makes_one_spec() {
    let app = App::driven(RunScript::hangs());
    let call = || Call::post("/specs/launch", &idea()).header("idempotency-key", "k-1");
    let first = app.send(call()).await;
    let second = app.send(call()).await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(second.status, StatusCode::OK);
    for field in ["spec_id", "status", "current_phase", "sandbox_id"] {
        assert_eq!(first.json[field], second.json[field]);
    }
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(
        app.get("/specs").await.json["specs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_key_that_was_used_for_something_else_is_refused() {
    let app = App::driven(RunScript::hangs());
    let call = |body: &Value| Call::post("/specs/launch", body).header("idempotency-key", "k-1");
    app.send(call(&idea())).await;
    let mut other = idea();
    other["title"] = json!("Something else");
    assert_eq!(
        app.send(call(&other)).await.problem(422),
        ["idempotency_key"]
    );
    let empty = Call::post("/specs/launch", &idea()).header("idempotency-key", "");
    assert_eq!(app.send(empty).await.problem(422), ["idempotency_key"]);
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named() {
    let app = App::idle();
    let cases = [
        (json!({}), vec!["title", "description"]),
        (
            json!({ "title": " ", "description": null }),
            vec!["title", "description"],
        ),
        (
            json!({ "title": "a\nb", "description": "d" }),
            vec!["title"],
        ),
        (json!({ "title": 7, "description": "d" }), vec!["title"]),
        (
            json!({ "title": "t", "description": "d", "project_id": "" }),
            vec!["project_id"],
        ),
        (
            json!({ "title": "t", "description": "d", "project_id": "no" }),
            vec!["project_id"],
        ),
        (
            json!({ "title": "t", "description": "d", "auto_execute": "yes" }),
            vec!["auto_execute"],
        ),
        (
            json!({ "title": "t", "description": "d", "titel": "x" }),
            vec!["titel"],
        ),
        (
            json!({ "title": "t", "description": "d", "policy": { "max_attempts": 0 } }),
            vec!["policy.max_attempts"],
        ),
        (
            json!({ "title": "t", "description": "d", "policy": { "max_attempts": "3" } }),
            vec!["policy.max_attempts"],
        ),
        (
            json!({ "title": "t", "description": "d", "policy": { "gates": { "explore": "?" } } }),
            vec!["policy.gates.explore"],
        ),
        (
            json!({ "title": "t", "description": "d", "policy": { "agent": "nobody" } }),
            vec!["policy.agent"],
        ),
        (json!([]), vec!["body"]),
    ];
    for (body, fields) in cases {
        let answer = app.post("/specs/launch", &body).await;
        assert_eq!(answer.problem(422), fields, "{body}");
    }
    assert_eq!(app.get("/specs").await.json["specs"], json!([]));
}
