//! Reads requests; what cannot be read becomes a problem that names the place.

mod json;
mod parameters;

pub(crate) use json::{JsonBody, OptionalJsonBody};
#[cfg(feature = "daytona-webhook")]
pub(crate) use json::{parse, read};
pub(crate) use parameters::Parameters;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use spec_core::id::SpecId;
use spec_core::{Phase, Spec};

use crate::auth::Principal;
use crate::error::ApiError;

/// The caller, whom the [guard](crate::middleware::guard) of the route has found out.
#[derive(Debug)]
pub(crate) struct Caller(pub(crate) Principal);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        // Absent only if the table declares the route to be for everybody: a defect, and nobody is let
        // in by it.
        let principal = parts.extensions.get::<Principal>();
        principal.cloned().map(Self).ok_or_else(ApiError::internal)
    }
}

/// The spec that a request is about, of which the [guard](crate::middleware::guard) of its route has
/// found that the caller may do with it what the route does.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizedSpec {
    pub(crate) spec: Spec,
    pub(crate) principal: Principal,
}

impl<S: Sync> FromRequestParts<S> for AuthorizedSpec {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        // Absent only if the table declares a route of specs to be none: a defect, and nobody is let
        // in by it.
        parts.extensions.remove().ok_or_else(ApiError::internal)
    }
}

/// The parameter `spec_id` of the path. Text that is no id names no spec.
pub(crate) async fn spec_id(parts: &mut Parts) -> Result<SpecId, ApiError> {
    let Ok(parameters) = RawPathParams::from_request_parts(parts, &()).await else {
        return Err(ApiError::no_such_spec());
    };
    let id = parameters.iter().find(|(name, _)| *name == "spec_id");
    id.and_then(|(_, text)| text.parse().ok())
        .ok_or_else(ApiError::no_such_spec)
}

/// The parameter `phase` of the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PhasePath(pub(crate) Phase);

impl<S: Send + Sync> FromRequestParts<S> for PhasePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Ok(parameters) = RawPathParams::from_request_parts(parts, state).await else {
            return Err(ApiError::no_such_phase());
        };
        let phase = parameters.iter().find(|(name, _)| *name == "phase");
        phase
            .and_then(|(_, text)| text.parse().ok())
            .map(Self)
            .ok_or_else(ApiError::no_such_phase)
    }
}
