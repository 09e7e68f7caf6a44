//! What all parts of a spawner share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use spec_core::id::{SandboxId, SandboxKey};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::place::Place;
use crate::client::{Carrier, Client, SandboxRecord, Toolbox};

/// Sandboxes of which is remembered where they are; what is forgotten is asked for again.
const MAX_PLACES: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) client: Arc<Client>,
    places: Mutex<HashMap<SandboxId, Place>>,
    /// What the toolboxes of a version have to carry commands.
    carriers: Mutex<HashMap<String, Carrier>>,
    /// Sandboxes whose making is under way in this process.
    making: Mutex<HashMap<SandboxKey, Weak<tokio::sync::Mutex<()>>>>,
    tasks: TaskTracker,
    token: CancellationToken,
    /// Ends the tasks with the last spawner.
    _end: DropGuard,
}

impl Shared {
    pub(super) fn new(client: Client) -> Self {
        let token = CancellationToken::new();
        Self {
            client: Arc::new(client),
            places: Mutex::default(),
            carriers: Mutex::default(),
            making: Mutex::default(),
            tasks: TaskTracker::new(),
            _end: token.clone().drop_guard(),
            token,
        }
    }

    /// Runs something to its end even if nobody waits for it any more, unless the spawner is dropped.
    pub(super) fn in_background<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<Option<T>> {
        let token = self.token.clone();
        self.tasks
            .spawn(async move { token.run_until_cancelled(work).await })
    }

    pub(super) async fn close(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }

    /// Taken by whoever makes or ends the sandbox, so that none is ended before it is made.
    pub(super) async fn making(&self, key: SandboxKey) -> OwnedMutexGuard<()> {
        let lock = {
            let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
            making.retain(|_, lock| lock.strong_count() > 0);
            let known = making.get(&key).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let lock = Arc::default();
                making.insert(key, Arc::downgrade(&lock));
                lock
            })
        };
        lock.lock_owned().await
    }

    /// What carries commands in a sandbox. Asked once for each version of toolboxes.
    pub(super) async fn carrier(&self, record: &SandboxRecord, toolbox: &Toolbox) -> Carrier {
        let version = record.daemon_version.as_deref().unwrap_or_default();
        let known = {
            let carriers = self.carriers.lock().unwrap_or_else(PoisonError::into_inner);
            carriers.get(version).copied()
        };
        if let Some(carrier) = known {
            return carrier;
        }
        match toolbox.carrier(&self.client).await {
            Ok(carrier) => {
                let mut carriers = self.carriers.lock().unwrap_or_else(PoisonError::into_inner);
                // Versions are few; whoever makes them up does not get our memory.
                if carriers.len() < 1000 {
                    carriers.insert(version.to_owned(), carrier);
                }
                carrier
            }
            // All have sessions, so far.
            Err(error) => {
                tracing::debug!(%error, "cannot tell what carries commands in a sandbox");
                Carrier::Sessions
            }
        }
    }

    pub(super) fn known_place(&self, id: &SandboxId) -> Option<Place> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(id).cloned()
    }

    pub(super) fn remember_place(&self, place: &Place) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MAX_PLACES {
            places.clear();
        }
        places.insert(place.id.clone(), place.clone());
    }

    pub(super) fn forget_place(&self, id: &SandboxId) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.remove(id);
    }
}
