//! How errors look on the wire: RFC 9457, rendered in one place.

use std::error::Error as StdError;
use std::sync::Arc;

use axum::extract::{OriginalUri, Request};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST_REQUEST_ID: usize = 128;

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct FieldError {
    /// Its name, with dots between levels.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) detail: String,
}

/// An error on its way to [`render`], as an extension of a response without a body.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) detail: String,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) retry_after_seconds: Option<u64>,
    pub(crate) challenge: Option<&'static str>,
    /// What happened, for the log and for nobody else.
    pub(crate) cause: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What every error looks like (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemBody<'a> {
    /// `about:blank`: the status tells the kind.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status.
    status: u16,
    /// What happened and what to do, for a person.
    detail: &'a str,
    /// The path that was asked for.
    instance: &'a str,
    /// The fields of the request that are wrong, where it is about fields.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// The `x-request-id` of the request, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Turns the problem that a response carries into its body, and logs it if it is ours.
pub(crate) async fn render(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<OriginalUri>().map_or_else(
        || request.uri().path().to_owned(),
        |OriginalUri(uri)| uri.path().to_owned(),
    );
    let request_id = request_id(request.headers());

    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    if problem.status.is_server_error() {
        log(&problem, &path, request_id.as_deref());
    }

    let body = ProblemBody {
        r#type: "about:blank",
        title: problem.status.canonical_reason().unwrap_or("Error"),
        status: problem.status.as_u16(),
        detail: &problem.detail,
        instance: &path,
        errors: &problem.errors,
        request_id: request_id.as_deref(),
    };
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if let Some(seconds) = problem.retry_after_seconds {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if let Some(challenge) = problem.challenge {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    // Texts and numbers only: this cannot fail.
    *response.body_mut() = serde_json::to_vec(&body).unwrap_or_default().into();
    response
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    (1..=LONGEST_REQUEST_ID)
        .contains(&id.len())
        .then(|| id.to_owned())
}

fn log(problem: &Problem, path: &str, request_id: Option<&str>) {
    let mut causes = Vec::new();
    let mut next = problem.cause.as_deref().map(|cause| cause as &dyn StdError);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    tracing::error!(
        http.path = path,
        http.status = problem.status.as_u16(),
        http.request_id = request_id,
        error = causes.join(": "),
        "a request failed"
    );
}
