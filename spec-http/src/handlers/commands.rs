//! `POST /specs/{spec_id}/…`, `PUT /specs/{spec_id}/budget` and `DELETE /specs/{spec_id}`: what a
//! person asks of a spec.

use axum::extract::State;
use axum::response::Response;

use super::specs::respond;
use crate::dto::{BudgetBody, CancelBody};
use crate::error::ApiError;
use crate::extract::{AuthorizedSpec, JsonBody, OptionalJsonBody};
use crate::state::AppState;

pub(crate) async fn execute(
    State(state): State<AppState>,
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
) -> Result<Response, ApiError> {
    let spec = state
        .machine()
        .execute(spec.id, principal.user.clone())
        .await?;
    Ok(respond(&state, &principal, &spec).await)
}

pub(crate) async fn pause(
    State(state): State<AppState>,
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
) -> Result<Response, ApiError> {
    let spec = state
        .machine()
        .pause(spec.id, principal.user.clone())
        .await?;
    Ok(respond(&state, &principal, &spec).await)
}

pub(crate) async fn resume(
    State(state): State<AppState>,
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
) -> Result<Response, ApiError> {
    let spec = state
        .machine()
        .resume(spec.id, principal.user.clone())
        .await?;
    Ok(respond(&state, &principal, &spec).await)
}

pub(crate) async fn cancel(
    State(state): State<AppState>,
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
    OptionalJsonBody(body): OptionalJsonBody<CancelBody>,
) -> Result<Response, ApiError> {
    let reason = body.unwrap_or_default().reason;
    let machine = state.machine();
    let spec = machine
        .cancel(spec.id, principal.user.clone(), reason)
        .await?;
    Ok(respond(&state, &principal, &spec).await)
}

pub(crate) async fn archive(
    State(state): State<AppState>,
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
) -> Result<Response, ApiError> {
    let spec = state
        .machine()
        .archive(spec.id, principal.user.clone())
        .await?;
    Ok(respond(&state, &principal, &spec).await)
}

pub(crate) async fn set_budget(
    State(state): State<AppState>,
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
    JsonBody(body): JsonBody<BudgetBody>,
) -> Result<Response, ApiError> {
    let (budget, phase_budget) = body.into_budgets()?;
    let machine = state.machine();
    let spec = machine
        .set_budget(spec.id, principal.user.clone(), budget, phase_budget)
        .await?;
    Ok(respond(&state, &principal, &spec).await)
}
