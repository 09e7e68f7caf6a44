//! `GET /projects` and `GET /capabilities`

use async_trait::async_trait;
use axum::http::StatusCode;
use serde_json::{Value, json};
use spec_core::SpecStateMachine;
use spec_core::agent::CommandAgent;
use spec_core::id::{AgentName, ProjectId, UserId};
use spec_core::project::{Project, ProjectError, ProjectSource, ProjectSummary};
use spec_core::store::MemoryStore;
use spec_core::testing::{RunScript, ScriptedSpawner};

use crate::harness::{App, local, projects};

/// The router of a machine with other projects and agents than the usual ones.
fn app(projects: impl ProjectSource, agents: &[&str]) -> App {
    let spawner = ScriptedSpawner::new(|_| RunScript::hangs());
    let machine = SpecStateMachine::new(MemoryStore::default(), spawner, projects);
    let machine = agents.iter().fold(machine, |machine, name| {
        machine.with_agent(CommandAgent::new(AgentName::new(*name).unwrap(), "agent"))
    });
    let mut app = App::idle();
    app.router = spec_http::router(machine.into_dyn(), local());
    app
}

async fn ok(app: &App, path: &str) -> Value {
    let answer = app.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json
}

#[tokio::test]
async fn the_only_project_is_the_default() {
    assert_eq!(
        ok(&App::idle(), "/projects").await,
        json!({
            "projects": [{ "id": "demo", "name": "demo" }],
            "default_project_id": "demo"
        })
    );
}

#[tokio::test]
async fn of_several_projects_none_is_the_default() {
    assert_eq!(
        ok(&app(projects(["web", "api"]), &[]), "/projects").await,
        json!({
            "projects": [{ "id": "web", "name": "web" }, { "id": "api", "name": "api" }],
            "default_project_id": null
        })
    );
}

/// A directory that cannot be asked, and has secrets in its errors.
#[derive(Debug)]
struct Unreachable;

#[async_trait]
impl ProjectSource for Unreachable {
    async fn project(
        &self,
        _id: &ProjectId,
        _principal: &UserId,
    ) -> Result<Option<Project>, ProjectError> {
        Err(ProjectError::unavailable("ldap://admin:hunter2@directory"))
    }

    async fn default_project(
        &self,
        _principal: &UserId,
    ) -> Result<Option<ProjectId>, ProjectError> {
        Err(ProjectError::unavailable("ldap://admin:hunter2@directory"))
    }

    async fn list(&self, _principal: &UserId) -> Result<Vec<ProjectSummary>, ProjectError> {
        Err(ProjectError::unavailable("ldap://admin:hunter2@directory"))
    }
}

#[tokio::test]
async fn a_directory_that_does_not_answer_is_told_without_its_secrets() {
    let answer = app(Unreachable, &[]).get("/projects").await;
    answer.problem(503);
    assert!(!answer.text.contains("hunter2"));
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn capabilities_name_the_agents_the_policy_and_the_caller() {
    let policy = serde_json::from_value(json!({ "max_attempts": 7 })).unwrap();
    let app = App::with(local().with_default_policy(policy));
    let told = ok(&app, "/capabilities").await;
    assert_eq!(told["quick_tasks"], false);
    assert_eq!(told["agents"], json!(["scripted"]));
    assert_eq!(told["default_agent"], "scripted");
    assert_eq!(told["default_policy"]["max_attempts"], 7);
    assert_eq!(told["default_policy"]["gates"]["design"], "none");
    assert_eq!(told["user"], "local");
}

#[tokio::test]
async fn the_first_agent_is_the_default() {
    let told = ok(
        &app(projects(["demo"]), &["codex", "claude"]),
        "/capabilities",
    )
    .await;
    assert_eq!(told["agents"], json!(["claude", "codex"]));
    assert_eq!(told["default_agent"], "codex");
    let told = ok(&app(projects(["demo"]), &[]), "/capabilities").await;
    assert_eq!(told["agents"], json!([]));
    assert_eq!(told["default_agent"], Value::Null);
}
