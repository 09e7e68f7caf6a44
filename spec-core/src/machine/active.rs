//! The specs that this process is driving, so that a command given here, or a hint, reaches them at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use tokio::sync::Notify;

use crate::id::{Revision, SandboxId, SpecId};
use crate::spec::Spec;

/// A spec that is being driven here.
#[derive(Debug, Default)]
struct Active {
    changed: Notify,
    sandbox_changed: Notify,
    revision: AtomicU32,
}

/// The specs that this process is driving. Clones share the set.
#[derive(Debug, Clone, Default)]
pub(super) struct ActiveSpecs {
    sets: Arc<Mutex<Sets>>,
}

#[derive(Debug, Default)]
struct Sets {
    specs: HashMap<SpecId, Arc<Active>>,
    /// By the sandbox of the attempt that is under way.
    sandboxes: HashMap<SandboxId, Arc<Active>>,
}

impl ActiveSpecs {
    /// Notes that `id` is being driven until the guard is dropped.
    pub(super) fn enter(&self, id: SpecId) -> ActiveGuard {
        let active = Arc::new(Active::default());
        self.lock().specs.insert(id, Arc::clone(&active));
        ActiveGuard {
            specs: self.clone(),
            id,
            active,
            sandbox: Mutex::default(),
        }
    }

    /// Tells the driver of `id`, if it is here, to look again.
    pub(super) fn changed(&self, id: SpecId) {
        if let Some(active) = self.lock().specs.get(&id) {
            active.changed.notify_one();
        }
    }

    /// Likewise, unless it works on `revision` already. False when `id` is not driven here.
    pub(super) fn is_at(&self, id: SpecId, revision: Revision) -> bool {
        match self.lock().specs.get(&id) {
            Some(active) => {
                if active.revision.load(Ordering::Relaxed) < revision.get() {
                    active.changed.notify_one();
                }
                true
            }
            None => false,
        }
    }

    /// Tells the driver that works with this sandbox, if it is here, to look at it again.
    pub(super) fn sandbox_changed(&self, sandbox: &SandboxId) {
        if let Some(active) = self.lock().sandboxes.get(sandbox) {
            active.sandbox_changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sets> {
        // Nothing in a critical section can leave the maps half changed.
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a spec in the set, for its driver.
#[derive(Debug)]
pub(super) struct ActiveGuard {
    specs: ActiveSpecs,
    id: SpecId,
    active: Arc<Active>,
    /// The sandbox under which the driver is found.
    sandbox: Mutex<Option<SandboxId>>,
}

impl ActiveGuard {
    /// Completes when the spec may have changed behind the driver's back.
    pub(super) async fn changed(&self) {
        self.active.changed.notified().await;
    }

    /// Completes when the sandbox of the attempt may have changed.
    pub(super) async fn sandbox_changed(&self) {
        self.active.sandbox_changed.notified().await;
    }

    /// What was said of the sandbox until now is answered by a look that begins now.
    pub(super) fn looks_at_sandbox(&self) {
        let _answered = self.sandbox_changed().now_or_never();
    }

    /// Notes the state that the driver works on.
    pub(super) fn works_on(&self, spec: &Spec) {
        let active = &self.active;
        active
            .revision
            .store(spec.revision.get(), Ordering::Relaxed);
        self.works_with(spec.sandbox_id());
    }

    fn works_with(&self, sandbox: Option<&SandboxId>) {
        let mut noted = self.sandbox.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.as_ref() == sandbox {
            return;
        }
        let before = std::mem::replace(&mut *noted, sandbox.cloned());
        let mut sets = self.specs.lock();
        if let Some(before) = before {
            sets.leave_sandbox(&before, &self.active);
        }
        if let Some(sandbox) = sandbox {
            let active = Arc::clone(&self.active);
            sets.sandboxes.insert(sandbox.clone(), active);
        }
    }
}

impl Sets {
    /// A later driver may be found there meanwhile: it stays.
    fn leave_sandbox(&mut self, sandbox: &SandboxId, leaving: &Arc<Active>) {
        let found = self.sandboxes.get(sandbox);
        if found.is_some_and(|active| Arc::ptr_eq(active, leaving)) {
            self.sandboxes.remove(sandbox);
        }
    }
}

impl Drop for ActiveGuard {
    fn drop(&mut self) {
        self.works_with(None);
        let mut sets = self.specs.lock();
        // A later driver of the same spec may have entered before this one left.
        if sets
            .specs
            .get(&self.id)
            .is_some_and(|active| Arc::ptr_eq(active, &self.active))
        {
            sets.specs.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> SpecId {
        SpecId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn sandbox(id: &str) -> SandboxId {
        SandboxId::new(id).unwrap()
    }

    fn was_told(guard: &ActiveGuard) -> bool {
        guard.sandbox_changed().now_or_never().is_some()
    }

    #[test]
    fn a_driver_is_found_by_the_sandbox_it_works_with_now_and_leaves_nothing_behind() {
        let active = ActiveSpecs::default();
        let guard = active.enter(id(1));
        let (one, two) = (sandbox("one"), sandbox("two"));
        active.sandbox_changed(&one);
        assert!(!was_told(&guard), "it works with none yet");
        guard.works_with(Some(&one));
        active.sandbox_changed(&one);
        active.sandbox_changed(&one);
        assert!(was_told(&guard));
        assert!(!was_told(&guard), "twice is once");
        guard.works_with(Some(&two));
        active.sandbox_changed(&one);
        assert!(!was_told(&guard));
        active.sandbox_changed(&two);
        guard.looks_at_sandbox();
        assert!(!was_told(&guard), "a look has answered it");
        drop(guard);
        let sets = active.lock();
        assert!(sets.specs.is_empty() && sets.sandboxes.is_empty());
    }

    #[test]
    fn a_driver_that_leaves_late_does_not_take_its_successor_along() {
        let active = ActiveSpecs::default();
        let sandbox = sandbox("one");
        let (before, after) = (active.enter(id(1)), active.enter(id(1)));
        before.works_with(Some(&sandbox));
        after.works_with(Some(&sandbox));
        drop(before);
        active.sandbox_changed(&sandbox);
        assert!(was_told(&after));
        assert!(active.is_at(id(1), Revision::new(1)));
    }
}
