//! Programs of one's own as agents, what they consume, and budgets, as real processes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::{Value, json};
use spec_core::Phase;
use spec_core::attempt::FailureKind;
use spec_core::testing::fixture;

use crate::http::{get, post, put};
use crate::log::Log;
use crate::program::{Finished, Program};
use crate::server::{LAUNCH, Server};
use crate::world::World;

const IDEA: &str = "Add a search history to the program";

/// Does well in every phase, and tells of 1,500 tokens for a tenth of a cent.
const AGENT: &str = r#"#!/bin/sh
here=$(dirname "$0")
phase=$(sed -n 's/^  "phase": "\([a-z]*\)",$/\1/p' "$SPEC_RUN_DIR/context.json")
echo '{"type":"started","version":"0.9.1","model":"small-1"}'
echo '{"type":"usage","input_tokens":1000,"output_tokens":500,"cost_micro_usd":1000}'
exec cp "$here/$phase.json" "$SPEC_RUN_DIR/result.json"
"#;

struct Scene {
    world: World,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            world: World::new(),
        };
        fs::create_dir(scene.world.folder().join("bin")).unwrap();
        fs::write(scene.program(), AGENT).unwrap();
        fs::set_permissions(scene.program(), fs::Permissions::from_mode(0o755)).unwrap();
        for phase in Phase::ALL {
            if phase != Phase::Sync {
                let path = scene.program().with_file_name(format!("{phase}.json"));
                fs::write(path, fixture::output_json(phase).to_string()).unwrap();
            }
        }
        scene
    }

    fn program(&self) -> PathBuf {
        self.world.folder().join("bin/my-agent")
    }

    fn agent(&self) -> String {
        format!("command:{}", self.program().display())
    }

    /// `launch` with the agent and these arguments.
    async fn launch(&self, arguments: &[&str]) -> Finished {
        let mut command = self.world.launch(&["--agent", &self.agent()]);
        command.args(arguments);
        Program::start(command).finish().await
    }

    /// `launch --resume` with these arguments.
    async fn resume(&self, arguments: &[&str]) -> Finished {
        let mut command = self.world.command(env!("CARGO_BIN_EXE_launch"));
        command
            .arg("--resume")
            .args(["--data".into(), self.world.data()])
            .args(["--out".into(), self.world.out()])
            .args(arguments);
        Program::start(command).finish().await
    }

    async fn log(&self) -> Log {
        Log::read(&self.world.data(), IDEA).await
    }
}

/// The row of a phase in the table at the end.
fn row<'a>(ended: &'a Finished, phase: &str) -> &'a str {
    let mut rows = ended.stdout.lines().filter(|line| line.starts_with('│'));
    rows.find(|row| row.contains(phase))
        .unwrap_or_else(|| panic!("no {phase}: {}", ended.stdout))
}

fn assert_says(text: &str, says: &[&str]) {
    for said in says {
        assert!(text.contains(said), "{said:?}: {text}");
    }
}

#[tokio::test]
async fn a_program_takes_an_idea_through_all_phases_and_is_accounted_for() {
    let scene = Scene::new();
    let ended = scene.launch(&[IDEA]).await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_says(&ended.stderr, &["agent: command:my-agent (runs /"]);
    let told = "consumed 1,500 tokens, $0.001 (list price); version 0.9.1; model small-1";
    assert_eq!(ended.stderr.matches(told).count(), 4, "{}", ended.stderr);
    for phase in ["explore", "requirements", "design", "tasks"] {
        assert_says(
            row(&ended, phase),
            &["completed", "command:my-agent", "1,500", "$0.001"],
        );
    }
    assert_says(row(&ended, "sync"), &["machine", "$0.00"]);
    assert_says(
        &ended.stdout,
        &[
            "Agent `command:my-agent`: runs /",
            "; version 0.9.1; model small-1; 6,000 tokens, $0.004 (list price).",
            "Consumed in all: 6,000 tokens, $0.004 (list price).",
        ],
    );
    scene.log().await.assert_done_once();
    scene.world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_relative_path_counts_from_where_the_person_is() {
    let scene = Scene::new();
    let command = scene
        .world
        .launch(&[IDEA, "--agent", "command:bin/my-agent"]);
    let ended = Program::start(command).finish().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
}

#[tokio::test]
async fn the_fallback_agent_takes_over_and_both_are_told() {
    let scene = Scene::new();
    let ours = scene.agent();
    let arguments = [
        IDEA,
        "--agent",
        "command:no-such-agent",
        "--fallback-agent",
        &ours,
    ];
    let ended = Program::start(scene.world.launch(&arguments))
        .finish()
        .await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_says(
        &ended.stderr,
        &[
            "fallback agent: command:my-agent (runs /",
            "trying again (attempt 2, agent `command:my-agent`)",
        ],
    );
    let both = "command:no-such-agent → command:my-agent";
    assert_says(row(&ended, "explore"), &[both, " 2 "]);
    assert_says(
        &ended.stdout,
        &[
            "Tried again after phase explore, attempt 1: ",
            "Agent `command:no-such-agent`: ",
        ],
    );
    scene.world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_budget_stops_a_spec_and_a_larger_one_finishes_it() {
    let scene = Scene::new();
    let ended = scene.launch(&[IDEA, "--budget-usd", "0.002"]).await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert_says(&ended.stderr, &["budget of a spec: $0.002"]);
    let says = [
        "the budget of the spec is used up",
        "$0.002 of $0.002 are used",
        "Consumed in all: 3,000 tokens, $0.002 (list price), of $0.002.",
        "launch --resume --budget-usd",
    ];
    assert_says(&ended.stdout, &says);
    let failure = scene.log().await.spec.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::BudgetExceeded);
    assert_eq!(failure.phase, Phase::Design);
    scene.world.assert_nothing_is_left();

    let agent = scene.agent();
    // Nothing is taken up by the way.
    let ended = scene.resume(&["--agent", &agent]).await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_says(
        &ended.stderr,
        &["note: 1 failed for the budget", "nothing to resume"],
    );
    // Nor with an agent that it was not launched with,
    let ended = scene.resume(&["--budget-usd", "1"]).await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert_says(
        &ended.stderr,
        &["cannot go on", "agent `command:my-agent`", "--agent"],
    );
    // nor with a budget that is used up as well.
    let ended = scene
        .resume(&["--agent", &agent, "--budget-usd", "0.0015"])
        .await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert_says(
        &ended.stderr,
        &["cannot go on", "$0.002 of $0.0015 are used"],
    );
    assert_eq!(
        scene.log().await.spec.policy.budget.cost_micro_usd,
        Some(2000)
    );

    let ended = scene
        .resume(&["--agent", &agent, "--budget-usd", "1"])
        .await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert_says(
        &ended.stderr,
        &[
            "the budget is now $1.00",
            "going on",
            "tasks        completed",
        ],
    );
    assert_says(
        &ended.stdout,
        &["Consumed in all: 6,000 tokens, $0.004 (list price), of $1.00."],
    );
    let log = scene.log().await;
    log.assert_consistent();
    // What was done before is not done again.
    assert_eq!(log.count(Phase::Explore, "spec.run_started"), 1);
    assert_eq!(log.count(Phase::Design, "spec.run_started"), 1);
    scene.world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_budget_of_tokens_stops_a_run_that_goes_on() {
    let scene = Scene::new();
    let greedy = AGENT.replace("exec cp", "sleep 600; exec cp");
    fs::write(scene.program(), greedy).unwrap();
    let ended = scene.launch(&[IDEA, "--budget-tokens", "1499"]).await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert_says(&ended.stdout, &["1500 tokens of 1499 are used"]);
    let log = scene.log().await;
    assert_eq!(log.spec.failure.unwrap().kind, FailureKind::BudgetExceeded);
    scene.world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_server_gives_its_budget_to_launches_and_a_person_gives_more() {
    let scene = Scene::new();
    let mut command = Server::command(&scene.world, 0);
    command.args(["--agent", &scene.agent(), "--budget-usd", "0.002"]);
    let server = Server::begin(command).await;
    let address = server.address;
    let spec = server.launch("Search history").await;
    let failed = server.becomes(&spec, "failed").await;
    assert_eq!(failed["failure"]["kind"], "budget_exceeded", "{failed}");
    let budget = json!({ "tokens": null, "cost_micro_usd": 2000 });
    assert_eq!(failed["policy"]["budget"], budget);
    let attempt = &failed["phases"][0]["attempts"][0];
    assert_eq!(attempt["agent_version"], "0.9.1");
    assert_eq!(attempt["model"], "small-1");

    let path = format!("{spec}/budget");
    let more = |micro: u64| json!({ "budget": { "cost_micro_usd": micro } });
    let refused = put(address, &path, &more(1999)).await;
    assert_eq!(refused.status, 402);
    let taken = put(address, &path, &more(5000)).await;
    assert_eq!(taken.status, 200);
    server.becomes(&spec, "completed").await;
    let usage = get(address, &format!("{spec}/usage")).await;
    assert_eq!(usage["total"]["cost_micro_usd"], 4000, "{usage}");
    assert_eq!(usage["agents"][0]["agent"], "command:my-agent");

    // One that names its own keeps the rest.
    let body = json!({
        "title": "t", "description": "d", "auto_execute": false,
        "policy": { "budget": { "cost_micro_usd": 7 } },
    });
    let answer = post(address, LAUNCH, &body).await;
    let path = answer.header("location").to_owned();
    assert_eq!(answer.status, 201);
    let policy: Value = get(address, &path).await["policy"].clone();
    assert_eq!(policy["budget"]["cost_micro_usd"], 7);
    server.stop().await;
    scene.world.assert_nothing_is_left();
}
