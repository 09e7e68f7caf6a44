//! Answers that are errors, in the shapes of the control plane, the daemon and the proxy.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};
use spec_core::clock::{Clock, SystemClock};

/// An answer, or the error that is answered instead.
pub(crate) type Answer = Result<Response, Refusal>;

/// An error and what it says.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: Option<&'static str>,
    message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code: None,
            message: message.into(),
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }

    /// The daemon's name for the error.
    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// The error as the control plane says it.
    pub(crate) fn of_control_plane(self, path: &str) -> Response {
        let body = json!({
            "path": path,
            "timestamp": now(),
            "statusCode": self.status.as_u16(),
            "error": self.status.canonical_reason().unwrap_or("Error"),
            "message": self.message,
            "source": "DAYTONA_API",
        });
        (self.status, axum::Json(body)).into_response()
    }

    /// The error as the daemon says it.
    pub(crate) fn of_daemon(self, method: &str, path: &str) -> Response {
        self.of_toolbox("DAYTONA_DAEMON", method, path)
    }

    /// The error as the proxy before the daemon says it.
    pub(crate) fn of_proxy(self, method: &str, path: &str) -> Response {
        self.of_toolbox("DAYTONA_PROXY", method, path)
    }

    fn of_toolbox(self, source: &str, method: &str, path: &str) -> Response {
        let status = self.status;
        let mut body = self.of_part(path, &now());
        if let Some(fields) = body.as_object_mut() {
            fields.insert("source".to_owned(), source.into());
            fields.insert("method".to_owned(), method.into());
        }
        (status, axum::Json(body)).into_response()
    }

    /// The error inside of another answer.
    pub(crate) fn of_part(self, path: &str, timestamp: &str) -> Value {
        let code = self.code.unwrap_or(match self.status.as_u16() {
            400 => "BAD_REQUEST",
            401 => "UNAUTHORIZED",
            403 => "FORBIDDEN",
            404 => "NOT_FOUND",
            408 => "REQUEST_TIMEOUT",
            409 => "CONFLICT",
            410 => "GONE",
            422 => "UNPROCESSABLE_ENTITY",
            _ => "INTERNAL_SERVER_ERROR",
        });
        json!({
            "statusCode": self.status.as_u16(),
            "message": self.message,
            "code": code,
            "source": "DAYTONA_DAEMON",
            "timestamp": timestamp,
            "path": path,
        })
    }
}

/// The words are those of whoever answers, so the outermost layer of the toolbox finds them here.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The error of a body that is too long, which is found before there is a handler to name it.
pub(crate) fn too_large(response: &Response) -> Option<Refusal> {
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    (response.status() == status).then(|| Refusal::new(status, "request entity too large"))
}

/// What is answered where no daemon is alive: nothing but the number.
pub(crate) fn dead_daemon() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}

/// The page that is served for every path that is none of the API.
pub(crate) fn dashboard() -> Response {
    let page = "<!doctype html><html><head><title>Daytona</title></head><body></body></html>";
    Html(page).into_response()
}

/// Plain text.
pub(crate) fn text(content: impl Into<Body>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (kind, content.into()).into_response()
}

/// The time as the API writes it.
pub(crate) fn now() -> String {
    SystemClock.now().to_string()
}
