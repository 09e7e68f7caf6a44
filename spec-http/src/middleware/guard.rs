//! Lets callers do what a route does, or answers them.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use spec_core::Spec;

use crate::auth::{Principal, SpecAction};
use crate::error::ApiError;
use crate::extract::{AuthorizedSpec, spec_id};
use crate::routes::Access;
use crate::state::AppState;

/// What [`guard`] has to know of its route.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    pub(crate) state: AppState,
    pub(crate) access: Access,
}

/// Lets a request through with its principal, and the spec it is about, attached.
pub(crate) async fn guard(
    State(Guard { state, access }): State<Guard>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let action = match access {
        Access::Public => return Ok(next.run(request).await),
        Access::Principal => None,
        Access::Spec(action) => Some(action),
    };
    let (mut parts, body) = request.into_parts();
    let principal = state.authenticator().authenticate(&mut parts).await?;
    if let Some(action) = action {
        let spec = authorized(&state, &mut parts, &principal, action).await?;
        parts.extensions.insert(AuthorizedSpec {
            spec,
            principal: principal.clone(),
        });
    }
    parts.extensions.insert(principal);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn authorized(
    state: &AppState,
    parts: &mut Parts,
    principal: &Principal,
    action: SpecAction,
) -> Result<Spec, ApiError> {
    let spec = state.machine().get(spec_id(parts).await?).await?;
    let authorizer = state.authorizer();
    if !authorizer.may(principal, SpecAction::View, &spec).await? {
        return Err(ApiError::no_such_spec());
    }
    if action != SpecAction::View && !authorizer.may(principal, action, &spec).await? {
        return Err(ApiError::not_permitted(action));
    }
    Ok(spec)
}
