//! Who may see and do what.

use axum::http::{Method, StatusCode};
use serde_json::json;
use spec_core::id::UserId;
use spec_http::{BearerTokens, HttpConfig};

use crate::harness::{App, Call};

fn two_users() -> App {
    let user = |name| UserId::new(name).unwrap();
    let tokens = BearerTokens::new([("token-a", user("ada")), ("token-b", user("bob"))]);
    App::with(HttpConfig::new(tokens))
}

fn as_ada(call: Call) -> Call {
    call.header("authorization", "Bearer token-a")
}

fn as_bob(call: Call) -> Call {
    call.header("authorization", "bearer token-b")
}

#[tokio::test]
async fn nothing_is_told_without_a_valid_token() {
    let app = two_users();
    for header in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer token-c",
        "Basic token-a",
        "token-a",
    ] {
        for path in ["/specs", "/specs/x", "/specs/x/events/stream"] {
            let answer = app
                .send(Call::get(path).header("authorization", header))
                .await;
            answer.problem(401);
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
    app.post("/specs/launch", &json!({})).await.problem(401);
    assert_eq!(app.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_spec_of_another_user_does_not_exist() {
    let app = two_users();
    let body = json!({ "title": "t", "description": "d", "auto_execute": false });
    let made = app.send(as_ada(Call::post("/specs/launch", &body))).await;
    let spec = made.header("location");
    assert_eq!(app.send(as_ada(Call::get(spec))).await.json["owner"], "ada");

    for path in ["", "/events", "/events/stream", "/usage"] {
        let call = Call::get(&format!("{spec}{path}"));
        app.send(as_bob(call)).await.problem(404);
    }
    for command in ["execute", "cancel"] {
        let call = Call::post(&format!("{spec}/{command}"), &json!({}));
        app.send(as_bob(call)).await.problem(404);
    }
    let body = json!({ "budget": { "tokens": 1 } });
    let call = Call::with_json(Method::PUT, &format!("{spec}/budget"), &body);
    app.send(as_bob(call)).await.problem(404);
    assert_eq!(
        app.send(as_bob(Call::get("/specs"))).await.json["specs"],
        json!([])
    );
    let seen = app.send(as_ada(Call::get(spec))).await.json;
    assert_eq!(seen["status"], "draft");
    assert_eq!(seen["policy"]["budget"]["tokens"], json!(null));
}

#[tokio::test]
async fn the_same_key_of_two_users_makes_two_specs() {
    let app = two_users();
    let body = json!({ "title": "t", "description": "d", "auto_execute": false });
    let call = || Call::post("/specs/launch", &body).header("idempotency-key", "k");
    let ada = app.send(as_ada(call())).await;
    let bob = app.send(as_bob(call())).await;
    assert_eq!(bob.status, StatusCode::CREATED);
    assert_ne!(ada.json["spec_id"], bob.json["spec_id"]);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_reach_a_local_server() {
    let app = App::idle();
    let from = |host: &str| Call::get("/specs").header("host", host);
    assert_eq!(
        app.send(from("localhost:8080")).await.status,
        StatusCode::OK
    );
    app.send(from("rebound.example.org:8080"))
        .await
        .problem(403);
}
