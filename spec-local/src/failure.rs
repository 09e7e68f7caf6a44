//! How this machine's refusals are told to the caller.

use std::fmt::Display;
use std::io;

use spec_core::sandbox::{SpawnError, SpawnErrorKind};

/// An error of this machine while doing `what`.
pub(crate) fn io(what: impl Display) -> impl FnOnce(io::Error) -> SpawnError {
    move |error| {
        use io::ErrorKind::{PermissionDenied, QuotaExceeded, StorageFull};
        let kind = if error.kind() == PermissionDenied {
            SpawnErrorKind::Unauthorized
        } else if matches!(error.kind(), StorageFull | QuotaExceeded) {
            SpawnErrorKind::QuotaExceeded
        } else {
            SpawnErrorKind::Internal
        };
        SpawnError::new(kind, format!("could not {what}")).with_source(error)
    }
}

pub(crate) fn rejected(message: impl Into<String>) -> SpawnError {
    SpawnError::new(SpawnErrorKind::Rejected, message)
}

pub(crate) fn not_found(message: impl Into<String>) -> SpawnError {
    SpawnError::new(SpawnErrorKind::NotFound, message)
}

pub(crate) fn internal(message: impl Into<String>) -> SpawnError {
    SpawnError::new(SpawnErrorKind::Internal, message)
}

/// Runs file work on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SpawnError> + Send + 'static,
) -> Result<T, SpawnError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(join) => Err(internal("file work did not come to its end").with_source(join)),
    }
}
