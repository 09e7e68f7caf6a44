//! The specs that this process is driving, so that a command given here reaches them at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::id::{Revision, SpecId};

/// A spec that is being driven here.
#[derive(Debug, Default)]
pub(super) struct Active {
    changed: Notify,
    revision: AtomicU32,
}

impl Active {
    /// Completes when the spec may have changed behind the driver's back.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Notes the revision that the driver works on.
    pub(super) fn works_on(&self, revision: Revision) {
        self.revision.store(revision.get(), Ordering::Relaxed);
    }
}

/// The specs that this process is driving. Clones share the set.
#[derive(Debug, Clone, Default)]
pub(super) struct ActiveSpecs {
    specs: Arc<Mutex<HashMap<SpecId, Arc<Active>>>>,
}

impl ActiveSpecs {
    /// Notes that `id` is being driven until the guard is dropped.
    pub(super) fn enter(&self, id: SpecId) -> ActiveGuard {
        let active = Arc::new(Active::default());
        self.lock().insert(id, Arc::clone(&active));
        ActiveGuard {
            specs: self.clone(),
            id,
            active,
        }
    }

    /// Tells the driver of `id`, if it is here, to look again.
    pub(super) fn changed(&self, id: SpecId) {
        if let Some(active) = self.lock().get(&id) {
            active.changed.notify_one();
        }
    }

    /// Likewise, unless it works on `revision` already. False when `id` is not driven here.
    pub(super) fn is_at(&self, id: SpecId, revision: Revision) -> bool {
        match self.lock().get(&id) {
            Some(active) => {
                if active.revision.load(Ordering::Relaxed) < revision.get() {
                    active.changed.notify_one();
                }
                true
            }
            None => false,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SpecId, Arc<Active>>> {
        // Nothing in a critical section can leave the map half changed.
        self.specs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a spec in the set.
#[derive(Debug)]
pub(super) struct ActiveGuard {
    specs: ActiveSpecs,
    id: SpecId,
    pub(super) active: Arc<Active>,
}

impl Drop for ActiveGuard {
    fn drop(&mut self) {
        let mut specs = self.specs.lock();
        // A later driver of the same spec may have entered before this one left.
        if specs
            .get(&self.id)
            .is_some_and(|active| Arc::ptr_eq(active, &self.active))
        {
            specs.remove(&self.id);
        }
    }
}
