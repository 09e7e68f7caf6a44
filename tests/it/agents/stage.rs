//! A machine with a real agent, sandboxes on this machine, and a scripted model.

use std::time::Duration;

use serde_json::{Value, json};
use spec_core::agent::{ClaudeCode, Codex};
use spec_core::attempt::{Attempt, FailureKind};
use spec_core::event::{EventBody, SpecEvent};
use spec_core::id::{AgentName, ProjectId, Sequence, SpecId, UserId};
use spec_core::project::{Project, StaticProjects};
use spec_core::sandbox::{Checkout, CheckoutRef, Secret};
use spec_core::spec::{Description, Title};
use spec_core::store::{MemoryStore, PageLimit};
use spec_core::testing::demo;
use spec_core::{
    LaunchRequest, Phase, Policy, RunnerConfig, SandboxSpawner, Spec, SpecStateMachine, SpecStatus,
};
use spec_local::LocalSpawner;
use spec_tests::agents;
use spec_tests::model::{Dialect, ModelOptions, Request, Script, ScriptedModel};
use tempfile::TempDir;

/// A spec takes a few seconds on an idle machine.
const LONGEST: Duration = Duration::from_mins(3);
const KEY: &str = "sk-scripted-4711";

/// Which program does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    ClaudeCode,
    Codex,
}

pub(crate) use Program::{ClaudeCode as Claude, Codex as CodexCli};

impl Program {
    pub(crate) const ALL: [Self; 2] = [Claude, CodexCli];

    pub(crate) fn name(self) -> AgentName {
        AgentName::new(match self {
            Claude => "claude-code",
            CodexCli => "codex",
        })
        .unwrap()
    }
}

pub(crate) type Machine<P> = SpecStateMachine<MemoryStore, P>;

/// A machine, and the model behind its agents.
pub(crate) struct Stage<P> {
    pub(crate) model: ScriptedModel,
    pub(crate) machine: Machine<P>,
    pub(crate) folder: TempDir,
}

/// As a model does that is held to a schema: a value for every member, and entries for a map.
fn held_to(schema: &Value, value: &Value) -> Value {
    match (value, schema.get("properties"), schema.get("items")) {
        (Value::Object(members), Some(Value::Object(named)), _) => {
            let unknown = members
                .iter()
                .filter(|(name, _)| !named.contains_key(*name));
            let held = named.iter().map(|(name, schema)| {
                let value = members.get(name).unwrap_or(&Value::Null);
                (name.clone(), held_to(schema, value))
            });
            // Of what it does not know a script may want to see what becomes.
            held.chain(unknown.map(|(name, value)| (name.clone(), value.clone())))
                .collect()
        }
        (Value::Object(members), None, Some(entry)) => members
            .iter()
            .map(|(key, value)| held_to(entry, &json!({ "key": key, "value": value })))
            .collect(),
        (Value::Array(items), _, Some(item)) => {
            items.iter().map(|value| held_to(item, value)).collect()
        }
        _ => value.clone(),
    }
}

fn encoded(request: &Request, result: &Value) -> Value {
    match (request.dialect, &request.schema) {
        (Dialect::OpenAiResponses, Some(schema)) => held_to(schema, result),
        _ => result.clone(),
    }
}

pub(crate) fn policy(program: Program) -> Policy {
    Policy {
        agent: Some(program.name()),
        backoff: Duration::from_secs(1),
        ..Policy::default()
    }
}

impl Stage<LocalSpawner> {
    pub(crate) async fn new(script: Script) -> Self {
        Self::with_key(script, KEY).await
    }

    pub(crate) async fn with_key(script: Script, key: &str) -> Self {
        let folder = TempDir::with_prefix("spec-tests-stage-").unwrap();
        let spawner = LocalSpawner::new(folder.path().join("sandboxes"));
        Self::over(folder, spawner, script, key).await
    }
}

impl<P: SandboxSpawner> Stage<P> {
    pub(crate) async fn over(folder: TempDir, spawner: P, script: Script, key: &str) -> Self {
        let repository = folder.path().join("repository");
        std::fs::create_dir(&repository).unwrap();
        demo::make_repository_in(&repository);
        let options = ModelOptions {
            expected_key: Some(KEY.to_owned()),
            ..ModelOptions::default()
        };
        let model = ScriptedModel::start_with(options, script.encoding(encoded))
            .await
            .unwrap();
        let projects = StaticProjects::new([Project {
            id: ProjectId::new("demo").unwrap(),
            name: "Demo".to_owned(),
            checkout: Checkout {
                url: repository.to_str().unwrap().to_owned(),
                reference: CheckoutRef::Default,
                username: None,
                password: None,
            },
            default_agent: None,
        }]);
        // Whatever a program asks for beside its model goes nowhere.
        let guarded = [
            ("HTTP_PROXY", "http://127.0.0.1:1"),
            ("HTTPS_PROXY", "http://127.0.0.1:1"),
            ("ALL_PROXY", "http://127.0.0.1:1"),
            ("NO_PROXY", "127.0.0.1"),
        ];
        let path = |program: std::io::Result<std::path::PathBuf>| {
            program.unwrap().to_str().unwrap().to_owned()
        };
        let mut claude = ClaudeCode::new(Claude.name(), Secret::new(key))
            .with_program(path(agents::claude()))
            .with_endpoint(model.url())
            .unwrap()
            .with_max_turns(12)
            .with_max_retries(2);
        let mut codex = Codex::new(CodexCli.name(), Secret::new(key))
            .with_program(path(agents::codex()))
            .with_endpoint(model.openai_url())
            .unwrap()
            .with_max_retries(0);
        for (name, value) in guarded {
            claude = claude.with_env(name, value);
            codex = codex.with_env(name, value);
        }
        let config = RunnerConfig::in_environment("test").unwrap();
        let machine = SpecStateMachine::new(MemoryStore::default(), spawner, projects)
            .with_agent(claude)
            .with_agent(codex)
            .with_config(config.with_progress_interval(Duration::from_millis(20)));
        Self {
            model,
            machine,
            folder,
        }
    }

    pub(crate) async fn launch(&self, policy: Policy) -> SpecId {
        let title = Title::new("Search history").unwrap();
        let description = Description::new("Remember what I searched for").unwrap();
        let user = UserId::new("ada").unwrap();
        let request = LaunchRequest::new(user, title, description).with_policy(policy);
        self.machine.launch(request).await.unwrap().spec().id
    }

    /// Drives the spec to its end.
    pub(crate) async fn end(&self, id: SpecId) -> Spec {
        let driven = async {
            loop {
                let spec = self.machine.drive(id).await.unwrap();
                if spec.status.is_terminal() {
                    return spec;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(LONGEST, driven).await {
            Ok(spec) => spec,
            Err(_elapsed) => panic!("no end of {:?}", self.machine.get(id).await),
        }
    }

    pub(crate) async fn run(&self, policy: Policy) -> Spec {
        let id = self.launch(policy).await;
        self.end(id).await
    }

    pub(crate) async fn events(&self, id: SpecId) -> Vec<SpecEvent> {
        let mut events = Vec::new();
        loop {
            let after = Sequence::new(u32::try_from(events.len()).unwrap());
            let page = self
                .machine
                .events(id, after, PageLimit::MAX)
                .await
                .unwrap();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }

    /// What was shown, in order.
    pub(crate) async fn shown(&self, id: SpecId) -> Vec<String> {
        let events = self.events(id).await.into_iter();
        events
            .flat_map(|event| match event.body {
                EventBody::Progress { items, .. } => items,
                _ => Vec::new(),
            })
            .map(|item| item.text)
            .collect()
    }

    /// Every token that was served is in the account, and none twice.
    pub(crate) async fn check_account(&self, spec: &Spec) {
        self.model.settled().await.unwrap();
        let served = self.model.totals();
        let usage = spec.usage;
        let counted = [
            usage.input_tokens,
            usage.cached_input_tokens,
            usage.cache_write_tokens,
            usage.output_tokens,
        ];
        let expected = [
            served.input,
            served.cached,
            served.cache_write,
            served.output,
        ];
        assert_eq!(counted, expected, "{:#?}", self.model.served());
        let told = self.machine.usage(spec.id).await.unwrap();
        assert_eq!(told.total, usage);
    }
}

/// The attempts at a phase, each by agent, number of its last run, and what it came to.
pub(crate) fn attempts(spec: &Spec, phase: Phase) -> Vec<(String, u32, Option<FailureKind>)> {
    let attempts = spec.phases.get(phase).attempts.iter();
    attempts
        .map(|attempt| {
            (
                attempt.agent.to_string(),
                attempt.repair.get(),
                failure_of(attempt),
            )
        })
        .collect()
}

fn failure_of(attempt: &Attempt) -> Option<FailureKind> {
    match attempt.outcome()? {
        spec_core::attempt::AttemptOutcome::Failed { failure } => Some(failure.kind),
        spec_core::attempt::AttemptOutcome::Accepted
        | spec_core::attempt::AttemptOutcome::Cancelled => None,
    }
}

pub(crate) fn assert_completed(spec: &Spec) {
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
}

/// A result that has the form of the phase and says nothing that can be used.
pub(crate) fn useless() -> Value {
    json!({ "summary": "All good." })
}
