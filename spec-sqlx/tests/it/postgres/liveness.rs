//! Takeover after the death of a process, and everything that looks like one and is none.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use std::process::Command;
use std::time::Duration;

use futures_util::StreamExt;
use spec_core::SpecStore;
use spec_core::id::SpecId;
use spec_core::store::{StoreErrorKind, Wakeup};
use spec_sqlx::PostgresStore;
use spec_test_postgres::{Cluster, database};
use sqlx::{PgPool, Row};
use tokio::time::{Instant, timeout};

use super::process::Process;
use super::replica::{
    LONG, Replica, Seen, claim, ghost, looked_for_the_dead, new_runner, registered, seen,
    session_of, until, until_seen,
};
use crate::sample::create;

/// The promise.
const SOON: Duration = Duration::from_secs(2);

async fn is_taken_over(pool: &PgPool, spec: SpecId) -> bool {
    let row = sqlx::query("SELECT epoch > 1 AS taken FROM spec.specs WHERE id = $1")
        .bind(spec.as_uuid())
        .fetch_one(pool)
        .await
        .unwrap();
    row.get("taken")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_held_is_taken_over_within_two_seconds() {
    let database = database().await;
    let pool = database.pool();
    let survivor = Replica::start(database.pool(), LONG).await;
    let mut times = Vec::new();
    for _ in 0..5 {
        let mut process = Process::start(database.url(), &pool, LONG).await;
        until_seen(&pool, process.runner, Seen::WELL).await;
        process.kill();
        let taken = until("taken over", async || {
            is_taken_over(&pool, process.spec).await
        });
        times.push(taken.await);
    }
    println!("taken over after {times:?}");
    assert!(times.iter().all(|time| *time < SOON), "{times:?}");
    survivor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_frozen_process_holds_is_its_own_until_its_lease_ends_and_then_it_is_fenced() {
    let database = database().await;
    let pool = database.pool();
    let survivor = Replica::start(database.pool(), LONG).await;
    let mut process = Process::start(database.url(), &pool, Duration::from_secs(3)).await;
    until_seen(&pool, process.runner, Seen::WELL).await;
    process.freeze();
    let lease_ends = async || -> (String, bool) {
        let row = sqlx::query(
            "SELECT expires_at::text AS lease, expires_at <= clock_timestamp() AS ended \
             FROM spec.runners WHERE id = $1",
        )
        .bind(process.runner.as_uuid())
        .fetch_one(&pool)
        .await
        .unwrap();
        (row.get("lease"), row.get("ended"))
    };
    // What it had sent is there.
    let mut lease = lease_ends().await.0;
    until("taken over", async || {
        let taken = is_taken_over(&pool, process.spec).await;
        let (now, ended) = lease_ends().await;
        if now != lease && !ended {
            lease = now;
        } else {
            assert_eq!(lease, now, "nobody has ended its lease");
        }
        assert!(ended || !taken, "taken over before the lease had ended");
        taken
    })
    .await;
    process.go_on();
    assert_eq!(process.commit(), "Err(Fenced)");
    survivor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_terminated_comes_back_with_its_locks_and_its_hints() {
    let database = database().await;
    let pool = database.pool();
    let store = PostgresStore::new(database.pool()).await.unwrap();
    let other = PostgresStore::new(database.pool()).await.unwrap();
    let (runner, watcher) = (
        registered(&pool, &store).await,
        registered(&pool, &other).await,
    );
    let mut heard = store.wakeups();
    for _ in 0..3 {
        let session = session_of(&pool, runner).await;
        sqlx::query("SELECT pg_terminate_backend($1)")
            .bind(session)
            .execute(&pool)
            .await
            .unwrap();
        looked_for_the_dead(&pool, &other, watcher).await;
        until_seen(&pool, runner, Seen::WELL).await;
        assert_ne!(session_of(&pool, runner).await, session);
        store.heartbeat(runner, LONG).await.unwrap();
    }

    let create = create("demo");
    let id = create.spec.id;
    other.create(create).await.unwrap();
    let hint = async {
        while let Some(hint) = heard.next().await {
            if matches!(hint, Wakeup::Spec { id: of, .. } if of == id) {
                return;
            }
        }
    };
    timeout(LONG, hint).await.expect("a hint from elsewhere");
}

/// A private server with two stores, of which one looks for the dead; what `disaster` does to the
/// server costs no runner its lease.
async fn survive(disaster: impl AsyncFnOnce(&Cluster, &PgPool)) -> Duration {
    let cluster = Cluster::start().await;
    let pool = PgPool::connect(cluster.url()).await.unwrap();
    let store = PostgresStore::new(PgPool::connect(cluster.url()).await.unwrap())
        .await
        .unwrap();
    let other = PostgresStore::new(PgPool::connect(cluster.url()).await.unwrap())
        .await
        .unwrap();
    let (runner, watcher) = (
        registered(&pool, &store).await,
        registered(&pool, &other).await,
    );
    looked_for_the_dead(&pool, &other, watcher).await;

    disaster(&cluster, &pool).await;
    let back = until("everybody is back", async || {
        // Claims fail while the server is away, and find nobody dead after that.
        let _claimed = claim(&other, watcher).await;
        seen(&pool, runner).await == Some(Seen::WELL)
            && seen(&pool, watcher).await == Some(Seen::WELL)
    })
    .await;
    looked_for_the_dead(&pool, &other, watcher).await;
    for runner in [runner, watcher] {
        assert_eq!(seen(&pool, runner).await, Some(Seen::WELL));
    }
    store.close().await;
    other.close().await;
    back
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_server_costs_no_runner_its_lease() {
    let back = survive(async |cluster, _pool| cluster.restart_immediate()).await;
    println!("locks are back after {back:?}");
}

/// Then the server itself goes on, at the same start, but every session is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_all_sessions_costs_no_runner_its_lease() {
    let back = survive(async |_cluster, pool| {
        let row = sqlx::query("SELECT pg_backend_pid() AS pid")
            .fetch_one(pool)
            .await
            .unwrap();
        let victim = row.get::<i32, _>("pid").to_string();
        let status = Command::new("kill").args(["-KILL", &victim]).status();
        assert!(status.unwrap().success());
    })
    .await;
    println!("locks are back after {back:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_liveness_lock_only_the_lease_decides() {
    let database = database().await;
    let pool = database.pool();
    let plain = PostgresStore::new(database.pool())
        .await
        .unwrap()
        .without_liveness_lock();
    let other = PostgresStore::new(database.pool()).await.unwrap();
    let watcher = registered(&pool, &other).await;
    let runner = new_runner();
    plain.heartbeat(runner, LONG).await.unwrap();
    looked_for_the_dead(&pool, &other, watcher).await;
    plain.heartbeat(runner, LONG).await.unwrap();
    assert_eq!(seen(&pool, runner).await, Some(Seen::LEASED));

    // Nor does it judge others: two looks would be over by far.
    let ghost = ghost(&pool).await;
    let begun = Instant::now();
    while begun.elapsed() < SOON {
        claim(&plain, runner).await.unwrap();
    }
    assert!(seen(&pool, ghost).await.is_some_and(|seen| seen.alive));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_runner_has_no_lock_and_the_other_of_its_store_keeps_its_own() {
    let database = database().await;
    let pool = database.pool();
    let store = PostgresStore::new(database.pool()).await.unwrap();
    let (first, second) = (
        registered(&pool, &store).await,
        registered(&pool, &store).await,
    );
    let gone = Seen {
        alive: false,
        pinned: false,
        locks: 0,
    };
    store.retire(first).await.unwrap();
    until_seen(&pool, first, gone).await;
    assert_eq!(seen(&pool, second).await, Some(Seen::WELL));

    // One that comes back has its lock again.
    store.heartbeat(first, LONG).await.unwrap();
    until_seen(&pool, first, Seen::WELL).await;
    assert_eq!(seen(&pool, second).await, Some(Seen::WELL));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fenced_runner_has_no_lock() {
    let database = database().await;
    let pool = database.pool();
    let store = PostgresStore::new(database.pool()).await.unwrap();
    for claims in [false, true] {
        let runner = registered(&pool, &store).await;
        sqlx::query("UPDATE spec.runners SET expires_at = clock_timestamp() WHERE id = $1")
            .bind(runner.as_uuid())
            .execute(&pool)
            .await
            .unwrap();
        let fenced = if claims {
            claim(&store, runner).await.unwrap_err()
        } else {
            store.heartbeat(runner, LONG).await.unwrap_err()
        };
        assert_eq!(fenced.kind(), StoreErrorKind::Fenced);
        let gone = Seen {
            alive: false,
            pinned: false,
            locks: 0,
        };
        until_seen(&pool, runner, gone).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_mends_what_the_row_says() {
    let database = database().await;
    let pool = database.pool();
    let store = PostgresStore::new(database.pool()).await.unwrap();
    let runner = registered(&pool, &store).await;
    sqlx::query("UPDATE spec.runners SET pinned = NULL")
        .execute(&pool)
        .await
        .unwrap();
    store.heartbeat(runner, LONG).await.unwrap();
    until_seen(&pool, runner, Seen::WELL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_closed_leaves_its_runners_to_their_leases() {
    let database = database().await;
    let pool = database.pool();
    let store = PostgresStore::new(database.pool()).await.unwrap();
    let runner = registered(&pool, &store).await;
    store.close().await;
    until_seen(&pool, runner, Seen::LEASED).await;

    let again = PostgresStore::new(database.pool()).await.unwrap();
    again.heartbeat(runner, LONG).await.unwrap();
    until_seen(&pool, runner, Seen::WELL).await;
}
