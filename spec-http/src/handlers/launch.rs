//! `POST /specs/launch`

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use spec_core::id::{IdempotencyKey, SpecId};
use spec_core::machine::Launched;
use spec_core::{Spec, SpecStatus};

use crate::dto::{LaunchBody, LaunchStatus, LaunchedBody};
use crate::error::ApiError;
use crate::extract::{Caller, JsonBody};
use crate::state::AppState;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

pub(crate) async fn launch(
    State(state): State<AppState>,
    Caller(principal): Caller,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    JsonBody(body): JsonBody<LaunchBody>,
) -> Result<Response, ApiError> {
    let key = idempotency_key(&headers)?;
    let request = body.into_request(principal.user, key, state.default_policy())?;
    let launched = state.machine().launch(request).await?;

    let (status, is_new) = match &launched {
        Launched::New(_) => (StatusCode::CREATED, true),
        Launched::Existing(_) => (StatusCode::OK, false),
    };
    let spec = with_sandbox(&state, launched.spec()).await;
    let location = location(uri.path(), spec.id);
    let body = Json(answer(&spec, is_new));
    Ok((status, [(LOCATION, location)], body).into_response())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ApiError> {
    let invalid = |reason: &str| ApiError::invalid("idempotency_key", reason);
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(invalid("is given more than once"));
    }
    let text = value.to_str().map_err(|_cause| invalid("is not ASCII"))?;
    let key = IdempotencyKey::new(text).map_err(|error| invalid(error.reason()))?;
    Ok(Some(key))
}

/// The spec once its first sandbox is known, or as it is when the wait is over.
async fn with_sandbox(state: &AppState, spec: &Spec) -> Spec {
    if spec.status != SpecStatus::Executing {
        return spec.clone();
    }
    let waited = tokio::select! {
        waited = state.machine().wait_for_sandbox(spec.id, state.launch_wait()) => waited,
        () = state.shutdown().cancelled() => return spec.clone(),
    };
    // The launch itself is durable: failing to look at it again does not undo it.
    waited.unwrap_or_else(|error| {
        tracing::warn!(
            spec.id = %spec.id,
            error = &error as &dyn std::error::Error,
            "the launched spec could not be read again"
        );
        spec.clone()
    })
}

/// The path of the spec, beside the path of the launch: the host's prefix is part of both.
fn location(launch_path: &str, id: SpecId) -> String {
    let specs = launch_path.rsplit_once('/').map_or("", |(base, _)| base);
    format!("{specs}/{id}")
}

fn answer(spec: &Spec, is_new: bool) -> LaunchedBody {
    let status = if spec.status == SpecStatus::Draft {
        LaunchStatus::Created
    } else {
        LaunchStatus::Executing
    };
    let sandbox_id = spec.sandbox_id().cloned();
    let message = match (is_new, spec.status) {
        (true, SpecStatus::Draft) => "Spec created (not executing)".to_owned(),
        (true, SpecStatus::Executing) if sandbox_id.is_some() => {
            "Spec created and execution started in sandbox".to_owned()
        }
        (true, SpecStatus::Executing) => {
            "Spec created and execution started; its sandbox is being prepared".to_owned()
        }
        (true, status) => format!("Spec created and execution started; it is {status}"),
        (false, status) => {
            format!("Spec was created by an earlier request with this key; it is {status}")
        }
    };
    LaunchedBody {
        spec_id: spec.id,
        status,
        current_phase: spec.current_phase(),
        sandbox_id,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_location_keeps_the_prefix() {
        let id: SpecId = "01900000-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(
            location("/api/v1/specs/launch", id),
            format!("/api/v1/specs/{id}")
        );
        assert_eq!(location("/specs/launch", id), format!("/specs/{id}"));
    }
}
