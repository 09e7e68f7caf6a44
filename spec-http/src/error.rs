//! Every error of this crate and of the machine, and the status it is answered with.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use spec_core::machine::Refusal;
use spec_core::sandbox::{SpawnError, SpawnErrorKind};
use spec_core::store::{StoreError, StoreErrorKind};
use spec_core::{Error, InvalidInput, Phase};

use crate::auth::{AuthError, SpecAction};
use crate::middleware::Panicked;
use crate::problem::{FieldError, Problem};
use crate::quick_tasks::QuickTaskError;

const TRY_AGAIN_SECONDS: u64 = 2;

/// An answer that is an error.
#[derive(Debug)]
pub(crate) struct ApiError(Problem);

impl ApiError {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self(Problem {
            status,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_seconds: None,
            challenge: None,
            cause: None,
        })
    }

    pub(crate) fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this path")
    }

    /// One text for specs that do not exist, that belong to others, and for ids that are none.
    pub(crate) fn no_such_spec() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is no such spec")
    }

    /// Something that the request names in `field` does not exist.
    pub(crate) fn not_found(field: impl Into<String>, detail: impl Into<String>) -> Self {
        let (field, detail) = (field.into(), detail.into());
        let mut error = Self::new(StatusCode::NOT_FOUND, detail.clone());
        error.0.errors = vec![FieldError { field, detail }];
        error
    }

    pub(crate) fn no_such_phase() -> Self {
        let names = Phase::ALL.map(Phase::as_str).join(", ");
        Self::not_found(
            "phase",
            format!("there is no such phase; there are {names}"),
        )
    }

    /// What should never happen, such as stored content that does not have its phase's shape.
    pub(crate) fn defect(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::internal().because(cause)
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this path does not take this method",
        )
    }

    /// For callers who may see the spec; to others it does not exist.
    pub(crate) fn not_permitted(action: SpecAction) -> Self {
        let detail = match action {
            SpecAction::View => "you may not see this spec",
            SpecAction::Execute => "you may not start this spec",
            SpecAction::Cancel => "you may not cancel this spec",
            SpecAction::Pause => "you may not pause this spec",
            SpecAction::Resume => "you may not resume this spec",
            SpecAction::Retry => "you may not have a phase of this spec done again",
            SpecAction::Approve => "you may not judge what this spec's phases made",
            SpecAction::SetBudget => "you may not change the budget of this spec",
            SpecAction::Archive => "you may not archive this spec",
        };
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    pub(crate) fn cross_origin() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "a page of another origin may not send commands to this server",
        )
    }

    pub(crate) fn body_too_slow() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body took too long to arrive",
        )
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn not_json() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body must be application/json",
        )
    }

    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")
    }

    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldError {
            field: field.into(),
            detail: detail.into(),
        }])
    }

    pub(crate) fn invalid_fields(errors: Vec<FieldError>) -> Self {
        let detail: Vec<_> = errors
            .iter()
            .map(|error| format!("{}: {}", error.field, error.detail))
            .collect();
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail.join("; "));
        error.0.errors = errors;
        error
    }

    pub(crate) fn too_many_streams() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many streams are open; read the events page by page meanwhile",
        )
        .retry_after(Some(Duration::from_secs(TRY_AGAIN_SECONDS)))
    }

    pub(crate) fn too_many_streams_of_yours() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "you have too many streams open; close one, or read the events page by page",
        )
        .retry_after(Some(Duration::from_secs(TRY_AGAIN_SECONDS)))
    }

    /// For a request that asks for no WebSocket at a path that is nothing else.
    pub(crate) fn not_a_websocket() -> Self {
        Self::new(
            StatusCode::UPGRADE_REQUIRED,
            "this path is a WebSocket; read the events as a stream or page by page instead",
        )
    }

    pub(crate) fn shutting_down() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping")
            .retry_after(Some(Duration::from_secs(TRY_AGAIN_SECONDS)))
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "something went wrong on this side; it has been logged",
        )
    }

    pub(crate) fn panicked(panic: Panicked) -> Self {
        Self::internal().because(panic)
    }

    /// The store did not answer in time.
    pub(crate) fn not_ready() -> Self {
        Self::unavailable()
    }

    fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "a service that this one needs does not answer; try again",
        )
        .retry_after(None)
    }

    fn bad_gateway() -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            "the sandbox provider refused or could not be understood",
        )
    }

    fn retry_after(mut self, wait: Option<Duration>) -> Self {
        // Up: a part of a second less would be too early.
        let up = |wait: Duration| {
            wait.as_secs()
                .saturating_add(u64::from(wait.subsec_nanos() > 0))
        };
        let seconds = wait.map_or(TRY_AGAIN_SECONDS, |wait| up(wait).max(1));
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    fn because(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.0.cause = Some(Arc::new(cause));
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl From<InvalidInput> for ApiError {
    fn from(invalid: InvalidInput) -> Self {
        Self::invalid(invalid.field(), invalid.reason())
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unauthenticated { challenge } => {
                let mut answer = Self::new(
                    StatusCode::UNAUTHORIZED,
                    "the credentials are missing or wrong",
                );
                answer.0.challenge = Some(challenge);
                answer
            }
            AuthError::Forbidden => {
                Self::new(StatusCode::FORBIDDEN, "you may not use this service")
            }
            AuthError::Unavailable(_) => Self::unavailable().because(error),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let answer = match &error {
            Error::NotFound { .. } => Self::no_such_spec(),
            Error::Refused { refusal, .. } => refused(refusal),
            Error::InvalidInput(invalid) => Self::invalid(invalid.field(), invalid.reason()),
            Error::UnknownProject { .. } => {
                Self::invalid("project_id", "there is no such project, or it is not yours")
            }
            Error::Project(source) if source.is_retryable() => Self::unavailable(),
            Error::Store { source, .. } => store_failed(source),
            Error::Sandbox { source, .. } => sandbox_failed(source),
            Error::Project(_) | _ => Self::internal(),
        };
        if answer.0.status.is_server_error() {
            answer.because(error)
        } else {
            answer
        }
    }
}

impl From<QuickTaskError> for ApiError {
    fn from(error: QuickTaskError) -> Self {
        match error {
            QuickTaskError::Rejected { field, detail } => Self::invalid(field, detail),
            QuickTaskError::Unavailable { retry_after, .. } => {
                Self::unavailable().retry_after(retry_after).because(error)
            }
            QuickTaskError::Internal(_) => Self::internal().because(error),
        }
    }
}

fn refused(refusal: &Refusal) -> ApiError {
    match refusal {
        Refusal::StaleArtifact { .. } => {
            ApiError::new(StatusCode::PRECONDITION_FAILED, refusal.to_string())
        }
        Refusal::Forbidden { .. }
        | Refusal::Archived { .. }
        | Refusal::NotAwaitingApproval { .. }
        | Refusal::NotReached { .. }
        | Refusal::EndingAlready { .. }
        | Refusal::Unavailable { .. }
        | Refusal::Stale { .. } => ApiError::new(StatusCode::CONFLICT, refusal.to_string()),
        Refusal::BudgetExceeded { .. } => {
            ApiError::new(StatusCode::PAYMENT_REQUIRED, refusal.to_string())
        }
        Refusal::Inconsistent | _ => ApiError::internal(),
    }
}

fn store_failed(error: &StoreError) -> ApiError {
    match error.kind() {
        StoreErrorKind::NotFound => ApiError::no_such_spec(),
        StoreErrorKind::Conflict => ApiError::new(
            StatusCode::CONFLICT,
            "the spec changed in the meantime; look at it again",
        ),
        StoreErrorKind::Unavailable => ApiError::unavailable(),
        StoreErrorKind::AlreadyExists
        | StoreErrorKind::Fenced
        | StoreErrorKind::Corrupt
        | StoreErrorKind::Internal
        | _ => ApiError::internal(),
    }
}

fn sandbox_failed(error: &SpawnError) -> ApiError {
    match error.kind() {
        SpawnErrorKind::QuotaExceeded
        | SpawnErrorKind::RateLimited
        | SpawnErrorKind::Timeout
        | SpawnErrorKind::Unavailable => ApiError::unavailable().retry_after(error.retry_after()),
        SpawnErrorKind::NotFound
        | SpawnErrorKind::Rejected
        | SpawnErrorKind::ProgramNotFound
        | SpawnErrorKind::TooLarge
        | SpawnErrorKind::Unauthorized
        | SpawnErrorKind::Protocol
        | SpawnErrorKind::Internal
        | _ => ApiError::bad_gateway(),
    }
}

#[cfg(test)]
mod tests {
    use spec_core::SpecStatus;
    use spec_core::id::{ProjectId, SpecId};
    use spec_core::project::ProjectError;

    use super::*;

    const SECRET: &str = "postgres://admin:hunter2@db";

    fn id() -> SpecId {
        "01900000-0000-7000-8000-000000000001".parse().unwrap()
    }

    fn store(kind: StoreErrorKind) -> Error {
        Error::Store {
            operation: "read a spec",
            source: StoreError::new(kind, SECRET),
        }
    }

    fn sandbox(kind: SpawnErrorKind) -> Error {
        Error::Sandbox {
            operation: "spawn",
            source: SpawnError::new(kind, SECRET).with_retry_after(Duration::from_secs(7)),
        }
    }

    fn refused(refusal: Refusal) -> Error {
        Error::Refused { id: id(), refusal }
    }

    #[test]
    fn every_error_has_its_status() {
        let forbidden = Refusal::Forbidden {
            verb: "execute",
            status: SpecStatus::Paused,
        };
        let (verb, phase) = ("approve", Phase::Design);
        let not_awaiting = Refusal::NotAwaitingApproval { verb, phase };
        let stale = Refusal::StaleArtifact { verb, phase };
        let exceeded = Refusal::BudgetExceeded {
            exceeded: "7 tokens of 5 are used".to_owned(),
        };
        let project = ProjectId::new("p").unwrap();
        for (error, status) in [
            (Error::NotFound { id: id() }, 404),
            (refused(forbidden), 409),
            (refused(Refusal::Unavailable { verb: "edit" }), 409),
            (refused(Refusal::Archived { verb: "retry" }), 409),
            (refused(not_awaiting), 409),
            (refused(stale), 412),
            (refused(exceeded), 402),
            (refused(Refusal::Inconsistent), 500),
            (InvalidInput::new("title", "must not be empty").into(), 422),
            (Error::UnknownProject { project }, 422),
            (Error::Project(ProjectError::unavailable(SECRET)), 503),
            (Error::Project(ProjectError::permanent(SECRET)), 500),
            (store(StoreErrorKind::NotFound), 404),
            (store(StoreErrorKind::Conflict), 409),
            (store(StoreErrorKind::Unavailable), 503),
            (store(StoreErrorKind::Corrupt), 500),
            (store(StoreErrorKind::Internal), 500),
            (store(StoreErrorKind::Fenced), 500),
            (sandbox(SpawnErrorKind::RateLimited), 503),
            (sandbox(SpawnErrorKind::Unavailable), 503),
            (sandbox(SpawnErrorKind::Rejected), 502),
            (sandbox(SpawnErrorKind::Unauthorized), 502),
        ] {
            let told = format!("{error:?}");
            let ApiError(problem) = error.into();
            assert_eq!(problem.status.as_u16(), status, "{told}");
            assert!(!problem.detail.contains("hunter2"), "{told}");
            let is_ours = problem.status.is_server_error();
            assert_eq!(problem.cause.is_some(), is_ours, "{told}");
        }
    }

    #[test]
    fn a_refusal_names_the_command_and_the_status() {
        let forbidden = Refusal::Forbidden {
            verb: "execute",
            status: SpecStatus::Paused,
        };
        let ApiError(problem) = refused(forbidden).into();
        assert_eq!(problem.detail, "cannot execute a spec that is paused");
    }

    #[test]
    fn the_wait_that_a_provider_asks_for_is_passed_on() {
        let ApiError(problem) = sandbox(SpawnErrorKind::RateLimited).into();
        assert_eq!(problem.retry_after_seconds, Some(7));
        let ApiError(problem) = store(StoreErrorKind::Unavailable).into();
        assert_eq!(problem.retry_after_seconds, Some(TRY_AGAIN_SECONDS));
    }

    #[test]
    fn nobody_is_told_to_come_back_too_early() {
        for (wait, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (1999, 2), (2000, 2)] {
            let answer = ApiError::unavailable().retry_after(Some(Duration::from_millis(wait)));
            let ApiError(problem) = answer;
            assert_eq!(problem.retry_after_seconds, Some(seconds), "{wait} ms");
        }
        let ApiError(problem) = ApiError::unavailable().retry_after(Some(Duration::MAX));
        assert_eq!(problem.retry_after_seconds, Some(u64::MAX));
    }
}
