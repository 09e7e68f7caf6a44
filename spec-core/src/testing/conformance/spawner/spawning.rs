//! Cases about making, adopting and finding sandboxes.

use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::{FutureExt, pin_mut};

use super::stage::{reference, within};
use super::{SpawnerFixture, Stage};
use crate::id::{CommitId, Environment};
use crate::sandbox::{
    CheckoutRef, Labels, Origin, SandboxPath, SandboxState, SpawnErrorKind, SpawnRequest,
};

/// A second `spawn` adopts what the first one made.
pub async fn one_key_yields_one_sandbox(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let first = stage.spawner.spawn(&stage.request()).await.unwrap();
    let second = stage.spawner.spawn(&stage.request()).await.unwrap();
    assert_eq!(first.origin, Origin::Created);
    assert_eq!(second.origin, Origin::Adopted);
    assert_eq!(first.id, second.id);
    assert_eq!(first.key, stage.key());
    assert_eq!(first.state, SandboxState::Running);
    assert_eq!(
        (&first.layout, &first.commit),
        (&second.layout, &second.commit)
    );
    stage.end().await;
}

/// The same when all ask at once.
pub async fn racing_spawns_with_one_key_make_one_sandbox(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let request = stage.request();
    let racers = (0..8).map(|_| stage.spawner.spawn(&request));
    let sandboxes = within(join_all(racers)).await;
    let sandboxes: Vec<_> = sandboxes.into_iter().map(Result::unwrap).collect();
    let created = sandboxes.iter().filter(|s| s.origin == Origin::Created);
    assert_eq!(created.count(), 1, "{sandboxes:?}");
    let same = sandboxes.windows(2).all(|pair| match pair {
        [a, b] => a.id == b.id,
        _ => true,
    });
    assert!(same, "{sandboxes:?}");
    assert_eq!(
        stage.spawner.list(&request.labels()).await.unwrap().len(),
        1
    );
    stage.end().await;
}

/// `CheckoutRef::Default`.
pub async fn the_default_branch_is_checked_out_and_its_commit_reported(
    fixture: &dyn SpawnerFixture,
) {
    let stage = Stage::new(fixture).await;
    let head = stage.repository.head.clone();
    let content = stage.repository.content.clone();
    checked_out(&stage, CheckoutRef::Default, &head, &content).await;
}

/// `CheckoutRef::Commit`.
pub async fn a_commit_reference_pins_that_commit(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let earlier = stage.repository.earlier.clone();
    let content = stage.repository.earlier_content.clone();
    let pinned = CheckoutRef::Commit(earlier.clone());
    checked_out(&stage, pinned, &earlier, &content).await;
}

async fn checked_out(stage: &Stage, name: CheckoutRef, commit: &CommitId, content: &[u8]) {
    let sandbox = stage.spawner.spawn(&stage.request_for(name)).await.unwrap();
    assert_eq!(sandbox.commit, *commit);
    assert_eq!(
        sandbox.layout.repository,
        format!("{}/repo", sandbox.layout.root)
    );
    let path = SandboxPath::in_repository(&stage.repository.file).unwrap();
    let read = stage
        .spawner
        .read_file(&reference(&sandbox), &path, 1 << 20)
        .await;
    assert_eq!(read.unwrap().unwrap(), content);
    stage.end().await;
}

/// A commit that does not exist is final.
pub async fn an_unknown_commit_is_rejected_and_leaves_nothing(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let unknown = CheckoutRef::Commit(stage.repository.unknown_commit.clone());
    rejected(&stage, &stage.request_for(unknown)).await;
}

/// A URL without a repository is final.
pub async fn what_is_not_a_repository_is_rejected_and_leaves_nothing(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let mut request = stage.request();
    request.checkout.url = stage.repository.not_a_repository.clone();
    rejected(&stage, &request).await;
}

async fn rejected(stage: &Stage, request: &SpawnRequest) {
    let error = stage.spawner.spawn(request).await.unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Rejected, "{error:?}");
    assert!(!error.is_retryable());
    assert_eq!(stage.spawner.find(stage.key()).await.unwrap(), None);
    assert_eq!(stage.spawner.list(&request.labels()).await.unwrap(), []);
    stage.end().await;
}

/// Whatever a dropped `spawn` has left, the next one makes a whole sandbox of it.
pub async fn a_dropped_spawn_can_be_adopted(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    for polls in 0..10 {
        drop_spawn(&stage, polls).await;
        let (sandbox, reference) = stage.spawn().await;
        assert_eq!(sandbox.state, SandboxState::Running, "after {polls} polls");
        let path = SandboxPath::in_repository(&stage.repository.file).unwrap();
        let read = stage.spawner.read_file(&reference, &path, 1 << 20).await;
        assert_eq!(read.unwrap().unwrap(), stage.repository.content);
        stage.end().await;
    }
}

/// Whatever a dropped `spawn` has left, `terminate` removes it.
pub async fn a_dropped_spawn_can_be_terminated(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    for polls in 0..10 {
        drop_spawn(&stage, polls).await;
        stage.end().await;
        let found = stage.spawner.find(stage.key()).await.unwrap();
        assert_eq!(found, None, "after {polls} polls");
    }
}

/// Polls a `spawn` so often, then drops it.
async fn drop_spawn(stage: &Stage, polls: usize) {
    let request = stage.request();
    let spawn = stage.spawner.spawn(&request);
    pin_mut!(spawn);
    for _ in 0..polls {
        if spawn.as_mut().now_or_never().is_some() {
            break;
        }
        // Lets what it waits for move on; any time will do.
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
}

/// `find`.
pub async fn a_sandbox_is_found_by_its_key(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    assert_eq!(stage.spawner.find(stage.key()).await.unwrap(), None);
    let (sandbox, _) = stage.spawn().await;
    let found = stage.spawner.find(stage.key()).await.unwrap().unwrap();
    assert_eq!(found.id, sandbox.id);
    assert_eq!(found.state, SandboxState::Running);
    assert_eq!(found.created_at, sandbox.created_at);
    stage.end().await;
}

/// `list`, by all labels, by some, and by others.
pub async fn sandboxes_are_listed_by_label(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (sandbox, _) = stage.spawn().await;
    let labels = stage.request().labels();
    let some = Labels::from([("spec.managed".to_owned(), "true".to_owned())]);
    for asked in [&labels, &some] {
        let listed = stage.spawner.list(asked).await.unwrap();
        assert!(listed.iter().any(|s| s.id == sandbox.id), "{asked:?}");
    }
    let mut other = labels;
    other.insert("spec.phase".to_owned(), "tasks".to_owned());
    assert_eq!(stage.spawner.list(&other).await.unwrap(), []);
    stage.end().await;
}

/// `list` is scoped by the label of the environment.
pub async fn another_environment_is_not_listed(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    stage.spawn().await;
    let mut elsewhere = stage.request();
    elsewhere.environment = Environment::new("elsewhere").unwrap();
    assert_eq!(stage.spawner.list(&elsewhere.labels()).await.unwrap(), []);
    stage.end().await;
}

/// After a restart of the host.
pub async fn another_spawner_adopts_the_sandbox(fixture: &dyn SpawnerFixture) {
    let mut stage = Stage::new(fixture).await;
    let (sandbox, _) = stage.spawn().await;
    let Some(reopened) = fixture.reopen(Arc::clone(&stage.spawner)).await else {
        assert!(
            !stage.spawner.capabilities().detached_runs,
            "runs that outlive a spawner need a second spawner to be followed by"
        );
        stage.end().await;
        return;
    };
    stage.spawner = reopened;
    let (adopted, _) = stage.spawn().await;
    assert_eq!(adopted.origin, Origin::Adopted);
    assert_eq!(adopted.id, sandbox.id);
    stage.end().await;
}
