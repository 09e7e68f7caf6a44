//! Gates, pauses, and phases that are done again, over HTTP.

use axum::http::StatusCode;
use serde_json::{Value, json};
use spec_core::testing::{RunScript, demo};

use crate::harness::App;

/// A spec that waits at the gate of REQUIREMENTS, and the hash of what waits.
async fn waiting(app: &App) -> (String, Value) {
    let policy = json!({ "gates": { "requirements": "approve" } });
    let body = json!({ "title": "t", "description": "d", "policy": policy });
    let launched = app.post("/specs/launch", &body).await;
    assert_eq!(launched.status, StatusCode::CREATED, "{launched:?}");
    let id = launched.json["spec_id"].as_str().unwrap().to_owned();
    let detail = app.until(&id, "awaiting_approval").await;
    let hash = detail["phases"][1]["accepted"]["content_hash"].clone();
    (id, hash)
}

#[tokio::test]
async fn a_spec_goes_on_when_what_waits_is_approved() {
    let app = App::scripted(demo::good_run);
    let (id, hash) = waiting(&app).await;
    let detail = app.get(&format!("/specs/{id}")).await.json;
    assert_eq!(detail["actions"]["approve"], "requirements");
    assert_eq!(detail["phases"][1]["status"], "awaiting_approval");
    assert_eq!(detail["phases"][1]["gate"], "approve");
    assert_eq!(detail["phases"][1]["approval"], Value::Null);

    let path = format!("/specs/{id}/phases/requirements/approve");
    let approved = app.post(&path, &json!({ "content_hash": hash })).await;
    assert_eq!(approved.status, StatusCode::OK, "{approved:?}");
    assert_eq!(approved.json["phases"][1]["approval"]["by"], "local");
    assert_eq!(approved.json["phases"][1]["approval"]["content_hash"], hash);
    let again = app.post(&path, &json!({ "content_hash": hash })).await;
    assert_eq!(
        again.status,
        StatusCode::OK,
        "an approval is safe to repeat"
    );
    app.until(&id, "completed").await;
}

#[tokio::test]
async fn changes_are_asked_for_in_words_and_bound_to_what_was_seen() {
    let app = App::scripted(demo::good_run);
    let (id, hash) = waiting(&app).await;
    let path = format!("/specs/{id}/phases/requirements/request-changes");
    let asked = json!({ "content_hash": hash, "comment": "Name the owner." });
    let answer = app.post(&path, &asked).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.json["status"], "executing");
    let feedback = &answer.json["phases"][1]["feedback"][0];
    assert_eq!(feedback["comment"], "Name the owner.");
    let detail = app.until(&id, "awaiting_approval").await;
    assert_eq!(detail["phases"][1]["accepted"]["version"], 2);
}

#[tokio::test]
async fn what_has_changed_since_it_was_seen_is_neither_approved_nor_refused() {
    let app = App::scripted(demo::good_run);
    let (id, hash) = waiting(&app).await;
    let old = "0".repeat(64);
    for (verb, body) in [
        ("approve", json!({ "content_hash": old })),
        (
            "request-changes",
            json!({ "content_hash": old, "comment": "x" }),
        ),
    ] {
        let path = format!("/specs/{id}/phases/requirements/{verb}");
        app.post(&path, &body).await.problem(412);
        let elsewhere = format!("/specs/{id}/phases/design/{verb}");
        app.post(&elsewhere, &body).await.problem(409);
    }
    let path = format!("/specs/{id}/phases/requirements/request-changes");
    for (body, field) in [
        (json!({ "comment": "x" }), "content_hash"),
        (
            json!({ "content_hash": "zz", "comment": "x" }),
            "content_hash",
        ),
        (json!({ "content_hash": hash }), "comment"),
        (json!({ "content_hash": hash, "comment": " \n" }), "comment"),
        (
            json!({ "content_hash": hash, "comment": "x".repeat(10_001) }),
            "comment",
        ),
    ] {
        let answer = app.post(&path, &body).await;
        let fields = answer.problem(422);
        assert!(
            fields == [field] || answer.json["detail"].to_string().contains(field),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_spec_is_paused_and_resumed() {
    let app = App::driven(RunScript::hangs());
    let id = app.launched().await;
    let paused = app.act(&id, "pause").await;
    assert_eq!(paused.json["status"], "paused", "{paused:?}");
    assert_eq!(paused.json["actions"]["resume"], true);
    assert_eq!(paused.json["actions"]["pause"], false);
    let resumed = app.act(&id, "resume").await;
    assert_eq!(resumed.json["status"], "executing", "{resumed:?}");
    let again = app.act(&id, "resume").await;
    again.problem(409);
    assert_eq!(
        again.json["detail"],
        "cannot resume a spec that is executing"
    );
}

#[tokio::test]
async fn a_failed_phase_is_retried_by_default_and_any_done_phase_by_name() {
    let app = App::driven(RunScript::exits(1));
    let id = app.launched().await;
    let failed = app.until(&id, "failed").await;
    assert_eq!(failed["actions"]["retry"], json!(["explore"]));
    let answer = app.act(&id, "retry").await;
    assert_eq!(answer.json["status"], "executing", "{answer:?}");
    let early = json!({ "phase": "design" });
    app.post(&format!("/specs/{id}/retry"), &early)
        .await
        .problem(409);

    let app = App::scripted(demo::good_run);
    let body = json!({ "title": "t", "description": "d" });
    let launched = app.post("/specs/launch", &body).await;
    let id = launched.json["spec_id"].as_str().unwrap().to_owned();
    app.until(&id, "completed").await;
    let path = format!("/specs/{id}/retry");
    let nameless = app.post(&path, &json!({})).await;
    assert_eq!(nameless.problem(422), ["phase"]);
    let wrong = app
        .post(&path, &json!({ "phase": "tasks", "feedback": "" }))
        .await;
    assert_eq!(wrong.problem(422), ["feedback"]);
    let asked = json!({ "phase": "tasks", "feedback": "Smaller ones." });
    let answer = app.post(&path, &asked).await;
    assert_eq!(
        answer.json["phases"][3]["feedback"][0]["comment"],
        "Smaller ones."
    );
    assert_eq!(answer.json["phases"][4]["status"], "stale");
    let detail = app.until(&id, "completed").await;
    assert_eq!(detail["phases"][3]["accepted"]["version"], 2);
}
