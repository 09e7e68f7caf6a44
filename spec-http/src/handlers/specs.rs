//! `GET /specs` and `GET /specs/{spec_id}`

use axum::Json;
use axum::extract::State;
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use spec_core::Spec;
use spec_core::store::{PageLimit, SpecQuery};

use super::permitted::Permitted;
use crate::auth::{Principal, SpecScope};
use crate::dto::{SpecDetail, SpecPage};
use crate::error::ApiError;
use crate::extract::{AuthorizedSpec, Caller, Parameters};
use crate::state::AppState;

pub(crate) async fn list(
    State(state): State<AppState>,
    Caller(principal): Caller,
    mut parameters: Parameters,
) -> Result<Json<SpecPage>, ApiError> {
    let limit = parameters
        .number("limit")?
        .map(PageLimit::new)
        .transpose()?;
    let owner = match state.authorizer().listed(&principal).await? {
        SpecScope::Owner(owner) => Some(owner),
        SpecScope::Everybody => None,
    };
    let query = SpecQuery {
        project: parameters.parsed("project_id")?,
        owner,
        status: parameters.parsed("status")?,
        search: parameters.search("search")?,
        include_archived: parameters.flag("include_archived")?.unwrap_or(false),
        before: parameters.parsed("before")?,
        limit: limit.unwrap_or_default(),
    };
    parameters.finish()?;
    let page = state.machine().list(&query).await?;
    Ok(Json(page.into()))
}

pub(crate) async fn detail(
    State(state): State<AppState>,
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let permitted = Permitted::to(&principal, &spec, &state).await?;
    let etag = permitted.etag(&spec);
    if is_known(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
    }
    Ok(answer(&spec, permitted))
}

/// The answer to a command of `principal` that was taken: what `spec` has become.
pub(super) async fn respond(state: &AppState, principal: &Principal, spec: &Spec) -> Response {
    let permitted = Permitted::to(principal, spec, state).await;
    // What was done is not to look as if it had failed. Who looks again is told the rest.
    let permitted = permitted.unwrap_or_else(|error| {
        tracing::warn!(
            spec_id = %spec.id,
            error = &error as &dyn std::error::Error,
            "what the caller may do is not known"
        );
        Permitted::nothing(spec)
    });
    answer(spec, permitted)
}

fn answer(spec: &Spec, permitted: Permitted) -> Response {
    let etag = [(ETAG, permitted.etag(spec))];
    (etag, Json(SpecDetail::new(spec, permitted.allowed))).into_response()
}

fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
