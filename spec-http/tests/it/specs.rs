//! `GET /specs` and `GET /specs/{spec_id}`

use axum::http::StatusCode;
use serde_json::{Value, json};
use spec_core::testing::RunScript;

use crate::harness::{App, Call};

fn ids(page: &Value) -> Vec<&str> {
    let specs = page["specs"].as_array().unwrap();
    specs
        .iter()
        .map(|spec| spec["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_list_goes_from_new_to_old_in_pages() {
    let app = App::idle();
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(app.draft().await);
    }
    made.reverse();

    let first = app.get("/specs?limit=2").await.json;
    assert_eq!(ids(&first), made[..2]);
    let next = first["next"].as_str().unwrap();
    let second = app.get(&format!("/specs?limit=2&before={next}")).await.json;
    assert_eq!(ids(&second), made[2..]);
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test]
async fn the_list_is_filtered_by_status_and_project() {
    let app = App::idle();
    let id = app.draft().await;
    for (query, expected) in [
        ("status=draft", 1),
        ("status=executing", 0),
        ("project_id=demo", 1),
        ("project_id=other", 0),
        ("include_archived=true&status=draft&project_id=demo", 1),
    ] {
        let page = app.get(&format!("/specs?{query}")).await.json;
        assert_eq!(ids(&page).len(), expected, "{query}");
    }
    assert_eq!(ids(&app.get("/specs").await.json), [id]);
}

#[tokio::test]
async fn the_list_is_searched_by_title_together_with_the_other_filters() {
    let app = App::idle();
    for title in ["Export as CSV", "100 % Größe", "Import"] {
        let body = json!({ "title": title, "description": "d", "auto_execute": false });
        assert_eq!(app.post("/specs/launch", &body).await.status, 201);
    }
    for (query, expected) in [
        ("search=csv", vec!["Export as CSV"]),
        ("search=PORT", vec!["Import", "Export as CSV"]),
        ("search=GR%C3%96SSE", vec!["100 % Größe"]),
        ("search=%25", vec!["100 % Größe"]),
        ("search=_", vec![]),
        ("search=as+csv", vec!["Export as CSV"]),
        ("search=port&limit=1", vec!["Import"]),
        (
            "search=port&status=draft&project_id=demo",
            vec!["Import", "Export as CSV"],
        ),
        ("search=port&status=failed", vec![]),
        ("search=", vec!["Import", "100 % Größe", "Export as CSV"]),
        ("search=+", vec!["Import", "100 % Größe", "Export as CSV"]),
    ] {
        let page = app.get(&format!("/specs?{query}")).await.json;
        let titles: Vec<_> = page["specs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|spec| spec["title"].as_str().unwrap())
            .collect();
        assert_eq!(titles, expected, "{query}");
    }
    for query in [
        format!("search={}", "x".repeat(201)),
        "search=a%00".to_owned(),
    ] {
        let answer = app.get(&format!("/specs?{query}")).await;
        assert_eq!(answer.problem(422), ["search"], "{query}");
    }
}

#[tokio::test]
async fn a_parameter_that_cannot_be_used_is_named() {
    let app = App::idle();
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("limit=1&limit=2", "limit"),
        ("status=done", "status"),
        ("before=7", "before"),
        ("project_id=", "project_id"),
        ("include_archived=1", "include_archived"),
        ("stauts=draft", "stauts"),
    ] {
        let answer = app.get(&format!("/specs?{query}")).await;
        assert_eq!(answer.problem(422), [name], "{query}");
    }
}

#[tokio::test]
async fn the_detail_shows_the_phases_and_their_attempts() {
    let app = App::driven(RunScript::exits(7));
    let id = app.launched().await;
    app.end_of(&id).await;
    let detail = app.get(&format!("/specs/{id}")).await.json;
    assert_eq!(detail["id"], id);
    assert_eq!(detail["owner"], "local");
    assert_eq!(detail["project_id"], "demo");
    assert_eq!(detail["agent"], "scripted");
    assert_eq!(detail["status"], "failed");
    assert_eq!(detail["current_phase"], "explore");
    assert_eq!(detail["progress"]["percent"], 0);
    assert_eq!(detail["progress"]["headline"], "Failed in explore");
    assert_eq!(
        detail["progress"]["phases"][0],
        json!({ "phase": "explore", "status": "failed", "attempt": 1 })
    );
    assert_eq!(detail["failure"]["kind"], "agent_failed");
    assert_eq!(detail["failure"]["phase"], "explore");
    let phases: Vec<_> = detail["phases"].as_array().unwrap().iter().collect();
    assert_eq!(phases.len(), 5);
    let attempt = &phases[0]["attempts"][0];
    assert_eq!(attempt["attempt"], 1);
    assert_eq!(attempt["stage"], "ended");
    assert_eq!(attempt["outcome"], "failed");
    assert_eq!(attempt["failure"]["kind"], "agent_failed");
    assert_eq!(attempt["sandbox"]["status"], "gone");
    assert!(attempt["sandbox"]["id"].is_string());
    assert!(attempt["ended_at"].is_string());
    assert_eq!(phases[1]["attempts"], json!([]));
    assert_eq!(phases[1]["accepted"], Value::Null);
}

#[tokio::test]
async fn an_unchanged_spec_is_not_sent_again() {
    let app = App::idle();
    let path = format!("/specs/{}", app.draft().await);
    let first = app.get(&path).await;
    let etag = first.header("etag").to_owned();
    assert_eq!(etag, format!("\"{}\"", first.json["revision"]));
    for tags in [etag.clone(), format!("\"0\", W/{etag}"), "*".to_owned()] {
        let again = app
            .send(Call::get(&path).header("if-none-match", tags))
            .await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        assert_eq!(again.header("etag"), etag);
        assert_eq!(again.text, "");
    }

    app.post(&format!("{path}/execute"), &json!({})).await;
    let changed = app
        .send(Call::get(&path).header("if-none-match", &etag))
        .await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_ne!(changed.header("etag"), etag);
}

#[tokio::test]
async fn what_is_no_spec_is_not_found_whatever_the_reason() {
    let app = App::idle();
    let unknown = app.get("/specs/01900000-0000-7000-8000-000000000000").await;
    let malformed = app.get("/specs/%ff%20x").await;
    unknown.problem(404);
    malformed.problem(404);
    assert_eq!(unknown.json["detail"], malformed.json["detail"]);
}
