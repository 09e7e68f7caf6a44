//! What a caller can ask of a spec.

use spec_core::Spec;
use spec_core::machine::{Allowed, allowed};

use crate::auth::{AuthError, Principal, SpecAction};
use crate::state::AppState;

/// What a spec takes right now, without what its reader may not do.
pub(super) struct Permitted {
    pub(super) allowed: Allowed,
    /// The actions that were withheld, a bit for each.
    withheld: u16,
}

impl Permitted {
    /// Asks the host's authorizer about each action that `spec` takes.
    pub(super) async fn to(
        principal: &Principal,
        spec: &Spec,
        state: &AppState,
    ) -> Result<Self, AuthError> {
        let mut permitted = Self::everything(spec);
        for action in SpecAction::ALL {
            let is_taken = permitted.takes(action);
            if is_taken && !state.authorizer().may(principal, action, spec).await? {
                permitted.withhold(action);
            }
        }
        Ok(permitted)
    }

    /// For whom it cannot be told.
    pub(super) fn nothing(spec: &Spec) -> Self {
        let mut permitted = Self::everything(spec);
        for action in SpecAction::ALL {
            permitted.withhold(action);
        }
        permitted
    }

    fn everything(spec: &Spec) -> Self {
        Self {
            allowed: allowed(spec),
            withheld: 0,
        }
    }

    /// Tells apart what readers of one revision are answered.
    pub(super) fn etag(&self, spec: &Spec) -> String {
        match self.withheld {
            0 => format!("\"{}\"", spec.revision),
            withheld => format!("\"{}-{withheld:x}\"", spec.revision),
        }
    }

    fn takes(&self, action: SpecAction) -> bool {
        let allowed = &self.allowed;
        match action {
            SpecAction::View => false,
            SpecAction::Execute => allowed.execute,
            SpecAction::Cancel => allowed.cancel,
            SpecAction::Pause => allowed.pause,
            SpecAction::Resume => allowed.resume,
            SpecAction::Retry => !allowed.retry.is_empty(),
            SpecAction::Approve => allowed.approve.or(allowed.request_changes).is_some(),
            SpecAction::SetBudget => allowed.set_budget,
            SpecAction::Archive => allowed.archive,
        }
    }

    fn withhold(&mut self, action: SpecAction) {
        self.withheld |= 1 << (action as u16);
        let allowed = &mut self.allowed;
        match action {
            SpecAction::View => {}
            SpecAction::Execute => allowed.execute = false,
            SpecAction::Cancel => allowed.cancel = false,
            SpecAction::Pause => allowed.pause = false,
            SpecAction::Resume => allowed.resume = false,
            SpecAction::Retry => allowed.retry.clear(),
            SpecAction::Approve => {
                allowed.approve = None;
                allowed.request_changes = None;
            }
            SpecAction::SetBudget => allowed.set_budget = false,
            SpecAction::Archive => allowed.archive = false,
        }
    }
}
