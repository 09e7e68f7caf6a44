//! What other processes are told, and how often.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test code outside of test functions"
)]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use spec_core::SpecStore;
use spec_core::id::SpecId;
use spec_core::store::Wakeup;
use spec_test_postgres::database;
use sqlx::postgres::PgListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::bench::{any, copies, hears_of, launch, line, runner, store};

const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_changes_is_told_in_few_messages() {
    let database = database().await;
    let (here, there) = (store(database.url()).await, store(database.url()).await);
    let mut listener = PgListener::connect_with(&database.pool()).await.unwrap();
    listener.listen("spec_wakeups").await.unwrap();
    let mut heard_there = there.wakeups();
    hears_of(&mut heard_there, &here).await;

    let spec = launch(&here).await.spec;
    copies(&database.pool(), &spec, 9_999).await;
    let runner = runner(&here).await;
    let (mut changes, mut specs) = (JoinSet::new(), HashSet::new());
    for _claim in 0..10 {
        for claimed in here.claim(&any(runner, 1000)).await.unwrap() {
            let here = Arc::clone(&here);
            let id = claimed.stored.spec.id;
            specs.insert(id);
            changes.spawn(async move {
                let line = line(&claimed.stored.spec, claimed.lease, "a line");
                here.append(line).await.unwrap();
            });
        }
    }
    assert_eq!(specs.len(), 10_000);
    let reader = timeout(SOON, async {
        while !specs.is_empty() {
            match heard_there.next().await.unwrap() {
                Wakeup::Spec { id, .. } => {
                    specs.remove(&id);
                }
                Wakeup::Sandbox { id } => panic!("nobody announced {id}"),
                // Some were lost, and the listener knows.
                Wakeup::Lagged => return,
            }
        }
    });
    let (_, read) = tokio::join!(changes.join_all(), reader);
    assert!(read.is_ok(), "everything is told");

    here.close().await;
    let mut payloads = 0;
    while let Some(said) = listener.recv().now_or_never() {
        let said = said.unwrap();
        assert!(
            said.payload().len() < 8000,
            "{} bytes",
            said.payload().len()
        );
        payloads += 1;
    }
    assert!((1..=500).contains(&payloads), "{payloads} messages");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_told_of_others_changes_and_once_of_its_own() {
    let database = database().await;
    let (here, there) = (store(database.url()).await, store(database.url()).await);
    let (mut heard, mut heard_there) = (here.wakeups(), there.wakeups());
    hears_of(&mut heard, &there).await;
    hears_of(&mut heard_there, &here).await;
    let mut ids = Vec::new();
    for _spec in 0..20 {
        let id = launch(&here).await.spec.id;
        assert_eq!(next_spec(&mut heard_there).await, id);
        ids.push(id);
    }
    // Had its own come back to it, they would stand before this one.
    ids.push(launch(&there).await.spec.id);
    while next_spec(&mut heard).await != ids[0] {}
    for id in &ids[1..] {
        assert_eq!(next_spec(&mut heard).await, *id);
    }
}

async fn next_spec(heard: &mut BoxStream<'static, Wakeup>) -> SpecId {
    match timeout(SOON, heard.next()).await.unwrap().unwrap() {
        Wakeup::Spec { id, .. } => id,
        Wakeup::Sandbox { id } => panic!("nobody announced {id}"),
        Wakeup::Lagged => panic!("nothing is lost"),
    }
}
