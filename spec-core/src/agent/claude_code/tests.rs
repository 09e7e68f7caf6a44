//! Claude Code: its plan, and what its transcripts come to.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::agent::corpus::{self, Expected, check_all, replay, replay_after, transcript};
use crate::agent::fixture::{Stage, has_resume, resume, task};
use crate::agent::{AgentEnd, AgentEvent, ResultKind, RunOutcome};
use crate::attempt::FailureKind;
use crate::sandbox::{MAX_LINE_BYTES, RunEnd};

const NAME: &str = "claude_code";

fn agent() -> ClaudeCode {
    ClaudeCode::new("claude".parse().unwrap(), Secret::new("hunter2"))
}

fn expect(
    scenario: &'static str,
    code: i32,
    failure: Option<FailureKind>,
    tokens: [u64; 4],
    cost_micro_usd: u64,
) -> Expected {
    let end = match code {
        -9 => RunEnd::Signaled { signal: 9 },
        code => RunEnd::Exited { code },
    };
    Expected {
        scenario,
        end,
        failure,
        tokens,
        cost_micro_usd,
    }
}

#[test]
fn every_transcript_comes_to_what_the_service_has_served() {
    use FailureKind as K;
    let nothing = [0; 4];
    // Requests 1 and 2; request 3 of a session; request 1 and the beginning of request 2.
    let two = [2300, 100, 200, 83];
    let third = [1300, 50, 100, 43];
    let begun = [2300, 100, 200, 42];
    let all = [
        expect("good", 0, None, two, 11_880),
        // It hands nothing over, and says "success".
        expect("text", 0, None, two, 11_880),
        expect("invalid_once", 0, None, two, 11_880),
        expect("bad_tool", 0, None, two, 11_880),
        expect(
            "invalid",
            1,
            Some(K::InvalidOutput),
            [6500, 250, 500, 215],
            32_850,
        ),
        expect("max_turns", 1, Some(K::AgentLimit), two, 11_880),
        expect(
            "over_budget",
            1,
            Some(K::BudgetExceeded),
            [1100, 50, 100, 41],
            5730,
        ),
        expect("400", 1, Some(K::AgentFailed), nothing, 0),
        expect("401", 1, Some(K::AgentUnauthorized), nothing, 0),
        expect("403", 1, Some(K::AgentUnauthorized), nothing, 0),
        expect("429", 1, Some(K::ModelUnavailable), nothing, 0),
        expect("500", 1, Some(K::ModelUnavailable), nothing, 0),
        expect("529", 1, Some(K::ModelUnavailable), nothing, 0),
        // Requests 2 and 3.
        expect("429_then_good", 0, None, [2500, 100, 200, 85], 12_720),
        // Requests 1 and 3, and the beginning of request 2.
        expect("cut", 0, None, [3600, 150, 300, 87], 17_670),
        expect("cut_always", 1, Some(K::ModelUnavailable), begun, 11_060),
        expect("killed_term", 143, Some(K::Interrupted), begun, 0),
        expect("killed_kill", -9, Some(K::Interrupted), begun, 0),
        // An exit code of 0 without a last word.
        expect("killed_int", 0, Some(K::Interrupted), begun, 0),
        expect("resumed_good", 0, None, third, 6570),
        expect("resumed_term", 0, None, third, 6570),
        expect("resumed_kill", 0, None, third, 6570),
        expect("resumed_int", 0, None, third, 6570),
    ];
    check_all(&agent(), NAME, &all);
}

#[test]
fn what_was_counted_for_the_session_before_is_not_taken_from_a_run() {
    let before = replay(&agent(), &transcript(NAME, "good"));
    assert!(before.record.usage().input_tokens > 1300);
    let lines = transcript(NAME, "resumed_good");
    let usage = replay_after(&agent(), &before, &lines).record.usage();
    assert_eq!((usage.input_tokens, usage.cost_micro_usd), (1300, 6570));
}

#[test]
fn a_good_run_is_told_in_words_and_each_once() {
    let replayed = replay(&agent(), &transcript(NAME, "good"));
    assert_eq!(
        replayed.shown(),
        [
            "I should look at the files.",
            "Looking at the repository.",
            "Running ls",
            "Reading a.txt",
            "Here it is.",
            "Handing over the result",
        ]
    );
    assert_eq!(
        replayed.results(),
        [(ResultKind::Structured, r#"{"summary":"ok"}"#)]
    );
    let started = AgentEvent::Started {
        session: Some("542a4e80-1ec4-4165-92b8-9812b313e8f2".parse().unwrap()),
        version: Some("2.1.330".to_owned()),
        model: Some("claude-opus-5-5".to_owned()),
    };
    assert_eq!(replayed.events.first(), Some(&started));
}

#[test]
fn failures_of_tools_refusals_and_retries_are_told() {
    let shown = |scenario| replay(&agent(), &transcript(NAME, scenario)).shown();
    let told = shown("bad_tool");
    for part in [
        "Reading nothing.txt",
        "Searching for x",
        "It failed: Error: No such tool available: WebSearch. WebSearch is not among",
        "It failed: Exit code 2\nls: cannot access 'nothing-here'",
    ] {
        assert!(
            told.iter().any(|text| text.contains(part)),
            "{part}: {told:?}"
        );
    }
    assert!(!told.concat().contains("tool_use_error"), "{told:?}");
    let refusal = "! Output does not match required schema: /summary: must be string";
    assert!(shown("invalid_once").contains(&refusal.to_owned()));
    assert_eq!(
        shown("429_then_good")[0],
        "! the model's service gave status 429 (rate_limit); asking again, 1 of 1"
    );
}

#[test]
fn a_refused_key_ends_the_run_at_its_first_sign_and_names_the_variable() {
    for scenario in ["401", "403"] {
        let lines = transcript(NAME, scenario);
        let first = lines
            .iter()
            .position(|line| line.text.contains("authentication_failed"))
            .unwrap();
        assert!(first + 1 < lines.len());
        let replayed = replay(&agent(), &lines[..=first]);
        let Some(RunOutcome::Failed { kind, message }) = replayed.stop else {
            panic!("{scenario}");
        };
        assert_eq!(kind, FailureKind::AgentUnauthorized);
        assert!(message.contains("ANTHROPIC_API_KEY"), "{message}");
    }
    let token = ClaudeCode::with_auth_token("claude".parse().unwrap(), Secret::new("hunter2"));
    let Some(RunOutcome::Failed { message, .. }) = replay(&token, &transcript(NAME, "401")).stop
    else {
        panic!("not stopped");
    };
    assert!(message.contains("ANTHROPIC_AUTH_TOKEN"), "{message}");
}

#[test]
fn of_two_results_the_last_counts_and_that_of_a_subordinate_not_at_all() {
    let mut lines = transcript(NAME, "max_turns");
    lines.extend(transcript(NAME, "good").pop());
    assert_eq!(
        replay(&agent(), &lines).record.end(),
        Some(&AgentEnd::Completed)
    );

    let end = transcript(NAME, "good").pop().unwrap().text;
    let of_a_subordinate = end.replacen('{', r#"{"parent_tool_use_id":"toolu_1","#, 1);
    let replayed = replay(&agent(), &[corpus::line(0, &of_a_subordinate)]);
    assert_eq!(replayed.events, []);
}

#[test]
fn an_interruption_that_it_tells_as_an_error_is_none_of_its_failures() {
    for (reason, expected) in [
        ("aborted_streaming", FailureKind::Interrupted),
        ("aborted_tools", FailureKind::Interrupted),
        ("model_error", FailureKind::AgentFailed),
    ] {
        let text = format!(
            r#"{{"type":"result","subtype":"error_during_execution","is_error":true,"terminal_reason":"{reason}"}}"#
        );
        let told = agent().decoder().line(&corpus::line(0, &text));
        let [AgentEvent::Ended(AgentEnd::Failed { kind, .. })] = told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(kind, expected, "{reason}");
    }
}

#[test]
fn a_result_that_is_too_long_is_still_the_end() {
    let mut line = transcript(NAME, "good").pop().unwrap();
    let at = line.text.find(r#""result":""#).unwrap();
    line.text.truncate(at + 10);
    line.text.push_str(&"x".repeat(100_000));
    line.dropped = 9_000_000;
    let replayed = replay(&agent(), &[line]);
    assert_eq!(replayed.record.end(), Some(&AgentEnd::Completed));
    assert_eq!(replayed.events.len(), 2, "{:?}", replayed.events);
}

#[test]
fn unknown_lines_are_counted_and_an_untested_version_is_said_once() {
    let of = |text: &str| replay(&agent(), &[corpus::line(0, text)]);
    for unknown in [
        "text",
        "{}",
        "[1]",
        r#"{"type":"later"}"#,
        r#"{"type":"system","subtype":"later"}"#,
        r#"{"type":"stream_event","event":{"type":"later"}}"#,
        r#"{"type":"assistant","message":{"conte"#,
    ] {
        assert_eq!(of(unknown).events, [AgentEvent::Unknown], "{unknown}");
    }
    let init = transcript(NAME, "good")
        .into_iter()
        .find(|line| line.text.contains(r#""subtype":"init""#))
        .unwrap();
    let untested = init.text.replace("2.1.330", "2.2.0");
    let shown = of(&untested).shown();
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert!(shown[0].contains("2.2.0"), "{shown:?}");
}

#[test]
fn lines_of_ten_megabytes_are_let_go_at_once() {
    let begun = Instant::now();
    let text = format!(
        r#"{{"type":"assistant","message":{{"content":[{{"type":"text","text":"{}"}}]}}}}"#,
        "x".repeat(10 * MAX_LINE_BYTES)
    );
    assert_eq!(
        replay(&agent(), &[corpus::line(0, &text)]).events,
        [AgentEvent::Unknown]
    );
    let blocks = vec![r#"{"type":"text","text":"a"}"#; 30_000].join(",");
    let text = format!(r#"{{"type":"assistant","message":{{"content":[{blocks}]}}}}"#);
    assert!(replay(&agent(), &[corpus::line(0, &text)]).events.len() <= 100);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_plan_runs_the_program_by_the_script_and_shows_no_key() {
    let agent = agent()
        .with_program("/opt/claude")
        .with_model("opus")
        .with_endpoint("http://127.0.0.1:1")
        .unwrap()
        .with_max_turns(30)
        .with_max_retries(2)
        .with_env("HTTPS_PROXY", "http://proxy")
        .with_arg("--effort=low");
    let mut task = task();
    task.limits.cost_micro_usd = Some(1_500_001);
    let plan = agent.plan(&task).unwrap();
    assert_eq!(
        plan.argv.join(" "),
        "sh /sandbox/runs/explore-1-0/agent.sh  /opt/claude \
         542a4e80-1ec4-4165-92b8-9812b313e8f2 -p --bare --setting-sources user \
         --strict-mcp-config --output-format stream-json --verbose --include-partial-messages \
         --allowedTools Bash,Read --permission-mode dontAsk --model opus --max-turns 30 \
         --max-budget-usd 1.500001 --effort=low"
    );
    assert_eq!(plan.needs, ["/opt/claude"]);
    let env: Vec<_> = plan
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        env,
        [
            "ANTHROPIC_BASE_URL=http://127.0.0.1:1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
            "CLAUDE_CODE_MAX_RETRIES=2",
            "DISABLE_AUTOUPDATER=1",
            "HTTPS_PROXY=http://proxy",
            "SPEC_REPOSITORY=/sandbox/repo",
            "SPEC_RUN_DIR=/sandbox/runs/explore-1-0",
        ]
    );
    assert_eq!(plan.secrets[0].name, "ANTHROPIC_API_KEY");
    assert!(!format!("{agent:?} {plan:?}").contains("hunter2"));
    for file in &plan.files {
        assert!(!String::from_utf8_lossy(&file.content).contains("hunter2"));
        if file.path.as_str().ends_with("schema.json") {
            let schema: Value = serde_json::from_slice(&file.content).unwrap();
            assert!(schema.get("$schema").is_none());
            assert_eq!(schema["properties"], task.schema["properties"]);
            // It becomes an argument: Linux allows 128 KiB.
            assert!(file.content.len() < 100_000);
        }
    }
}

#[test]
fn a_session_goes_on_by_its_id() {
    let mut task = task();
    task.resume = Some(resume("6f1e3a52-0000-4000-8000-000000000001"));
    let plan = agent().plan(&task).unwrap();
    assert_eq!(plan.argv[2], "6f1e3a52-0000-4000-8000-000000000001");
    // The one that begins where that was not kept.
    assert_eq!(plan.argv[4], "542a4e80-1ec4-4165-92b8-9812b313e8f2");
    assert!(has_resume(&plan));
}

#[test]
fn the_script_becomes_the_program_with_the_schema_and_the_prompt() {
    let stage = Stage::new();
    let script = "cat >../prompt; echo \"$CLAUDE_CONFIG_DIR\"; for last; do :; done; printf %s \"$last\"; exit 5";
    let agent = agent().with_program(stage.program(script));
    let mut task = task();
    task.prompt = "it's\n$HOME".to_owned();
    let output = stage.command(&agent, task.clone()).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(stage.read("prompt"), task.prompt);
    let printed = String::from_utf8(output.stdout).unwrap();
    let (folder, schema) = printed.split_once('\n').unwrap();
    assert!(folder.ends_with("/home/.spec/claude"), "{folder}");
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert_eq!(schema, without_draft(task.schema));
}

#[test]
fn a_session_that_was_not_kept_begins_anew() {
    let stage = Stage::new();
    let agent = agent().with_program(stage.program("cat >../prompt; echo \"$1 $2\""));
    let mut task = task();
    task.resume = Some(resume("0a1b"));
    let run = |kept: bool| {
        if kept {
            stage.write(
                "home/.spec/claude/projects/-sandbox-repo/0a1b.jsonl",
                "{}\n",
            );
        }
        let output = stage.command(&agent, task.clone()).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        (printed.trim().to_owned(), stage.read("prompt"))
    };
    let begins = format!("--session-id {}", AgentSessionId::for_run(&task.run));
    assert_eq!(run(false), (begins, "Explore.".to_owned()));
    assert_eq!(run(true), ("--resume 0a1b".to_owned(), "Go on.".to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn damaged_lines_are_understood_as_far_as_they_go(
        scenario in prop::sample::select(corpus::scenarios(NAME)),
        damages in corpus::damages(),
        from in any::<prop::sample::Index>(),
    ) {
        let lines = corpus::damaged(transcript(NAME, &scenario), damages);
        corpus::check_damaged(&agent(), &lines, from)?;
    }
}
