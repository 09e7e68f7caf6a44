//! `GET /specs` and `GET /specs/{spec_id}`

use axum::Json;
use axum::extract::State;
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use spec_core::Spec;
use spec_core::store::{PageLimit, SpecQuery};

use crate::auth::SpecScope;
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
    AuthorizedSpec { spec, .. }: AuthorizedSpec,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if is_known(&headers, &etag(&spec)) {
        let etag = [(ETAG, etag(&spec))];
        return Ok((StatusCode::NOT_MODIFIED, etag).into_response());
    }
    Ok(respond(&spec))
}

/// The spec as an answer, with its tag.
pub(super) fn respond(spec: &Spec) -> Response {
    ([(ETAG, etag(spec))], Json(SpecDetail::from(spec))).into_response()
}

fn etag(spec: &Spec) -> String {
    format!("\"{}\"", spec.revision)
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
