//! `POST /quick-tasks`

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;

use crate::dto::{QuickTaskBody, QuickTaskCreated};
use crate::error::ApiError;
use crate::extract::{Caller, JsonBody};
use crate::state::AppState;

pub(crate) async fn create(
    State(state): State<AppState>,
    Caller(principal): Caller,
    request: Request,
) -> Result<(StatusCode, Json<QuickTaskCreated>), ApiError> {
    use axum::extract::FromRequest as _;

    // Before the body: where there are no quick tasks, nothing is wrong with one.
    let Some(quick_tasks) = state.quick_tasks() else {
        return Err(ApiError::no_such_path());
    };
    let JsonBody(body) = JsonBody::<QuickTaskBody>::from_request(request, &state).await?;
    let task = body.into_task(principal.user)?;
    if let Some(project) = &task.project_id {
        state.machine().require_project(project, &task.by).await?;
    }
    let created = quick_tasks.create(task).await?;
    Ok((StatusCode::CREATED, Json(created.into())))
}
