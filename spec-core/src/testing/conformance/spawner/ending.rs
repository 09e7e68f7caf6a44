//! Cases about the end of sandboxes.

use futures_util::StreamExt;

use super::stage::{end, within};
use super::{SmallProgram, SpawnerFixture, Stage};
use crate::sandbox::{Origin, Output, RunEnd, SpawnErrorKind, Termination};

/// Safe to repeat.
pub async fn terminating_twice_is_confirmed(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    end(&stage.spawner, &sandbox).await;
    let again = stage.spawner.terminate(&sandbox).await.unwrap();
    assert_eq!(again, Termination::Confirmed);
}

/// Nothing is left of what never was.
pub async fn terminating_what_never_was_is_confirmed(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let termination = stage.spawner.terminate(&stage.by_key()).await.unwrap();
    assert_eq!(termination, Termination::Confirmed);
}

/// Neither found nor listed.
pub async fn a_terminated_sandbox_is_gone(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let request = stage.program(SmallProgram::prints(["up"]).hangs().argv());
    stage.spawner.start(&sandbox, &request).await.unwrap();
    end(&stage.spawner, &sandbox).await;
    assert_eq!(stage.spawner.find(stage.key()).await.unwrap(), None);
    let labels = stage.request().labels();
    assert_eq!(stage.spawner.list(&labels).await.unwrap(), []);
}

/// As after a lost answer to `spawn`.
pub async fn a_key_without_an_id_is_enough_to_terminate(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    stage.spawn().await;
    end(&stage.spawner, &stage.by_key()).await;
    assert_eq!(stage.spawner.find(stage.key()).await.unwrap(), None);
}

/// Never an exit code that nobody saw.
pub async fn a_followed_run_is_lost_with_its_sandbox(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let request = stage.program(SmallProgram::prints(["up"]).hangs().argv());
    stage.spawner.start(&sandbox, &request).await.unwrap();
    let run = stage.run(0);
    let mut stream = stage.spawner.output(&sandbox, &run, None).await.unwrap();
    let Some(Ok(Output::Line(line))) = within(stream.next()).await else {
        panic!("no line came");
    };
    assert_eq!(line.text, "up");
    stage.end().await;
    let last = within(stream.next()).await;
    assert!(
        matches!(last, Some(Ok(Output::Ended(RunEnd::Lost { .. })))),
        "{last:?}"
    );
    let more = within(stream.next()).await;
    assert!(more.is_none(), "{more:?} came after the end");
}

/// The former sandbox is neither adopted nor remembered.
pub async fn a_key_can_be_used_again_after_its_end(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, former) = stage.spawn().await;
    let request = stage.program(SmallProgram::prints(["up"]).argv());
    stage.complete(&former, &request).await;
    stage.end().await;
    let (sandbox, reference) = stage.spawn().await;
    assert_eq!(sandbox.origin, Origin::Created);
    let stream = stage.spawner.output(&reference, &stage.run(0), None).await;
    assert_eq!(stream.err().unwrap().kind(), SpawnErrorKind::NotFound);
    stage.end().await;
}

/// `NotFound`, both to start one and to follow one.
pub async fn runs_in_a_gone_sandbox_are_not_found(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let request = stage.program(SmallProgram::prints(["up"]).argv());
    stage.complete(&sandbox, &request).await;
    stage.end().await;
    let started = stage.spawner.start(&sandbox, &request).await;
    assert_eq!(started.unwrap_err().kind(), SpawnErrorKind::NotFound);
    let stream = stage.spawner.output(&sandbox, &stage.run(0), None).await;
    assert_eq!(stream.err().unwrap().kind(), SpawnErrorKind::NotFound);
}
