//! Who is told what, and what is left when nobody watches.

use futures_util::stream;

use super::*;
use crate::store::MemoryStore;

fn id(number: u128) -> SpecId {
    SpecId::from_uuid(uuid::Uuid::from_u128(number))
}

fn is_empty(hub: &Hub) -> bool {
    let watched = hub.0.lock();
    watched.topics.is_empty() && matches!(watched.ear, Ear::Closed)
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn watchers_that_come_and_go_leave_nothing_behind() {
    let (hub, store) = (Hub::default(), MemoryStore::default());
    for _ in 0..3 {
        let watching: Vec<_> = (0..100).map(|n| hub.join(&store, id(n / 10))).collect();
        assert_eq!(hub.0.lock().topics.len(), 10);
        until(|| tasks() == 1).await;
        drop(watching);
        assert!(is_empty(&hub));
        until(|| tasks() == 0).await;
    }
}

#[tokio::test]
async fn a_hint_is_a_reason_to_look_at_its_own_spec_only() {
    let (hub, store) = (Hub::default(), MemoryStore::default());
    let (one, two) = (hub.join(&store, id(1)), hub.join(&store, id(2)));
    let before = [one.topic().reasons(), two.topic().reasons()];
    hub.0.heard(id(1));
    assert_eq!(one.topic().reasons(), before[0] + 1);
    assert_eq!(two.topic().reasons(), before[1]);
    hub.0.lagged();
    assert_eq!(one.topic().reasons(), before[0] + 2);
    assert_eq!(two.topic().reasons(), before[1] + 1);
}

#[tokio::test]
async fn a_listener_of_an_earlier_subscription_changes_nothing() {
    let (hub, store) = (Hub::default(), MemoryStore::default());
    drop(hub.join(&store, id(1)));
    // The first task has not run yet: it finds itself cancelled while the second subscription lasts.
    let _watching = hub.join(&store, id(1));
    until(|| tasks() == 1).await;
    assert!(matches!(hub.0.lock().ear, Ear::Open(_)));
}

#[test]
fn when_the_runtime_of_the_listener_ends_the_next_watcher_listens() {
    let (hub, store) = (Hub::default(), MemoryStore::default());
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    };
    let first = runtime().block_on(async { hub.join(&store, id(1)) });
    assert!(matches!(hub.0.lock().ear, Ear::Closed));
    // Outside of a runtime nobody can listen.
    let second = hub.join(&store, id(1));
    assert!(matches!(hub.0.lock().ear, Ear::Closed));
    let next = runtime();
    let third = next.block_on(async { hub.join(&store, id(1)) });
    assert!(matches!(hub.0.lock().ear, Ear::Open(_)));
    drop((first, second, third));
    assert!(is_empty(&hub));
}

#[tokio::test]
async fn a_store_whose_hints_end_or_panic_is_not_asked_again_while_anybody_watches() {
    for panics in [false, true] {
        let mut store = crate::store::MockSpecStore::new();
        store.expect_wakeups().times(1).returning(move || {
            let hints = stream::poll_fn(move |_| {
                assert!(!panics, "a defect in the store");
                std::task::Poll::Ready(None)
            });
            hints.boxed()
        });
        let hub = Hub::default();
        let first = hub.join(&store, id(1));
        let seen = first.topic().reasons();
        first.topic().changed(seen).await;
        let second = hub.join(&store, id(2));
        assert!(matches!(hub.0.lock().ear, Ear::Deaf));
        drop((first, second));
        assert!(is_empty(&hub));
    }
}
