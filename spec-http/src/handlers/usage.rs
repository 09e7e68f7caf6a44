//! `GET /specs/{spec_id}/usage`

use axum::Json;
use axum::extract::State;

use crate::dto::SpecUsageDetail;
use crate::error::ApiError;
use crate::extract::AuthorizedSpec;
use crate::state::AppState;

pub(crate) async fn usage(
    State(state): State<AppState>,
    AuthorizedSpec { spec, .. }: AuthorizedSpec,
) -> Result<Json<SpecUsageDetail>, ApiError> {
    let usage = state.machine().usage(spec.id).await?;
    Ok(Json(SpecUsageDetail::new(spec.id, usage)))
}
