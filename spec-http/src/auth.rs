//! Who calls, and what they may do: [`Authenticator`] and [`Authorizer`], and those that come with the
//! crate.

mod authorizer;
mod bearer;
mod no_auth;

pub use authorizer::{Authorizer, OwnerOnly, SpecAction, SpecScope};
pub use bearer::BearerTokens;
pub use no_auth::NoAuth;

use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;
use axum::http::request::Parts;
use spec_core::id::UserId;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Principal {
    /// The user, in the host's own terms. What they launch is theirs.
    pub user: UserId,
}

impl Principal {
    /// The principal that stands for `user`.
    #[must_use]
    pub fn new(user: UserId) -> Self {
        Self { user }
    }
}

/// Why a caller is not let in. Its text is logged, never answered.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthError {
    /// No credentials, or wrong ones: 401. The challenge becomes the header `WWW-Authenticate`.
    Unauthenticated {
        /// For example `Bearer`.
        challenge: &'static str,
    },
    /// This caller may not use this service at all: 403.
    Forbidden,
    /// It cannot be told at the moment: 503.
    Unavailable(Box<dyn StdError + Send + Sync>),
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthenticated { .. } => "the credentials are missing or wrong",
            Self::Forbidden => "the caller may not use this service",
            Self::Unavailable(_) => "the caller cannot be authenticated at the moment",
        })
    }
}

impl StdError for AuthError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Unavailable(source) => Some(source.as_ref()),
            Self::Unauthenticated { .. } | Self::Forbidden => None,
        }
    }
}

/// Tells who sent a request. Asked once for every request but those that are for everybody (see
/// the [crate]), before its body is read.
#[async_trait]
pub trait Authenticator: fmt::Debug + Send + Sync + 'static {
    /// The sender of the request with the head `parts`. The parts are mutable so that extractors of
    /// axum can be used on them; what is changed in them, the rest of the router sees changed.
    ///
    /// # Errors
    ///
    /// When the caller is not known, not allowed, or cannot be told.
    async fn authenticate(&self, parts: &mut Parts) -> Result<Principal, AuthError>;
}
