//! Agents that go wrong in every way there is, as real processes: the spec fails with what happened,
//! what was accepted before is kept, and nothing is left.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use spec_core::agent::CommandAgent;
use spec_core::attempt::FailureKind;
use spec_core::event::EventBody;
use spec_core::id::{AgentName, ProjectId, UserId};
use spec_core::project::StaticProjects;
use spec_core::spec::{Description, Title};
use spec_core::testing::fixture;
use spec_core::{LaunchRequest, Phase, Policy, SpecStateMachine, SpecStatus};
use spec_examples::repositories::project;
use spec_local::LocalSpawner;
use spec_sqlx::SqliteStore;

use crate::log::Log;
use crate::world::{PATIENCE, World};

const TITLE: &str = "Search history";

/// Does well in EXPLORE and REQUIREMENTS; what follows is what it does in DESIGN.
const GOOD_UNTIL_DESIGN: &str = r#"#!/bin/sh
here=$(dirname "$0")
result=$SPEC_RUN_DIR/result.json
phase=$(sed -n 's/^  "phase": "\([a-z]*\)",$/\1/p' "$SPEC_RUN_DIR/context.json")
if [ "$phase" != design ]; then
    exec cp "$here/$phase.json" "$result"
fi
"#;

struct Scene {
    world: World,
    policy: Policy,
}

impl Scene {
    fn new() -> Self {
        let policy = Policy {
            max_attempts: 1,
            max_repairs: 0,
            ..Policy::default()
        };
        let world = World::new();
        fs::create_dir(world.folder().join("bin")).unwrap();
        Self { world, policy }
    }

    fn program(&self) -> PathBuf {
        self.world.folder().join("bin/agent")
    }

    /// Puts a file beside the program.
    fn place(&self, name: &str, content: &Value) {
        let path = self.program().with_file_name(name);
        fs::write(path, content.to_string()).unwrap();
    }

    /// An agent that does this in DESIGN.
    fn agent(&self, in_design: &str) {
        for phase in [Phase::Explore, Phase::Requirements] {
            self.place(&format!("{phase}.json"), &fixture::output_json(phase));
        }
        fs::write(self.program(), format!("{GOOD_UNTIL_DESIGN}{in_design}\n")).unwrap();
        fs::set_permissions(self.program(), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Drives a spec to its end, which is a failure of that kind in DESIGN.
    async fn fails_in_design(self, kind: FailureKind, says: &[&str]) -> Log {
        let log = self.fails(Phase::Design, kind, says).await;
        let kept: Vec<Phase> = log.artifacts.iter().map(|a| a.phase).collect();
        assert_eq!(kept, [Phase::Explore, Phase::Requirements]);
        for artifact in &log.artifacts {
            assert_eq!(artifact.content, fixture::output_json(artifact.phase));
        }
        log
    }

    async fn fails(self, phase: Phase, kind: FailureKind, says: &[&str]) -> Log {
        let Self { world, policy } = &self;
        fs::create_dir(world.data()).unwrap();
        let database = world.data().join("spec.db");
        let store = SqliteStore::open(&database).await.unwrap();
        let spawner = LocalSpawner::new(world.data().join("sandboxes"));
        let demo = project(ProjectId::new("demo").unwrap(), &world.repository()).unwrap();
        let program = self.program().display().to_string();
        let machine = SpecStateMachine::new(store, spawner, StaticProjects::new([demo]))
            .with_agent(CommandAgent::new(AgentName::new("shell").unwrap(), program));
        let request = LaunchRequest::new(
            UserId::new("ada").unwrap(),
            Title::new(TITLE).unwrap(),
            Description::new("Keep the last searches").unwrap(),
        )
        .with_policy(policy.clone());
        let id = machine.launch(request).await.unwrap().spec().id;
        let driving = async {
            while !machine.drive(id).await.unwrap().status.is_terminal() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, driving).await.unwrap();
        drop(machine);

        let log = Log::read(&world.data(), TITLE).await;
        log.assert_consistent();
        assert_eq!(log.spec.status, SpecStatus::Failed);
        let failure = log.spec.failure.clone().unwrap();
        assert_eq!((failure.phase, failure.kind), (phase, kind), "{failure}");
        let text = failure.to_string();
        for said in ["`shell`", &format!("phase {phase}, attempt 1")] {
            assert!(text.contains(said), "{said}: {text}");
        }
        for said in says {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert_eq!(log.count(phase, "sandbox.terminated"), 1);
        assert_eq!(log.count(phase, "spec.phase_retry"), 0);
        world.assert_nothing_is_left();
        world.assert_repository_is_untouched();
        log
    }
}

fn printed(log: &Log) -> String {
    let mut text = String::new();
    for event in &log.events {
        if let EventBody::Progress {
            phase: Phase::Design,
            items,
            ..
        } = &event.body
        {
            for item in items {
                text.extend([item.text.as_str(), "\n"]);
            }
        }
    }
    text
}

#[tokio::test]
async fn one_that_prints_rubbish_fails() {
    let scene = Scene::new();
    scene.agent(
        r#"printf '\377\376\000\033[31m{"type": \n{"type":"progress"}\n[]\n{}\n'; echo '{"a":1}'"#,
    );
    let log = scene
        .fails_in_design(FailureKind::NoResult, &["left no result.json"])
        .await;
    assert!(printed(&log).contains("{\"type\":"), "{}", printed(&log));
}

#[tokio::test]
async fn one_that_prints_half_a_line_fails_and_the_half_is_kept() {
    let scene = Scene::new();
    scene.agent("printf 'whole\nhalf a li'");
    let log = scene
        .fails_in_design(FailureKind::NoResult, &["left no result.json"])
        .await;
    assert_eq!(printed(&log), "whole\nhalf a li\n");
}

#[tokio::test]
async fn one_that_prints_nothing_and_leaves_nothing_fails() {
    let scene = Scene::new();
    scene.agent(":");
    let log = scene
        .fails_in_design(FailureKind::NoResult, &["left no result.json"])
        .await;
    assert_eq!(printed(&log), "");
}

/// Most memory that this process ever had, in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

async fn floods(in_design: &str) {
    let scene = Scene::new();
    scene.agent(in_design);
    let before = peak_memory();
    let log = scene
        .fails_in_design(FailureKind::TooMuchOutput, &["67108864"])
        .await;
    let grown = peak_memory() - before;
    println!("{grown} KiB more memory, {} events", log.events.len());
    assert!(grown < 48 * 1024, "{grown} KiB");
    assert!(log.events.len() < 200, "{} events", log.events.len());
}

#[tokio::test]
async fn one_that_prints_a_hundred_megabytes_of_lines_is_stopped() {
    let line = "x".repeat(1000);
    floods(&format!("yes {line} | head -c 100000000; sleep 600")).await;
}

#[tokio::test]
async fn one_that_prints_a_line_of_a_hundred_megabytes_is_stopped() {
    floods("head -c 100000000 /dev/zero | tr '\\0' x; sleep 600").await;
}

#[tokio::test]
async fn one_that_exits_with_an_error_fails_with_what_it_said() {
    let scene = Scene::new();
    scene.agent("echo 'no licence key' >&2; exit 3");
    let says = ["exited with code 3", "no licence key"];
    scene.fails_in_design(FailureKind::AgentFailed, &says).await;
}

#[tokio::test]
async fn one_that_hangs_is_ended_at_its_deadline() {
    let mut scene = Scene::new();
    scene.policy.attempt_timeout = Duration::from_secs(2);
    // Deaf to requests to end, and with a child that has left its session.
    scene.agent("trap '' TERM HUP INT; setsid sleep 600 & sleep 600");
    scene
        .fails_in_design(FailureKind::DeadlineExceeded, &["2 s"])
        .await;
}

#[tokio::test]
async fn one_whose_result_is_not_json_fails() {
    let scene = Scene::new();
    scene.agent(r#"echo 'Here is the design you asked for.' >"$result""#);
    scene
        .fails_in_design(FailureKind::InvalidOutput, &["json.syntax", "Here is"])
        .await;
}

#[tokio::test]
async fn one_whose_result_has_wrong_types_fails() {
    let scene = Scene::new();
    let mut design = fixture::output_json(Phase::Design);
    design["components"][0]["responsibility"] = json!(7);
    scene.place("broken.json", &design);
    scene.agent(r#"cp "$here/broken.json" "$result""#);
    let says = ["/components/0/responsibility"];
    scene
        .fails_in_design(FailureKind::InvalidOutput, &says)
        .await;
}

#[tokio::test]
async fn one_whose_result_refers_to_nothing_fails() {
    let scene = Scene::new();
    let mut design = fixture::output_json(Phase::Design);
    let requirements = design["components"][0]["requirements"].as_array_mut();
    requirements.unwrap().push(json!("REQ-NONE-FUNC-001"));
    scene.place("broken.json", &design);
    scene.agent(r#"cp "$here/broken.json" "$result""#);
    let says = ["REQ-NONE-FUNC-001"];
    scene
        .fails_in_design(FailureKind::InvalidOutput, &says)
        .await;
}

#[tokio::test]
async fn one_that_kills_itself_fails() {
    let scene = Scene::new();
    scene.agent("echo 'out of memory' >&2; kill -9 $$");
    let says = ["signal 9", "out of memory"];
    scene.fails_in_design(FailureKind::AgentFailed, &says).await;
}

#[tokio::test]
async fn one_that_is_not_there_fails_at_once() {
    let scene = Scene::new();
    let program = scene.program().display().to_string();
    let log = scene
        .fails(Phase::Explore, FailureKind::AgentNotFound, &[&program])
        .await;
    assert!(log.artifacts.is_empty());
}
