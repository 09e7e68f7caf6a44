//! Who may drive a spec.

use std::fmt;
use std::num::NonZeroU32;

use crate::clock::Timestamp;
use crate::id::{Epoch, Revision, RunnerId, SandboxId, SpecId};
use crate::store::StoredSpec;

/// The right to drive a spec. Current until the spec's epoch moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The spec.
    pub spec_id: SpecId,
    /// Who holds it.
    pub runner: RunnerId,
    /// The fence: a later claim has a higher one.
    pub epoch: Epoch,
}

/// A request for work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Who asks.
    pub runner: RunnerId,
    /// At most so many.
    pub limit: u32,
    /// Only specs whose state format is at most this.
    pub machine_version: u16,
    /// Only this spec, if given.
    pub only: Option<SpecId>,
    /// Only specs of projects of which living runners, all together, hold fewer than so many. With a
    /// cap, projects take turns: the one of which the fewest are held comes first.
    pub max_per_project: Option<NonZeroU32>,
}

/// A spec that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The right to drive it.
    pub lease: Lease,
    /// The spec.
    pub stored: StoredSpec,
    /// Claims before this one by runners that neither committed nor appended anything nor gave the
    /// spec back. Grows when runners die of it.
    pub fruitless: u32,
}

/// A spec that a runner holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The spec.
    pub spec_id: SpecId,
    /// Its epoch.
    pub epoch: Epoch,
    /// Its revision: differs from the holder's when a command came in between.
    pub revision: Revision,
}

/// Answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// When the lease expires, by the store's clock.
    pub expires_at: Timestamp,
    /// What the runner holds.
    pub held: Vec<Held>,
}

/// A hint that something changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Wakeup {
    /// This spec.
    Spec {
        /// Its id.
        id: SpecId,
        /// Its revision after the change.
        revision: Revision,
        /// Somebody may claim it now.
        due: bool,
    },
    /// This sandbox, as somebody has [announced](crate::SpecStore::announce) who heard of it outside
    /// of the store.
    Sandbox {
        /// Its id, which may belong to no spec.
        id: SandboxId,
    },
    /// Hints were lost: anything may have changed.
    Lagged,
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "spec {} at epoch {} for runner {}",
            self.spec_id, self.epoch, self.runner
        )
    }
}
