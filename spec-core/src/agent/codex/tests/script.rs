//! The script that runs Codex, with a stand-in for it that keeps a record as Codex does.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Command;

use super::*;
use crate::agent::fixture::{Stage, resume};

/// Writes the record of a session. Its first line is long and speaks of counts without telling any.
const RECORD: &str = r#"
    folder=$CODEX_HOME/sessions/2026/11/22
    mkdir -p "$folder"
    record=$folder/rollout-2026-11-22T00-00-00-0a1b.jsonl
    say() { printf '%s\n' "$1" >>"$record"; }
    say '{"type":"response_item","payload":{"text":"\"payload\":{\"type\":\"token_count\""}}'
    say '{"type":"turn_context","payload":{"model":"gpt-6.1-sol"}}'
    count() {
        say '{"type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":'"$1"',"cached_input_tokens":50,"output_tokens":41},"model_context_window":9}}}'
    }
"#;

fn run(stage: &Stage, script: &str, task: AgentTask) -> (Option<i32>, Vec<String>) {
    let agent = agent().with_program(stage.program(script));
    let output = stage.command(&agent, task).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines = printed.lines().filter(|line| !line.is_empty());
    (output.status.code(), lines.map(str::to_owned).collect())
}

fn version() -> String {
    // A folder with a space in its name is not told: it would have to be escaped.
    r#"{"type":"spec.version","version":"0.169.0","cwd":""}"#.to_owned()
}

fn usage(input: u64) -> String {
    format!(
        r#"{{"type":"spec.usage","model":"gpt-6.1-sol","input_tokens":{input},"cached_input_tokens":50,"output_tokens":41}}"#
    )
}

#[test]
fn prompt_arguments_output_and_exit_code_are_the_programs() {
    let stage = Stage::new();
    let script = format!(
        "{RECORD}\ncat >../prompt; echo \"$@\" >../arguments; printf '{{\"type\":\"x\"}}'; count 1100; exit 3"
    );
    let mut task = task();
    task.prompt = "it's\n$HOME `x` \"".to_owned();
    let (code, lines) = run(&stage, &script, task);
    assert_eq!(code, Some(3));
    // The program's last line had no end, and is not torn.
    assert_eq!(
        lines,
        [version(), r#"{"type":"x"}"#.to_owned(), usage(1100)]
    );
    assert_eq!(stage.read("prompt"), "it's\n$HOME `x` \"");
    assert!(stage.read("arguments").starts_with("exec --json"));
}

#[test]
fn a_program_that_is_ended_is_counted_and_its_signal_is_told() {
    // Codex takes an interruption for an error of its own, with code 1.
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let stage = Stage::new();
        let wait =
            "left=200; until [ -e ../go ] || [ $left = 0 ]; do sleep 0.05; left=$((left-1)); done";
        let program = format!("{RECORD}\ncount 1100; echo ready; {wait}; exit 1");
        let agent = agent().with_program(stage.program(&program));
        let mut child = stage.command(&agent, task()).spawn().unwrap();
        let mut printed = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while line != "ready\n" {
            line.clear();
            assert_ne!(printed.read_line(&mut line).unwrap(), 0, "it has not begun");
        }
        let id = child.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", signal, &id])
            .status()
            .unwrap();
        assert!(sent.success());
        if signal == "INT" {
            // A shell in the background cannot see the signal, as Codex does.
            stage.write("go", "");
        }
        let mut rest = String::new();
        printed.read_to_string(&mut rest).unwrap();
        assert!(rest.contains(&usage(1100)), "{signal}: {rest}");
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
    }
}

#[test]
fn an_interruption_that_only_the_program_has_seen_is_told_too() {
    let stage = Stage::new();
    let aborted =
        r#"{"type":"event_msg","payload":{"type":"turn_aborted","reason":"interrupted"}}"#;
    let script = format!("{RECORD}\nsay '{aborted}'; exit 1");
    assert_eq!(run(&stage, &script, task()).0, Some(130));
    let script = format!("{RECORD}\nsay '{aborted}'; count 1100; exit 1");
    assert_eq!(run(&stage, &script, task()).0, Some(1));
}

#[test]
fn of_a_session_that_goes_on_its_own_record_is_read_and_only_what_is_new_is_told() {
    let stage = Stage::new();
    let mut task = task();
    task.resume = Some(resume("0a1b"));
    let other = "home/.spec/codex/sessions/2026/11/22/rollout-z-other.jsonl";
    stage.write(other, &usage(9).replace("spec.usage", "token_count"));
    let script = format!("{RECORD}\ncount 1100; exit");
    assert_eq!(
        run(&stage, &script, task.clone()).1,
        [version(), usage(1100)]
    );
    let script = format!("{RECORD}\nexit");
    assert_eq!(run(&stage, &script, task.clone()).1, [version()]);
    let script = format!("{RECORD}\ncount 2400; exit");
    assert_eq!(run(&stage, &script, task).1, [version(), usage(2400)]);
}

#[test]
fn a_session_that_was_not_kept_begins_anew() {
    let stage = Stage::new();
    let mut task = task();
    task.resume = Some(resume("0a1b"));
    let script = format!("cat >../prompt; echo \"$1 $2 $3\"; {RECORD}");
    let (_, lines) = run(&stage, &script, task.clone());
    assert_eq!(lines[1..], ["exec --json --skip-git-repo-check"]);
    assert_eq!(stage.read("prompt"), "Explore.");
    let (_, lines) = run(&stage, &script, task);
    assert_eq!(lines[1..], ["exec resume 0a1b"]);
    assert_eq!(stage.read("prompt"), "Go on.");
}

#[test]
fn a_total_that_codex_has_replaced_is_not_told() {
    let stage = Stage::new();
    let script = format!("{RECORD}\ncount 1100; count 0; exit");
    assert_eq!(run(&stage, &script, task()).1, [version(), usage(1100)]);
}

#[test]
fn a_record_that_is_missing_or_looks_different_harms_nothing() {
    for record in [
        "",
        "mkdir -p \"$CODEX_HOME/sessions/a/b/c\"; echo text >\"$CODEX_HOME/sessions/a/b/c/rollout-1.jsonl\"",
        "mkdir -p \"$CODEX_HOME/sessions\"; echo '{\"payload\":{\"type\":\"token_count\",\"info\":null}}' \
         >\"$CODEX_HOME/sessions/rollout-1.jsonl\"",
    ] {
        let stage = Stage::new();
        let (code, lines) = run(&stage, &format!("{record}\necho done; exit 7"), task());
        assert_eq!(
            (code, lines),
            (Some(7), vec![version(), "done".to_owned()]),
            "{record}"
        );
    }
}

/// A shell that is told to end while it begins may not hear of it, as one that is deaf to it.
#[test]
fn whoever_reads_the_record_does_not_outlive_the_program() {
    let stage = Stage::new();
    let agent = agent().with_program(stage.program("echo done; exit 7"));
    let deaf = stage.command(&agent, task());
    let output = Command::new("timeout")
        .args([
            "-s",
            "KILL",
            "20",
            "sh",
            "-c",
            "trap '' TERM; exec \"$@\"",
            "sh",
        ])
        .arg(deaf.get_program())
        .args(deaf.get_args())
        .current_dir(deaf.get_current_dir().unwrap())
        .env_clear()
        .envs(
            deaf.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7));
}
