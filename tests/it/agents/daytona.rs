//! The same over Daytona's adapter and a fake Daytona, which runs the programs on this machine.

use nix::sys::signal::{Signal, kill};
use spec_core::Phase;
use spec_daytona::DaytonaSpawner;
use spec_tests::daytona::{FakeDaytona, FakeOptions};
use spec_tests::model::{Outcome, Script, Turn};
use tempfile::TempDir;

use super::stage::{Program, Setup, Stage, assert_completed, attempts, kept, policy, programs_of};
use crate::adapter::stage::{assert_described, config};

const SEEN: &str = "seen-4716";

/// A stage over a fake whose sandboxes are in the stage's folder.
async fn over_daytona(script: Script) -> (FakeDaytona, Stage<DaytonaSpawner>) {
    let folder = TempDir::with_prefix("spec-tests-stage-").unwrap();
    let data = folder.path().join("daytona");
    std::fs::create_dir(&data).unwrap();
    let options = FakeOptions {
        data: Some(data),
        ..FakeOptions::default()
    };
    let fake = FakeDaytona::start(options).await.unwrap();
    let spawner = DaytonaSpawner::new(config(&fake)).unwrap();
    let stage = Stage::over(folder, spawner, script, Setup::default()).await;
    (fake, stage)
}

#[tokio::test]
async fn all_phases_are_done_over_daytona_and_every_token_is_counted() {
    for program in Program::ALL {
        let (fake, stage) = over_daytona(Script::good()).await;
        let spec = stage.run(policy(program)).await;
        assert_completed(&spec);
        for phase in [
            Phase::Explore,
            Phase::Requirements,
            Phase::Design,
            Phase::Tasks,
        ] {
            assert_eq!(attempts(&spec, phase), [(program, 0, None)]);
        }
        assert_eq!(stage.model.served().len(), 4 * 3);
        stage.check_account(&spec).await;
        assert_described(&fake);
    }
}

#[tokio::test]
async fn a_program_that_is_killed_over_daytona_goes_on_in_its_session() {
    for program in Program::ALL {
        let looks = Turn::new().shell("echo seen-$((4000 + 716))");
        let turns = [looks, Turn::new().say("I begin.").then_hang()];
        let (_fake, stage) = over_daytona(Script::good().first(Phase::Explore, turns)).await;
        let id = stage.launch(policy(program)).await;
        let (spec, ()) = tokio::join!(stage.end(id), async {
            stage.model.wait_for_hangs(1).await.unwrap();
            stage.told(id).await;
            kept(stage.folder.path(), SEEN).await;
            let programs = programs_of(stage.folder.path(), program);
            let [pid] = programs[..] else {
                panic!("not one program runs: {programs:?}");
            };
            kill(pid, Signal::SIGKILL).unwrap();
        });
        assert_completed(&spec);
        assert_eq!(attempts(&spec, Phase::Explore), [(program, 1, None)]);
        let requests = stage.requests(Phase::Explore);
        assert_eq!(requests.len(), 2 + 3);
        for request in &requests {
            assert_eq!(request.conversation, requests[0].conversation);
        }
        stage.check_account(&spec).await;
        assert_eq!(stage.model.served()[1].outcome, Outcome::Abandoned);
    }
}
