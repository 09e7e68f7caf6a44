//! JSON bodies.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use crate::error::ApiError;

/// How long a body may take to arrive, whatever its length.
const LONGEST_ARRIVAL: Duration = Duration::from_secs(30);

/// A body that must be there.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

/// A body that may be empty; then no content type is asked for.
#[derive(Debug)]
pub(crate) struct OptionalJsonBody<T>(pub(crate) Option<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::not_json());
        }
        parse(&read(request, state).await?).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalJsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let body = read(request, state).await?;
        if body.is_empty() {
            Ok(Self(None))
        } else if is_json {
            parse(&body).map(Some).map(Self)
        } else {
            Err(ApiError::not_json())
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(str::trim)
        .unwrap_or_default();
    essence.eq_ignore_ascii_case("application/json")
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

pub(crate) async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    let arrival = Bytes::from_request(request, state);
    let Ok(arrived) = tokio::time::timeout(LONGEST_ARRIVAL, arrival).await else {
        return Err(ApiError::body_too_slow());
    };
    arrived.map_err(|error| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::too_large()
        } else {
            ApiError::malformed("the body ended early")
        }
    })
}

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // A list would be taken for the fields in the order in which they are declared.
    if body.trim_ascii_start().first() != Some(&b'{') {
        serde_json::from_slice::<IgnoredAny>(body).map_err(|error| not_well_formed(&error))?;
        return Err(ApiError::invalid("body", "must be an object"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        match error.classify() {
            Category::Data if path == "." => ApiError::invalid("body", without_place(&error)),
            Category::Data => ApiError::invalid(path, without_place(&error)),
            Category::Syntax | Category::Eof | Category::Io => not_well_formed(&error),
        }
    })?;
    json.end().map_err(|error| not_well_formed(&error))?;
    Ok(value)
}

fn not_well_formed(error: &serde_json::Error) -> ApiError {
    let (line, column) = (error.line(), error.column());
    ApiError::malformed(format!(
        "the body is not JSON (line {line}, column {column})"
    ))
}

/// The field names the place better than line and column do.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}
