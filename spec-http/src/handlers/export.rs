//! `GET /specs/{spec_id}/trace` and `GET /specs/{spec_id}/export`

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use spec_core::artifact::Artifact;
use spec_core::render;
use spec_core::sync::{PartialOutputs, slug};
use spec_core::usage::SpecUsage;
use spec_core::{InvalidInput, Spec};

use super::permitted::Permitted;
use crate::dto::{ExportBody, SpecDetail, TraceBody};
use crate::error::ApiError;
use crate::extract::{AuthorizedSpec, Parameters};
use crate::state::AppState;

pub(crate) async fn trace(
    State(state): State<AppState>,
    AuthorizedSpec { spec, .. }: AuthorizedSpec,
) -> Result<Json<TraceBody>, ApiError> {
    let id = spec.id;
    let artifacts = state.machine().artifacts(id).await?;
    let trace = computed(move || {
        let outputs = PartialOutputs::read(&artifacts)?;
        Ok(outputs.trace(&slug(&spec.title)))
    })
    .await?;
    Ok(Json(TraceBody { spec_id: id, trace }))
}

pub(crate) async fn export(
    State(state): State<AppState>,
    AuthorizedSpec { spec, principal }: AuthorizedSpec,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let format = parameters
        .parsed("format")?
        .unwrap_or(ExportFormat::Markdown);
    parameters.finish()?;
    let artifacts = state.machine().artifacts(spec.id).await?;
    let usage = state.machine().usage(spec.id).await?;
    let permitted = Permitted::to(&principal, &spec, &state).await?;
    let slug = slug(&spec.title);
    // Letters, digits and hyphens: needs neither escaping nor another encoding.
    let disposition = format!("attachment; filename=\"{slug}.{}\"", format.extension());
    let disposition = HeaderValue::try_from(disposition).map_err(ApiError::defect)?;
    let body = computed(move || format.render(&spec, &slug, artifacts, usage, permitted)).await?;
    let headers = [
        (CONTENT_DISPOSITION, disposition),
        (CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, body).into_response())
}

/// Computes what takes long for large specs, where it keeps nobody from being answered.
async fn computed<T: Send + 'static>(
    compute: impl FnOnce() -> Result<T, serde_json::Error> + Send + 'static,
) -> Result<T, ApiError> {
    let computed = tokio::task::spawn_blocking(compute).await;
    computed
        .map_err(ApiError::defect)?
        .map_err(ApiError::defect)
}

/// The form of an export.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum ExportFormat {
    Markdown,
    Json,
}

impl ExportFormat {
    fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Json => "json",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Json => "application/json",
        }
    }

    fn render(
        self,
        spec: &Spec,
        slug: &str,
        artifacts: Vec<Artifact>,
        usage: SpecUsage,
        permitted: Permitted,
    ) -> Result<String, serde_json::Error> {
        let outputs = PartialOutputs::read(&artifacts)?;
        let trace = outputs.trace(slug);
        match self {
            Self::Markdown => Ok(render::document(spec, &outputs, trace.as_ref())),
            Self::Json => {
                let detail = SpecDetail::new(spec, permitted.allowed);
                let body = ExportBody::new(spec.id, detail, artifacts, trace, usage);
                serde_json::to_string_pretty(&body)
            }
        }
    }
}

impl std::str::FromStr for ExportFormat {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        match text {
            "markdown" => Ok(Self::Markdown),
            "json" => Ok(Self::Json),
            _ => Err(InvalidInput::new("format", "must be markdown or json")),
        }
    }
}
