//! A machine with a real agent, sandboxes on this machine, and a scripted model.

mod processes;
mod results;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use spec_core::agent::{ClaudeCode, Codex};
use spec_core::attempt::{Attempt, AttemptOutcome, FailureKind};
use spec_core::event::{EventBody, ProgressItem, SpecEvent};
use spec_core::id::{AgentName, ProjectId, Sequence, SpecId, UserId};
use spec_core::project::{Project, StaticProjects};
use spec_core::sandbox::{Checkout, Secret};
use spec_core::spec::{Description, Title};
use spec_core::store::{MemoryStore, PageLimit};
use spec_core::testing::demo;
use spec_core::{
    LaunchRequest, Phase, Policy, RunnerConfig, SandboxSpawner, Spec, SpecStateMachine, SpecStatus,
};
use spec_local::LocalSpawner;
use spec_tests::agents;
use spec_tests::model::{Dialect, ModelOptions, Request, Script, ScriptedModel, Turn};
use tempfile::TempDir;

pub(crate) use processes::{kept, processes_of, programs_of};
pub(crate) use results::{NEVER_SEEN, unfounded, useless};

/// A spec takes a few seconds on an idle machine.
const LONGEST: Duration = Duration::from_mins(3);
/// The key that the model knows.
pub(crate) const KEY: &str = "sk-scripted-4711";

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

    pub(crate) fn other(self) -> Self {
        match self {
            Claude => CodexCli,
            CodexCli => Claude,
        }
    }

    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Claude => Dialect::AnthropicMessages,
            CodexCli => Dialect::OpenAiResponses,
        }
    }

    /// Answers that hold no result until the program ends well without one. Claude Code asks once for
    /// what is missing.
    pub(crate) fn until_it_ends(self, turn: &Turn) -> Vec<Turn> {
        match self {
            Claude => vec![turn.clone(); 2],
            CodexCli => vec![turn.clone()],
        }
    }
}

/// How the agents are set up. Each is given to the program that its name says.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) claude_key: String,
    pub(crate) codex_key: String,
    pub(crate) claude: PathBuf,
    pub(crate) codex: PathBuf,
    pub(crate) claude_arguments: Vec<String>,
    /// How often each repeats a request that failed.
    pub(crate) retries: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            claude_key: KEY.to_owned(),
            codex_key: KEY.to_owned(),
            claude: agents::claude().unwrap(),
            codex: agents::codex().unwrap(),
            claude_arguments: Vec::new(),
            retries: 0,
        }
    }
}

pub(crate) type Machine<P> = SpecStateMachine<MemoryStore, P>;

/// A machine, and the model behind its agents.
pub(crate) struct Stage<P> {
    pub(crate) model: ScriptedModel,
    pub(crate) machine: Machine<P>,
    pub(crate) folder: TempDir,
    pub(crate) setup: Setup,
    store: MemoryStore,
}

pub(crate) fn policy(program: Program) -> Policy {
    Policy {
        agent: Some(program.name()),
        backoff: Duration::ZERO,
        ..Policy::default()
    }
}

impl Stage<LocalSpawner> {
    pub(crate) async fn new(script: Script) -> Self {
        Self::with(script, Setup::default()).await
    }

    pub(crate) async fn with(script: Script, setup: Setup) -> Self {
        let folder = TempDir::with_prefix("spec-tests-stage-").unwrap();
        let spawner = Self::spawner_in(&folder);
        Self::over(folder, spawner, script, setup).await
    }

    /// A spawner that finds the sandboxes of any other in this folder.
    pub(crate) fn spawner_in(folder: &TempDir) -> LocalSpawner {
        LocalSpawner::new(folder.path().join("sandboxes"))
    }
}

impl<P: SandboxSpawner> Stage<P> {
    pub(crate) async fn over(folder: TempDir, spawner: P, script: Script, setup: Setup) -> Self {
        demo::make_repository_in(&folder.path().join("repository"));
        let options = ModelOptions {
            expected_key: Some(KEY.to_owned()),
            ..ModelOptions::default()
        };
        let model = ScriptedModel::start_with(options, script.encoding(results::encoded))
            .await
            .unwrap();
        let store = MemoryStore::default();
        let machine = machine(&folder, &model, &setup, &store, spawner);
        Self {
            model,
            machine,
            folder,
            setup,
            store,
        }
    }

    /// Another machine over the same store, as another process would have it.
    pub(crate) fn another_machine<Q: SandboxSpawner>(&self, spawner: Q) -> Machine<Q> {
        machine(&self.folder, &self.model, &self.setup, &self.store, spawner)
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
        end(&self.machine, id).await
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
    pub(crate) async fn items(&self, id: SpecId) -> Vec<ProgressItem> {
        let mut all = Vec::new();
        for event in self.events(id).await {
            if let EventBody::Progress { items, .. } = event.body {
                all.extend(items);
            }
        }
        all
    }

    /// Likewise, the texts.
    pub(crate) async fn shown(&self, id: SpecId) -> Vec<String> {
        let items = self.items(id).await.into_iter();
        items.map(|item| item.text).collect()
    }

    /// The requests that the model got about a phase.
    pub(crate) fn requests(&self, phase: Phase) -> Vec<Arc<Request>> {
        let requests = self.model.requests().into_iter();
        requests
            .filter(|request| request.phase() == Some(phase))
            .collect()
    }

    /// Waits until everything that was served by now is in the account.
    pub(crate) async fn told(&self, id: SpecId) {
        let served = self.model.totals();
        let expected = served.all_input() + served.output;
        assert!(expected > 0, "nothing was served");
        let begun = Instant::now();
        loop {
            let told = self.machine.usage(id).await.unwrap().total.tokens();
            if told == expected {
                return;
            }
            assert!(begun.elapsed() < LONGEST, "{told} of {expected} are told");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Every token that was served is in the account, and none twice.
    pub(crate) async fn check_account(&self, spec: &Spec) {
        self.check_account_with(spec, &[0]).await;
    }

    /// Likewise, but for one of these numbers of written tokens, which the agent alone has told of.
    pub(crate) async fn check_account_with(&self, spec: &Spec, estimates: &[u64]) {
        self.model.settled().await.unwrap();
        let served = self.model.totals();
        let usage = spec.usage;
        let estimate = usage.output_tokens.saturating_sub(served.output);
        assert!(estimates.contains(&estimate), "{estimate} too many");
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
            served.output + estimate,
        ];
        assert_eq!(counted, expected, "{:#?}", self.model.served());
        let told = self.machine.usage(spec.id).await.unwrap();
        assert_eq!(told.total, usage);
    }
}

fn machine<P: SandboxSpawner>(
    folder: &TempDir,
    model: &ScriptedModel,
    setup: &Setup,
    store: &MemoryStore,
    spawner: P,
) -> Machine<P> {
    let repository = folder.path().join("repository");
    let projects = StaticProjects::new([Project::new(
        ProjectId::new("demo").unwrap(),
        Checkout::new(repository.to_str().unwrap().to_owned()),
    )
    .with_name("Demo")]);
    let mut claude = ClaudeCode::new(Claude.name(), Secret::new(setup.claude_key.as_str()))
        .with_program(setup.claude.to_str().unwrap())
        .with_endpoint(model.url())
        .unwrap()
        .with_max_turns(12)
        .with_max_retries(setup.retries);
    for argument in &setup.claude_arguments {
        claude = claude.with_arg(argument);
    }
    let mut codex = Codex::new(CodexCli.name(), Secret::new(setup.codex_key.as_str()))
        .with_program(setup.codex.to_str().unwrap())
        .with_endpoint(model.openai_url())
        .unwrap()
        .with_max_retries(setup.retries);
    // Whatever a program asks for beside its model goes nowhere.
    for (name, value) in [
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
        ("ALL_PROXY", "http://127.0.0.1:1"),
        ("NO_PROXY", "127.0.0.1"),
    ] {
        claude = claude.with_env(name, value);
        codex = codex.with_env(name, value);
    }
    let config = RunnerConfig::in_environment("test")
        .unwrap()
        .with_progress_interval(Duration::from_millis(20))
        .with_lease(Duration::from_secs(3));
    SpecStateMachine::new(store.clone(), spawner, projects)
        .with_agent(claude)
        .with_agent(codex)
        .with_config(config)
}

/// Drives the spec to its end.
pub(crate) async fn end<P: SandboxSpawner>(machine: &Machine<P>, id: SpecId) -> Spec {
    let driven = async {
        loop {
            let spec = machine.drive(id).await.unwrap();
            if spec.status.is_terminal() {
                return spec;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if let Ok(spec) = tokio::time::timeout(LONGEST, driven).await {
        return spec;
    }
    panic!("no end of {:?}", machine.get(id).await)
}

/// The attempts at a phase, each by agent, number of its last run, and what it came to.
pub(crate) fn attempts(spec: &Spec, phase: Phase) -> Vec<(Program, u32, Option<FailureKind>)> {
    let attempts = spec.phases.get(phase).attempts.iter();
    attempts
        .map(|attempt| {
            let mut programs = Program::ALL.into_iter();
            let program = programs.find(|program| program.name() == attempt.agent);
            (program.unwrap(), attempt.repair.get(), failure_of(attempt))
        })
        .collect()
}

fn failure_of(attempt: &Attempt) -> Option<FailureKind> {
    match attempt.outcome()? {
        AttemptOutcome::Failed { failure } => Some(failure.kind),
        AttemptOutcome::Accepted | AttemptOutcome::Cancelled | AttemptOutcome::Paused => None,
    }
}

pub(crate) fn assert_completed(spec: &Spec) {
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
}

/// The spec failed for this reason, at EXPLORE.
pub(crate) fn assert_failed(spec: &Spec, kind: FailureKind) {
    assert_eq!(spec.status, SpecStatus::Failed);
    let failure = spec.failure.as_ref().unwrap();
    assert_eq!(
        (failure.phase, failure.kind),
        (Phase::Explore, kind),
        "{failure}"
    );
}
