//! The port for coding agents: [`Agent`]. Pure: arguments out, lines in; the machine does the rest.

mod claude_code;
mod codex;
mod command;
mod context;
#[cfg(test)]
mod corpus;
mod event;
#[cfg(test)]
mod fixture;
mod outcome;
mod program;
mod prompt;
mod record;
mod result;
mod task_files;

pub use claude_code::ClaudeCode;
pub use codex::Codex;
pub use command::CommandAgent;
pub use context::{AgentContext, PROTOCOL_VERSION};
pub use event::{AgentEnd, AgentEvent, ToolCall, ToolKind};
pub use outcome::RunOutcome;
pub(crate) use outcome::outcome;
pub use prompt::{Delivery, PromptSet};
pub(crate) use prompt::{INTERRUPTED, built_in_instructions};
pub(crate) use record::Noted;
pub use record::{ResultAt, RunRecord, RunReport};
pub(crate) use result::document_in;
pub use result::{AgentResult, ResultKind};

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::id::{AgentName, AgentSessionId, RunKey};
use crate::invalid_input::InvalidInput;
use crate::policy::Budget;
use crate::sandbox::{Layout, OutputLine, SandboxFile, SandboxPath, SecretEnv};

/// A session of an agent that is to go on. What the agent keeps of it is in the same sandbox, but for
/// one that was killed early, which may have kept nothing: then the task is done from the beginning.
#[derive(Debug, Clone)]
pub struct Resume {
    /// The session.
    pub session: AgentSessionId,
    /// What is new, in words.
    pub prompt: String,
}

/// What an agent is asked to do.
#[derive(Debug, Clone)]
pub struct AgentTask {
    /// The run.
    pub run: RunKey,
    /// Where things are in the sandbox.
    pub layout: Layout,
    /// The task in words, for the agent's [`Delivery`].
    pub prompt: String,
    /// JSON Schema of the result.
    pub schema: &'static Value,
    /// Everything the prompt speaks of, for programs to read.
    pub context: AgentContext,
    /// The session to go on in; `None`: a new one.
    pub resume: Option<Resume>,
    /// What is left for it to consume. Agents that can keep to it by themselves are told; the machine
    /// watches in any case.
    pub limits: Budget,
}

/// How a task is handed to a program.
#[derive(Debug, Clone)]
pub struct RunPlan {
    /// Files to be written before it starts.
    pub files: Vec<SandboxFile>,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Programs that it calls: without them the run does not start.
    pub needs: Vec<String>,
    /// Its environment.
    pub env: BTreeMap<String, String>,
    /// Secrets to be added to its environment.
    pub secrets: Vec<SecretEnv>,
    /// The file in which it leaves its result, if not in its output.
    pub result: SandboxPath,
}

/// A kind of coding agent. Pure: no I/O, no clock, no randomness.
pub trait Agent: fmt::Debug + Send + Sync + 'static {
    /// The name by which policies choose it.
    fn name(&self) -> &AgentName;

    /// What it is, in one line, for a person to read wherever it is chosen or shown.
    fn description(&self) -> &str;

    /// How it is told to hand over its result. All ways are looked at in any case.
    fn delivery(&self) -> Delivery;

    /// Says how the task is to be run. The same task gives the same plan.
    ///
    /// # Errors
    ///
    /// When the task cannot be expressed for this agent.
    fn plan(&self, task: &AgentTask) -> Result<RunPlan, InvalidInput>;

    /// A fresh decoder for the output of one run.
    fn decoder(&self) -> Box<dyn AgentDecoder>;
}

/// Makes sense of an agent's output, line by line. Total: any line in any order, of any length.
///
/// A run may be followed anew by another decoder from any line on. So what a line means must not
/// depend on lines long before it: a decoder may remember, to say a thing better or only once, but
/// consumption, results and the end are in the line that tells them.
pub trait AgentDecoder: fmt::Debug + Send {
    /// Takes a line and hands out what it means, in order. Lines of no meaning yield nothing.
    fn line(&mut self, line: &OutputLine) -> Vec<AgentEvent>;

    /// Whether the agent always says how it ended ([`AgentEvent::Ended`]), so that one which has not
    /// was interrupted, whatever its exit code.
    fn tells_its_end(&self) -> bool;
}
