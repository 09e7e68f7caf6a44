//! Errors of the host-facing surface.

use crate::id::SpecId;
use crate::invalid_input::InvalidInput;
use crate::machine::Refusal;
use crate::project::ProjectError;
use crate::sandbox::SpawnError;
use crate::store::StoreError;

/// What [`SpecStateMachine`](crate::SpecStateMachine) answers when it cannot do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such spec.
    #[error("spec {id} does not exist")]
    NotFound {
        /// The id asked for.
        id: SpecId,
    },
    /// The spec's state does not allow the command.
    #[error("spec {id} refused the command")]
    Refused {
        /// The spec.
        id: SpecId,
        /// Why.
        #[source]
        refusal: Refusal,
    },
    /// A value that was supplied cannot be used.
    #[error("invalid input")]
    InvalidInput(#[source] InvalidInput),
    /// The project does not exist or is not visible to this principal.
    #[error("project {project} does not exist or is not yours")]
    UnknownProject {
        /// The id asked for.
        project: crate::id::ProjectId,
    },
    /// The project source failed.
    #[error("the project source failed")]
    Project(#[source] ProjectError),
    /// The store failed.
    #[error("the spec store failed to {operation}")]
    Store {
        /// What was asked of it.
        operation: &'static str,
        /// Its own account.
        #[source]
        source: StoreError,
    },
    /// The sandbox provider failed.
    #[error("the sandbox provider failed to {operation}")]
    Sandbox {
        /// What was asked of it.
        operation: &'static str,
        /// Its own account.
        #[source]
        source: SpawnError,
    },
}

impl Error {
    /// True when the same call may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store { source, .. } => source.is_retryable(),
            Self::Sandbox { source, .. } => source.is_retryable(),
            Self::Project(source) => source.is_retryable(),
            Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::InvalidInput(_)
            | Self::UnknownProject { .. } => false,
        }
    }
}

impl From<InvalidInput> for Error {
    fn from(invalid: InvalidInput) -> Self {
        Self::InvalidInput(invalid)
    }
}

impl Error {
    /// Says which operation of the store failed.
    pub(crate) fn store(operation: &'static str) -> impl Fn(StoreError) -> Self {
        move |source| Self::Store { operation, source }
    }
}
