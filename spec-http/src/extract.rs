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
