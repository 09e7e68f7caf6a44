//! The port for coding agents: [`Agent`]. Pure: arguments out, lines in; the machine does the rest.

mod command;
mod context;
mod prompt;

pub use command::CommandAgent;
pub use context::{AgentContext, PROTOCOL_VERSION};
pub(crate) use prompt::built_in_instructions;
pub use prompt::{Delivery, PromptSet, prompt};

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::event::ProgressItem;
use crate::id::{AgentName, RunKey};
use crate::invalid_input::InvalidInput;
use crate::sandbox::{Layout, OutputLine, SandboxFile, SandboxPath, SecretEnv};
use crate::usage::Usage;

/// What an agent is asked to do.
#[derive(Debug, Clone)]
pub struct AgentTask {
    /// The run.
    pub run: RunKey,
    /// Where things are in the sandbox.
    pub layout: Layout,
    /// The task in words.
    pub prompt: String,
    /// JSON Schema of the result.
    pub schema: &'static Value,
    /// Everything the prompt speaks of, for programs to read.
    pub context: AgentContext,
}

/// How a task is handed to a program.
#[derive(Debug, Clone)]
pub struct RunPlan {
    /// Files to be written before it starts.
    pub files: Vec<SandboxFile>,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Its environment.
    pub env: BTreeMap<String, String>,
    /// Secrets to be added to its environment.
    pub secrets: Vec<SecretEnv>,
    /// The file in which it leaves its result.
    pub result: SandboxPath,
}

/// What an agent did, in the terms of this crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentEvent {
    /// Something to show.
    Progress(ProgressItem),
    /// What the run has consumed so far, in total.
    Usage(Usage),
    /// It gave up; the text says why.
    Error(String),
}

/// A kind of coding agent. Pure: no I/O, no clock, no randomness.
pub trait Agent: fmt::Debug + Send + Sync + 'static {
    /// The name by which policies choose it.
    fn name(&self) -> &AgentName;

    /// What it is, in one line, for a person to read wherever it is chosen or shown.
    fn description(&self) -> &str;

    /// Says how the task is to be run.
    ///
    /// # Errors
    ///
    /// When the task cannot be expressed for this agent.
    fn plan(&self, task: &AgentTask) -> Result<RunPlan, InvalidInput>;

    /// A fresh decoder for the output of one run.
    fn decoder(&self) -> Box<dyn AgentDecoder>;
}

/// Makes sense of an agent's output, line by line. Total: any line in any order.
pub trait AgentDecoder: fmt::Debug + Send {
    /// Takes a line and hands out what it means, if anything.
    fn line(&mut self, line: &OutputLine) -> Option<AgentEvent>;
}
