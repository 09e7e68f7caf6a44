//! What the programs say about Daytona before there is any: arguments, variables, and never the key.

use spec_core::attempt::FailureKind;
use tokio::process::Command;

use crate::log::Log;
use crate::program::{Finished, Program};
use crate::world::{World, entries};

const IDEA: &str = "Add a search history to the program";
const KEY: &str = "dtn_recognisable_key";
const LAUNCH: &str = env!("CARGO_BIN_EXE_launch");
const SERVE: &str = env!("CARGO_BIN_EXE_serve");
const LIVE: &str = env!("CARGO_BIN_EXE_daytona-live");
/// Nobody has this name (RFC 2606).
const ELSEWHERE: &str = "https://daytona.invalid/api";

/// One of the programs, asked to work at Daytona.
fn at_daytona(world: &World, program: &str) -> Command {
    let mut command = world.command(program);
    match program {
        LIVE => command.arg("--yes-this-costs-money"),
        LAUNCH => command.args([IDEA, "--spawner", "daytona"]),
        _ => command.args(["--spawner", "daytona", "--listen", "127.0.0.1:0"]),
    };
    if program != LIVE {
        command
            .args(["--data".into(), world.data()])
            .args(["--out".into(), world.out()]);
    }
    command.env("RUST_LOG", "trace");
    command
}

/// Runs it, and sees it refuse before it has made anything.
async fn refused(world: &World, command: Command, code: i32, says: &[&str]) -> Finished {
    let before = entries(world.folder());
    let ended = Program::start(command).finish().await;
    assert_eq!(ended.code(), Some(code), "{ended:?}");
    let all = format!("{}{}", ended.stdout, ended.stderr);
    for said in says {
        assert!(all.contains(said), "{said:?}: {all}");
    }
    assert!(!all.contains(KEY) && !all.contains("panicked"), "{all}");
    assert_eq!(entries(world.folder()), before, "nothing was made");
    ended
}

#[tokio::test]
async fn a_variable_that_is_missing_is_named() {
    let world = World::new();
    for program in [LAUNCH, SERVE, LIVE] {
        let says = ["DAYTONA_API_URL is not set"];
        refused(&world, at_daytona(&world, program), 1, &says).await;
        for key in [None, Some("")] {
            let mut command = at_daytona(&world, program);
            command.env("DAYTONA_API_URL", ELSEWHERE);
            command.envs(key.map(|key| ("DAYTONA_API_KEY", key)));
            refused(&world, command, 1, &["DAYTONA_API_KEY is not set"]).await;
        }
    }
}

#[tokio::test]
async fn a_key_is_not_repeated_whatever_is_wrong() {
    let world = World::new();
    let bad_key = format!("{KEY} ü");
    for program in [LAUNCH, SERVE, LIVE] {
        for (url, key, says) in [
            ("http://daytona.invalid/api", KEY, "clear text"),
            (
                "https://me:dtn_recognisable_key@daytona.invalid",
                KEY,
                "credentials",
            ),
            ("https://daytona.invalid?dtn_recognisable_key", KEY, "query"),
            (ELSEWHERE, bad_key.as_str(), "printable ASCII"),
        ] {
            let mut command = at_daytona(&world, program);
            command
                .env("DAYTONA_API_URL", url)
                .env("DAYTONA_API_KEY", key);
            refused(&world, command, 1, &[says]).await;
        }
        let mut command = at_daytona(&world, program);
        command
            .arg("--help")
            .env("DAYTONA_API_URL", ELSEWHERE)
            .env("DAYTONA_API_KEY", KEY);
        refused(&world, command, 0, &["DAYTONA_API_KEY"]).await;
    }
}

#[tokio::test]
async fn a_folder_of_this_machine_is_out_of_reach_of_daytona() {
    let world = World::new();
    let repository = world.repository().display().to_string();
    for (program, argument) in [
        (LAUNCH, ["--repo".to_owned(), repository.clone()]),
        (
            SERVE,
            ["--project".to_owned(), format!("demo={repository}")],
        ),
    ] {
        let mut command = at_daytona(&world, program);
        command
            .args(argument)
            .env("DAYTONA_API_URL", ELSEWHERE)
            .env("DAYTONA_API_KEY", KEY);
        let says = ["cannot reach", &repository, "--repository URL"];
        refused(&world, command, 1, &says).await;
    }
}

#[tokio::test]
async fn what_is_for_daytona_is_refused_elsewhere() {
    let world = World::new();
    for (argument, value) in [("--daytona-snapshot", "spec"), ("--environment", "prod")] {
        let command = world.launch(&[IDEA, argument, value]);
        refused(&world, command, 1, &[argument, "--spawner daytona"]).await;
    }
    let command = world.launch(&[IDEA, "--spawner", "nowhere"]);
    refused(&world, command, 2, &["--spawner", "local", "daytona"]).await;
}

#[tokio::test]
async fn money_is_spent_only_by_those_who_say_so() {
    let world = World::new();
    let mut command = world.command(LIVE);
    command
        .env("DAYTONA_API_URL", ELSEWHERE)
        .env("DAYTONA_API_KEY", KEY);
    refused(&world, command, 2, &["--yes-this-costs-money"]).await;
}

#[tokio::test]
async fn the_agent_may_be_another_program() {
    let world = World::new();
    let agent = env!("CARGO_BIN_EXE_spec-offline-agent");
    let command = world.launch(&[IDEA, "--agent-program", agent]);
    let ended = Program::start(command).finish().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    Log::read(&world.data(), IDEA).await.assert_done_once();

    let (world, nothing) = (World::new(), "no-such-agent");
    let command = world.launch(&[IDEA, "--agent-program", nothing]);
    let ended = Program::start(command).finish().await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    let failure = Log::read(&world.data(), IDEA).await.spec.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::AgentNotFound, "{failure}");
    assert!(ended.stdout.contains(nothing), "{}", ended.stdout);
    world.assert_nothing_is_left();
}
