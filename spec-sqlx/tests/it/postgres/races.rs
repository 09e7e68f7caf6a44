//! Many stores, runners and callers at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use spec_core::SpecStore;
use spec_core::id::{IdempotencyKey, RunnerId};
use spec_core::store::{Commit, Created, StoreErrorKind, StoredSpec};
use spec_sqlx::PostgresStore;
use spec_test_postgres::database;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::bench::{
    any, artifact, change, claim_one, copies, dense, launch, line, runner, store, stored, until,
};
use crate::sample;

async fn stores(url: &str) -> Vec<Arc<PostgresStore>> {
    let mut stores = Vec::new();
    for _store in 0..8 {
        stores.push(store(url).await);
    }
    stores
}

async fn launched(store: &PostgresStore, number: usize) -> Vec<StoredSpec> {
    let mut specs = Vec::new();
    for _spec in 0..number {
        specs.push(launch(store).await);
    }
    specs
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_that_claim_a_backlog_at_once_get_each_spec_once() {
    let database = database().await;
    let stores = stores(database.url()).await;
    let first = launch(&stores[0]).await.spec;
    copies(&database.pool(), &first, 9_999).await;
    let mut runners = JoinSet::new();
    for store in stores {
        runners.spawn(async move {
            let runner = runner(&store).await;
            let mut all = Vec::new();
            loop {
                let claimed = store.claim(&any(runner, 100)).await.unwrap();
                if claimed.is_empty() {
                    return all;
                }
                all.extend(claimed.iter().map(|claimed| claimed.stored.spec.id));
            }
        });
    }
    let handed_out: Vec<_> = runners.join_all().await.into_iter().flatten().collect();
    assert_eq!(handed_out.len(), 10_000, "nobody is handed out twice");
    let different: HashSet<_> = handed_out.into_iter().collect();
    assert_eq!(different.len(), 10_000, "and nobody is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_comes_back_too_late_changes_nothing() {
    let database = database().await;
    let (here, there) = (store(database.url()).await, store(database.url()).await);
    launch(&here).await;
    let late = RunnerId::from_uuid(Uuid::now_v7());
    here.heartbeat(late, Duration::from_millis(500))
        .await
        .unwrap();
    let old = claim_one(&here, late).await;
    let successor = runner(&there).await;
    let new = until("a claim of what is left behind", async || {
        there.claim(&any(successor, 1)).await.unwrap().pop()
    })
    .await;
    let spec = &old.stored.spec;
    assert_eq!(
        (new.stored.spec.id, new.lease.epoch),
        (spec.id, old.lease.epoch.next())
    );

    let refused = here
        .commit(change(spec).under(old.lease))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Fenced, "{refused}");
    let refused = here
        .append(line(spec, old.lease, "late"))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Fenced, "{refused}");
    let refused = here
        .heartbeat(late, Duration::from_secs(9))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Fenced, "{refused}");
    here.release(&old.lease).await.unwrap();
    here.retire(late).await.unwrap();
    assert_eq!(stored(&there, spec.id).await, new.stored);
    there.commit(change(spec).under(new.lease)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_that_change_the_same_specs_in_different_orders_have_one_winner_each() {
    let database = database().await;
    let stores = stores(database.url()).await;
    let mut specs: Vec<_> = launched(&stores[0], 40).await;
    for _round in 0..5 {
        let mut writers = JoinSet::new();
        for (number, store) in stores.iter().enumerate() {
            let mut order: Vec<_> = specs.iter().map(|stored| stored.spec.clone()).collect();
            order.rotate_left(number * 5);
            if number % 2 == 1 {
                order.reverse();
            }
            for spec in order {
                let store = Arc::clone(store);
                writers.spawn(async move { (spec.id, store.commit(change(&spec)).await) });
            }
        }
        let mut winners = Vec::new();
        for (id, outcome) in writers.join_all().await {
            match outcome {
                Ok(_) => winners.push(id),
                Err(error) => assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error:?}"),
            }
        }
        winners.sort_unstable();
        let mut expected: Vec<_> = specs.iter().map(|stored| stored.spec.id).collect();
        expected.sort_unstable();
        assert_eq!(winners, expected);
        for spec in &mut specs {
            *spec = stored(&stores[0], spec.spec.id).await;
        }
    }
    for spec in specs {
        assert_eq!(
            dense(&stores[0], spec.spec.id).await,
            8,
            "three and one of each round"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_that_create_with_the_same_keys_in_different_orders_store_one_spec_each() {
    let database = database().await;
    let stores = stores(database.url()).await;
    let mut requests = JoinSet::new();
    for (number, store) in stores.iter().enumerate() {
        for request in 0..60 {
            let key = if number % 2 == 0 {
                request
            } else {
                59 - request
            };
            let mut create = sample::create("api");
            create.idempotency_key = Some(IdempotencyKey::new(format!("key {key}")).unwrap());
            let own = Arc::clone(store);
            requests.spawn(async move { own.create(create).await.unwrap() });
        }
    }
    let (mut new, mut all) = (0, HashSet::new());
    for created in requests.join_all().await {
        match created {
            Created::New { stored: made, .. } => {
                new += 1;
                all.insert(made.spec.id);
            }
            Created::Existing(earlier) => {
                all.insert(earlier.spec.id);
            }
        }
    }
    assert_eq!((new, all.len()), (60, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_one_spec_that_are_queued_together_are_made_one_after_the_other() {
    let database = database().await;
    let store = store(database.url()).await;
    let mut spec = launch(&store).await.spec;
    let mut changes = Vec::new();
    for _change in 0..30 {
        let commit = change(&spec);
        spec = commit.spec.clone();
        changes.push(store.commit(commit));
    }
    for outcome in futures_util::future::join_all(changes).await {
        outcome.unwrap();
    }
    assert_eq!(stored(&store, spec.id).await.spec, spec);
    assert_eq!(dense(&store, spec.id).await, 33);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_cannot_be_made_does_not_fail_its_neighbours() {
    let database = database().await;
    let store = store(database.url()).await;
    let mut poisoned = launch(&store).await.spec;
    let with_artifact = |spec: &spec_core::Spec| Commit {
        artifacts: vec![artifact(spec, "found")],
        ..change(spec)
    };
    let commit = with_artifact(&poisoned);
    poisoned = commit.spec.clone();
    store.commit(commit).await.unwrap();

    let specs = launched(&store, 20).await;
    let neighbours = specs
        .iter()
        .map(|stored| store.commit(change(&stored.spec)));
    let (refused, made) = tokio::join!(
        store.commit(with_artifact(&poisoned)),
        futures_util::future::join_all(neighbours)
    );
    assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Internal);
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    assert_eq!(stored(&store, poisoned.id).await.spec, poisoned);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_go_away_leave_the_others_of_their_batch_alone() {
    let database = database().await;
    let store = store(database.url()).await;
    let specs = launched(&store, 30).await;
    for (number, spec) in specs.iter().enumerate() {
        if number % 3 == 0 {
            // Asked for, and then no longer.
            let _gone = store.commit(change(&spec.spec)).now_or_never();
        }
    }
    let stay = specs
        .iter()
        .enumerate()
        .filter(|(number, _)| number % 3 != 0)
        .map(|(_, spec)| store.commit(change(&spec.spec)));
    let made = futures_util::future::join_all(stay).await;
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    for spec in specs {
        let events = dense(&store, spec.spec.id).await;
        assert!((3..=4).contains(&events), "done or not done: {events}");
    }
}
