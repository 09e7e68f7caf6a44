//! `GET /projects` and `GET /capabilities`

use axum::Json;
use axum::extract::State;

use crate::dto::{Capabilities, ProjectList};
use crate::error::ApiError;
use crate::extract::Caller;
use crate::state::AppState;

pub(crate) async fn projects(
    State(state): State<AppState>,
    Caller(principal): Caller,
) -> Result<Json<ProjectList>, ApiError> {
    let projects = state.machine().projects(&principal.user).await?;
    let default = state.machine().default_project(&principal.user).await?;
    Ok(Json(ProjectList::new(projects, default)))
}

pub(crate) async fn capabilities(
    State(state): State<AppState>,
    Caller(principal): Caller,
) -> Json<Capabilities> {
    let machine = state.machine();
    Json(Capabilities {
        quick_tasks: state.quick_tasks().is_some(),
        agents: machine.agents().map(|(name, _)| name.clone()).collect(),
        default_agent: machine.default_agent().cloned(),
        default_policy: state.default_policy().clone(),
        user: principal.user,
    })
}
