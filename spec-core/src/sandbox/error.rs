//! Errors of sandbox providers.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Kind of failure, for branching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpawnErrorKind {
    /// The sandbox, or the run in it, does not exist.
    NotFound,
    /// The request cannot be fulfilled, now or later.
    Rejected,
    /// The program to run does not exist in the sandbox.
    ProgramNotFound,
    /// A file is larger than the caller's limit.
    TooLarge,
    /// The provider does not know the caller, or does not allow this.
    Unauthorized,
    /// The provider's quota is used up.
    QuotaExceeded,
    /// Too many requests.
    RateLimited,
    /// No answer in time; the effect may have happened.
    Timeout,
    /// The provider cannot be reached or is out of order.
    Unavailable,
    /// The provider answered something that this adapter does not understand.
    Protocol,
    /// A defect in the adapter or on this machine.
    Internal,
}

/// A sandbox provider's account of what went wrong.
#[derive(Debug)]
pub struct SpawnError {
    kind: SpawnErrorKind,
    message: String,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl SpawnError {
    /// An error of `kind`. The message describes this layer only and holds no secret.
    #[must_use]
    pub fn new(kind: SpawnErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            retry_after: None,
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds how long the provider asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Kind of failure.
    #[must_use]
    pub fn kind(&self) -> SpawnErrorKind {
        self.kind
    }

    /// How long the provider asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// True when the same call may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            SpawnErrorKind::QuotaExceeded
            | SpawnErrorKind::RateLimited
            | SpawnErrorKind::Timeout
            | SpawnErrorKind::Unavailable
            | SpawnErrorKind::Protocol
            | SpawnErrorKind::Internal => true,
            SpawnErrorKind::NotFound
            | SpawnErrorKind::Rejected
            | SpawnErrorKind::ProgramNotFound
            | SpawnErrorKind::TooLarge
            | SpawnErrorKind::Unauthorized => false,
        }
    }
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for SpawnError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
