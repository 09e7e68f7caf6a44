//! Who may do what: every operation of the document, for every kind of caller.

use async_trait::async_trait;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use spec_core::Spec;
use spec_core::id::UserId;
use spec_http::{
    AuthError, Authorizer, BearerTokens, HttpConfig, Principal, SpecAction, SpecScope,
};
use std::time::Duration;

use crate::described::{Described, check, operations};
use crate::harness::{Answer, App, Call};

/// Owners may do everything with their specs, and `viewer` may look at those of everybody.
#[derive(Debug)]
struct WithViewer;

#[async_trait]
impl Authorizer for WithViewer {
    async fn may(
        &self,
        principal: &Principal,
        action: SpecAction,
        spec: &Spec,
    ) -> Result<bool, AuthError> {
        let is_viewer = principal.user.as_str() == "viewer";
        Ok(spec.owner == principal.user || (is_viewer && action == SpecAction::View))
    }

    async fn listed(&self, principal: &Principal) -> Result<SpecScope, AuthError> {
        Ok(match principal.user.as_str() {
            "viewer" => SpecScope::Everybody,
            _ => SpecScope::Owner(principal.user.clone()),
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    WithoutToken,
    WithBadToken,
    Stranger,
    Viewer,
    Owner,
}

impl Caller {
    const ALL: [Self; 5] = [
        Self::WithoutToken,
        Self::WithBadToken,
        Self::Stranger,
        Self::Viewer,
        Self::Owner,
    ];

    /// What they are answered: one status, or whatever becomes of what they may do.
    fn expected(self, operation: &Described) -> Option<u16> {
        let action = operation.action();
        match self {
            _ if operation.is_public() => None,
            Self::WithoutToken | Self::WithBadToken => Some(401),
            Self::Stranger => action.map(|_| 404),
            Self::Viewer => action.filter(|action| *action != "view").map(|_| 403),
            Self::Owner => None,
        }
    }

    fn sends(self, call: Call) -> Call {
        let token = match self {
            Self::WithoutToken => return call,
            Self::WithBadToken => "nobody",
            Self::Stranger => "stranger",
            Self::Viewer => "viewer",
            Self::Owner => "owner",
        };
        call.header("authorization", format!("Bearer token-{token}"))
    }
}

fn app() -> App {
    let users = ["stranger", "viewer", "owner"]
        .map(|name| (format!("token-{name}"), UserId::new(name).unwrap()));
    let config = HttpConfig::new(BearerTokens::new(users))
        .with_authorizer(WithViewer)
        .with_launch_wait(Duration::ZERO);
    App::with(config)
}

async fn draft(app: &App) -> String {
    let body = json!({ "title": "t", "description": "d", "auto_execute": false });
    let launch = Caller::Owner.sends(Call::post("/specs/launch", &body));
    let spec_id = &app.send(launch).await.json["spec_id"];
    spec_id.as_str().unwrap().to_owned()
}

/// What the example of the document asks for.
fn example(operation: &Described, spec_id: &str) -> (Method, String, Call) {
    let method: Method = operation.method.to_uppercase().parse().unwrap();
    let path = operation.path.replace("{spec_id}", spec_id);
    let path = path.replace("{phase}", "explore");
    assert!(
        !path.contains('{'),
        "{path}: what stands for this parameter?"
    );
    let call = match operation.body() {
        Some(body) => Call::with_json(method.clone(), &path, body),
        None => Call::new(method.clone(), &path),
    };
    (method, path, call)
}

fn is_stream(response: &Response) -> bool {
    let content_type = response.headers().get("content-type");
    content_type.is_some_and(|value| value == "text/event-stream")
}

#[tokio::test]
async fn every_operation_is_for_those_for_whom_it_is_declared() {
    let mut asked = 0;
    for operation in operations() {
        for caller in Caller::ALL {
            let app = app();
            let spec_id = draft(&app).await;
            let (method, path, call) = example(&operation, &spec_id);
            let response = app.open(caller.sends(call)).await;
            let status = response.status().as_u16();
            let told = format!("{} for {caller:?}: {status}", operation.id());
            asked += 1;
            match caller.expected(&operation) {
                Some(expected) => {
                    assert_eq!(status, expected, "{told}");
                    check(&method, &path, &Answer::of(response).await);
                }
                // It has no end that could be read.
                None if is_stream(&response) => assert_eq!(status, 200, "{told}"),
                None => {
                    let answer = Answer::of(response).await;
                    check(&method, &path, &answer);
                    let is_let_in = !matches!(status, 401 | 403 | 500..)
                        && answer.json["detail"] != "there is no such spec";
                    assert!(is_let_in, "{told}: {answer:?}");
                    let is_as_asked = status != 422 && status != 400;
                    assert!(is_as_asked, "{told}: the example is refused: {answer:?}");
                }
            }
        }
    }
    assert!(asked > 50, "{asked}");
}

#[tokio::test]
async fn a_spec_that_may_not_be_seen_is_told_like_one_that_does_not_exist() {
    let app = app();
    let spec_id = draft(&app).await;
    let unknown = "01900000-0000-7000-8000-000000000000";
    for operation in operations() {
        if operation.action().is_none() {
            continue;
        }
        let mut told = Vec::new();
        for id in [&spec_id, unknown, "no-id"] {
            let (_, _, call) = example(&operation, id);
            let mut answer = app.send(Caller::Stranger.sends(call)).await;
            answer.problem(404);
            answer.json["instance"] = Value::Null;
            // The path that was asked for is told, and is not equally long.
            answer.headers.remove("content-length");
            told.push((answer.headers, answer.json));
        }
        assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    }
}

#[tokio::test]
async fn the_authorizer_decides_whose_specs_a_list_holds() {
    let app = app();
    let spec_id = draft(&app).await;
    for (caller, held) in [
        (Caller::Owner, vec![spec_id.clone()]),
        (Caller::Viewer, vec![spec_id]),
        (Caller::Stranger, vec![]),
    ] {
        let list = app.send(caller.sends(Call::get("/specs"))).await.json;
        let ids: Vec<_> = list["specs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|spec| spec["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids, held, "{caller:?}");
    }
}

#[tokio::test]
async fn what_may_not_be_done_is_not_done() {
    let app = app();
    let spec_id = draft(&app).await;
    for operation in operations() {
        let (_, _, call) = example(&operation, &spec_id);
        if operation.action().is_some_and(|action| action != "view") {
            app.send(Caller::Viewer.sends(call)).await.problem(403);
        }
    }
    let detail = Call::get(&format!("/specs/{spec_id}"));
    let spec = app.send(Caller::Viewer.sends(detail)).await;
    assert_eq!(spec.status, StatusCode::OK);
    assert_eq!(spec.json["status"], "draft");
    assert_eq!(spec.json["revision"], 1);
}

#[tokio::test]
async fn readers_are_offered_what_they_may_do() {
    let app = app();
    let spec_id = draft(&app).await;
    let path = format!("/specs/{spec_id}");
    let owned = app.send(Caller::Owner.sends(Call::get(&path))).await;
    let viewed = app.send(Caller::Viewer.sends(Call::get(&path))).await;
    let nothing = json!({
        "execute": false,
        "cancel": false,
        "pause": false,
        "resume": false,
        "archive": false,
        "approve": null,
        "request_changes": null,
        "retry": [],
        "set_budget": false,
    });
    let mut of_a_draft = nothing.clone();
    for action in ["execute", "cancel", "archive", "set_budget"] {
        of_a_draft[action] = json!(true);
    }
    assert_eq!(owned.json["actions"], of_a_draft);
    assert_eq!(viewed.json["actions"], nothing);

    // Whoever is given a right, or loses it, does not go on with what was told before.
    let known = Call::get(&path).header("if-none-match", owned.header("etag"));
    assert_eq!(app.send(Caller::Viewer.sends(known)).await.status, 200);
    let known = Call::get(&path).header("if-none-match", viewed.header("etag"));
    assert_eq!(app.send(Caller::Viewer.sends(known)).await.status, 304);

    let export = Call::get(&format!("{path}/export?format=json"));
    let exported = app.send(Caller::Viewer.sends(export)).await;
    assert_eq!(exported.json["spec"]["actions"], nothing);
}

#[tokio::test]
async fn no_page_of_another_origin_commands_anything() {
    let app = App::idle();
    let spec_id = app.draft().await;
    for operation in operations() {
        let (method, _, _) = example(&operation, &spec_id);
        let from = |headers: &[(&'static str, &str)]| {
            let (_, _, call) = example(&operation, &spec_id);
            let call = call.header("host", "localhost:8080");
            let add = |call: Call, (name, value): &(&'static str, &str)| call.header(name, *value);
            app.open(headers.iter().fold(call, add))
        };
        for headers in [
            [("sec-fetch-site", "cross-site")].as_slice(),
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://localhost:8080"),
            ],
        ] {
            let response = from(headers).await;
            if method == Method::GET {
                assert_ne!(response.status(), 403, "{} {headers:?}", operation.id());
            } else {
                Answer::of(response).await.problem(403);
            }
        }
    }
    let untouched = app.get(&format!("/specs/{spec_id}")).await;
    assert_eq!(untouched.json["revision"], 1);
}

#[tokio::test]
async fn a_page_of_the_same_or_an_allowed_origin_commands() {
    let config = crate::harness::local().with_allowed_origins(["https://ui.example.org"]);
    let app = App::with(config.unwrap());
    for headers in [
        vec![
            ("sec-fetch-site", "same-origin"),
            ("origin", "http://localhost:8080"),
        ],
        vec![("origin", "http://localhost:8080")],
        vec![("sec-fetch-site", "none")],
        vec![
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://ui.example.org"),
        ],
        vec![("origin", "https://ui.example.org")],
        vec![],
    ] {
        let spec_id = app.draft().await;
        let call = Call::new(Method::POST, &format!("/specs/{spec_id}/cancel"));
        let call = call.header("host", "localhost:8080");
        let call = headers
            .iter()
            .fold(call, |call, (name, value)| call.header(name, *value));
        assert_eq!(app.send(call).await.status, StatusCode::OK, "{headers:?}");
    }
}

#[tokio::test]
async fn a_web_socket_is_not_opened_for_a_page_of_another_origin() {
    let app = App::idle();
    let spec_id = app.draft().await;
    let call = Call::get(&format!("/specs/{spec_id}/events"))
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("host", "localhost:8080")
        .header("origin", "https://evil.example");
    app.send(call).await.problem(403);
}
