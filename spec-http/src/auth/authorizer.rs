//! Who may do what: [`Authorizer`], and the rule that holds without one.

use std::fmt;

use async_trait::async_trait;
use spec_core::Spec;
use spec_core::id::UserId;

use super::{AuthError, Principal};

/// What can be done with a spec. Each route names the one that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpecAction {
    /// See it, its events, its artifacts and what it has consumed.
    View,
    /// Start it.
    Execute,
    /// Stop it for good.
    Cancel,
    /// Stop it for now.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Do a phase again.
    Retry,
    /// Approve a phase's artifact, or ask for changes to it.
    Approve,
    /// Change what its agents may consume.
    SetBudget,
    /// Put it away.
    Archive,
}

impl SpecAction {
    /// All actions.
    pub const ALL: [Self; 9] = [
        Self::View,
        Self::Execute,
        Self::Cancel,
        Self::Pause,
        Self::Resume,
        Self::Retry,
        Self::Approve,
        Self::SetBudget,
        Self::Archive,
    ];

    /// The name by which the API's document calls it, for example `set_budget`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Execute => "execute",
            Self::Cancel => "cancel",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Retry => "retry",
            Self::Approve => "approve",
            Self::SetBudget => "set_budget",
            Self::Archive => "archive",
        }
    }
}

impl fmt::Display for SpecAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whose specs a list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpecScope {
    /// Those that this user launched.
    Owner(UserId),
    /// Those of all users.
    Everybody,
}

/// Decides what a [`Principal`] may do. Asked for every request about a spec, after the
/// [`Authenticator`](crate::Authenticator) and before the request's body is read.
///
/// For whoever may not [view](SpecAction::View) a spec, it does not exist: 404, as for an id that names
/// none. Who may view it, and not do what the request asks for, is answered 403.
///
/// An answer that holds the spec tells what its reader can ask of it, so there it is asked about each
/// action that the spec would take as well.
///
/// A stream is one request: it is asked for when it is opened, and not again as long as it is open.
#[async_trait]
pub trait Authorizer: fmt::Debug + Send + Sync + 'static {
    /// Whether `principal` may do `action` with `spec`.
    ///
    /// # Errors
    ///
    /// When it cannot be told at the moment: [`AuthError::Unavailable`].
    async fn may(
        &self,
        principal: &Principal,
        action: SpecAction,
        spec: &Spec,
    ) -> Result<bool, AuthError>;

    /// Whose specs the list of `principal` holds: of those it holds, each must be one that they may
    /// [view](SpecAction::View), for nobody asks again.
    ///
    /// # Errors
    ///
    /// As with [`may`](Self::may).
    async fn listed(&self, principal: &Principal) -> Result<SpecScope, AuthError>;
}

/// Users may do everything with the specs that they launched, and nothing with those of others.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnerOnly;

#[async_trait]
impl Authorizer for OwnerOnly {
    async fn may(
        &self,
        principal: &Principal,
        _action: SpecAction,
        spec: &Spec,
    ) -> Result<bool, AuthError> {
        Ok(spec.owner == principal.user)
    }

    async fn listed(&self, principal: &Principal) -> Result<SpecScope, AuthError> {
        Ok(SpecScope::Owner(principal.user.clone()))
    }
}
