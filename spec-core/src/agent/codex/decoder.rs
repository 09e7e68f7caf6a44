//! What the lines of `codex exec --json` mean, and those that our script adds.

mod failure;
mod item;

use serde_json::Value;

use self::failure::{failure, is_refused, kind_of};
use self::item::Items;
use super::KEY;
use crate::agent::program::{count_at, key_refused, shown, text_at, untested};
use crate::agent::{AgentDecoder, AgentEnd, AgentEvent, AgentResult, ResultKind};
use crate::attempt::FailureKind;
use crate::id::AgentSessionId;
use crate::sandbox::{Channel, MAX_LINE_BYTES, OutputLine};
use crate::usage::{Tokens, UsageReport, UsageScope};

/// The version whose output was recorded for the tests, without its patch number.
const TESTED: &str = "0.169";
/// Bytes at the beginning of a line that was cut in which it is looked for what the line is.
const TELLING_BYTES: usize = 1024;

#[derive(Debug)]
pub(super) struct Decoder {
    /// The model that it was told to talk to.
    model: Option<String>,
    items: Items,
}

impl Decoder {
    pub(super) fn new(model: Option<&str>) -> Self {
        Self {
            model: model.map(str::to_owned),
            items: Items::default(),
        }
    }

    fn events(&mut self, line: &Value) -> Vec<AgentEvent> {
        match text_at(line, "/type") {
            Some("spec.version") => self.version(line),
            Some("spec.usage") => {
                let told = text_at(line, "/model").filter(|model| !model.is_empty());
                let model = told.map(shown).or_else(|| self.model.clone());
                let started = model.clone().map(|model| started(None, None, Some(model)));
                let usage = consumed(line, model);
                started.into_iter().chain([usage]).collect()
            }
            Some("thread.started") => {
                let session =
                    text_at(line, "/thread_id").and_then(|id| AgentSessionId::new(id).ok());
                vec![started(session, None, self.model.clone())]
            }
            Some("turn.started" | "item.updated") => Vec::new(),
            Some("item.started") => self.items.started(line).into_iter().collect(),
            Some("item.completed") => self.items.completed(line),
            Some("turn.completed") => {
                let usage = line
                    .get("usage")
                    .map(|usage| consumed(usage, self.model.clone()));
                let ended = AgentEvent::Ended(AgentEnd::Completed);
                usage.into_iter().chain([ended]).collect()
            }
            Some("turn.failed") => failed(text_at(line, "/error/message").unwrap_or_default()),
            Some("error") => {
                let said = text_at(line, "/message").unwrap_or("it names no error");
                vec![if is_refused(said) {
                    key_refused(KEY, said)
                } else {
                    AgentEvent::Warning(failure(said))
                }]
            }
            Some(_) | None => vec![AgentEvent::Unknown],
        }
    }

    fn version(&mut self, line: &Value) -> Vec<AgentEvent> {
        self.items
            .work_in(text_at(line, "/cwd").unwrap_or_default());
        let version = text_at(line, "/version").filter(|version| !version.is_empty());
        let warning = version.and_then(|version| untested("Codex", version, TESTED));
        let started = started(None, version.map(shown), self.model.clone());
        [started].into_iter().chain(warning).collect()
    }
}

fn started(
    session: Option<AgentSessionId>,
    version: Option<String>,
    model: Option<String>,
) -> AgentEvent {
    AgentEvent::Started {
        session,
        version,
        model,
    }
}

/// The total of the session. What came from a cache or went to one is told apart from the rest.
fn consumed(usage: &Value, model: Option<String>) -> AgentEvent {
    let cached_input = count_at(usage, "/cached_input_tokens");
    let cache_write = count_at(usage, "/cache_write_input_tokens");
    let all = count_at(usage, "/input_tokens");
    AgentEvent::Usage(UsageReport {
        scope: UsageScope::Session,
        model,
        tokens: Tokens {
            input: all.saturating_sub(cached_input).saturating_sub(cache_write),
            cached_input,
            cache_write,
            output: count_at(usage, "/output_tokens"),
        },
        cost_micro_usd: None,
    })
}

fn failed(said: &str) -> Vec<AgentEvent> {
    let kind = kind_of(said);
    let ended = AgentEvent::Ended(AgentEnd::Failed {
        kind,
        message: failure(said),
    });
    let hopeless = (kind == FailureKind::AgentUnauthorized).then(|| key_refused(KEY, said));
    [ended].into_iter().chain(hopeless).collect()
}

/// A message of the model: each may be the last, which is the result.
fn message(text: &str) -> Vec<AgentEvent> {
    let document = text.trim();
    if serde_json::from_str::<Value>(document).is_ok_and(|value| value.is_object()) {
        return vec![AgentEvent::Result(AgentResult {
            kind: ResultKind::Structured,
            text: document.to_owned(),
        })];
    }
    let result = AgentEvent::Result(AgentResult {
        kind: ResultKind::Message,
        text: text.to_owned(),
    });
    let shown = Some(shown(text)).filter(|text| !text.is_empty());
    shown
        .map(AgentEvent::Message)
        .into_iter()
        .chain([result])
        .collect()
}

impl AgentDecoder for Decoder {
    fn line(&mut self, line: &OutputLine) -> Vec<AgentEvent> {
        let text = line.text.trim();
        match line.channel {
            Channel::Stderr => Vec::new(),
            Channel::Stdout if text.is_empty() => Vec::new(),
            Channel::Stdout if line.dropped > 0 || text.len() > MAX_LINE_BYTES => {
                vec![cut_line(text)]
            }
            Channel::Stdout => match serde_json::from_str(text) {
                Ok(value) => self.events(&value),
                Err(_) => vec![AgentEvent::Unknown],
            },
        }
    }

    fn tells_its_end(&self) -> bool {
        true
    }
}

/// What a line may mean whose end is missing: a document that is too long, so that whoever looks for
/// the result finds that it was cut.
fn cut_line(text: &str) -> AgentEvent {
    let mut end = text.len().min(TELLING_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let beginning = text.get(..end).unwrap_or_default();
    // Inside of a text the quotation marks would be escaped.
    let is_document = [
        r#""type":"item.completed""#,
        r#""type":"agent_message""#,
        r#""text":"{"#,
    ]
    .iter()
    .all(|sign| beginning.contains(sign));
    if is_document {
        AgentEvent::Result(AgentResult {
            kind: ResultKind::Structured,
            text: String::new(),
        })
    } else {
        AgentEvent::Unknown
    }
}
