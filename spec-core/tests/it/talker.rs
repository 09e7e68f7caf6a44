//! An agent that tells all that an agent can tell, in lines that a test writes.

use serde::Deserialize;
use serde_json::{Value, json};
use spec_core::InvalidInput;
use spec_core::agent::{
    Agent, AgentDecoder, AgentEnd, AgentEvent, AgentResult, AgentTask, Delivery, ResultKind,
    RunPlan,
};
use spec_core::attempt::FailureKind;
use spec_core::id::{AgentName, AgentSessionId};
use spec_core::sandbox::{Channel, OutputLine, SandboxFile, SandboxPath};
use spec_core::testing::{RunScript, ScriptedRun, fixture};
use spec_core::usage::{Tokens, UsageReport, UsageScope};

/// Its name, and that of another one of its kind.
pub(crate) const TALKER: &str = "talker";
pub(crate) const OTHER: &str = "other";

/// An agent that says everything in its output and has sessions.
#[derive(Debug)]
pub(crate) struct Talker(pub(crate) AgentName);

impl Talker {
    pub(crate) fn named(name: &str) -> Self {
        Self(AgentName::new(name).unwrap())
    }
}

impl Agent for Talker {
    fn name(&self) -> &AgentName {
        &self.0
    }

    fn description(&self) -> &'static str {
        "talks"
    }

    fn delivery(&self) -> Delivery {
        Delivery::StructuredOutput
    }

    fn plan(&self, task: &AgentTask) -> Result<RunPlan, InvalidInput> {
        let context = serde_json::to_vec(&task.context).unwrap();
        let file = SandboxPath::in_run(&task.run, "context.json")?;
        let resume = task.resume.as_ref().map(|resume| resume.session.as_str());
        let resume = resume.unwrap_or("new");
        Ok(RunPlan {
            files: vec![
                SandboxFile::new(file, context),
                SandboxFile::new(
                    SandboxPath::in_run(&task.run, "prompt.md")?,
                    task.prompt.as_bytes(),
                ),
            ],
            argv: vec![self.0.to_string(), resume.to_owned()],
            needs: Vec::new(),
            env: [("LIMIT".to_owned(), format!("{:?}", task.limits.tokens))].into(),
            secrets: Vec::new(),
            result: SandboxPath::in_run(&task.run, "result.json")?,
        })
    }

    fn decoder(&self) -> Box<dyn AgentDecoder> {
        Box::new(Decoder)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Session(AgentSessionId),
    Message(String, u64),
    Run(u64),
    Total(u64),
    Unpriced(u64),
    Model(String),
    Result(String),
    Text(String),
    Done,
    Failed(FailureKind),
    Hopeless(FailureKind),
}

#[derive(Debug)]
struct Decoder;

impl AgentDecoder for Decoder {
    fn line(&mut self, line: &OutputLine) -> Vec<AgentEvent> {
        if line.channel == Channel::Stderr {
            return Vec::new();
        }
        let usage = |scope, output| {
            AgentEvent::Usage(UsageReport {
                scope,
                model: None,
                tokens: Tokens {
                    output,
                    ..Tokens::default()
                },
                cost_micro_usd: Some(output * 10),
            })
        };
        let result = |kind, text| AgentEvent::Result(AgentResult { kind, text });
        let message = "no more".to_owned();
        vec![match serde_json::from_str(&line.text) {
            Ok(Said::Session(session)) => AgentEvent::Started {
                session: Some(session),
                version: Some("1.2.3".to_owned()),
                model: Some("model-5".to_owned()),
            },
            Ok(Said::Message(id, output)) => usage(UsageScope::Message(id), output),
            Ok(Said::Run(output)) => usage(UsageScope::Run, output),
            Ok(Said::Total(output)) => usage(UsageScope::Session, output),
            Ok(Said::Unpriced(output)) => AgentEvent::Usage(UsageReport {
                scope: UsageScope::Run,
                model: None,
                tokens: Tokens {
                    output,
                    ..Tokens::default()
                },
                cost_micro_usd: None,
            }),
            Ok(Said::Model(model)) => AgentEvent::Started {
                session: None,
                version: None,
                model: Some(model),
            },
            Ok(Said::Result(text)) => result(ResultKind::Structured, text),
            Ok(Said::Text(text)) => result(ResultKind::Message, text),
            Ok(Said::Done) => AgentEvent::Ended(AgentEnd::Completed),
            Ok(Said::Failed(kind)) => AgentEvent::Ended(AgentEnd::Failed { kind, message }),
            Ok(Said::Hopeless(kind)) => AgentEvent::Hopeless { kind, message },
            Err(_) => AgentEvent::Unknown,
        }]
    }

    fn tells_its_end(&self) -> bool {
        true
    }
}

/// A run that says these things and then exits with 0.
pub(crate) fn says(lines: impl IntoIterator<Item = Value>) -> RunScript {
    let exits = RunScript::exits(0);
    lines
        .into_iter()
        .fold(exits, |script, line| script.with_line(line.to_string()))
}

/// What an agent says that does well: two messages, the first told twice, 100 tokens in all.
pub(crate) fn good_words(run: &ScriptedRun) -> Vec<Value> {
    let result = fixture::output_json(run.key.attempt.phase).to_string();
    vec![
        json!({"session": format!("of-{}", run.key)}),
        json!({"message": ["m1", 1]}),
        json!({"message": ["m1", 60]}),
        json!({"message": ["m2", 40]}),
        json!({"result": result}),
        json!("done"),
    ]
}
