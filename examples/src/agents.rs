//! Which agents do the work, what they may consume, and how they reach their models.

mod choice;
mod endpoint;
#[cfg(test)]
mod tests;
mod vendor;

use std::env::VarError;
use std::num::NonZeroU64;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use spec_core::agent::{ClaudeCode, Codex, CommandAgent};
use spec_core::id::AgentName;
use spec_core::policy::Budget;
use spec_core::{Policy, SandboxSpawner, SpecStateMachine, SpecStore};
use url::Url;

use crate::consumption::limits;
use crate::money::Dollars;
use crate::offline_agent;

pub use choice::Choice;
pub use endpoint::ModelEndpoint;
pub use vendor::Vendor;
use vendor::{Key, KeyKind};

/// First argument that turns a program of this package into the offline agent, so that the agent is
/// always the one that was built with the program.
const OFFLINE_AGENT_ARGUMENT: &str = "offline-agent";
/// The offline agent in a sandbox that is not on this machine.
const OFFLINE_AGENT_ELSEWHERE: &str = "spec-offline-agent";
const OFFLINE_AGENT_DESCRIPTION: &str =
    "rule-based, no language model: reads the repository and drafts honest skeletons";

/// Longest name of a model, in characters.
const MAX_MODEL_CHARS: usize = 200;

/// The arguments that choose agents.
///
/// Keys are no arguments: other users of a machine see those.
#[derive(Debug, Clone, Args)]
pub struct AgentArguments {
    /// Who drafts: `offline` follows rules and needs no model; `claude-code` and `codex` are the programs
    /// `claude` and `codex`; `command:PATH` is any program that follows the file protocol, as a path or a
    /// name on the PATH (at Daytona: of the sandbox).
    ///
    /// The key is taken from the environment only: `ANTHROPIC_API_KEY` (or
    /// `ANTHROPIC_AUTH_TOKEN`) for claude-code, `OPENAI_API_KEY` (or `CODEX_API_KEY`) for codex. The first that is set counts.
    #[arg(long, value_name = "AGENT", default_value_t = Choice::Offline)]
    agent: Choice,
    /// Who takes over a phase when the agent has failed at it for good; chosen as with --agent. By
    /// default nobody.
    #[arg(long, value_name = "AGENT")]
    fallback_agent: Option<Choice>,
    /// The model that --agent talks to; by default the one that its program prefers. The fallback agent
    /// keeps its own, since a model of one vendor is none of another.
    #[arg(long, value_name = "NAME", value_parser = model_name)]
    model: Option<String>,
    /// Base address of a service that is asked in place of the vendors': below it are `/v1/messages`
    /// for claude-code and `/v1/responses` for codex. It counts for the fallback agent too, so that no
    /// request goes elsewhere unnoticed. On this machine no key is needed.
    #[arg(long, value_name = "https://…")]
    model_endpoint: Option<ModelEndpoint>,
    /// The program of --agent in the sandboxes, as a path or a name on their PATH; by default `claude`
    /// or `codex`, and for the offline agent this program itself, at Daytona `spec-offline-agent`.
    #[arg(long, value_name = "PROGRAM")]
    agent_program: Option<String>,
    /// US dollars that agents may consume for a spec, exact to six digits, at list price. A spec that
    /// needs more fails, and can be taken up again with more.
    #[arg(long, value_name = "D.DD", allow_hyphen_values = true)]
    budget_usd: Option<Dollars>,
    /// Tokens of every kind that agents may consume for a spec, likewise.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    budget_tokens: Option<NonZeroU64>,
}

fn model_name(text: &str) -> anyhow::Result<String> {
    let length = text.chars().count();
    if !(1..=MAX_MODEL_CHARS).contains(&length) {
        bail!("must be 1 to {MAX_MODEL_CHARS} characters long");
    }
    if text.starts_with('-') || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        bail!("must not begin with a dash, nor hold spaces or control characters");
    }
    Ok(text.to_owned())
}

impl AgentArguments {
    /// What the arguments say, together with the keys of the environment.
    ///
    /// # Errors
    ///
    /// Names the argument or variable that is missing or cannot be used.
    pub fn agents(self) -> anyhow::Result<Agents> {
        self.with_keys(|name| std::env::var(name))
    }

    fn with_keys(self, read: impl Fn(&str) -> Result<String, VarError>) -> anyhow::Result<Agents> {
        let Self {
            agent,
            fallback_agent,
            model,
            model_endpoint,
            agent_program,
            budget_usd,
            budget_tokens,
        } = self;
        let talks = |choice: &Choice| matches!(choice, Choice::Model(_));
        if model.is_some() && !talks(&agent) {
            bail!("--model is for --agent claude-code or codex, and `{agent}` is told no model");
        }
        let is_asked = talks(&agent) || fallback_agent.as_ref().is_some_and(talks);
        if model_endpoint.is_some() && !is_asked {
            bail!("--model-endpoint is for claude-code and codex, and neither is chosen");
        }
        if agent_program.as_deref() == Some("") {
            bail!("--agent-program must name a program");
        }
        if agent_program.is_some() && matches!(agent, Choice::Command(_)) {
            bail!("--agent-program is not needed: `{agent}` names its program");
        }
        let endpoint = model_endpoint.as_ref();
        let main = Chosen::new(agent, agent_program, model, endpoint, &read)?;
        let fallback = fallback_agent
            .map(|choice| Chosen::new(choice, None, None, endpoint, &read))
            .transpose()?;
        if fallback.as_ref().is_some_and(|f| f.name == main.name) {
            bail!(
                "--fallback-agent must be another agent than `{}`",
                main.name
            );
        }
        Ok(Agents {
            main,
            fallback,
            budget: Budget {
                tokens: budget_tokens.map(NonZeroU64::get),
                cost_micro_usd: budget_usd.map(Dollars::micro),
            },
        })
    }
}

/// The agents of a program, and what they may consume.
#[derive(Debug, Clone)]
pub struct Agents {
    main: Chosen,
    fallback: Option<Chosen>,
    budget: Budget,
}

/// An agent that was chosen.
#[derive(Debug, Clone)]
struct Chosen {
    name: AgentName,
    kind: Kind,
    /// The program in the sandboxes; `None`: the usual one.
    program: Option<String>,
}

#[derive(Debug, Clone)]
enum Kind {
    Offline,
    Command(String),
    Model(Access),
}

/// How an agent reaches its model.
#[derive(Debug, Clone)]
struct Access {
    vendor: Vendor,
    key: Key,
    model: Option<String>,
    endpoint: Option<ModelEndpoint>,
}

impl Chosen {
    fn new(
        choice: Choice,
        program: Option<String>,
        model: Option<String>,
        endpoint: Option<&ModelEndpoint>,
        read: impl Fn(&str) -> Result<String, VarError>,
    ) -> anyhow::Result<Self> {
        let name = choice.name()?;
        let kind = match choice {
            Choice::Offline => Kind::Offline,
            Choice::Command(program) => Kind::Command(program),
            Choice::Model(vendor) => Kind::Model(Access {
                vendor,
                key: vendor.key(endpoint, read)?,
                model,
                endpoint: endpoint.cloned(),
            }),
        };
        Ok(Self {
            name,
            kind,
            program,
        })
    }

    fn access(&self) -> Option<&Access> {
        match &self.kind {
            Kind::Model(access) => Some(access),
            Kind::Offline | Kind::Command(_) => None,
        }
    }
}

/// How the agents are run.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// Sandboxes are folders of this machine.
    pub local: bool,
    /// Milliseconds that the offline agent pauses after each line of progress, for demonstrations.
    pub delay: Option<u64>,
}

impl Agents {
    /// The rules of a launch that says no more: the budget and the fallback agent.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            budget: self.budget,
            fallback_agent: self.fallback.as_ref().map(|fallback| fallback.name.clone()),
            ..Policy::default()
        }
    }

    /// What agents may consume for a spec.
    #[must_use]
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// Addresses that have to be within a sandbox's reach.
    ///
    /// # Errors
    ///
    /// Never in practice: when a vendor's own address is none.
    pub fn endpoints(&self) -> anyhow::Result<Vec<Url>> {
        let mut urls = Vec::new();
        for access in self.all().filter_map(Chosen::access) {
            let url = match &access.endpoint {
                Some(endpoint) => endpoint.url().clone(),
                None => Url::parse(access.vendor.public_endpoint())?,
            };
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        Ok(urls)
    }

    /// What a person should know before anything begins, line by line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("agent: {}", self.main.introduction())];
        lines.extend(
            self.fallback
                .iter()
                .map(|fallback| format!("fallback agent: {}", fallback.introduction())),
        );
        lines.extend(limits(self.budget).map(|limits| format!("budget of a spec: {limits}")));
        for access in self.all().filter_map(Chosen::access) {
            if let (true, Some(endpoint)) = (access.key.is_placeholder, &access.endpoint) {
                lines.push(format!(
                    "note: no key for `{}` is set; {endpoint} is on this machine and gets a placeholder",
                    access.vendor.agent()
                ));
            }
        }
        lines
    }

    fn all(&self) -> impl Iterator<Item = &Chosen> {
        std::iter::once(&self.main).chain(&self.fallback)
    }

    /// Makes the agents known to a machine, the main one as its default.
    ///
    /// # Errors
    ///
    /// When a program cannot be named.
    pub fn register<S: SpecStore, P: SandboxSpawner>(
        &self,
        mut machine: SpecStateMachine<S, P>,
        surroundings: Surroundings,
    ) -> anyhow::Result<SpecStateMachine<S, P>> {
        for chosen in self.all() {
            machine = chosen.register(machine, surroundings)?;
        }
        Ok(machine)
    }
}

impl Chosen {
    /// What it is, in one line.
    fn introduction(&self) -> String {
        let name = &self.name;
        match &self.kind {
            Kind::Offline => format!("{name} ({OFFLINE_AGENT_DESCRIPTION})"),
            Kind::Command(program) => format!("{name} (runs {program})"),
            Kind::Model(Access {
                vendor,
                model,
                endpoint,
                key: _,
            }) => {
                let model = match model {
                    Some(model) => format!("model {model}"),
                    None => "the model that its program prefers".to_owned(),
                };
                let place = match endpoint {
                    Some(endpoint) => endpoint.to_string(),
                    None => vendor.public_endpoint().to_owned(),
                };
                format!("{name} ({model}, at {place})")
            }
        }
    }

    fn register<S: SpecStore, P: SandboxSpawner>(
        &self,
        machine: SpecStateMachine<S, P>,
        surroundings: Surroundings,
    ) -> anyhow::Result<SpecStateMachine<S, P>> {
        let program = self.program.as_deref();
        let program = program.map(|program| in_sandbox(program, surroundings.local));
        let program = program.transpose()?;
        Ok(match &self.kind {
            Kind::Offline => machine.with_agent(self.offline(program, surroundings)?),
            Kind::Command(program) => {
                let program = in_sandbox(program, surroundings.local)?;
                machine.with_agent(CommandAgent::new(self.name.clone(), program))
            }
            Kind::Model(access) => match access.vendor {
                Vendor::Anthropic => machine.with_agent(self.claude_code(access, program)?),
                Vendor::OpenAi => machine.with_agent(self.codex(access, program)?),
            },
        })
    }

    fn claude_code(&self, access: &Access, program: Option<String>) -> anyhow::Result<ClaudeCode> {
        let (name, key) = (self.name.clone(), access.key.secret.clone());
        let mut agent = match access.key.kind {
            KeyKind::ApiKey => ClaudeCode::new(name, key),
            KeyKind::BearerToken => ClaudeCode::with_auth_token(name, key),
        };
        if let Some(program) = program {
            agent = agent.with_program(program);
        }
        if let Some(model) = &access.model {
            agent = agent.with_model(model);
        }
        if let Some(endpoint) = &access.endpoint {
            agent = agent.with_endpoint(endpoint.to_string())?;
        }
        Ok(agent)
    }

    fn codex(&self, access: &Access, program: Option<String>) -> anyhow::Result<Codex> {
        let mut agent = Codex::new(self.name.clone(), access.key.secret.clone());
        if let Some(program) = program {
            agent = agent.with_program(program);
        }
        if let Some(model) = &access.model {
            agent = agent.with_model(model);
        }
        if let Some(endpoint) = &access.endpoint {
            agent = agent.with_endpoint(format!("{endpoint}/v1"))?;
        }
        Ok(agent)
    }

    fn offline(
        &self,
        program: Option<String>,
        surroundings: Surroundings,
    ) -> anyhow::Result<CommandAgent> {
        let elsewhere = || (!surroundings.local).then(|| OFFLINE_AGENT_ELSEWHERE.to_owned());
        let agent = if let Some(program) = program.or_else(elsewhere) {
            CommandAgent::new(self.name.clone(), program)
        } else {
            let program = std::env::current_exe().context("cannot tell where this program is")?;
            let program = program
                .to_str()
                .context("the path of this program is not UTF-8")?;
            CommandAgent::new(self.name.clone(), program).with_arg(OFFLINE_AGENT_ARGUMENT)
        };
        let agent = agent.with_description(OFFLINE_AGENT_DESCRIPTION);
        Ok(match surroundings.delay {
            Some(millis) => agent.with_arg("--slow-ms").with_arg(millis.to_string()),
            None => agent,
        })
    }
}

/// A program as sandboxes find it: on this machine, a path counts from the folder that the person is in.
fn in_sandbox(program: &str, local: bool) -> anyhow::Result<String> {
    if !local || !program.contains('/') {
        return Ok(program.to_owned());
    }
    let absolute = std::path::absolute(Path::new(program))
        .with_context(|| format!("cannot tell where {program} is"))?;
    let absolute = absolute
        .to_str()
        .context("the path of the agent's program is not UTF-8")?;
    Ok(absolute.to_owned())
}

/// Runs the offline agent when this program was started as one; the exit code then.
#[must_use]
pub fn act_as_offline_agent() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1).peekable();
    (arguments.peek()? == OFFLINE_AGENT_ARGUMENT).then(|| offline_agent::main(arguments))
}
