//! The runner of this process: a launch goes straight to it when it has a free slot.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::active::ActiveGuard;
use crate::id::RunnerId;
use crate::store::Claimed;

/// A spec on its way to a driver.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) claimed: Claimed,
    pub(super) guard: ActiveGuard,
    /// Held for as long as the spec is driven.
    pub(super) slot: Option<OwnedSemaphorePermit>,
}

/// The runner of this process, if there is one. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct LocalRunner {
    desk: Arc<Mutex<Option<Desk>>>,
}

#[derive(Debug, Clone)]
struct Desk {
    runner: RunnerId,
    slots: Arc<Semaphore>,
    log: ClaimLog,
    inbox: mpsc::UnboundedSender<Handed>,
}

/// Takes launches for a runner until it is dropped.
#[derive(Debug)]
pub(super) struct DeskGuard {
    local: LocalRunner,
    runner: RunnerId,
}

/// A slot that is kept for a spec which is being created.
#[derive(Debug)]
pub(super) struct Place {
    desk: Desk,
    slot: OwnedSemaphorePermit,
    /// While it lives, heartbeats judge nothing of what is held.
    _noted: ClaimNote,
}

impl LocalRunner {
    /// Makes `runner` the one of this process.
    pub(super) fn open(
        &self,
        runner: RunnerId,
        slots: Arc<Semaphore>,
        log: ClaimLog,
    ) -> (DeskGuard, mpsc::UnboundedReceiver<Handed>) {
        // Bounded by the slots: whoever hands something over has one.
        let (inbox, handed) = mpsc::unbounded_channel();
        *self.lock() = Some(Desk {
            runner,
            slots,
            log,
            inbox,
        });
        let local = self.clone();
        (DeskGuard { local, runner }, handed)
    }

    /// Keeps a slot, if there is a free one here.
    pub(super) fn reserve(&self) -> Option<Place> {
        let desk = self.lock().clone()?;
        let slot = Arc::clone(&desk.slots).try_acquire_owned().ok()?;
        let noted = desk.log.begin();
        Some(Place {
            desk,
            slot,
            _noted: noted,
        })
    }

    /// True while a runner of this process claims, and listens.
    pub(super) fn is_open(&self) -> bool {
        self.lock().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Desk>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for DeskGuard {
    fn drop(&mut self) {
        let mut desk = self.local.lock();
        // Another runner of this process may have opened since.
        if desk.as_ref().is_some_and(|desk| desk.runner == self.runner) {
            *desk = None;
        }
    }
}

impl Place {
    pub(super) fn runner(&self) -> RunnerId {
        self.desk.runner
    }

    /// Hands the spec to the runner. If that has just ended, the spec is given back with all others
    /// that it held, or is free when its lease expires.
    pub(super) fn hand(self, claimed: Claimed, guard: ActiveGuard) {
        let slot = Some(self.slot);
        let _taken = self.desk.inbox.send(Handed {
            claimed,
            guard,
            slot,
        });
    }
}

/// Counts claims, so that a heartbeat's answer is not taken for news about a spec that was claimed
/// while the answer was on its way. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub(super) struct ClaimLog {
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    begun: u64,
    ended: u64,
}

/// Notes a claim from its beginning to its end, dropped or not.
#[derive(Debug)]
pub(super) struct ClaimNote {
    log: ClaimLog,
}

impl ClaimLog {
    pub(super) fn begin(&self) -> ClaimNote {
        self.lock().begun += 1;
        ClaimNote { log: self.clone() }
    }

    /// How many claims there were; `None` while one is under way.
    pub(super) fn look(&self) -> Option<u64> {
        let counts = self.lock();
        (counts.begun == counts.ended).then_some(counts.ended)
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ClaimNote {
    fn drop(&mut self) {
        self.log.lock().ended += 1;
    }
}
