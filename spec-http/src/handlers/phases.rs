//! `GET /specs/{spec_id}/phases/{phase}` and `…/versions`

use axum::Json;
use axum::extract::State;
use spec_core::id::ArtifactVersion;
use spec_core::store::PageLimit;

use crate::dto::{PhaseResult, VersionList};
use crate::error::ApiError;
use crate::extract::{AuthorizedSpec, Parameters, PhasePath};
use crate::state::AppState;

/// Versions that a list holds.
const MAX_VERSIONS: u32 = 50;

pub(crate) async fn result(
    State(state): State<AppState>,
    AuthorizedSpec { spec, .. }: AuthorizedSpec,
    PhasePath(phase): PhasePath,
    mut parameters: Parameters,
) -> Result<Json<PhaseResult>, ApiError> {
    let version = parameters.number("version")?;
    if version == Some(0) {
        return Err(ApiError::invalid("version", "counts from 1"));
    }
    parameters.finish()?;
    let asked = version.map(ArtifactVersion::new);
    let artifact = state.machine().artifact(spec.id, phase, asked).await?;
    if let (Some(version), None) = (asked, &artifact) {
        let detail = format!("there is no version {version} of {phase}");
        return Err(ApiError::not_found("version", detail));
    }
    let result = PhaseResult::new(&spec, phase, artifact).map_err(ApiError::defect)?;
    Ok(Json(result))
}

pub(crate) async fn versions(
    State(state): State<AppState>,
    AuthorizedSpec { spec, .. }: AuthorizedSpec,
    PhasePath(phase): PhasePath,
) -> Result<Json<VersionList>, ApiError> {
    let limit = PageLimit::new(MAX_VERSIONS)?;
    let machine = state.machine();
    let versions = machine.artifact_versions(spec.id, phase, limit).await?;
    Ok(Json(VersionList::new(&spec, phase, versions)))
}
