//! What arguments mean, and which are refused.

use clap::Parser as _;

use super::*;

#[derive(Debug, clap::Parser)]
struct Program {
    #[command(flatten)]
    agents: AgentArguments,
}

/// The keys of both vendors.
fn keys(name: &str) -> Result<String, VarError> {
    match name {
        "ANTHROPIC_API_KEY" => Ok("hunter2-a".to_owned()),
        "OPENAI_API_KEY" => Ok("hunter2-o".to_owned()),
        _ => Err(VarError::NotPresent),
    }
}

fn no_keys(_: &str) -> Result<String, VarError> {
    Err(VarError::NotPresent)
}

fn parsed(
    arguments: &[&str],
    read: impl Fn(&str) -> Result<String, VarError>,
) -> anyhow::Result<Agents> {
    let all = std::iter::once("program").chain(arguments.iter().copied());
    Program::try_parse_from(all)?.agents.with_keys(read)
}

fn agents(arguments: &[&str]) -> Agents {
    parsed(arguments, keys).unwrap()
}

#[test]
fn without_arguments_the_offline_agent_works_without_limits_and_is_named() {
    let agents = parsed(&[], no_keys).unwrap();
    assert_eq!(agents.policy(), Policy::default());
    assert_eq!(agents.endpoints().unwrap(), []);
    let lines = agents.lines();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("agent: offline (rule-based, no language model"));
}

#[test]
fn what_is_chosen_is_told_and_part_of_the_policy() {
    let agents = agents(&[
        "--agent",
        "claude-code",
        "--fallback-agent",
        "codex",
        "--model",
        "claude-opus-5-5",
        "--budget-usd",
        "1.50",
        "--budget-tokens",
        "200000",
    ]);
    assert_eq!(
        agents.lines(),
        [
            "agent: claude-code (model claude-opus-5-5, at https://api.anthropic.com)",
            "fallback agent: codex (the model that its program prefers, at https://api.openai.com)",
            "budget of a spec: $1.50 and 200,000 tokens",
        ]
    );
    let policy = agents.policy();
    assert_eq!(policy.agent, None, "it is the machine's default");
    assert_eq!(policy.fallback_agent.unwrap().as_str(), "codex");
    assert_eq!(policy.budget.cost_micro_usd, Some(1_500_000));
    assert_eq!(policy.budget.tokens, Some(200_000));
    let endpoints: Vec<String> = agents
        .endpoints()
        .unwrap()
        .iter()
        .map(Url::to_string)
        .collect();
    assert_eq!(
        endpoints,
        ["https://api.anthropic.com/", "https://api.openai.com/"]
    );
}

#[test]
fn an_endpoint_is_asked_by_both_agents_and_a_model_is_told_to_one() {
    let agents = agents(&[
        "--agent",
        "codex",
        "--fallback-agent",
        "claude-code",
        "--model",
        "gpt-6-sol",
        "--model-endpoint",
        "https://models.example.org/",
    ]);
    let lines = agents.lines().join("\n");
    assert_eq!(
        lines.matches("at https://models.example.org)").count(),
        2,
        "{lines}"
    );
    assert_eq!(lines.matches("gpt-6-sol").count(), 1, "{lines}");
    let endpoints = agents.endpoints().unwrap();
    assert_eq!(endpoints.len(), 1, "{endpoints:?}");
}

#[test]
fn a_model_on_this_machine_needs_no_key_and_the_placeholder_is_told() {
    let endpoint = ["--model-endpoint", "http://127.0.0.1:8099"];
    let arguments = ["--agent", "codex"].iter().chain(&endpoint).copied();
    let agents = parsed(&arguments.collect::<Vec<_>>(), no_keys).unwrap();
    let lines = agents.lines().join("\n");
    assert!(lines.contains("note: no key for `codex` is set"), "{lines}");
    assert!(lines.contains("placeholder"), "{lines}");
    let refused = parsed(&["--agent", "codex"], no_keys).unwrap_err();
    assert!(refused.to_string().contains("OPENAI_API_KEY"), "{refused}");
    // That of the fallback agent is needed as well.
    let both = ["--fallback-agent", "claude-code"];
    let refused = parsed(&both, no_keys).unwrap_err();
    assert!(
        refused.to_string().contains("ANTHROPIC_API_KEY"),
        "{refused}"
    );
}

#[test]
fn arguments_that_do_not_go_together_are_refused() {
    for (arguments, says) in [
        (&["--model", "m"][..], "`offline` is told no model"),
        (&["--agent", "command:a", "--model", "m"], "`command:a`"),
        (
            &["--fallback-agent", "codex", "--model", "m"],
            "`offline` is told no model",
        ),
        (
            &["--model-endpoint", "http://localhost:1"],
            "neither is chosen",
        ),
        (
            &["--agent", "codex", "--fallback-agent", "codex"],
            "must be another agent",
        ),
        (&["--fallback-agent", "offline"], "must be another agent"),
        (
            &["--agent", "command:x/a", "--fallback-agent", "command:y/a"],
            "must be another agent",
        ),
        (
            &["--agent", "command:a", "--agent-program", "b"],
            "`command:a` names its program",
        ),
        (&["--agent-program", ""], "must name a program"),
    ] {
        let refused = parsed(arguments, keys).unwrap_err().to_string();
        assert!(refused.contains(says), "{arguments:?}: {refused}");
    }
}

#[test]
fn values_that_cannot_be_used_are_refused() {
    for (argument, value, says) in [
        ("--budget-usd", "0", "above 0"),
        ("--budget-usd", "-1", "negative"),
        ("--budget-usd", "1.2345678", "6 digits"),
        ("--budget-tokens", "0", "--budget-tokens"),
        ("--budget-tokens", "-1", "--budget-tokens"),
        ("--budget-tokens", "many", "--budget-tokens"),
        ("--agent", "gpt", "claude-code"),
        ("--fallback-agent", "gpt", "claude-code"),
        ("--model", "", "1 to 200"),
        ("--model", "a b", "spaces"),
        (
            "--model-endpoint",
            "http://models.example.org",
            "clear text",
        ),
    ] {
        let refused = parsed(&[argument, value], keys).unwrap_err().to_string();
        assert!(refused.contains(says), "{argument} {value}: {refused}");
    }
}

#[test]
fn keys_are_not_printed() {
    let agents = agents(&["--agent", "claude-code", "--fallback-agent", "codex"]);
    let all = format!("{agents:?} {:?}", agents.lines());
    assert!(!all.contains("hunter2"), "{all}");
}

#[test]
fn a_path_of_this_machine_counts_from_here() {
    let here = std::env::current_dir().unwrap();
    let found = in_sandbox("bin/agent", true).unwrap();
    assert_eq!(Path::new(&found), here.join("bin/agent"));
    for (program, local) in [("agent", true), ("bin/agent", false), ("/bin/agent", true)] {
        assert_eq!(in_sandbox(program, local).unwrap(), program);
    }
}
