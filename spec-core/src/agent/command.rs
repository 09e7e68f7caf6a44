//! An agent that is any program, spoken to through files.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::task_files::plan_without_program;
use super::{Agent, AgentDecoder, AgentEvent, AgentTask, Delivery, RunPlan};
use crate::event::{ProgressItem, ProgressKind};
use crate::id::{AgentName, AgentSessionId};
use crate::invalid_input::InvalidInput;
use crate::sandbox::{Channel, OutputLine, SecretEnv};
use crate::usage::{Tokens, UsageReport, UsageScope};

/// Any program that follows the file protocol.
///
/// The program is started in the repository with the environment variables `SPEC_RUN_DIR` (a folder
/// of its own, outside the repository) and `SPEC_REPOSITORY`. In the folder it finds
///
/// - `prompt.md`, the task in words,
/// - `schema.json`, the JSON Schema of the result,
/// - `context.json`, an [`AgentContext`](super::AgentContext),
///
/// and there it leaves `result.json` before it ends with exit code 0. Meanwhile it may print
/// progress to standard output, one JSON object a line:
///
/// ```json
/// {"type":"progress","text":"Reading src/main.rs","kind":"file","permille":250}
/// {"type":"started","version":"1.4.0","model":"gpt-5"}
/// {"type":"usage","input_tokens":1200,"output_tokens":84,"cost_micro_usd":6150}
/// {"type":"error","text":"cannot reach the model"}
/// ```
///
/// `kind` is one of `message` (the default), `thinking`, `tool`, `file`, `warning`. Usage is the
/// total of this run so far, with `cached_input_tokens` and `cache_write_tokens` apart from
/// `input_tokens`; without `cost_micro_usd` the machine's prices for the model count. Lines of any
/// other form are shown as they are.
#[derive(Debug, Clone)]
pub struct CommandAgent {
    name: AgentName,
    description: String,
    argv: Vec<String>,
    env: BTreeMap<String, String>,
    secrets: Vec<SecretEnv>,
}

impl CommandAgent {
    /// An agent that runs `program`, a path or a name to be found on the sandbox's `PATH`.
    #[must_use]
    pub fn new(name: AgentName, program: impl Into<String>) -> Self {
        let program = program.into();
        let description = format!("runs {program}");
        Self {
            name,
            description,
            argv: vec![program],
            env: BTreeMap::new(),
            secrets: Vec::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with_arg(mut self, arg: impl Into<String>) -> Self {
        self.argv.push(arg.into());
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Adds a secret to the environment.
    #[must_use]
    pub fn with_secret(mut self, secret: SecretEnv) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Says what the program is, in one line.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }
}

impl CommandAgent {
    /// A decoder for the lines that programs of this protocol print.
    pub(crate) fn line_decoder() -> Box<dyn AgentDecoder> {
        Box::new(CommandDecoder)
    }
}

impl Agent for CommandAgent {
    fn name(&self) -> &AgentName {
        &self.name
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn delivery(&self) -> Delivery {
        Delivery::File
    }

    fn plan(&self, task: &AgentTask) -> Result<RunPlan, InvalidInput> {
        let mut plan = plan_without_program(task, task.schema)?;
        plan.argv.clone_from(&self.argv);
        plan.secrets.clone_from(&self.secrets);
        for (name, value) in &self.env {
            plan.env
                .entry(name.clone())
                .or_insert_with(|| value.clone());
        }
        Ok(plan)
    }

    fn decoder(&self) -> Box<dyn AgentDecoder> {
        Self::line_decoder()
    }
}

/// What a line of standard output may be.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Progress {
        text: String,
        #[serde(default)]
        kind: Option<ProgressKind>,
        #[serde(default)]
        permille: Option<u16>,
    },
    Started {
        #[serde(default)]
        session: Option<AgentSessionId>,
        #[serde(default)]
        version: Option<String>,
        #[serde(default)]
        model: Option<String>,
    },
    Usage(Consumed),
    Error {
        text: String,
    },
}

/// What the run consumed so far.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Consumed {
    input_tokens: u64,
    cached_input_tokens: u64,
    cache_write_tokens: u64,
    output_tokens: u64,
    cost_micro_usd: Option<u64>,
    model: Option<String>,
}

#[derive(Debug)]
struct CommandDecoder;

impl CommandDecoder {
    fn event(text: &str) -> Option<AgentEvent> {
        Some(match serde_json::from_str(text) {
            Ok(Line::Progress {
                text,
                kind,
                permille,
            }) => AgentEvent::Progress(ProgressItem {
                kind: kind.unwrap_or(ProgressKind::Message),
                text,
                permille: permille.map(|permille| permille.min(1000)),
            }),
            Ok(Line::Started {
                session,
                version,
                model,
            }) => AgentEvent::Started {
                session,
                version,
                model,
            },
            Ok(Line::Usage(consumed)) => AgentEvent::Usage(UsageReport {
                scope: UsageScope::Run,
                model: consumed.model,
                tokens: Tokens {
                    input: consumed.input_tokens,
                    cached_input: consumed.cached_input_tokens,
                    cache_write: consumed.cache_write_tokens,
                    output: consumed.output_tokens,
                },
                cost_micro_usd: consumed.cost_micro_usd,
            }),
            Ok(Line::Error { text }) => AgentEvent::Warning(text),
            Err(_) => {
                // JSON of another kind is of no use to a person; text may be.
                if serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object()) {
                    return Some(AgentEvent::Unknown);
                }
                AgentEvent::Progress(ProgressItem {
                    kind: ProgressKind::Output,
                    text: text.to_owned(),
                    permille: None,
                })
            }
        })
    }
}

impl AgentDecoder for CommandDecoder {
    fn line(&mut self, line: &OutputLine) -> Vec<AgentEvent> {
        match line.channel {
            // Kept by the machine for the failure message; too noisy to show.
            Channel::Stderr => Vec::new(),
            Channel::Stdout if line.text.trim().is_empty() => Vec::new(),
            Channel::Stdout => Self::event(&line.text).into_iter().collect(),
        }
    }

    fn tells_its_end(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::OutputCursor;

    fn decode(text: &str) -> Vec<AgentEvent> {
        CommandDecoder.line(&OutputLine {
            channel: Channel::Stdout,
            text: text.to_owned(),
            dropped: 0,
            cursor: OutputCursor::new("1").unwrap(),
        })
    }

    #[test]
    fn progress_usage_and_errors_are_understood() {
        assert_eq!(
            decode(r#"{"type":"progress","text":"Reading a","kind":"file","permille":4000}"#),
            [AgentEvent::Progress(ProgressItem {
                kind: ProgressKind::File,
                text: "Reading a".to_owned(),
                permille: Some(1000),
            })]
        );
        assert_eq!(
            decode(r#"{"type":"usage","input_tokens":3,"later":true}"#),
            [AgentEvent::Usage(UsageReport {
                scope: UsageScope::Run,
                model: None,
                tokens: Tokens {
                    input: 3,
                    ..Tokens::default()
                },
                cost_micro_usd: None,
            })]
        );
        assert_eq!(
            decode(r#"{"type":"error","text":"no"}"#),
            [AgentEvent::Warning("no".to_owned())]
        );
        assert_eq!(decode(r#"{"type":"other"}"#), [AgentEvent::Unknown]);
    }

    proptest! {
        #[test]
        fn any_line_is_decoded_without_panic(text in ".{0,200}") {
            let shown = decode(&text);
            if text.trim().is_empty() {
                prop_assert!(shown.is_empty());
            }
        }
    }
}
