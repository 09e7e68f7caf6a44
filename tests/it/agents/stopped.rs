//! Programs that hang or are ended from outside, and drivers that are.

use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use spec_core::attempt::FailureKind;
use spec_core::event::EventBody;
use spec_core::id::{SpecId, UserId};
use spec_core::{Phase, Policy, SandboxSpawner, Spec, SpecStatus};
use spec_local::{IsolationMode, LocalSpawner};
use spec_tests::model::{Outcome, Script, Turn};
use tempfile::TempDir;

use super::stage::{
    Claude, CodexCli, Program, Setup, Stage, assert_completed, attempts, end, kept, policy,
    processes_of, programs_of,
};

/// What the command [`LOOK`] prints, and what is nowhere else.
const SEEN: &str = "seen-4714";
const LOOK: &str = "echo seen-$((4000 + 714))";

/// Looks around in EXPLORE, and hangs in the middle of the next message.
fn hanging_once() -> Script {
    let looks = Turn::new().shell(LOOK);
    Script::good().first(
        Phase::Explore,
        [looks, Turn::new().say("I begin.").then_hang()],
    )
}

/// Drives the spec to its end while `disturb` acts on it.
async fn end_while<P: SandboxSpawner>(
    stage: &Stage<P>,
    id: SpecId,
    disturb: impl Future<Output = ()>,
) -> Spec {
    let (spec, ()) = tokio::join!(stage.end(id), disturb);
    spec
}

/// Waits until the program hangs, everything that was served is told, and the session is kept.
async fn hangs<P: SandboxSpawner>(stage: &Stage<P>, id: SpecId) {
    stage.model.wait_for_hangs(1).await.unwrap();
    stage.told(id).await;
    kept(stage.folder.path(), SEEN).await;
}

fn the_program<P>(stage: &Stage<P>, program: Program) -> Pid {
    let programs = programs_of(stage.folder.path(), program);
    let [pid] = programs[..] else {
        panic!("not one program runs: {programs:?}");
    };
    pid
}

/// The program was ended once in EXPLORE, and then went on in its session.
async fn assert_resumed<P: SandboxSpawner>(stage: &Stage<P>, spec: &Spec, program: Program) {
    assert_completed(spec);
    assert_eq!(attempts(spec, Phase::Explore), [(program, 1, None)]);
    stage.model.settled().await.unwrap();
    let requests = stage.requests(Phase::Explore);
    assert_eq!(requests.len(), 2 + 3);
    for request in &requests {
        assert_eq!(request.conversation, requests[0].conversation);
    }
    let resumed = &requests[2];
    let told = resumed.user_texts.last().unwrap();
    assert!(told.contains("You were interrupted in EXPLORE"), "{told}");
    let results = &resumed.tool_results;
    assert!(results[0].text.contains(SEEN), "{results:?}");
    assert_eq!(stage.model.served()[1].outcome, Outcome::Abandoned);
    // When Claude Code is interrupted and says so, which it does not always, it estimates what was
    // written of the message that was cut: of "I begin." three tokens, where the model told one.
    let estimates: &[u64] = match program {
        Claude => &[0, 2],
        CodexCli => &[0],
    };
    stage.check_account_with(spec, estimates).await;
}

#[tokio::test]
async fn a_program_that_is_ended_by_a_signal_goes_on_in_its_session() {
    for program in Program::ALL {
        for signal in [Signal::SIGTERM, Signal::SIGKILL, Signal::SIGINT] {
            let stage = Stage::new(hanging_once()).await;
            let id = stage.launch(policy(program)).await;
            let spec = end_while(&stage, id, async {
                hangs(&stage, id).await;
                kill(the_program(&stage, program), signal).unwrap();
            });
            let spec = spec.await;
            assert_resumed(&stage, &spec, program).await;
        }
    }
}

/// How the runs of EXPLORE ended.
async fn ends<P: SandboxSpawner>(stage: &Stage<P>, id: SpecId) -> Vec<String> {
    let mut ends = Vec::new();
    for event in stage.events(id).await {
        if let EventBody::RunEnded { phase, end, .. } = event.body
            && phase == Phase::Explore
        {
            ends.push(end.to_string());
        }
    }
    ends
}

#[tokio::test]
async fn without_isolation_too_a_killed_program_goes_on_in_its_session() {
    for program in Program::ALL {
        let folder = TempDir::with_prefix("spec-tests-stage-").unwrap();
        let spawner = Stage::spawner_in(&folder).with_isolation(IsolationMode::Off);
        let stage = Stage::over(folder, spawner, hanging_once(), Setup::default()).await;
        let id = stage.launch(policy(program)).await;
        let spec = end_while(&stage, id, async {
            hangs(&stage, id).await;
            kill(the_program(&stage, program), Signal::SIGKILL).unwrap();
        });
        assert_resumed(&stage, &spec.await, program).await;
    }
}

/// The script that runs the program, and all that it started.
#[tokio::test]
async fn everything_of_an_agent_is_killed_at_once_and_it_goes_on_in_its_session() {
    for program in Program::ALL {
        let stage = Stage::new(hanging_once()).await;
        let id = stage.launch(policy(program)).await;
        let spec = end_while(&stage, id, async {
            hangs(&stage, id).await;
            let first = match program {
                // The script has become the program.
                Claude => the_program(&stage, program),
                CodexCli => parent(the_program(&stage, program)),
            };
            let mut tree = descendants(&stage, first);
            tree.insert(0, first);
            for pid in tree {
                // Some end with others.
                let _gone = kill(pid, Signal::SIGKILL);
            }
        });
        assert_resumed(&stage, &spec.await, program).await;
    }
}

fn parent(pid: Pid) -> Pid {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let parent = stat
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
    Pid::from_raw(parent.unwrap_or(0))
}

fn descendants<P>(stage: &Stage<P>, of: Pid) -> Vec<Pid> {
    let all = processes_of(stage.folder.path());
    let mut found = vec![of];
    loop {
        let more: Vec<_> = all
            .iter()
            .filter(|pid| !found.contains(pid) && found.contains(&parent(**pid)))
            .copied()
            .collect();
        if more.is_empty() {
            found.remove(0);
            return found;
        }
        found.extend(more);
    }
}

#[tokio::test]
async fn a_program_that_is_killed_before_its_session_is_kept_begins_anew() {
    for program in Program::ALL {
        let stage = Stage::new(hanging_once()).await;
        let id = stage.launch(policy(program)).await;
        let spec = end_while(&stage, id, async {
            hangs(&stage, id).await;
            let record = kept(stage.folder.path(), SEEN).await;
            kill(the_program(&stage, program), Signal::SIGSTOP).unwrap();
            // As if it had not come to that.
            std::fs::remove_file(record).unwrap();
            kill(the_program(&stage, program), Signal::SIGKILL).unwrap();
        });
        let spec = spec.await;
        assert_completed(&spec);
        assert_eq!(attempts(&spec, Phase::Explore), [(program, 1, None)]);
        let requests = stage.requests(Phase::Explore);
        assert_eq!(requests.len(), 2 + 3);
        assert_ne!(requests[2].conversation, requests[0].conversation);
        let told = requests[2].user_texts.iter();
        assert_eq!(told.filter(|text| text.contains("## The idea")).count(), 1);
        stage.check_account(&spec).await;
    }
}

#[tokio::test]
async fn a_model_that_never_answers_costs_an_attempt_and_what_was_served_is_counted() {
    for program in Program::ALL {
        let stage = Stage::new(hanging_once()).await;
        let spec = stage
            .run(Policy {
                attempt_timeout: Duration::from_secs(8),
                ..policy(program)
            })
            .await;
        assert_completed(&spec);
        let hung = (program, 0, Some(FailureKind::DeadlineExceeded));
        assert_eq!(attempts(&spec, Phase::Explore), [hung, (program, 0, None)]);
        assert!(spec.phases.get(Phase::Explore).attempts[0].usage.tokens() > 0);
        stage.check_account(&spec).await;
        assert_nothing_runs(&stage).await;
    }
}

/// Nothing runs below the folder of the stage any more, or it ends now.
async fn assert_nothing_runs<P: SandboxSpawner>(stage: &Stage<P>) {
    let begun = Instant::now();
    loop {
        let left = processes_of(stage.folder.path());
        if left.is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{left:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_run_whose_driver_has_ended_is_adopted_and_not_started_again() {
    for program in Program::ALL {
        let slow = Turn::new()
            .shell("touch \"$TMPDIR/begun\"; while [ ! -e \"$TMPDIR/go\" ]; do sleep 0.1; done");
        let stage = Stage::new(Script::good().first(Phase::Explore, [slow])).await;
        let id = stage.launch(policy(program)).await;
        tokio::select! {
            spec = stage.end(id) => panic!("it has ended: {}", spec.status),
            () = begun(&stage) => {}
        }
        the_program(&stage, program);
        // The rest comes when nobody listens.
        std::fs::write(temporary(&stage).unwrap().join("go"), "").unwrap();
        stage.model.wait_for_requests(3).await.unwrap();

        let machine = stage.another_machine(Stage::spawner_in(&stage.folder));
        let spec = end(&machine, id).await;
        assert_completed(&spec);
        assert_eq!(attempts(&spec, Phase::Explore), [(program, 0, None)]);
        assert_eq!(ends(&stage, id).await, ["exited with code 0"]);
        assert_eq!(stage.requests(Phase::Explore).len(), 1 + 3);
        stage.check_account(&spec).await;
    }
}

/// The folder for temporary files of the only sandbox.
fn temporary(stage: &Stage<LocalSpawner>) -> Option<PathBuf> {
    let sandboxes = std::fs::read_dir(stage.folder.path().join("sandboxes/sandboxes")).ok()?;
    let mut folders = sandboxes.map(|sandbox| sandbox.unwrap().path().join("root/tmp"));
    let only = folders.next();
    assert!(folders.next().is_none());
    only
}

/// Waits until the agent's first command runs.
async fn begun(stage: &Stage<LocalSpawner>) {
    let waiting = Instant::now();
    while !temporary(stage).is_some_and(|folder| folder.join("begun").exists()) {
        assert!(
            waiting.elapsed() < Duration::from_mins(1),
            "no command runs"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_spec_that_is_cancelled_in_mid_run_is_counted_and_leaves_no_program() {
    for program in Program::ALL {
        let stage = Stage::new(hanging_once()).await;
        let id = stage.launch(policy(program)).await;
        let spec = end_while(&stage, id, async {
            hangs(&stage, id).await;
            the_program(&stage, program);
            let user = UserId::new("ada").unwrap();
            stage.machine.cancel(id, user, None).await.unwrap();
        });
        let spec = spec.await;
        assert_eq!(spec.status, SpecStatus::Cancelled);
        assert_eq!(attempts(&spec, Phase::Explore), [(program, 0, None)]);
        assert_nothing_runs(&stage).await;
        assert!(spec.usage.tokens() > 0);
        stage.check_account(&spec).await;
        assert_eq!(stage.model.served().len(), 2);
    }
}
