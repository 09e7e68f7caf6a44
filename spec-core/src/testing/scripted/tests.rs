//! The scripted spawner keeps the contract.

use futures_util::{FutureExt, StreamExt};

use super::*;
use crate::sandbox::RunEnd;
use crate::testing::conformance::spawner::programs::MISSING_PROGRAMS;
use crate::testing::conformance::spawner::{KnownRepository, SmallProgram, SpawnerFixture, Stage};

#[derive(Debug)]
pub(in crate::testing) struct ScriptedFixture;

fn commit(digit: char) -> CommitId {
    CommitId::new(digit.to_string().repeat(40)).unwrap()
}

fn known() -> KnownRepository {
    KnownRepository {
        url: "scripted:repository".to_owned(),
        head: CommitId::new(ScriptedSpawner::COMMIT).unwrap(),
        file: "README.md".to_owned(),
        content: b"# Scripted\n".to_vec(),
        earlier: commit('e'),
        earlier_content: b"# Scripted\n".to_vec(),
        unknown_commit: commit('0'),
        not_a_repository: "scripted:nothing".to_owned(),
    }
}

#[async_trait]
impl SpawnerFixture for ScriptedFixture {
    async fn fresh(&self) -> Arc<dyn SandboxSpawner> {
        let rule = |checkout: &Checkout| {
            let known = known();
            if checkout.url == known.not_a_repository {
                return Err("not a repository".to_owned());
            }
            match any_commit(checkout)? {
                unknown if unknown == known.unknown_commit => Err("no such commit".to_owned()),
                commit => Ok(commit),
            }
        };
        let spawner = ScriptedSpawner::new(SmallProgram::script)
            .with_checkout(rule)
            .with_repository_file("README.md", known().content);
        Arc::new(
            MISSING_PROGRAMS
                .into_iter()
                .fold(spawner, ScriptedSpawner::with_missing_program),
        )
    }

    fn repository(&self) -> KnownRepository {
        known()
    }

    async fn reopen(&self, old: Arc<dyn SandboxSpawner>) -> Option<Arc<dyn SandboxSpawner>> {
        Some(old)
    }

    fn runs_programs(&self) -> bool {
        false
    }
}

crate::spawner_conformance!(ScriptedFixture, without programs);

#[tokio::test]
async fn a_start_that_is_dropped_at_any_await_and_repeated_starts_once() {
    let stage = Stage::new(&ScriptedFixture).await;
    let run = stage.program(SmallProgram::default().argv());
    let mut outcomes = Vec::new();
    for polls in 0..10 {
        let spawner = ScriptedSpawner::new(SmallProgram::script);
        spawner.spawn(&stage.request()).await.unwrap();
        let sandbox = stage.by_key();
        let mut start = spawner.start(&sandbox, &run);
        let done = (0..polls).any(|_| (&mut start).now_or_never().is_some());
        drop(start);
        outcomes.push((spawner.starts(&run.key), done));
        spawner.start(&sandbox, &run).await.unwrap();
        assert_eq!(spawner.starts(&run.key), 1, "dropped after {polls} polls");
    }
    outcomes.dedup();
    // Not done; done and the answer lost; done and answered.
    assert_eq!(outcomes, [(0, false), (1, false), (1, true)]);
}

#[tokio::test]
async fn a_waiting_run_leaves_its_files_when_released_and_times_out_by_the_clock() {
    let clock = ManualClock::default();
    let spawner = ScriptedSpawner::new(|run| match run.key.repair.get() {
        0 => RunScript::succeeds_with(&serde_json::json!({"a": 1})).waiting(),
        _ => RunScript::hangs(),
    })
    .with_clock(Arc::new(clock.clone()));
    let stage = Stage::new(&ScriptedFixture).await;
    let sandbox = stage.by_key();
    spawner.spawn(&stage.request()).await.unwrap();
    for repair in [0, 1] {
        let mut run = stage.program(vec!["agent".to_owned()]);
        run.key = stage.run(repair);
        spawner.start(&sandbox, &run).await.unwrap();
    }
    let result = stage.in_run("result.json");
    assert_eq!(spawner.file(stage.key(), &result), None);
    spawner.release(&stage.run(0));
    assert_eq!(spawner.file(stage.key(), &result).unwrap(), b"{\"a\":1}");
    let mut hanging = spawner.output(&sandbox, &stage.run(1), None).await.unwrap();
    let ended = async {
        yield_now().await;
        clock.advance(std::time::Duration::from_mins(1));
    };
    let (item, ()) = tokio::join!(hanging.next(), ended);
    assert_eq!(item.unwrap().unwrap(), Output::Ended(RunEnd::TimedOut));
}

#[tokio::test]
async fn only_who_asks_anew_learns_of_a_silent_loss() {
    let spawner = ScriptedSpawner::new(|_| RunScript::hangs());
    let stage = Stage::new(&ScriptedFixture).await;
    let sandbox = stage.by_key();
    spawner.spawn(&stage.request()).await.unwrap();
    let run = stage.program(vec!["agent".to_owned()]);
    spawner.start(&sandbox, &run).await.unwrap();
    let mut before = spawner.output(&sandbox, &run.key, None).await.unwrap();
    spawner.lose_silently(stage.key());
    for _turn in 0..100 {
        assert!(before.next().now_or_never().is_none());
        yield_now().await;
    }
    let asked = spawner.output(&sandbox, &run.key, None).await;
    assert_eq!(asked.err().unwrap().kind(), SpawnErrorKind::NotFound);
}
