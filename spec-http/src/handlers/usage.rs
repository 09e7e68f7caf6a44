//! `GET /specs/{spec_id}/usage`

use axum::Json;
use axum::extract::State;

use crate::dto::SpecUsageDetail;
use crate::error::ApiError;
use crate::extract::{Caller, SpecPath};
use crate::state::AppState;

pub(crate) async fn usage(
    State(state): State<AppState>,
    Caller(principal): Caller,
    SpecPath(id): SpecPath,
) -> Result<Json<SpecUsageDetail>, ApiError> {
    state.visible_spec(id, &principal).await?;
    let usage = state.machine().usage(id).await?;
    Ok(Json(SpecUsageDetail::new(id, usage)))
}
