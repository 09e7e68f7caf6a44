//! Reads requests; what cannot be read becomes a problem that names the place.

mod json;
mod parameters;

pub(crate) use json::{JsonBody, OptionalJsonBody};
#[cfg(feature = "daytona-webhook")]
pub(crate) use json::{parse, read};
pub(crate) use parameters::Parameters;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use spec_core::Phase;
use spec_core::id::SpecId;

use crate::auth::Principal;
use crate::error::ApiError;

/// The caller, whom the layer around all routes of specs has found out.
#[derive(Debug)]
pub(crate) struct Caller(pub(crate) Principal);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        // Absent only if a route was added outside that layer: a defect, and nobody is let in by it.
        let principal = parts.extensions.get::<Principal>();
        principal.cloned().map(Self).ok_or_else(ApiError::internal)
    }
}

/// The parameter `spec_id` of the path. Text that is no id names no spec.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpecPath(pub(crate) SpecId);

impl<S: Send + Sync> FromRequestParts<S> for SpecPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Ok(parameters) = RawPathParams::from_request_parts(parts, state).await else {
            return Err(ApiError::no_such_spec());
        };
        let id = parameters.iter().find(|(name, _)| *name == "spec_id");
        id.and_then(|(_, text)| text.parse().ok())
            .map(Self)
            .ok_or_else(ApiError::no_such_spec)
    }
}

/// The parameters `spec_id` and `phase` of the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PhasePath(pub(crate) SpecId, pub(crate) Phase);

impl<S: Send + Sync> FromRequestParts<S> for PhasePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let SpecPath(id) = SpecPath::from_request_parts(parts, state).await?;
        let no_such_phase = || {
            let names = Phase::ALL.map(Phase::as_str).join(", ");
            ApiError::not_found(
                "phase",
                format!("there is no such phase; there are {names}"),
            )
        };
        let Ok(parameters) = RawPathParams::from_request_parts(parts, state).await else {
            return Err(no_such_phase());
        };
        let phase = parameters.iter().find(|(name, _)| *name == "phase");
        phase
            .and_then(|(_, text)| text.parse().ok())
            .map(|phase| Self(id, phase))
            .ok_or_else(no_such_phase)
    }
}
