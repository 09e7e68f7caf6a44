//! How agents are chosen: arguments, keys of the environment, and what is said of them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use nix::sys::signal::Signal;
use spec_core::attempt::FailureKind;
use tokio::process::Command;

use crate::log::Log;
use crate::program::{Finished, Program};
use crate::server::Server;
use crate::world::{World, entries};

const IDEA: &str = "Add a search history to the program";
const KEY: &str = "sk-recognisable-key";
const LAUNCH: &str = env!("CARGO_BIN_EXE_launch");
const SERVE: &str = env!("CARGO_BIN_EXE_serve");

/// One of the programs, with these arguments.
fn with(world: &World, program: &str, arguments: &[&str]) -> Command {
    let mut command = world.command(program);
    if program == LAUNCH {
        command
            .arg(IDEA)
            .args(["--repo".into(), world.repository()]);
    } else {
        let project = format!("demo={}", world.repository().display());
        command.args(["--listen", "127.0.0.1:0", "--project", &project]);
    }
    command
        .args(["--data".into(), world.data()])
        .args(["--out".into(), world.out()])
        .args(arguments)
        .env("RUST_LOG", "trace");
    command
}

/// Runs it, and sees it refuse before it has made anything.
async fn refused(world: &World, command: Command, says: &[&str]) -> Finished {
    let before = entries(world.folder());
    let ended = Program::start(command).finish().await;
    assert!(matches!(ended.code(), Some(1 | 2)), "{ended:?}");
    let all = format!("{}{}", ended.stdout, ended.stderr);
    for said in says {
        assert!(all.contains(said), "{said:?}: {all}");
    }
    assert!(!all.contains(KEY) && !all.contains("panicked"), "{all}");
    assert_eq!(entries(world.folder()), before, "nothing was made");
    ended
}

#[tokio::test]
async fn a_key_that_is_missing_is_named() {
    let world = World::new();
    for program in [LAUNCH, SERVE] {
        for (agent, variables) in [
            ("claude-code", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"]),
            ("codex", ["OPENAI_API_KEY", "CODEX_API_KEY"]),
        ] {
            for argument in ["--agent", "--fallback-agent"] {
                let mut command = with(&world, program, &[argument, agent]);
                // That of the other vendor is of no use, and an empty one is none.
                let other = match agent {
                    "codex" => "ANTHROPIC_API_KEY",
                    _ => "OPENAI_API_KEY",
                };
                command.env(other, KEY).env(variables[0], "");
                refused(&world, command, &variables).await;
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_without_repeating_a_key() {
    let world = World::new();
    let in_url = format!("https://me:{KEY}@models.example.org");
    let in_query = format!("https://models.example.org?key={KEY}");
    let in_clear = format!("http://models.example.org/{KEY}");
    let endpoint = "--model-endpoint";
    for program in [LAUNCH, SERVE] {
        for (arguments, says) in [
            (["--agent", "gpt"], "claude-code, codex and command:PATH"),
            (["--agent", "command:"], "must name a program"),
            (["--fallback-agent", "offline"], "another agent"),
            (["--model", "gpt-6-sol"], "`offline` is told no model"),
            (["--budget-usd", "0"], "above 0"),
            (["--budget-usd", "-1"], "must not be negative"),
            (["--budget-usd", "1.2345678"], "at most 6 digits"),
            (["--budget-usd", "much"], "such as 2 or 0.50"),
            (["--budget-tokens", "0"], "--budget-tokens"),
            ([endpoint, in_url.as_str()], "must not hold credentials"),
            ([endpoint, in_query.as_str()], "must not hold a query"),
            ([endpoint, in_clear.as_str()], "clear text"),
            ([endpoint, "http://127.0.0.1:9"], "neither is chosen"),
        ] {
            refused(&world, with(&world, program, &arguments), &[says]).await;
        }
        for key in [format!("{KEY} "), format!("{KEY}\u{fc}")] {
            let mut command = with(&world, program, &["--agent", "codex"]);
            command.env("OPENAI_API_KEY", key);
            let says = ["OPENAI_API_KEY must be printable ASCII"];
            refused(&world, command, &says).await;
        }
    }
}

#[tokio::test]
async fn help_tells_agents_and_variables_and_no_key() {
    let world = World::new();
    for program in [LAUNCH, SERVE] {
        let mut command = with(&world, program, &["--help"]);
        command.env("OPENAI_API_KEY", KEY);
        let ended = Program::start(command).finish().await;
        assert_eq!(ended.code(), Some(0), "{ended:?}");
        for said in [
            "--fallback-agent",
            "claude-code",
            "command:PATH",
            "CODEX_API_KEY",
        ] {
            assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
        }
        assert!(!ended.stdout.contains(KEY));
    }
}

/// What a server says until it listens.
async fn said_by_server(command: Command) -> (String, Finished) {
    let mut program = Program::start(command);
    let mut said = String::new();
    while let Some(line) = program.stdout_line().await {
        said.extend([line.as_str(), "\n"]);
        if line.starts_with("listening on") {
            break;
        }
    }
    program.signal(Signal::SIGTERM);
    (said, program.finish().await)
}

#[tokio::test]
async fn the_agent_is_named_before_anything_begins() {
    let world = World::new();
    let (said, _) = said_by_server(Server::command(&world, 0)).await;
    assert!(
        said.contains("agent: offline (rule-based, no language model"),
        "{said}"
    );
    let ended = Program::start(world.launch(&[IDEA])).finish().await;
    let first = ended.stderr.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("agent: offline (rule-based"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn agents_budget_and_the_place_of_the_model_are_told_and_keys_are_not() {
    let world = World::new();
    let arguments = [
        "--agent",
        "claude-code",
        "--fallback-agent",
        "codex",
        "--model",
        "claude-opus-5-5",
        "--model-endpoint",
        "http://127.0.0.1:9/v1",
        "--budget-usd",
        "0.50",
        "--budget-tokens",
        "100000",
    ];
    let mut command = with(&world, SERVE, &arguments);
    command.env("ANTHROPIC_API_KEY", KEY);
    let (said, ended) = said_by_server(command).await;
    for told in [
        "agent: claude-code (model claude-opus-5-5, at http://127.0.0.1:9)",
        "fallback agent: codex (the model that its program prefers, at http://127.0.0.1:9)",
        "budget of a spec: $0.50 and 100,000 tokens",
        "note: no key for `codex` is set; http://127.0.0.1:9 is on this machine and gets a placeholder",
    ] {
        assert!(said.lines().any(|line| line == told), "{told}: {said}");
    }
    assert!(!said.contains("no key for `claude-code`"), "{said}");
    let all = format!("{said}{}{}", ended.stdout, ended.stderr);
    assert!(!all.contains(KEY), "{all}");
}

/// Stands in for `claude`: says what it was given, and that its key is refused.
const CLAUDE: &str = r#"#!/bin/sh
[ "$1" = --version ] && echo '2.1.330 (Claude Code)' && exit
key=$ANTHROPIC_API_KEY$ANTHROPIC_AUTH_TOKEN
[ -n "$key" ] || exit 9
case "$*" in *"$key"*) seen=yes ;; *) seen=no ;; esac
case "$*" in *"--model claude-opus-5-5"*) model=asked ;; *) model=any ;; esac
kind=${ANTHROPIC_API_KEY:+key}${ANTHROPIC_AUTH_TOKEN:+token}
text="a $kind of ${#key} letters, in the arguments: $seen; model $model; at ${ANTHROPIC_BASE_URL:-the usual place}"
printf '{"type":"assistant","message":{"id":"m","role":"assistant","content":[{"type":"text","text":"%s"}]}}\n' "$text"
echo '{"type":"system","subtype":"api_retry","attempt":1,"error_status":401,"error":"authentication_failed"}'
exit 1
"#;

/// Stands in for `codex`, likewise.
const CODEX: &str = r#"#!/bin/sh
[ "$1" = --version ] && echo 'codex-cli 0.169.0' && exit
key=$OPENAI_API_KEY
[ -n "$key" ] || exit 9
case "$*" in *"$key"*) seen=yes ;; *) seen=no ;; esac
case "$*" in *gpt-6-sol*) model=asked ;; *) model=any ;; esac
case "$*" in
    *'base_url="http://127.0.0.1:9/v1"'*) at=http://127.0.0.1:9 ;;
    *) at='the usual place' ;;
esac
text="a key of ${#key} letters, in the arguments: $seen; model $model; at $at"
printf '{"type":"item.completed","item":{"id":"1","type":"agent_message","text":"%s"}}\n' "$text"
echo '{"type":"turn.failed","error":{"message":"unexpected status 401 Unauthorized: no"}}'
exit 1
"#;

fn install(world: &World, text: &str) -> String {
    let program = world.folder().join("bin/program");
    fs::create_dir(program.parent().unwrap()).unwrap();
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program.display().to_string()
}

fn assert_nowhere_below(folder: &Path) {
    for path in entries(folder) {
        if path.is_dir() {
            assert_nowhere_below(&path);
        } else {
            let bytes = fs::read(&path).unwrap();
            let found = bytes.windows(KEY.len()).any(|w| w == KEY.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
}

/// Launches with a stand-in, and sees the key reach it and nothing else.
async fn reaches(program: &str, arguments: &[&str], variable: &str, says: &[&str]) {
    let world = World::new();
    let program = install(&world, program);
    let mut command = with(&world, LAUNCH, &["--agent-program", &program]);
    command.args(arguments).env(variable, KEY);
    let ended = Program::start(command).finish().await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    let letters = format!("of {} letters, in the arguments: no", KEY.len());
    for said in says.iter().chain([&letters.as_str()]) {
        assert!(ended.stderr.contains(said), "{said:?}: {}", ended.stderr);
    }
    assert!(
        !ended.stderr.contains(KEY) && !ended.stdout.contains(KEY),
        "{ended:?}"
    );
    let failure = Log::read(&world.data(), IDEA).await.spec.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::AgentUnauthorized, "{failure}");
    assert_eq!(failure.attempt.get(), 1, "not tried again: {failure}");
    assert_nowhere_below(&world.data());
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn the_key_reaches_claude_code_by_its_environment_and_is_nowhere_else() {
    let arguments = ["--agent", "claude-code", "--model", "claude-opus-5-5"];
    let says = ["a key of", "model asked", "at the usual place"];
    reaches(CLAUDE, &arguments, "ANTHROPIC_API_KEY", &says).await;
    let arguments = [
        "--agent",
        "claude-code",
        "--model-endpoint",
        "http://127.0.0.1:9",
    ];
    let says = ["a token of", "model any", "at http://127.0.0.1:9"];
    reaches(CLAUDE, &arguments, "ANTHROPIC_AUTH_TOKEN", &says).await;
}

#[tokio::test]
async fn the_key_reaches_codex_by_its_environment_and_is_nowhere_else() {
    let arguments = ["--agent", "codex", "--model", "gpt-6-sol"];
    let says = ["a key of", "model asked", "at the usual place"];
    reaches(CODEX, &arguments, "OPENAI_API_KEY", &says).await;
    let arguments = ["--agent", "codex", "--model-endpoint", "http://127.0.0.1:9"];
    let says = ["a key of", "model any", "at http://127.0.0.1:9"];
    reaches(CODEX, &arguments, "CODEX_API_KEY", &says).await;
}
