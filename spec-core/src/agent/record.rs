//! What a run's output has told so far.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AgentEnd, AgentEvent, AgentResult, ResultKind, RunOutcome};
use crate::event::{ProgressItem, ProgressKind};
use crate::id::{AgentSessionId, OutputCursor};
use crate::usage::{RunLedger, Usage, UsageReport};

/// Characters of a version or a model's name.
const MAX_NAME_CHARS: usize = 100;

/// The line that holds a run's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultAt {
    /// Position before it; `None`: the beginning.
    pub after: Option<OutputCursor>,
    /// What it holds.
    pub kind: ResultKind,
}

/// What the output of an ended run has told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunReport {
    /// What it consumed.
    #[serde(skip_serializing_if = "Usage::is_nothing")]
    pub usage: Usage,
    /// The agent's session, by which it can be told to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<AgentSessionId>,
    /// Version of the agent's program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The model it talked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The line that holds its result, if its output does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultAt>,
    /// What came of it.
    pub outcome: RunOutcome,
}

/// What was told so far: part of the checkpoint, so that a run which is followed anew is understood as
/// if it had been followed throughout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunRecord {
    #[serde(skip_serializing_if = "RunLedger::is_empty")]
    ledger: RunLedger,
    /// The session that was to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    resumed: Option<AgentSessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<AgentSessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<ResultAt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<AgentEnd>,
    /// Lines of types that the decoder does not know.
    #[serde(skip_serializing_if = "is_zero")]
    unknown: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What is to be done about an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// Nothing more.
    Quiet,
    /// Show this.
    Show(ProgressItem),
    /// Show it, and keep it for a failure's message.
    Warn(String),
    /// Stop the run.
    Stop(RunOutcome),
}

impl RunRecord {
    /// A record of a run that is to go on in a session for which `before` was counted.
    #[must_use]
    pub fn resuming(session: AgentSessionId, before: Usage) -> Self {
        Self {
            ledger: RunLedger::after(before),
            resumed: Some(session),
            ..Self::default()
        }
    }

    /// What the run has consumed, as far as it was told.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.ledger.total()
    }

    /// The model, once it was named.
    pub(crate) fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    pub(crate) fn end(&self) -> Option<&AgentEnd> {
        self.end.as_ref()
    }

    /// Lines of types that the decoder does not know.
    pub(crate) fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Takes an event of the line after `before`. Taken again, it changes nothing but the count of
    /// what is not known.
    pub(crate) fn note(
        &mut self,
        event: AgentEvent,
        before: Option<&OutputCursor>,
        price: impl FnOnce(&UsageReport) -> Option<u64>,
    ) -> Noted {
        let show = |kind, text| {
            Noted::Show(ProgressItem {
                kind,
                text,
                permille: None,
            })
        };
        match event {
            AgentEvent::Started {
                session,
                version,
                model,
            } => {
                if session.is_some() {
                    if session != self.resumed {
                        self.ledger.forget_before();
                    }
                    self.session = session;
                }
                for (known, told) in [(&mut self.version, version), (&mut self.model, model)] {
                    if let Some(told) = told {
                        *known = Some(told.chars().take(MAX_NAME_CHARS).collect());
                    }
                }
                Noted::Quiet
            }
            AgentEvent::Thought(text) => show(ProgressKind::Thinking, text),
            AgentEvent::Message(text) => show(ProgressKind::Message, text),
            AgentEvent::ToolCall(call) => Noted::Show(call.progress()),
            AgentEvent::ToolEnded { id: _, error: None } => Noted::Quiet,
            AgentEvent::ToolEnded {
                id: _,
                error: Some(error),
            } => show(ProgressKind::Tool, format!("It failed: {error}")),
            AgentEvent::Question(text) => show(ProgressKind::Message, format!("Question: {text}")),
            AgentEvent::Usage(mut report) => {
                report.model = report.model.or_else(|| self.model.clone());
                self.ledger.record(&report, price);
                Noted::Quiet
            }
            AgentEvent::Progress(item) => Noted::Show(item),
            AgentEvent::Warning(text) => Noted::Warn(text),
            AgentEvent::Result(AgentResult { kind, text: _ }) => {
                if self.result.as_ref().is_none_or(|known| kind >= known.kind) {
                    self.result = Some(ResultAt {
                        after: before.cloned(),
                        kind,
                    });
                }
                Noted::Quiet
            }
            AgentEvent::Hopeless { kind, message } => {
                Noted::Stop(RunOutcome::Failed { kind, message })
            }
            AgentEvent::Ended(end) => {
                self.end = Some(end);
                Noted::Quiet
            }
            AgentEvent::Unknown => {
                self.unknown = self.unknown.saturating_add(1);
                Noted::Quiet
            }
        }
    }

    /// The report, once it is known what came of the run.
    pub(crate) fn report(&self, outcome: RunOutcome) -> RunReport {
        RunReport {
            usage: self.usage(),
            session: self.session.clone(),
            version: self.version.clone(),
            model: self.model.clone(),
            result: self.result.clone(),
            outcome,
        }
    }
}
