//! `GET /specs/{spec_id}/events` and `…/events/stream`

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use spec_core::id::Sequence;
use spec_core::store::PageLimit;

use crate::dto::EventPage;
use crate::error::ApiError;
use crate::extract::{AuthorizedSpec, Parameters};
use crate::state::AppState;
use crate::stream::{cursor, sse};

pub(crate) async fn page(
    State(state): State<AppState>,
    AuthorizedSpec { spec, .. }: AuthorizedSpec,
    mut parameters: Parameters,
) -> Result<Json<EventPage>, ApiError> {
    let after = Sequence::new(parameters.number("after")?.unwrap_or(0));
    let limit = parameters
        .number("limit")?
        .map(PageLimit::new)
        .transpose()?;
    parameters.finish()?;
    let events = state
        .machine()
        .events(spec.id, after, limit.unwrap_or_default())
        .await?;
    Ok(Json(EventPage::new(after, events)))
}

pub(crate) async fn stream(
    State(state): State<AppState>,
    AuthorizedSpec { spec, .. }: AuthorizedSpec,
    headers: HeaderMap,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let after = cursor::after(&headers, &mut parameters)?;
    parameters.finish()?;
    sse::respond(&state, spec.id, after)
}
