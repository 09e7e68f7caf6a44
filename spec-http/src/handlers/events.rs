//! `GET /specs/{spec_id}/events`, `…/events/stream` and `…/ws`

use axum::Json;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_VERSION, UPGRADE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use spec_core::id::Sequence;
use spec_core::store::PageLimit;

use crate::dto::EventPage;
use crate::error::ApiError;
use crate::extract::{AuthorizedSpec, Parameters};
use crate::state::AppState;
use crate::stream::feed::Feed;
use crate::stream::{cursor, socket, sse, subprotocol};

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
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
    headers: HeaderMap,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let after = cursor::after(&headers, &mut parameters)?;
    parameters.finish()?;
    let feed = Feed::open(&state, &principal, spec.id, after)?;
    Ok(sse::respond(&state, feed))
}

pub(crate) async fn ws(
    State(state): State<AppState>,
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
    headers: HeaderMap,
    mut parameters: Parameters,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let after = cursor::after(&headers, &mut parameters)?;
    parameters.finish()?;
    let Ok(upgrade) = upgrade else {
        let mut response = ApiError::not_a_websocket().into_response();
        let headers = response.headers_mut();
        for (name, value) in [
            (CONNECTION, "upgrade"),
            (UPGRADE, "websocket"),
            (SEC_WEBSOCKET_VERSION, "13"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        return Ok(response);
    };
    let mut offered = subprotocol::offered(&headers).peekable();
    if offered.peek().is_some() && !offered.any(|offer| offer == subprotocol::SUBPROTOCOL) {
        return Err(ApiError::malformed(format!(
            "the subprotocol is {}, which is not among those that were offered",
            subprotocol::SUBPROTOCOL
        )));
    }
    let feed = Feed::open(&state, &principal, spec.id, after)?;
    Ok(socket::respond(upgrade, &state, feed))
}
