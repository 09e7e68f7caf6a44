//! Codex: its plan, and what its transcripts come to.

mod script;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::agent::corpus::{self, Expected, check, check_all, replay, replay_after, transcript};
use crate::agent::fixture::{has_resume, resume, task};
use crate::agent::{AgentEnd, AgentEvent, AgentResult, ResultKind, RunOutcome};
use crate::attempt::FailureKind;
use crate::sandbox::{MAX_LINE_BYTES, RunEnd};

const NAME: &str = "codex";

fn agent() -> Codex {
    Codex::new("codex".parse().unwrap(), Secret::new("hunter2"))
}

fn expect(
    scenario: &'static str,
    code: i32,
    failure: Option<FailureKind>,
    tokens: [u64; 4],
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
        // It does not tell the money.
        cost_micro_usd: 0,
    }
}

#[test]
fn every_transcript_comes_to_what_the_service_has_served() {
    use FailureKind as K;
    let nothing = [0; 4];
    // Request 1; requests 1 and 2; 1 and 3; 1, 2 and 3. What breaks off is not billed to it.
    let first = [1050, 50, 0, 41];
    let two = [2200, 100, 0, 83];
    let first_and_third = [2300, 100, 0, 84];
    let three = [3450, 150, 0, 126];
    let all = [
        expect("good", 0, None, two),
        expect("text", 0, None, first),
        expect("bad_tool", 0, None, three),
        // 20 of each request were written to a cache.
        expect("cache_written", 0, None, [2160, 100, 40, 83]),
        expect("400", 1, Some(K::AgentFailed), nothing),
        expect("401", 1, Some(K::AgentUnauthorized), nothing),
        expect("403", 1, Some(K::AgentUnauthorized), nothing),
        expect("429", 1, Some(K::ModelUnavailable), nothing),
        expect("quota", 1, Some(K::ModelUnavailable), nothing),
        expect("500", 1, Some(K::ModelUnavailable), nothing),
        expect("503", 1, Some(K::ModelUnavailable), nothing),
        expect("cut", 0, None, first_and_third),
        expect("cut_always", 1, Some(K::ModelUnavailable), first),
        expect("failed", 1, Some(K::ModelUnavailable), first),
        expect("context_full", 1, Some(K::AgentLimit), first),
        expect("incomplete", 1, Some(K::AgentFailed), first),
        expect("killed_term", 143, Some(K::Interrupted), first),
        expect("killed_int", 130, Some(K::Interrupted), first),
        expect("killed_kill", -9, Some(K::Interrupted), first),
        // The total of the session: see below for what is new.
        expect("resumed_good", 0, None, three),
        expect("resumed_term", 0, None, first_and_third),
        expect("resumed_int", 0, None, first_and_third),
        expect("resumed_kill", 0, None, first_and_third),
    ];
    check_all(&agent(), NAME, &all);
}

#[test]
fn of_a_session_that_goes_on_only_what_is_new_is_counted() {
    for how in ["term", "int", "kill"] {
        let killed = replay(&agent(), &transcript(NAME, &format!("killed_{how}")));
        let lines = transcript(NAME, &format!("resumed_{how}"));
        let resumed = replay_after(&agent(), &killed, &lines);
        check(
            &agent(),
            &expect("resumed", 0, None, [1250, 50, 0, 43]),
            &resumed,
        );
    }
}

#[test]
fn a_run_is_priced_by_the_model_that_its_record_names() {
    let replayed = replay(&agent(), &transcript(NAME, "killed_term"));
    let mut models = Vec::new();
    for event in &replayed.events {
        if let AgentEvent::Usage(report) = event {
            models.push(report.model.as_deref());
        }
    }
    assert_eq!(models, [Some("gpt-6.1-sol"); 2]);
}

#[test]
fn a_good_run_is_told_in_words_and_each_once() {
    let replayed = replay(&agent(), &transcript(NAME, "good"));
    assert_eq!(
        replayed.shown(),
        [
            "**Exploring the repository**\n\nI look at the files.",
            "Looking at the repository.",
            "Running ls",
        ]
    );
    assert_eq!(
        replayed.results(),
        [
            (ResultKind::Message, "Looking at the repository."),
            (ResultKind::Structured, r#"{"summary": "ok"}"#),
        ]
    );
    let shown = replay(&agent(), &transcript(NAME, "bad_tool")).shown();
    let failure = "It failed: exit code 1: cat: nothing-here: No such file or directory";
    assert!(
        shown.contains(&"Running cat nothing-here".to_owned()),
        "{shown:?}"
    );
    assert!(shown.contains(&failure.to_owned()), "{shown:?}");
}

#[test]
fn a_refused_key_ends_the_run_at_its_first_sign_and_names_the_variable() {
    for scenario in ["401", "403"] {
        let lines = transcript(NAME, scenario);
        let first = lines
            .iter()
            .position(|line| line.text.contains("unexpected status"));
        let replayed = replay(&agent(), &lines[..=first.unwrap()]);
        assert_eq!(replayed.record.end(), None, "it would have gone on");
        let Some(RunOutcome::Failed { kind, message }) = replayed.stop else {
            panic!("{scenario}");
        };
        assert_eq!(kind, FailureKind::AgentUnauthorized);
        assert!(message.contains(KEY), "{message}");
    }
}

#[test]
fn items_are_told_whether_or_not_their_beginning_was() {
    let line = |text: &str| corpus::line(0, text);
    let version = line(r#"{"type":"spec.version","version":"0.170.1","cwd":"/sandbox/repo"}"#);
    let change = r#"{"type":"item.completed","item":{"id":"i","type":"file_change","status":"completed","changes":[{"path":"/sandbox/repo/src/a.rs","kind":"update"},{"path":"b","kind":"add"}]}}"#;
    let begun = line(&change.replace("item.completed", "item.started"));
    let change = line(change);
    let told = replay(&agent(), &[version.clone(), change.clone()]).shown();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("0.170.1 is another version"), "{told:?}");
    assert_eq!(told[1], "Editing src/a.rs and 1 more");
    assert_eq!(replay(&agent(), &[version, begun, change]).shown(), told);
    for (text, events) in [
        (
            r#"{"type":"item.completed","item":{"id":"i","type":"later"}}"#,
            vec![AgentEvent::Unknown],
        ),
        (
            r#"{"type":"item.completed","item":{"id":"i","type":"todo_list"}}"#,
            vec![],
        ),
        (
            r#"{"type":"item.completed","item":{"id":"i","type":"error","message":"m"}}"#,
            vec![AgentEvent::Warning("m".to_owned())],
        ),
        (r#"{"type":"later"}"#, vec![AgentEvent::Unknown]),
        ("text", vec![AgentEvent::Unknown]),
        (r#"{"type":"turn.comp"#, vec![AgentEvent::Unknown]),
    ] {
        assert_eq!(replay(&agent(), &[line(text)]).events, events, "{text}");
    }
}

#[test]
fn of_two_turns_the_last_end_counts() {
    let mut lines = transcript(NAME, "503");
    lines.extend(transcript(NAME, "good"));
    assert_eq!(
        replay(&agent(), &lines).record.end(),
        Some(&AgentEnd::Completed)
    );
}

#[test]
fn a_document_that_is_too_long_is_known_for_one() {
    let begun = Instant::now();
    let item = r#"{"type":"item.completed","item":{"id":"i","type":"agent_message","text":""#;
    let long = "x".repeat(10 * MAX_LINE_BYTES);
    let of = |text: String| replay(&agent(), &[corpus::line(0, &text)]).events;
    let cut = AgentEvent::Result(AgentResult {
        kind: ResultKind::Structured,
        text: String::new(),
    });
    assert_eq!(of(format!(r#"{item}{{\"a\":\"{long}"#)), [cut]);
    assert_eq!(of(format!("{item}{long}")), [AgentEvent::Unknown]);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_plan_runs_the_program_by_the_script_and_shows_no_key() {
    let agent = agent()
        .with_program("/opt/codex")
        .with_model("gpt-6.1-sol")
        .with_endpoint("http://127.0.0.1:1/v1/")
        .unwrap()
        .with_max_retries(0)
        .with_env("HTTPS_PROXY", "http://proxy")
        .with_arg("--color=never");
    let plan = agent.plan(&task()).unwrap();
    assert_eq!(
        plan.argv.join(" "),
        "sh /sandbox/runs/explore-1-0/agent.sh  /opt/codex --json --skip-git-repo-check \
         --dangerously-bypass-approvals-and-sandbox \
         --output-schema /sandbox/runs/explore-1-0/schema.json -c model_provider=\"spec\" \
         -c model_providers.spec={name=\"spec\",base_url=\"http://127.0.0.1:1/v1\",\
         env_key=\"OPENAI_API_KEY\",wire_api=\"responses\",request_max_retries=0,\
         stream_max_retries=0} -c shell_environment_policy.exclude=[\"OPENAI_API_KEY\"] \
         -c features.multi_agent=false -c features.plugins=false \
         -c features.remote_plugin=false -c features.apps=false -c analytics.enabled=false \
         -c check_for_update_on_startup=false --model gpt-6.1-sol --color=never -"
    );
    assert_eq!(plan.argv[2], "", "no session to go on in");
    assert_eq!(plan.needs, ["/opt/codex"]);
    let env: Vec<_> = plan
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        env,
        [
            "HTTPS_PROXY=http://proxy",
            "SPEC_REPOSITORY=/sandbox/repo",
            "SPEC_RUN_DIR=/sandbox/runs/explore-1-0",
        ]
    );
    assert_eq!(plan.secrets[0].name, KEY);
    assert!(!format!("{agent:?} {plan:?}").contains("hunter2"));
    for file in &plan.files {
        assert!(!String::from_utf8_lossy(&file.content).contains("hunter2"));
        if file.path.as_str().ends_with("schema.json") {
            let schema: Value = serde_json::from_slice(&file.content).unwrap();
            assert_eq!(&schema, strict_schema(task().context.phase));
        }
    }
}

#[test]
fn without_an_endpoint_it_is_that_of_the_maker() {
    let argv = agent().plan(&task()).unwrap().argv.join(" ");
    assert!(
        argv.contains(r#"base_url="https://api.openai.com/v1","#),
        "{argv}"
    );
    assert!(!argv.contains("max_retries"), "{argv}");
}

#[test]
fn an_endpoint_cannot_leave_its_quotation_marks() {
    let agent = agent().with_endpoint("https://h/\",x=\"").unwrap();
    assert!(
        agent
            .provider()
            .contains(r#"base_url="https://h/\",x=\"","#)
    );
}

#[test]
fn a_session_goes_on_by_its_id() {
    let mut task = task();
    task.resume = Some(resume("01a2"));
    let plan = agent().plan(&task).unwrap();
    assert_eq!(plan.argv[2..5], ["01a2", "codex", "--json"]);
    assert!(has_resume(&plan));
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
