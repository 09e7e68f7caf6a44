//! Errors that are not about one route.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode};
use futures_util::stream;
use serde_json::json;
use spec_core::Spec;
use spec_core::store::MemoryStore;
use spec_core::testing::{FaultMode, FaultPlan, FaultyStore, RunScript};
use spec_http::{AuthError, Authorizer, Principal, SpecAction, SpecScope};

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
async fn an_unknown_path_is_a_problem_however_deep_the_router_is_nested() {
    let mut app = App::idle();
    let once = Router::new().nest("/api/v1", app.router);
    app.router = Router::new().nest("/tools", once);
    for path in ["", "/nothing", "/specs/x/y"] {
        let path = format!("/tools/api/v1{path}");
        let answer = app.get(&path).await;
        answer.problem(404);
        assert_eq!(answer.json["instance"], path);
    }
    let patch = Call::new(Method::PATCH, "/tools/api/v1/specs");
    app.send(patch).await.problem(405);
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

/// Panics where it is asked.
#[derive(Debug)]
struct Defective;

#[async_trait]
impl Authorizer for Defective {
    async fn may(&self, _: &Principal, _: SpecAction, _: &Spec) -> Result<bool, AuthError> {
        panic!("the password is hunter2")
    }

    async fn listed(&self, _: &Principal) -> Result<SpecScope, AuthError> {
        panic!("the password is {}", "hunter2")
    }
}

#[tokio::test]
async fn a_defect_is_told_as_a_constant_text_and_ends_nothing_else() {
    let app = App::with(local().with_authorizer(Defective));
    let spec_id = app.draft().await;
    let answers = [
        app.get("/specs").await,
        app.get(&format!("/specs/{spec_id}")).await,
    ];
    for answer in &answers {
        answer.problem(500);
        assert!(!answer.text.contains("hunter2"), "{}", answer.text);
    }
    assert_eq!(answers[0].json["detail"], answers[1].json["detail"]);
    assert_eq!(app.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_not_waited_for_without_end() {
    let app = App::idle();
    let silent = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    // Each part arrives soon enough, and the whole does not.
    let dripping = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b" ")), ()))
    });
    let dripping = Body::from_stream(dripping);
    for body in [silent, dripping] {
        let before = tokio::time::Instant::now();
        let call = Call::new(Method::POST, "/specs/launch")
            .header("content-type", "application/json")
            .body(body);
        app.send(call).await.problem(408);
        let waited = before.elapsed().as_secs();
        assert!((29..=31).contains(&waited), "{waited} s");
    }
}

#[tokio::test]
async fn a_body_that_ends_early_is_malformed() {
    let app = App::idle();
    let broken = stream::iter([
        Ok(Bytes::from_static(b"{")),
        Err(io::Error::other("the connection is gone")),
    ]);
    let call = Call::new(Method::POST, "/specs/launch")
        .header("content-type", "application/json")
        .body(Body::from_stream(broken));
    app.send(call).await.problem(400);
}

#[tokio::test]
async fn a_nested_router_answers_what_is_wrong_below_its_prefix() {
    let mut app = App::idle();
    app.router = Router::new().nest("/api/v1", app.router);
    let unknown = app.get("/api/v1/nowhere").await;
    unknown.problem(404);
    assert_eq!(unknown.json["instance"], "/api/v1/nowhere");
    let wrong = app.send(Call::new(Method::DELETE, "/api/v1/healthz")).await;
    wrong.problem(405);
    assert_eq!(wrong.header("allow"), "GET,HEAD");
    app.get("/api/v1/specs/%ff").await.problem(404);
    app.get("/api/v1/specs?%ff=1").await.problem(422);
}
