//! Codex (`codex exec`), run without a person at the keyboard.

mod decoder;

#[cfg(test)]
mod tests;

use self::decoder::Decoder;
use super::program::{Program, check_endpoint};
use super::task_files::{plan_without_program, run_by_script};
use super::{Agent, AgentDecoder, AgentTask, Delivery, RunPlan};
use crate::artifact::strict_schema;
use crate::id::AgentName;
use crate::invalid_input::InvalidInput;
use crate::sandbox::{SandboxPath, Secret, SecretEnv};

/// Where it finds its key.
const KEY: &str = "OPENAI_API_KEY";
/// No agents of its own, because what those consume is not told; and nothing that asks other services
/// than the model's.
const SETTINGS: [&str; 6] = [
    "features.multi_agent=false",
    "features.plugins=false",
    "features.remote_plugin=false",
    "features.apps=false",
    "analytics.enabled=false",
    "check_for_update_on_startup=false",
];
/// The service of its maker.
const ENDPOINT: &str = "https://api.openai.com/v1";

/// Codex (`codex exec`), version 0.169.
///
/// It runs without its own sandbox: the one that it is in has to do. Commands that it runs do not see
/// its key. It asks no agents of its own for help, because what those consume is not told.
#[derive(Debug, Clone)]
pub struct Codex {
    name: AgentName,
    key: Secret,
    program: Program,
}

impl Codex {
    /// Codex with an API key.
    #[must_use]
    pub fn new(name: AgentName, key: Secret) -> Self {
        Self {
            name,
            key,
            program: Program::new("codex"),
        }
    }

    /// Runs `program`, a path or a name to be found on the sandbox's `PATH`; `codex` if not set.
    #[must_use]
    pub fn with_program(mut self, program: impl Into<String>) -> Self {
        self.program.path = program.into();
        self
    }

    /// Asks for a model, by its name.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.program.model = Some(model.into());
        self
    }

    /// Sends requests to another service than its maker's, at `{url}/responses`.
    ///
    /// # Errors
    ///
    /// Refuses what is no `http` or `https` URL, and URLs with a user or a password in them.
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Result<Self, InvalidInput> {
        self.program.endpoint = Some(check_endpoint(url.into())?);
        Ok(self)
    }

    /// Lets it repeat a failed request at most `retries` times, and as often a broken answer; 4 and
    /// 5 if not set.
    #[must_use]
    pub fn with_max_retries(mut self, retries: u32) -> Self {
        self.program.max_retries = Some(retries);
        self
    }

    /// Adds an environment variable, or replaces one that is set here.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.program.env.insert(name.into(), value.into());
        self
    }

    /// Adds an argument, after all others.
    #[must_use]
    pub fn with_arg(mut self, arg: impl Into<String>) -> Self {
        self.program.args.push(arg.into());
        self
    }

    /// The service, as a table of its configuration. A table of our own needs no login, and speaks
    /// HTTP at once.
    fn provider(&self) -> String {
        let endpoint = self.program.endpoint.as_deref().unwrap_or(ENDPOINT);
        let endpoint = toml_text(endpoint.trim_end_matches('/'));
        let retries = self
            .program
            .max_retries
            .map_or_else(String::new, |retries| {
                format!(",request_max_retries={retries},stream_max_retries={retries}")
            });
        format!(
            "model_providers.spec={{name=\"spec\",base_url={endpoint},env_key=\"{KEY}\",\
             wire_api=\"responses\"{retries}}}"
        )
    }

    fn arguments(&self, task: &AgentTask) -> Result<Vec<String>, InvalidInput> {
        let schema = SandboxPath::in_run(&task.run, "schema.json")?;
        let mut arguments = [
            "--json",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            "--output-schema",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(task.layout.absolute(&schema));
        let mut configure = |setting: String| arguments.extend(["-c".to_owned(), setting]);
        configure("model_provider=\"spec\"".to_owned());
        configure(self.provider());
        configure(format!("shell_environment_policy.exclude=[\"{KEY}\"]"));
        for setting in SETTINGS {
            configure(setting.to_owned());
        }
        if let Some(model) = &self.program.model {
            arguments.extend(["--model".to_owned(), model.clone()]);
        }
        arguments.extend(self.program.args.iter().cloned());
        arguments.push("-".to_owned());
        Ok(arguments)
    }
}

/// A basic string of TOML, whose escapes are those of JSON for all that a URL may hold.
fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Agent for Codex {
    fn name(&self) -> &AgentName {
        &self.name
    }

    fn description(&self) -> &'static str {
        "Codex, OpenAI's coding agent"
    }

    fn delivery(&self) -> Delivery {
        Delivery::LastMessage
    }

    fn plan(&self, task: &AgentTask) -> Result<RunPlan, InvalidInput> {
        let mut plan = plan_without_program(task, strict_schema(task.context.phase))?;
        let script = include_str!("codex/agent.sh");
        let arguments = self.arguments(task)?;
        run_by_script(&mut plan, task, script, &self.program.path, arguments)?;
        plan.env.extend(self.program.env.clone());
        plan.secrets.push(SecretEnv {
            name: KEY.to_owned(),
            value: self.key.clone(),
        });
        Ok(plan)
    }

    fn decoder(&self) -> Box<dyn AgentDecoder> {
        Box::new(Decoder::new(self.program.model.as_deref()))
    }
}
