//! Behind a proxy that takes a part of the path away.

use axum::Router;
use axum::http::StatusCode;
use serde_json::json;

use crate::harness::{App, Call, local};

#[tokio::test]
async fn what_is_told_of_paths_begins_where_callers_see_the_api() {
    let mut app = App::with(local().with_base("/tools/api/v1").unwrap());
    app.router = Router::new().nest("/api/v1", app.router);

    let idea = json!({ "title": "t", "description": "d", "auto_execute": false });
    let launched = app.post("/api/v1/specs/launch", &idea).await;
    assert_eq!(launched.status, StatusCode::CREATED, "{launched:?}");
    let id = launched.json["spec_id"].as_str().unwrap();
    assert_eq!(
        launched.header("location"),
        format!("/tools/api/v1/specs/{id}")
    );

    let document = app.get("/api/v1/openapi.json").await.json;
    assert_eq!(document["servers"], json!([{ "url": "/tools/api/v1" }]));

    for path in ["/specs/x", "/nothing"] {
        let answer = app.send(Call::get(&format!("/api/v1{path}"))).await;
        answer.problem(404);
        assert_eq!(answer.json["instance"], format!("/tools/api/v1{path}"));
    }
}

#[tokio::test]
async fn the_root_is_a_base_too() {
    let mut app = App::with(local().with_base("/").unwrap());
    app.router = Router::new().nest("/api/v1", app.router);
    let document = app.get("/api/v1/openapi.json").await.json;
    assert_eq!(document.get("servers"), None);
    let answer = app.get("/api/v1/specs/x").await;
    assert_eq!(answer.json["instance"], "/specs/x");
}

#[test]
fn a_base_is_a_path_and_nothing_else() {
    for wrong in [
        "",
        "tools",
        "//evil.example",
        "/tools?x=1",
        "/tools#x",
        "https://example.org/tools",
        "/a b",
        "/a\r\nb",
        "/\u{e4}",
        "/\\evil.example",
    ] {
        assert!(local().with_base(wrong).is_err(), "{wrong}");
    }
    for right in ["/", "/tools", "/tools/", "/a/b~c/%20d"] {
        assert!(local().with_base(right).is_ok(), "{right}");
    }
}
