//! One subscription to the store's hints for all who watch, each told of its own spec only.

mod topic;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use tokio::runtime::Handle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub(super) use self::topic::{Found, Tail, Topic};
use crate::id::SpecId;
use crate::store::{SpecStore, Wakeup};

/// Hands the hints of a store on to those who watch. Clones share the subscription, which exists
/// while somebody watches.
///
/// Hints only shorten the wait for the next look at the store: without any, watchers poll.
#[derive(Debug, Clone, Default)]
pub(super) struct Hub(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Whether hints can be relied on: the last thing heard was one.
    hears: Arc<AtomicBool>,
    watched: Mutex<Watched>,
    /// At most one that listens, and those before it that have not noticed yet that they are cancelled.
    tasks: TaskTracker,
}

#[derive(Debug, Default)]
struct Watched {
    topics: HashMap<SpecId, Entry>,
    ear: Ear,
    /// Subscriptions so far, which tells a listener of an earlier one from the present one.
    subscriptions: u64,
}

#[derive(Debug)]
struct Entry {
    topic: Arc<Topic>,
    watchers: usize,
}

/// The state of the subscription.
#[derive(Debug, Default)]
enum Ear {
    /// There is none; the next watcher subscribes.
    #[default]
    Closed,
    /// A task listens until the guard is dropped.
    Open(#[expect(dead_code, reason = "held for its drop")] DropGuard),
    /// The store's stream has ended or panicked and is not asked again.
    Deaf,
}

impl Hub {
    /// Watches a spec until the guard is dropped. Hints that come from now on count.
    pub(super) fn join<S: SpecStore>(&self, store: &S, id: SpecId) -> Watching {
        let mut watched = self.0.lock();
        let entry = watched.topics.entry(id).or_insert_with(|| Entry {
            topic: Arc::new(Topic::new(id, Arc::clone(&self.0.hears))),
            watchers: 0,
        });
        entry.watchers += 1;
        let watching = Watching {
            hub: self.clone(),
            id,
            topic: Arc::clone(&entry.topic),
        };
        // Outside of a runtime nobody can listen, and watchers poll.
        let runtime = match watched.ear {
            Ear::Closed => Handle::try_current().ok(),
            Ear::Open(_) | Ear::Deaf => None,
        };
        let listener = runtime.map(|runtime| {
            let token = CancellationToken::new();
            watched.subscriptions += 1;
            watched.ear = Ear::Open(token.clone().drop_guard());
            let listener = Listener {
                hub: Arc::downgrade(&self.0),
                subscription: watched.subscriptions,
                ended: false,
            };
            (runtime, listener, token)
        });
        drop(watched);
        if let Some((runtime, listener, token)) = listener {
            let hints = store.wakeups();
            let listening = listener.listen(hints, token);
            self.0.tasks.spawn_on(listening, &runtime);
            // Others may have joined, and read, before the store was listened to.
            self.0.look_again();
        }
        watching
    }
}

impl Shared {
    fn heard(&self, id: SpecId) {
        self.hears.store(true, Ordering::Relaxed);
        let topic = {
            let watched = self.lock();
            watched
                .topics
                .get(&id)
                .map(|entry| Arc::clone(&entry.topic))
        };
        if let Some(topic) = topic {
            topic.hinted();
        }
    }

    /// Hints were lost: until the next one, they are not relied on.
    fn lagged(&self) {
        self.hears.store(false, Ordering::Relaxed);
        self.look_again();
    }

    fn look_again(&self) {
        // Woken outside of the lock: who is woken may want it.
        let topics: Vec<_> = {
            let watched = self.lock();
            let entries = watched.topics.values();
            entries.map(|entry| Arc::clone(&entry.topic)).collect()
        };
        for topic in topics {
            topic.look_again();
        }
    }

    /// A subscription is over, for whatever reason.
    fn unsubscribed(&self, subscription: u64, ear: Ear) {
        let mut watched = self.lock();
        if watched.subscriptions != subscription || !matches!(watched.ear, Ear::Open(_)) {
            return;
        }
        let before = std::mem::replace(&mut watched.ear, ear);
        drop(watched);
        drop(before);
        self.lagged();
    }

    fn leave(&self, id: SpecId) {
        let mut watched = self.lock();
        if let Some(entry) = watched.topics.get_mut(&id) {
            entry.watchers -= 1;
            if entry.watchers == 0 {
                watched.topics.remove(&id);
            }
        }
        if watched.topics.is_empty() {
            let ear = std::mem::take(&mut watched.ear);
            self.hears.store(false, Ordering::Relaxed);
            drop(watched);
            // Ends the task; its waker is none of the lock's business.
            drop(ear);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        // Nothing in a critical section can leave the map half changed.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a spec watched.
#[derive(Debug)]
pub(super) struct Watching {
    hub: Hub,
    id: SpecId,
    topic: Arc<Topic>,
}

impl Watching {
    pub(super) fn topic(&self) -> &Arc<Topic> {
        &self.topic
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.hub.0.leave(self.id);
    }
}

/// Listens to the store. However it ends, watchers are told.
#[derive(Debug)]
struct Listener {
    hub: Weak<Shared>,
    subscription: u64,
    ended: bool,
}

impl Listener {
    async fn listen(mut self, mut hints: BoxStream<'static, Wakeup>, token: CancellationToken) {
        while let Some(hint) = token.run_until_cancelled(hints.next()).await {
            let Some(hub) = self.hub.upgrade() else {
                return;
            };
            match hint {
                Some(Wakeup::Spec { id, .. }) => hub.heard(id),
                // Of interest to drivers only: watchers see what becomes of it.
                Some(Wakeup::Sandbox { .. }) => {}
                Some(Wakeup::Lagged) => hub.lagged(),
                None => {
                    self.ended = true;
                    return;
                }
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let Some(hub) = self.hub.upgrade() else {
            return;
        };
        let ear = if self.ended || std::thread::panicking() {
            Ear::Deaf
        } else {
            // The runtime of the task has ended; that of the next watcher goes on.
            Ear::Closed
        };
        hub.unsubscribed(self.subscription, ear);
    }
}
