//! What is written to a store and what is read back.

use serde::{Deserialize, Serialize};

use super::Lease;
use crate::agent::RunRecord;
use crate::artifact::Artifact;
use crate::event::NewEvent;
use crate::id::{IdempotencyKey, OutputCursor, Revision, RunKey, RunnerId, Sequence, SpecId};
use crate::machine::Transition;
use crate::spec::Spec;

/// How far the output of a run was read. Belongs to the run it names; of no meaning to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The run.
    pub run: RunKey,
    /// Position after the last line that was taken into account.
    pub cursor: OutputCursor,
    /// Bytes printed up to there.
    pub bytes: u64,
    /// Progress items stored for this run.
    pub items: u64,
    /// What was told up to there.
    #[serde(default)]
    pub record: RunRecord,
    /// The last lines of its standard error up to there.
    #[serde(default)]
    pub stderr_tail: String,
}

/// A spec as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSpec {
    /// The state.
    pub spec: Spec,
    /// Place of its last event.
    pub last_sequence: Sequence,
    /// How far the output of its last followed run was read.
    pub checkpoint: Option<Checkpoint>,
}

/// A request to store a new spec.
#[derive(Debug, Clone)]
pub struct Create {
    /// The state, at revision 1.
    pub spec: Spec,
    /// Its first events.
    pub events: Vec<NewEvent>,
    /// Makes the request repeatable, per owner.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Who drives it from the beginning, so that it need not be claimed. Counts only while that
    /// runner's lease lasts, and when the spec is due.
    pub runner: Option<RunnerId>,
}

/// Outcome of [`SpecStore::create`](super::SpecStore::create).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It was stored.
    New {
        /// The spec.
        stored: StoredSpec,
        /// The right to drive it, of the runner that the request named.
        lease: Option<Lease>,
    },
    /// The owner had used the idempotency key before; this is that spec, as it is now.
    Existing(StoredSpec),
}

/// A change to be stored. Made from a [`Transition`], so that it always knows the revision it was
/// made from.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The state to store.
    pub spec: Spec,
    /// The revision that must be current.
    pub expected: Revision,
    /// What happened.
    pub events: Vec<NewEvent>,
    /// New versions of artifacts.
    pub artifacts: Vec<Artifact>,
    /// How far a run's output was read with it; `None` leaves what is stored.
    pub checkpoint: Option<Checkpoint>,
    /// The lease it is made under; `None` for a person's command.
    pub lease: Option<Lease>,
    /// Gives the spec back with it, as [`release`](super::SpecStore::release) does. Of no meaning
    /// without a lease.
    pub release: bool,
}

impl Commit {
    /// The change that `transition` describes.
    #[must_use]
    pub fn new(transition: Transition) -> Self {
        let Transition {
            from,
            spec,
            events,
            artifacts,
        } = transition;
        Self {
            spec,
            expected: from,
            events,
            artifacts,
            checkpoint: None,
            lease: None,
            release: false,
        }
    }

    /// Makes the commit depend on `lease` being current.
    #[must_use]
    pub fn under(mut self, lease: Lease) -> Self {
        self.lease = Some(lease);
        self
    }

    /// Gives the spec back with the commit.
    #[must_use]
    pub fn and_release(mut self) -> Self {
        self.release = true;
        self
    }
}

/// Outcome of [`SpecStore::commit`](super::SpecStore::commit).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The spec's revision now.
    pub revision: Revision,
    /// Place of its last event now.
    pub last_sequence: Sequence,
}

/// Events that change no state, and how far a run's output was read with them.
#[derive(Debug, Clone)]
pub struct Append {
    /// The spec.
    pub spec_id: SpecId,
    /// The lease it is made under.
    pub lease: Lease,
    /// What happened; may be empty when only the checkpoint moves.
    pub events: Vec<NewEvent>,
    /// How far the output was read.
    pub checkpoint: Checkpoint,
}

/// Outcome of [`SpecStore::append`](super::SpecStore::append).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The spec's revision: differs from the caller's when a command came in between.
    pub revision: Revision,
    /// Place of its last event now.
    pub last_sequence: Sequence,
}
