//! `POST /quick-tasks`

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use spec_core::id::UserId;
use spec_http::{
    BearerTokens, CreatedQuickTask, HttpConfig, QuickTask, QuickTaskError, QuickTasks,
};

use crate::harness::{App, Call, local};

/// Keeps what it is given, unless its title names an error.
#[derive(Debug, Clone, Default)]
struct Board(Arc<Mutex<Vec<QuickTask>>>);

#[async_trait]
impl QuickTasks for Board {
    async fn create(&self, task: QuickTask) -> Result<CreatedQuickTask, QuickTaskError> {
        match task.title.as_str() {
            "rejected" => return Err(QuickTaskError::rejected("project_id", "is full")),
            "unavailable" => return Err(QuickTaskError::unavailable("postgres://x:hunter2@db")),
            "later" => {
                return Err(QuickTaskError::Unavailable {
                    source: "busy".into(),
                    retry_after: Some(Duration::from_secs(77)),
                });
            }
            "internal" => return Err(QuickTaskError::internal("postgres://x:hunter2@db")),
            _ => {}
        }
        let mut tasks = self.0.lock().unwrap();
        let url = task.project_id.as_ref();
        let url = url.map(|project| format!("https://tasks.example.org/{project}"));
        tasks.push(task);
        Ok(CreatedQuickTask {
            task_id: format!("T-{}", tasks.len()),
            url,
        })
    }
}

fn board() -> (App, Board) {
    let board = Board::default();
    (App::with(local().with_quick_tasks(board.clone())), board)
}

#[tokio::test]
async fn a_task_is_made_of_what_was_typed() {
    let (app, board) = board();
    let description = "  It should say\n\n**Save**.  ";
    let body = json!({ "title": " Rename ", "description": description, "project_id": "demo" });
    let answer = app.post("/quick-tasks", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(
        answer.json,
        json!({ "task_id": "T-1", "url": "https://tasks.example.org/demo" })
    );
    let body = json!({ "title": "t", "description": "d" });
    let answer = app.post("/quick-tasks", &body).await;
    assert_eq!(answer.json, json!({ "task_id": "T-2", "url": null }));

    let tasks = board.0.lock().unwrap();
    assert_eq!(tasks[0].by.as_str(), "local");
    assert_eq!(tasks[0].title.as_str(), "Rename");
    assert_eq!(tasks[0].description.as_str(), description);
    assert_eq!(tasks[0].project_id.as_ref().unwrap().as_str(), "demo");
    assert_eq!(tasks[1].project_id, None);
    assert_eq!(tasks.len(), 2);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_task_is_told_at_once() {
    let (app, board) = board();
    let long = |length: usize| Value::from("ä".repeat(length));
    for (body, fields) in [
        (json!({}), vec!["title", "description"]),
        (
            json!({ "title": " ", "description": "", "project_id": "" }),
            vec!["title", "description", "project_id"],
        ),
        (
            json!({ "title": long(501), "description": "d" }),
            vec!["title"],
        ),
        (
            json!({ "title": "t", "description": long(50_001) }),
            vec!["description"],
        ),
        (
            json!({ "title": "a\nb", "description": "d" }),
            vec!["title"],
        ),
        (json!({ "title": 7, "description": "d" }), vec!["title"]),
        (
            json!({ "title": "t", "description": "d", "policy": {} }),
            vec!["policy"],
        ),
        (
            json!({ "title": "t", "description": "d", "project_id": "other" }),
            vec!["project_id"],
        ),
        (json!([]), vec!["body"]),
    ] {
        let answer = app.post("/quick-tasks", &body).await;
        assert_eq!(answer.problem(422), fields, "{answer:?}");
    }
    let call = Call::new(Method::POST, "/quick-tasks").body("{}");
    app.send(call).await.problem(415);
    assert_eq!(board.0.lock().unwrap().len(), 0);
    let body = json!({ "title": long(500), "description": long(50_000) });
    let answer = app.post("/quick-tasks", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
}

#[tokio::test]
async fn the_errors_of_the_host_are_told_by_their_kind() {
    let (app, _) = board();
    let answer = async |title: &str| {
        let body = json!({ "title": title, "description": "d" });
        app.post("/quick-tasks", &body).await
    };
    let rejected = answer("rejected").await;
    assert_eq!(rejected.problem(422), ["project_id"]);
    assert_eq!(rejected.json["errors"][0]["detail"], "is full");
    let unavailable = answer("unavailable").await;
    unavailable.problem(503);
    assert_eq!(unavailable.header("retry-after"), "2");
    assert_eq!(answer("later").await.header("retry-after"), "77");
    let internal = answer("internal").await;
    internal.problem(500);
    assert_eq!(
        internal.json["detail"],
        "something went wrong on this side; it has been logged"
    );
    for told in [unavailable, internal] {
        assert!(!told.text.contains("hunter2"), "{told:?}");
    }
}

#[tokio::test]
async fn where_no_tasks_are_made_there_is_no_such_path() {
    let app = App::idle();
    let good = json!({ "title": "t", "description": "d" });
    for body in [good, json!({})] {
        let answer = app.post("/quick-tasks", &body).await;
        answer.problem(404);
        assert_eq!(answer.json["detail"], "there is nothing at this path");
    }
    assert_eq!(app.get("/capabilities").await.json["quick_tasks"], false);
    let (app, _) = board();
    assert_eq!(app.get("/capabilities").await.json["quick_tasks"], true);
}

#[tokio::test]
async fn a_task_is_made_for_whoever_asks_and_nobody_else() {
    let board = Board::default();
    let tokens = BearerTokens::new([("token-a", UserId::new("ada").unwrap())]);
    let app = App::with(HttpConfig::new(tokens).with_quick_tasks(board.clone()));
    let body = json!({ "title": "t", "description": "d" });
    app.post("/quick-tasks", &body).await.problem(401);
    assert_eq!(board.0.lock().unwrap().len(), 0);
    let call = Call::post("/quick-tasks", &body).header("authorization", "Bearer token-a");
    assert_eq!(app.send(call).await.status, StatusCode::CREATED);
    assert_eq!(board.0.lock().unwrap()[0].by.as_str(), "ada");
}
