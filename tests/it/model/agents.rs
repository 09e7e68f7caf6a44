//! The real programs take the scripted model for one, and count what it served as it does.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use spec_core::artifact::PhaseOutput;
use spec_core::testing::{demo, fixture};
use spec_core::{Phase, artifact};
use spec_tests::agents;
use spec_tests::model::{Dialect, Key, ModelOptions, Outcome, Script, ScriptedModel, Turn};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

/// A run takes a second on an idle machine.
const LONGEST: Duration = Duration::from_secs(90);
const KEY: &str = "sk-scripted";
const SESSION: &str = "11111111-1111-4111-8111-111111111111";

/// A folder with a file for the agent, and folders for what it writes.
struct Desk {
    folder: TempDir,
    model: ScriptedModel,
}

/// What an agent printed.
struct Ended {
    code: Option<i32>,
    events: Vec<Value>,
    complaint: String,
}

impl Ended {
    /// The events of this type.
    fn of(&self, kind: &str) -> Vec<&Value> {
        let events = self.events.iter();
        events.filter(|event| event["type"] == kind).collect()
    }
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": { "summary": { "type": "string" }, "count": { "type": "integer" } },
        "required": ["summary", "count"],
        "additionalProperties": false,
    })
}

fn result() -> Value {
    json!({ "summary": "A file: \u{fc}n\u{ef}code, \"quoted\" and long. ".repeat(80), "count": 1 })
}

/// Looks around and hands in the result.
fn good() -> Script {
    Script::turns([
        Turn::new()
            .think("What is here?")
            .say("I look around.")
            .shell("echo sum=$((40 + 2)); cat it\\'s.txt"),
        Turn::new().read("it's.txt"),
        Turn::new().submit(result()),
    ])
}

impl Desk {
    async fn new(script: Script) -> Self {
        let folder = TempDir::with_prefix("spec-tests-agents-").unwrap();
        for name in ["work", "home", "codex"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("work/it's.txt"), "content 4711\n").unwrap();
        std::fs::write(folder.path().join("schema.json"), schema().to_string()).unwrap();
        let options = ModelOptions {
            expected_key: Some(KEY.to_owned()),
            ..ModelOptions::default()
        };
        let model = ScriptedModel::start_with(options, script).await.unwrap();
        Self { folder, model }
    }

    fn claude(&self, schema: &Value) -> Command {
        let mut command = self.command(&agents::claude().unwrap());
        command
            .env("ANTHROPIC_BASE_URL", self.model.url())
            .env("ANTHROPIC_API_KEY", KEY)
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .env("DISABLE_AUTOUPDATER", "1")
            .args([
                "-p",
                "--bare",
                "--output-format",
                "stream-json",
                "--verbose",
            ])
            .args(["--include-partial-messages", "--max-turns", "10"])
            .args(["--json-schema", &schema.to_string()])
            .args([
                "--allowedTools",
                "Bash,Read",
                "--permission-mode",
                "dontAsk",
            ]);
        command
    }

    /// Waits until Claude Code has written this to its record of the session. It does so a moment after
    /// it has acted, and cannot resume what it has not written.
    async fn claude_remembers(&self, text: &str) {
        let projects = self.folder.path().join("home/.claude/projects");
        let record = || {
            let project = std::fs::read_dir(&projects).ok()?.next()?.ok()?.path();
            std::fs::read_to_string(project.join(format!("{SESSION}.jsonl"))).ok()
        };
        let written = async {
            while !record().is_some_and(|record| record.contains(text)) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = tokio::time::timeout(LONGEST, written).await;
        in_time.expect("it writes its session down");
    }

    fn codex(&self, resumed: Option<&str>) -> Command {
        let provider = format!(
            r#"model_providers.spec={{name="spec",base_url="{}",env_key="SPEC_KEY",wire_api="responses",request_max_retries=0,stream_max_retries=0}}"#,
            self.model.openai_url()
        );
        let mut command = self.command(&agents::codex().unwrap());
        command
            .env("CODEX_HOME", self.folder.path().join("codex"))
            .env("SPEC_KEY", KEY)
            .arg("exec");
        if let Some(thread) = resumed {
            command.args(["resume", thread]);
        }
        command
            .args(["--json", "--skip-git-repo-check", "--output-schema"])
            .arg(self.folder.path().join("schema.json"))
            .arg("--dangerously-bypass-approvals-and-sandbox")
            .args(["-c", r#"model_provider="spec""#, "-c", &provider, "-"]);
        command
    }

    /// A command with nothing of this process's environment.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path().join("work"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path().join("home"))
            // Whatever wants to leave this machine ends at a port where nobody listens.
            .env("HTTPS_PROXY", "http://127.0.0.1:1")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("ALL_PROXY", "http://127.0.0.1:1")
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

async fn start(mut command: Command, prompt: &str) -> Child {
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(prompt.as_bytes()).await.unwrap();
    child
}

async fn run(command: Command, prompt: &str) -> Ended {
    let child = start(command, prompt).await;
    ended(child).await
}

async fn ended(child: Child) -> Ended {
    let output = tokio::time::timeout(LONGEST, child.wait_with_output()).await;
    let output = output.expect("it ends in time").unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    println!("{printed}\n{complaint}");
    let events = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    Ended {
        code: output.status.code(),
        events: events.collect(),
        complaint,
    }
}

/// Every request was served to its end, in one conversation and with the right key, and both tools
/// gave back what is there.
fn assert_served(model: &ScriptedModel, dialect: Dialect) {
    let served = model.served();
    assert_eq!(served.len(), 3);
    for one in &served {
        assert_eq!((one.dialect, one.outcome), (dialect, Outcome::Complete));
        assert_eq!(one.conversation, served[0].conversation);
    }
    let requests = model.requests();
    for request in &requests {
        assert_eq!(request.key, Key::Expected);
        assert_eq!(request.schema, Some(schema()));
    }
    let last = &requests[2];
    assert_eq!(last.assistant_turns, 2);
    let [shell, read] = last.tool_results.as_slice() else {
        panic!("{:#?}", last.tool_results);
    };
    assert!(shell.text.contains("sum=42"), "{shell:?}");
    assert!(shell.text.contains("content 4711"), "{shell:?}");
    assert!(read.text.contains("content 4711"), "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_hands_in_the_scripted_result_and_reports_what_was_served() {
    let desk = Desk::new(good()).await;
    let mut command = desk.claude(&schema());
    command.args(["--session-id", SESSION]);
    let ended = run(command, "# EXPLORE\n\nLook around.").await;
    assert_eq!(ended.code, Some(0), "{}", ended.complaint);
    let [last] = ended.of("result")[..] else {
        panic!("not one result");
    };
    assert_eq!(last["structured_output"], result());
    let totals = desk.model.totals();
    assert_eq!(last["usage"]["input_tokens"], totals.input);
    assert_eq!(last["usage"]["cache_read_input_tokens"], totals.cached);
    assert_eq!(
        last["usage"]["cache_creation_input_tokens"],
        totals.cache_write
    );
    assert_eq!(last["usage"]["output_tokens"], totals.output);
    assert_served(&desk.model, Dialect::AnthropicMessages);
    assert_eq!(desk.model.served()[0].conversation, SESSION);
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_hands_in_the_scripted_result_and_reports_what_was_served() {
    let desk = Desk::new(good()).await;
    let ended = run(desk.codex(None), "# EXPLORE\n\nLook around.").await;
    assert_eq!(ended.code, Some(0), "{}", ended.complaint);
    let said = ended.of("item.completed");
    let said = said
        .iter()
        .rev()
        .find(|event| event["item"]["type"] == "agent_message");
    let text = said.unwrap()["item"]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), result());
    let [last] = ended.of("turn.completed")[..] else {
        panic!("not one end of a turn");
    };
    let totals = desk.model.totals();
    assert_eq!(last["usage"]["input_tokens"], totals.all_input());
    assert_eq!(last["usage"]["cached_input_tokens"], totals.cached);
    assert_eq!(
        last["usage"]["cache_write_input_tokens"],
        totals.cache_write
    );
    assert_eq!(last["usage"]["output_tokens"], totals.output);
    assert_served(&desk.model, Dialect::OpenAiResponses);
    let [thread] = ended.of("thread.started")[..] else {
        panic!("not one thread");
    };
    assert_eq!(
        thread["thread_id"],
        desk.model.served()[0].conversation.as_str()
    );
}

/// Looks around, and hangs at the beginning of the next message until it is killed.
fn hanging_once() -> Script {
    Script::turns([
        Turn::new().shell("echo before"),
        Turn::new().say("I begin.").then_hang(),
        Turn::new().submit(result()),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_is_killed_while_it_is_answered_and_goes_on_in_the_same_conversation() {
    let desk = Desk::new(hanging_once()).await;
    let mut command = desk.claude(&schema());
    command.args(["--session-id", SESSION]);
    let mut child = start(command, "# EXPLORE").await;
    desk.model.wait_for_hangs(1).await.unwrap();
    desk.claude_remembers("echo before").await;
    child.start_kill().unwrap();
    let killed = ended(child).await;
    assert_eq!(killed.code, None);
    assert!(killed.of("result").is_empty());

    let mut command = desk.claude(&schema());
    command.args(["--resume", SESSION]);
    let resumed = run(command, "Go on.").await;
    assert_eq!(resumed.of("result")[0]["structured_output"], result());
    assert_resumed(&desk.model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_is_killed_while_it_is_answered_and_goes_on_in_the_same_conversation() {
    let desk = Desk::new(hanging_once()).await;
    let mut child = start(desk.codex(None), "# EXPLORE").await;
    desk.model.wait_for_hangs(1).await.unwrap();
    child.start_kill().unwrap();
    let killed = ended(child).await;
    assert_eq!(killed.code, None);
    assert!(killed.of("turn.completed").is_empty());

    let thread = killed.of("thread.started")[0]["thread_id"].as_str();
    let resumed = run(desk.codex(thread), "Go on.").await;
    assert_eq!(resumed.code, Some(0), "{}", resumed.complaint);
    assert_eq!(resumed.of("turn.completed").len(), 1);
    assert_resumed(&desk.model).await;
}

/// The second of three answers was not ended; the third knows what was before it.
async fn assert_resumed(model: &ScriptedModel) {
    model.settled().await.unwrap();
    let served = model.served();
    let outcomes: Vec<_> = served.iter().map(|one| one.outcome).collect();
    let ended = [Outcome::Complete, Outcome::Abandoned, Outcome::Complete];
    assert_eq!(outcomes, ended);
    assert!(
        served
            .iter()
            .all(|one| one.conversation == served[0].conversation)
    );
    let last = &model.requests()[2];
    assert!(
        last.user_texts.iter().any(|text| text.trim() == "Go on."),
        "{last:?}"
    );
    assert_eq!(last.phase(), Some(Phase::Explore));
    assert!(last.tool_results[0].text.contains("before"));
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_does_well_in_every_phase_of_the_good_script() {
    let desk = Desk::new(Script::good()).await;
    demo::make_repository_in(&desk.folder.path().join("work"));
    for phase in [
        Phase::Explore,
        Phase::Requirements,
        Phase::Design,
        Phase::Tasks,
    ] {
        let prompt = format!("# {}\n\nDo it.", phase.as_str().to_uppercase());
        // It does not know the dialect of JSON Schema, and refuses a schema that names it.
        let mut schema = artifact::schema(phase).clone();
        schema.as_object_mut().unwrap().remove("$schema");
        let ended = run(desk.claude(&schema), &prompt).await;
        let [last] = ended.of("result")[..] else {
            panic!("not one result: {}", ended.complaint);
        };
        // It writes 3.0 as 3.
        let parsed = |content: &Value| PhaseOutput::parse(phase, content).unwrap();
        assert_eq!(
            parsed(&last["structured_output"]),
            parsed(&fixture::output_json(phase))
        );
    }
    let served = desk.model.served();
    assert_eq!(served.len(), 12);
    let conversations: BTreeSet<_> = served.iter().map(|one| &one.conversation).collect();
    assert_eq!(conversations.len(), 4);
    assert!(served.iter().all(|one| one.outcome == Outcome::Complete));
    let results = &desk.model.requests()[11].tool_results;
    assert!(results.iter().all(|result| !result.is_error), "{results:?}");
    assert!(results[1].text.contains("# Demo"), "{results:?}");
}
