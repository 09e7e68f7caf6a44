//! What is wrong with a body is told by the field, and only what the document describes is taken.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{App, Call};

const HASH: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn details(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().unwrap().iter();
    errors
        .map(|error| error["detail"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_list_is_not_taken_for_the_fields_of_a_body_in_their_order() {
    let app = App::idle();
    let id = app.draft().await;
    let phase = format!("/specs/{id}/phases/design");
    for (method, path, body) in [
        (
            Method::POST,
            "/specs/launch".to_owned(),
            json!(["t", "d", null, false, null]),
        ),
        (Method::POST, format!("/specs/{id}/retry"), json!([])),
        (Method::POST, format!("/specs/{id}/cancel"), json!(["why"])),
        (
            Method::PUT,
            format!("/specs/{id}/budget"),
            json!([{ "tokens": 5 }, null]),
        ),
        (Method::POST, format!("{phase}/approve"), json!([HASH])),
        (
            Method::POST,
            format!("{phase}/request-changes"),
            json!([HASH, "Smaller."]),
        ),
    ] {
        let answer = app.send(Call::with_json(method, &path, &body)).await;
        assert_eq!(answer.problem(422), ["body"], "{path}");
        assert_eq!(details(&answer.json), ["must be an object"], "{path}");
    }
    let detail = app.get(&format!("/specs/{id}")).await.json;
    assert_eq!(detail["status"], "draft");
}

#[tokio::test]
async fn a_list_is_not_taken_for_the_fields_of_rules_in_their_order() {
    let app = App::idle();
    for (policy, field) in [
        (json!({ "gates": [] }), "policy.gates"),
        (json!({ "gates": ["none", "approve"] }), "policy.gates"),
        (json!({ "budget": [5, 6] }), "policy.budget"),
        (json!({ "phase_budget": [] }), "policy.phase_budget"),
        (json!({ "budget": null }), "policy.budget"),
    ] {
        let body =
            json!({ "title": "t", "description": "d", "auto_execute": false, "policy": policy });
        let answer = app.post("/specs/launch", &body).await;
        assert_eq!(answer.problem(422), [field], "{policy}");
    }

    let path = format!("/specs/{}/budget", app.draft().await);
    for (body, field) in [
        (json!({ "budget": [5, 6] }), "budget"),
        (json!({ "phase_budget": [] }), "phase_budget"),
        (json!({ "budget": 7 }), "budget"),
        (json!({ "budget": { "euros": 7 } }), "budget.euros"),
        (
            json!({ "phase_budget": { "tokens": "7" } }),
            "phase_budget.tokens",
        ),
    ] {
        let answer = app.put(&path, &body).await;
        assert_eq!(answer.problem(422), [field], "{body}");
    }
    let body = json!({ "budget": { "tokens": 7 } });
    assert_eq!(app.put(&path, &body).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_field_that_is_missing_is_named() {
    let app = App::idle();
    let phase = format!("/specs/{}/phases/design", app.draft().await);
    let approve = format!("{phase}/approve");
    let request_changes = format!("{phase}/request-changes");
    for (path, body, fields) in [
        (&approve, json!({}), &["content_hash"][..]),
        (&approve, json!({ "content_hash": null }), &["content_hash"]),
        (&request_changes, json!({}), &["content_hash", "comment"]),
        (
            &request_changes,
            json!({ "content_hash": HASH }),
            &["comment"],
        ),
        (
            &request_changes,
            json!({ "comment": "Smaller." }),
            &["content_hash"],
        ),
    ] {
        let answer = app.post(path, &body).await;
        assert_eq!(answer.problem(422), fields, "{body}");
        for detail in details(&answer.json) {
            assert_eq!(detail, "is required");
        }
    }
}

#[tokio::test]
async fn a_field_is_named_once() {
    let app = App::idle();
    let path = format!("/specs/{}/phases/design/approve", app.draft().await);
    let answer = app.post(&path, &json!({ "content_hash": "x" })).await;
    assert_eq!(answer.problem(422), ["content_hash"]);
    assert_eq!(details(&answer.json), ["must be 64 hexadecimal digits"]);

    let body = json!({ "title": "t", "description": "d", "policy": { "agent": "a\u{7}" } });
    let answer = app.post("/specs/launch", &body).await;
    assert_eq!(answer.problem(422), ["policy.agent"]);
    assert_eq!(details(&answer.json), ["must not hold control characters"]);
}
