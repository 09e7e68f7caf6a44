//! Claude Code (`claude -p`), run without a person at the keyboard.

mod decoder;

#[cfg(test)]
mod tests;

use serde_json::Value;

use self::decoder::Decoder;
use super::program::{Program, check_endpoint};
use super::task_files::{plan_without_program, run_by_script};
use super::{Agent, AgentDecoder, AgentTask, Delivery, RunPlan};
use crate::id::{AgentName, AgentSessionId};
use crate::invalid_input::InvalidInput;
use crate::sandbox::{Secret, SecretEnv};

/// Tools it may use: enough to read a repository. What changes files is refused.
const TOOLS: &str = "Bash,Read";

/// Claude Code (`claude -p`), version 2.1.
///
/// It runs without the repository's own settings, which could send its key elsewhere, and without
/// instructions, hooks and servers of the repository. The key is visible to the commands it runs.
#[derive(Debug, Clone)]
pub struct ClaudeCode {
    name: AgentName,
    key: SecretEnv,
    program: Program,
    max_turns: Option<u32>,
}

impl ClaudeCode {
    /// Claude Code with an API key, which it reads from `ANTHROPIC_API_KEY`.
    #[must_use]
    pub fn new(name: AgentName, key: Secret) -> Self {
        Self::with_key(name, "ANTHROPIC_API_KEY", key)
    }

    /// Claude Code with a bearer token, for gateways; it reads it from `ANTHROPIC_AUTH_TOKEN`.
    #[must_use]
    pub fn with_auth_token(name: AgentName, token: Secret) -> Self {
        Self::with_key(name, "ANTHROPIC_AUTH_TOKEN", token)
    }

    fn with_key(name: AgentName, variable: &str, value: Secret) -> Self {
        Self {
            name,
            key: SecretEnv {
                name: variable.to_owned(),
                value,
            },
            program: Program::new("claude"),
            max_turns: None,
        }
    }

    /// Runs `program`, a path or a name to be found on the sandbox's `PATH`; `claude` if not set.
    #[must_use]
    pub fn with_program(mut self, program: impl Into<String>) -> Self {
        self.program.path = program.into();
        self
    }

    /// Asks for a model, by its name or alias.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.program.model = Some(model.into());
        self
    }

    /// Sends requests to another service than its maker's, at `{url}/v1/messages`.
    ///
    /// # Errors
    ///
    /// Refuses what is no `http` or `https` URL, and URLs with a user or a password in them.
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Result<Self, InvalidInput> {
        self.program.endpoint = Some(check_endpoint(url.into())?);
        Ok(self)
    }

    /// Lets it talk to the model at most `turns` times in a run.
    #[must_use]
    pub fn with_max_turns(mut self, turns: u32) -> Self {
        self.max_turns = Some(turns);
        self
    }

    /// Lets it repeat a failed request at most `retries` times; 10 if not set.
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

    fn arguments(&self, task: &AgentTask) -> Vec<String> {
        let mut arguments = vec![AgentSessionId::for_run(&task.run).to_string()];
        arguments.extend(
            [
                "-p",
                "--bare",
                "--setting-sources",
                "user",
                "--strict-mcp-config",
                "--output-format",
                "stream-json",
                "--verbose",
                "--include-partial-messages",
                "--allowedTools",
                TOOLS,
                "--permission-mode",
                "dontAsk",
            ]
            .map(str::to_owned),
        );
        let mut add = |option: &str, value: String| arguments.extend([option.to_owned(), value]);
        if let Some(model) = &self.program.model {
            add("--model", model.clone());
        }
        if let Some(turns) = self.max_turns {
            add("--max-turns", turns.to_string());
        }
        if let Some(cost) = task.limits.cost_micro_usd {
            // It refuses a limit of nothing.
            let cost = cost.max(1);
            let (dollars, rest) = (cost / 1_000_000, cost % 1_000_000);
            add("--max-budget-usd", format!("{dollars}.{rest:06}"));
        }
        arguments.extend(self.program.args.iter().cloned());
        arguments
    }
}

/// The schema in the form that the program takes: it knows no draft but its own.
fn without_draft(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(rules) = schema.as_object_mut() {
        rules.remove("$schema");
    }
    schema
}

impl Agent for ClaudeCode {
    fn name(&self) -> &AgentName {
        &self.name
    }

    fn description(&self) -> &'static str {
        "Claude Code, Anthropic's coding agent"
    }

    fn delivery(&self) -> Delivery {
        Delivery::StructuredOutput
    }

    fn plan(&self, task: &AgentTask) -> Result<RunPlan, InvalidInput> {
        let mut plan = plan_without_program(task, &without_draft(task.schema))?;
        run_by_script(
            &mut plan,
            task,
            include_str!("claude_code/agent.sh"),
            &self.program.path,
            self.arguments(task),
        )?;
        let mut set = |name: &str, value: String| plan.env.insert(name.to_owned(), value);
        set("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".to_owned());
        set("DISABLE_AUTOUPDATER", "1".to_owned());
        if let Some(endpoint) = &self.program.endpoint {
            set("ANTHROPIC_BASE_URL", endpoint.clone());
        }
        if let Some(retries) = self.program.max_retries {
            set("CLAUDE_CODE_MAX_RETRIES", retries.to_string());
        }
        plan.env.extend(self.program.env.clone());
        plan.secrets.push(self.key.clone());
        Ok(plan)
    }

    fn decoder(&self) -> Box<dyn AgentDecoder> {
        Box::new(Decoder::new(&self.key.name))
    }
}
