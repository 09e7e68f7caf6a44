//! Claims that are wrong about specs that wait for a person.

use super::{BrokenStore, Fault};
use crate::id::Epoch;
use crate::spec::Spec;
use crate::status::SpecStatus;
use crate::store::{Claim, Claimed, Lease, SpecQuery, SpecStore, StoreError};

impl BrokenStore {
    /// Notes what has ended, for the fault that never forgets it.
    pub(super) fn note_end(&self, spec: &Spec) {
        if spec.status.is_terminal() {
            self.memory().ended.insert(spec.id);
        }
    }

    /// Gives back what the fault says must not be handed out.
    pub(super) async fn without_withheld(
        &self,
        claimed: Vec<Claimed>,
    ) -> Result<Vec<Claimed>, StoreError> {
        let mut kept = Vec::new();
        for claimed in claimed {
            let spec = &claimed.stored.spec;
            let withheld = self.has(Fault::ClaimsOnlyExecuting)
                && spec.status != SpecStatus::Executing
                || self.has(Fault::ClaimsNothingThatHadEnded)
                    && self.memory().ended.contains(&spec.id);
            if withheld {
                self.inner.release(&claimed.lease).await?;
            } else {
                kept.push(claimed);
            }
        }
        Ok(kept)
    }

    /// What waits for a person, as if it were due.
    pub(super) async fn waiting(&self, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
        let mut waiting = Vec::new();
        for status in [SpecStatus::AwaitingApproval, SpecStatus::Paused] {
            let query = SpecQuery {
                status: Some(status),
                ..SpecQuery::default()
            };
            for summary in self.inner.list(&query).await?.items {
                let lease = Lease {
                    spec_id: summary.id,
                    runner: claim.runner,
                    epoch: Epoch::default(),
                };
                let stored = self.inner.get(summary.id).await?;
                waiting.extend(stored.map(|stored| Claimed {
                    lease,
                    stored,
                    fruitless: 0,
                }));
            }
        }
        Ok(waiting)
    }
}
