//! Clauses about [`announce`](crate::SpecStore::announce).
//!
//! Hints may be missing by contract; in a quiet store, though, one is to be expected within seconds.

use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use super::StoreFixture;
use super::bench::Bench;
use crate::id::{SandboxId, Sequence};
use crate::store::{PageLimit, Wakeup};

/// Longest wait for a hint; passes at once when all is well.
const PATIENCE: Duration = Duration::from_secs(10);

fn sandbox(id: &str) -> SandboxId {
    SandboxId::new(id).unwrap()
}

/// The sandbox that the next hint about any of them names.
async fn next(listener: &mut BoxStream<'static, Wakeup>) -> SandboxId {
    let heard = async {
        loop {
            match listener.next().await {
                Some(Wakeup::Sandbox { id }) => return id,
                Some(Wakeup::Spec { .. } | Wakeup::Lagged) => {}
                None => panic!("the stream ended before the store"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard)
        .await
        .expect("a hint comes within seconds")
}

/// Every listener hears of a sandbox, also of one that the store does not know, and again when it is
/// announced again.
pub async fn announcements_reach_every_listener(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut listeners = [bench.store.wakeups(), bench.store.wakeups()];
    let id = sandbox("6fdaf9c1-8d0c-43fc-a3ca-a37b9a2d5ff1");
    for _time in 0..2 {
        bench.store.announce(&id).await.unwrap();
        for listener in &mut listeners {
            assert_eq!(next(listener).await, id);
        }
    }
}

/// What is a sandbox's id to its provider arrives as it was given.
pub async fn announcements_tell_of_the_sandbox_that_was_named(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut listener = bench.store.wakeups();
    let longest = "𓁷".repeat(255);
    for id in ["a", "a.b c:d/ü '\"\\%", &longest] {
        let id = sandbox(id);
        bench.store.announce(&id).await.unwrap();
        assert_eq!(next(&mut listener).await, id);
    }
}

/// An announcement leaves no trace, and a spec with its holder.
pub async fn announcements_store_nothing_and_call_nobody(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    let runner = bench.runner().await;
    bench.claim_one(runner).await;
    let running = bench.run_started(id).await;
    let (_, attempt) = running.spec.active_attempt().unwrap();
    let facts = attempt.facts.clone().unwrap();
    let events = async || {
        let all = bench
            .store
            .events(id, Sequence::default(), PageLimit::MAX)
            .await;
        all.unwrap()
    };
    let before = events().await;

    bench.store.announce(&facts.id).await.unwrap();
    bench.store.announce(&sandbox("unknown")).await.unwrap();

    assert_eq!(bench.stored(id).await, running);
    assert_eq!(events().await, before);
    let other = bench.runner().await;
    assert_eq!(bench.claim(other).await, []);
}
