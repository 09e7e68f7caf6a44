//! `POST /specs/{spec_id}/…`: what a person asks of a spec.

use axum::extract::State;
use axum::response::Response;

use super::specs::respond;
use crate::dto::CancelBody;
use crate::error::ApiError;
use crate::extract::{Caller, OptionalJsonBody, SpecPath};
use crate::state::AppState;

pub(crate) async fn execute(
    State(state): State<AppState>,
    Caller(principal): Caller,
    SpecPath(id): SpecPath,
) -> Result<Response, ApiError> {
    state.visible_spec(id, &principal).await?;
    let spec = state.machine().execute(id, principal.user).await?;
    Ok(respond(&spec))
}

pub(crate) async fn cancel(
    State(state): State<AppState>,
    Caller(principal): Caller,
    SpecPath(id): SpecPath,
    OptionalJsonBody(body): OptionalJsonBody<CancelBody>,
) -> Result<Response, ApiError> {
    state.visible_spec(id, &principal).await?;
    let reason = body.unwrap_or_default().reason;
    let spec = state.machine().cancel(id, principal.user, reason).await?;
    Ok(respond(&spec))
}
