//! `GET /healthz` and `GET /readyz`

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use spec_core::Error;
use spec_core::id::SpecId;

use crate::dto::HealthBody;
use crate::error::ApiError;
use crate::state::AppState;

/// How long the store may take to show that it answers.
const LONGEST_ANSWER: Duration = Duration::from_secs(2);

/// The process answers. Says nothing about what it depends on.
pub(crate) async fn healthz() -> Json<HealthBody> {
    Json(HealthBody::ok())
}

/// Requests can be answered: the store is there, and the server is not about to stop.
pub(crate) async fn readyz(State(state): State<AppState>) -> Result<Json<HealthBody>, ApiError> {
    if state.shutdown().is_cancelled() {
        return Err(ApiError::shutting_down());
    }
    // The cheapest question: one row, by its key, that does not exist.
    let nobody: SpecId = "00000000-0000-0000-0000-000000000000".parse()?;
    match tokio::time::timeout(LONGEST_ANSWER, state.machine().get(nobody)).await {
        Ok(Ok(_) | Err(Error::NotFound { .. })) => Ok(Json(HealthBody::ok())),
        Ok(Err(error)) => Err(error.into()),
        Err(_elapsed) => Err(ApiError::not_ready()),
    }
}
