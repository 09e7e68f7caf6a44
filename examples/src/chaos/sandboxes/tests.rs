//! What is counted is what was done, whoever did it and wherever it was killed.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use spec_core::id::{AttemptKey, AttemptNumber, Environment, Epoch, RepairNumber};
use spec_core::sandbox::Checkout;
use tempfile::tempdir;

use super::*;

fn attempt() -> AttemptKey {
    AttemptKey {
        spec_id: "01900000-0000-7000-8000-000000000001".parse().unwrap(),
        phase: Phase::Explore,
        attempt: AttemptNumber::new(1),
    }
}

fn request() -> SpawnRequest {
    SpawnRequest {
        key: attempt().sandbox_key(),
        environment: Environment::fallback(),
        epoch: Epoch::new(1),
        checkout: Checkout::new(String::new()),
        ttl: Duration::from_mins(1),
    }
}

fn run() -> RunRequest {
    RunRequest {
        key: RunKey {
            attempt: attempt(),
            repair: RepairNumber::new(0),
        },
        argv: Vec::new(),
        needs: Vec::new(),
        env: BTreeMap::new(),
        secrets: Vec::new(),
        timeout: Duration::from_mins(1),
    }
}

fn sandbox() -> SandboxRef {
    SandboxRef {
        key: attempt().sandbox_key(),
        id: None,
    }
}

fn spawner(root: &Path) -> FolderSpawner {
    FolderSpawner::new(root.to_owned(), Duration::from_millis(10)).unwrap()
}

#[tokio::test]
async fn racing_processes_make_one_sandbox_and_start_one_run() {
    let root = tempdir().unwrap();
    let processes: Vec<_> = (0..8).map(|_| spawner(root.path())).collect();
    let (request, run) = (request(), run());
    let made = join_all(processes.iter().map(|one| one.spawn(&request))).await;
    let made: Vec<_> = made.into_iter().map(Result::unwrap).collect();
    let new = made.iter().filter(|made| made.origin == Origin::Created);
    assert_eq!(new.count(), 1);
    let sandbox = sandbox();
    for started in join_all(processes.iter().map(|one| one.start(&sandbox, &run))).await {
        started.unwrap();
    }
    let evidence = spawner(root.path()).evidence().unwrap();
    assert_eq!(evidence.created.into_values().collect::<Vec<_>>(), [1]);
    assert_eq!(evidence.started.into_values().collect::<Vec<_>>(), [1]);
    assert_eq!((evidence.adopted, evidence.left), (7, 1));
}

#[tokio::test]
async fn a_sandbox_that_is_made_again_after_its_end_counts_twice() {
    let root = tempdir().unwrap();
    let spawner = spawner(root.path());
    for left in [0, 1] {
        spawner.spawn(&request()).await.unwrap();
        let sandbox = sandbox();
        spawner.start(&sandbox, &run()).await.unwrap();
        if left == 0 {
            spawner.terminate(&sandbox).await.unwrap();
            spawner.terminate(&sandbox).await.unwrap();
        }
        assert_eq!(spawner.evidence().unwrap().left, left);
    }
    let evidence = spawner.evidence().unwrap();
    assert_eq!(evidence.created.into_values().collect::<Vec<_>>(), [2]);
    assert_eq!(evidence.started.into_values().collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn what_a_killed_process_had_half_made_is_nothing() {
    let root = tempdir().unwrap();
    let spawner = spawner(root.path());
    let half = root.path().join(HALF).join("of-a-dead-process");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("made"), b"").unwrap();
    fs::create_dir(root.path().join(GONE).join("empty")).unwrap();
    let evidence = spawner.evidence().unwrap();
    assert!(evidence.created.is_empty(), "{evidence:?}");
    assert_eq!(evidence.left, 0);
    assert!(spawner.find(request().key).await.unwrap().is_none());
}

#[tokio::test]
async fn nothing_is_started_in_a_sandbox_that_is_gone() {
    let root = tempdir().unwrap();
    let spawner = spawner(root.path());
    spawner.spawn(&request()).await.unwrap();
    let sandbox = sandbox();
    spawner.terminate(&sandbox).await.unwrap();
    let refused = spawner.start(&sandbox, &run()).await.unwrap_err();
    assert_eq!(refused.kind(), SpawnErrorKind::NotFound);
    assert!(spawner.evidence().unwrap().started.is_empty());
}
