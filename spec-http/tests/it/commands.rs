//! `POST /specs/{spec_id}/…` and `DELETE /specs/{spec_id}`

use axum::http::{Method, StatusCode};
use serde_json::json;
use spec_core::testing::RunScript;

use crate::harness::{App, Call};

#[tokio::test]
async fn a_draft_is_executed_once() {
    let app = App::idle();
    let path = format!("/specs/{}/execute", app.draft().await);
    let answer = app.send(Call::new(Method::POST, &path)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json["status"], "executing");
    assert!(!answer.header("etag").is_empty());

    let again = app.send(Call::new(Method::POST, &path)).await;
    again.problem(409);
    assert_eq!(
        again.json["detail"],
        "cannot execute a spec that is executing"
    );
}

#[tokio::test]
async fn a_spec_is_cancelled_with_or_without_a_reason() {
    for call in [
        |path: &str| Call::new(Method::POST, path),
        |path: &str| Call::post(path, &json!({})),
        |path: &str| Call::post(path, &json!({ "reason": "changed my mind" })),
    ] {
        let app = App::driven(RunScript::hangs());
        let id = app.launched().await;
        let answer = app.send(call(&format!("/specs/{id}/cancel"))).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        app.end_of(&id).await;
        let detail = app.get(&format!("/specs/{id}")).await.json;
        assert_eq!(detail["status"], "cancelled");
        assert!(app.spawner.live().is_empty());
    }
}

#[tokio::test]
async fn a_spec_that_has_ended_cannot_be_cancelled() {
    let app = App::driven(RunScript::exits(1));
    let id = app.launched().await;
    app.end_of(&id).await;
    let answer = app.post(&format!("/specs/{id}/cancel"), &json!({})).await;
    answer.problem(409);
    assert_eq!(answer.json["detail"], "cannot cancel a spec that is failed");
}

#[tokio::test]
async fn a_reason_has_its_limits() {
    let app = App::idle();
    let path = format!("/specs/{}/cancel", app.draft().await);
    let wrong = app.post(&path, &json!({ "reason": 7 })).await;
    assert_eq!(wrong.problem(422), ["reason"]);
    let unknown = app.post(&path, &json!({ "why": "x" })).await;
    assert_eq!(unknown.problem(422), ["why"]);
    let text = Call::new(Method::POST, &path).body("because");
    app.send(text).await.problem(415);
}

#[tokio::test]
async fn a_spec_that_is_archived_is_listed_when_it_is_asked_for() {
    let app = App::idle();
    let path = format!("/specs/{}", app.draft().await);
    let first = app.delete(&path).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    assert!(first.json["archived_at"].is_string());
    assert_eq!(first.json["status"], "draft");
    assert!(!first.header("etag").is_empty());
    let again = app.delete(&path).await;
    assert_eq!(again.json, first.json);
    assert_eq!(app.get("/specs").await.json["specs"], json!([]));
    let all = app.get("/specs?include_archived=true").await.json;
    assert_eq!(all["specs"].as_array().unwrap().len(), 1);
    assert_eq!(app.get(&path).await.json, first.json);
}

#[tokio::test]
async fn a_spec_that_executes_cannot_be_archived() {
    let app = App::idle();
    let path = format!("/specs/{}", app.draft().await);
    app.send(Call::new(Method::POST, &format!("{path}/execute")))
        .await;
    let answer = app.delete(&path).await;
    answer.problem(409);
    assert_eq!(
        answer.json["detail"],
        "cannot archive a spec that is executing"
    );
    app.delete("/specs/01900000-0000-7000-8000-000000000000")
        .await
        .problem(404);
}
