//! `POST /specs/{spec_id}/phases/{phase}/…` and `…/retry`: what a person makes of a phase.

use axum::extract::State;
use axum::response::Response;

use super::specs::respond;
use crate::dto::{ApproveBody, RequestChangesBody, RetryBody};
use crate::error::ApiError;
use crate::extract::{AuthorizedSpec, JsonBody, OptionalJsonBody, PhasePath};
use crate::state::AppState;

pub(crate) async fn approve(
    State(state): State<AppState>,
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
    PhasePath(phase): PhasePath,
    JsonBody(body): JsonBody<ApproveBody>,
) -> Result<Response, ApiError> {
    let content_hash = body.content_hash()?;
    let machine = state.machine();
    let spec = machine
        .approve(spec.id, principal.user.clone(), phase, content_hash)
        .await?;
    Ok(respond(&state, &principal, &spec).await)
}

pub(crate) async fn request_changes(
    State(state): State<AppState>,
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
    PhasePath(phase): PhasePath,
    JsonBody(body): JsonBody<RequestChangesBody>,
) -> Result<Response, ApiError> {
    let (content_hash, comment) = body.into_request()?;
    let machine = state.machine();
    let spec = machine
        .request_changes(
            spec.id,
            principal.user.clone(),
            phase,
            content_hash,
            comment,
        )
        .await?;
    Ok(respond(&state, &principal, &spec).await)
}

pub(crate) async fn retry(
    State(state): State<AppState>,
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
    OptionalJsonBody(body): OptionalJsonBody<RetryBody>,
) -> Result<Response, ApiError> {
    let body = body.unwrap_or_default();
    let phase = body.phase.or_else(|| spec.current_phase()).ok_or_else(|| {
        ApiError::invalid("phase", "is required: no phase has failed and none waits")
    })?;
    let feedback = body.feedback()?;
    let machine = state.machine();
    let spec = machine
        .retry(spec.id, principal.user.clone(), phase, feedback)
        .await?;
    Ok(respond(&state, &principal, &spec).await)
}
