//! A server that is stopped, and one that crashes.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use spec_core::SpecStore;
use spec_core::id::SandboxId;
use spec_core::store::{SpecQuery, StoreErrorKind};
use spec_sqlx::PostgresStore;
use spec_test_postgres::Cluster;
use tokio::task::JoinSet;

use super::bench::{any, change, dense, hears_of, launch, line, pool, runner, stored, until};
use crate::sample;

async fn opened(cluster: &Cluster) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::new(pool(cluster.url(), 5)).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_outlives_an_outage_of_the_server() {
    let cluster = Cluster::start().await;
    let (here, there) = (opened(&cluster).await, opened(&cluster).await);
    let mut heard = here.wakeups();
    let spec = launch(&here).await.spec;
    let runner = runner(&here).await;
    let lease = here.claim(&any(runner, 1)).await.unwrap()[0].lease;

    cluster.stop();
    let begun = Instant::now();
    let (due, all) = (any(runner, 1), SpecQuery::default());
    let sandbox = SandboxId::new("a").unwrap();
    let (created, committed, appended, claimed, beat, listed, announced) = tokio::join!(
        here.create(sample::create("api")),
        here.commit(change(&spec)),
        here.append(line(&spec, lease, "a line")),
        here.claim(&due),
        here.heartbeat(runner, super::bench::LEASE),
        here.list(&all),
        here.announce(&sandbox),
    );
    let outcomes = [
        created.map(|_| ()),
        committed.map(|_| ()),
        appended.map(|_| ()),
        claimed.map(|_| ()),
        beat.map(|_| ()),
        listed.map(|_| ()),
        announced,
        here.release(&lease).await,
    ];
    for outcome in outcomes {
        let refused = outcome.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Unavailable, "{refused:?}");
    }
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );

    cluster.start_again();
    assert_eq!(stored(&here, spec.id).await.spec, spec, "nothing was made");
    here.append(line(&spec, lease, "a line")).await.unwrap();
    here.commit(change(&spec).under(lease)).await.unwrap();
    hears_of(&mut heard, &there).await;
}

/// What was reported is there after a crash; what was not is there or not.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_the_server_loses_nothing_that_was_reported() {
    const SPECS: u32 = 200;
    let cluster = Cluster::start().await;
    let store = opened(&cluster).await;
    let mut specs = Vec::new();
    for _spec in 0..SPECS {
        specs.push(launch(&store).await.spec);
    }
    let reported = Arc::new(AtomicU32::new(0));
    let enough = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for mut spec in specs {
        let (store, reported) = (Arc::clone(&store), Arc::clone(&reported));
        let enough = Arc::clone(&enough);
        writers.spawn(async move {
            while !enough.load(Ordering::Relaxed) {
                let commit = change(&spec);
                let next = commit.spec.clone();
                match store.commit(commit).await {
                    Ok(_) => {
                        reported.fetch_add(1, Ordering::Relaxed);
                        spec = next;
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
                        return (spec, Some(next));
                    }
                }
            }
            (spec, None)
        });
    }
    until("some commits of each", async || {
        (reported.load(Ordering::Relaxed) > SPECS * 3).then_some(())
    })
    .await;
    let crash = tokio::task::spawn_blocking(move || {
        cluster.restart_immediate();
        cluster
    });
    let _cluster = crash.await.unwrap();
    enough.store(true, Ordering::Relaxed);
    let ends = writers.join_all().await;
    assert!(
        ends.iter().any(|(_, unclear)| unclear.is_some()),
        "the crash is felt"
    );
    for (last, unclear) in ends {
        let now = until("an answer", async || store.get(last.id).await.ok()).await;
        let now = now.unwrap().spec;
        assert!(
            now == last || Some(&now) == unclear.as_ref(),
            "spec {}",
            last.id
        );
        assert_eq!(dense(&store, last.id).await, now.revision.get() + 2);
    }
}
