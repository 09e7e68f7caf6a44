//! What the lines of `--output-format stream-json` mean.

mod outcome;
mod tool;

use serde_json::Value;

use self::outcome::{refused, result_line};
use self::tool::tool_call;
use crate::agent::program::{count_at, shown, text_at, untested};
use crate::agent::{AgentDecoder, AgentEnd, AgentEvent, AgentResult, ResultKind};
use crate::id::AgentSessionId;
use crate::sandbox::{Channel, MAX_LINE_BYTES, OutputLine};
use crate::usage::{Tokens, UsageReport, UsageScope};

/// The version whose output was recorded for the tests, without its patch number.
const TESTED: &str = "2.1";
/// What stands in the model's place when the program speaks itself.
const SYNTHETIC: &str = "<synthetic>";
/// The tool by which the result is handed over.
const HANDOVER: &str = "StructuredOutput";
/// Parts of one message that are looked at: a message has a few.
const MAX_PARTS: usize = 50;
/// Bytes at the beginning of a line that was cut in which it is looked for what the line is.
const TELLING_BYTES: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Decoder {
    /// The variable in which the program finds its key.
    key: String,
    /// The folder that it works in, once it has said so.
    folder: Option<String>,
}

impl Decoder {
    pub(super) fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            folder: None,
        }
    }

    fn events(&mut self, line: &Value) -> Vec<AgentEvent> {
        match text_at(line, "/type") {
            Some("system") => self.system(line),
            Some("assistant") => self.assistant(line),
            Some("user") => tool_results(line),
            Some("stream_event") => stream_event(line).into_iter().collect(),
            Some("result") => result_line(line, &self.key),
            Some(
                "rate_limit_event" | "tool_progress" | "tool_use_summary" | "auth_status"
                | "keep_alive" | "control_response" | "prompt_suggestion",
            ) => Vec::new(),
            Some(_) | None => vec![AgentEvent::Unknown],
        }
    }

    fn system(&mut self, line: &Value) -> Vec<AgentEvent> {
        match text_at(line, "/subtype") {
            Some("init") => {
                let cwd = text_at(line, "/cwd").filter(|folder| folder.len() <= 4096);
                self.folder = cwd.map(str::to_owned);
                let version = text_at(line, "/claude_code_version").map(shown);
                let warning = version
                    .as_ref()
                    .and_then(|version| untested("Claude Code", version, TESTED));
                let started = AgentEvent::Started {
                    session: text_at(line, "/session_id")
                        .and_then(|session| AgentSessionId::new(session).ok()),
                    version,
                    model: text_at(line, "/model").map(shown),
                };
                [started].into_iter().chain(warning).collect()
            }
            Some("api_retry") => vec![self.retry(line)],
            Some(
                "ui_invalidate" | "status" | "thinking_tokens" | "compact_boundary"
                | "hook_started" | "hook_progress" | "hook_response" | "task_started"
                | "task_progress" | "task_updated" | "task_notification" | "files_persisted",
            ) => Vec::new(),
            Some(_) | None => vec![AgentEvent::Unknown],
        }
    }

    /// A request has failed and will be repeated.
    fn retry(&self, line: &Value) -> AgentEvent {
        let status = line.get("error_status").and_then(Value::as_u64);
        let error = text_at(line, "/error").unwrap_or("unknown");
        let said = match status {
            Some(status) => format!("status {status} ({})", shown(error)),
            None => format!("no answer ({})", shown(error)),
        };
        if let Some(hopeless) = refused(&self.key, status, Some(error), &said) {
            return hopeless;
        }
        let (attempt, most) = (count_at(line, "/attempt"), count_at(line, "/max_retries"));
        AgentEvent::Warning(format!(
            "the model's service gave {said}; asking again, {attempt} of {most}"
        ))
    }

    fn assistant(&self, line: &Value) -> Vec<AgentEvent> {
        let own = text_at(line, "/parent_tool_use_id").is_none();
        if text_at(line, "/message/model") == Some(SYNTHETIC) {
            return self.own_words(line).into_iter().collect();
        }
        let mut events: Vec<_> = message_usage(line, "/message/id", "/message")
            .into_iter()
            .collect();
        let content = line.pointer("/message/content").and_then(Value::as_array);
        for block in content.into_iter().flatten().take(MAX_PARTS) {
            let text = |pointer| {
                text_at(block, pointer)
                    .filter(|text| own && !text.trim().is_empty())
                    .map(shown)
            };
            match text_at(block, "/type") {
                Some("thinking") => events.extend(text("/thinking").map(AgentEvent::Thought)),
                Some("text") => events.extend(text("/text").map(AgentEvent::Message)),
                Some("tool_use") => events.push(tool_call(block, self.folder.as_deref())),
                Some(_) | None => {}
            }
        }
        events
    }

    /// What the program says in the model's place: that a request failed for good.
    fn own_words(&self, line: &Value) -> Option<AgentEvent> {
        let error = text_at(line, "/error");
        let status = line.get("api_error_status").and_then(Value::as_u64);
        let said = text_at(line, "/message/content/0/text").unwrap_or_default();
        error.or(status.map(|_| "unknown"))?;
        let hopeless = refused(&self.key, status, error, said);
        Some(hopeless.unwrap_or_else(|| AgentEvent::Warning(shown(said))))
    }
}

impl AgentDecoder for Decoder {
    fn line(&mut self, line: &OutputLine) -> Vec<AgentEvent> {
        let text = line.text.trim();
        match line.channel {
            Channel::Stderr => Vec::new(),
            Channel::Stdout if text.is_empty() => Vec::new(),
            Channel::Stdout if line.dropped > 0 || text.len() > MAX_LINE_BYTES => cut_line(text),
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

/// What a line may mean whose end is missing. A result that is too long is still the end, and whoever
/// looks for the result finds that it was cut.
fn cut_line(text: &str) -> Vec<AgentEvent> {
    let mut end = text.len().min(TELLING_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let beginning = text.get(..end).unwrap_or_default();
    // Inside of a text the quotation marks would be escaped.
    let is_good_end = [r#""terminal_reason":"completed""#, r#""is_error":false"#]
        .iter()
        .all(|sign| beginning.contains(sign));
    if !is_good_end {
        return vec![AgentEvent::Unknown];
    }
    vec![
        AgentEvent::Result(AgentResult {
            kind: ResultKind::Structured,
            text: String::new(),
        }),
        AgentEvent::Ended(AgentEnd::Completed),
    ]
}

/// A piece of a message of the model. Of interest is what it consumed: the whole messages show less.
fn stream_event(line: &Value) -> Option<AgentEvent> {
    match text_at(line, "/event/type") {
        Some("message_start") => message_usage(line, "/event/message/id", "/event/message"),
        Some("message_delta") => message_usage(line, "/api_message_id", "/event"),
        Some(
            "message_stop"
            | "content_block_start"
            | "content_block_delta"
            | "content_block_stop"
            | "ping"
            | "error",
        ) => None,
        Some(_) | None => Some(AgentEvent::Unknown),
    }
}

/// What a message consumed so far.
fn message_usage(line: &Value, id: &str, of: &str) -> Option<AgentEvent> {
    let id = text_at(line, id)?;
    let of = line.pointer(of)?;
    of.get("usage")?.as_object()?;
    Some(AgentEvent::Usage(UsageReport {
        scope: UsageScope::Message(shown(id)),
        model: text_at(of, "/model").map(shown),
        tokens: Tokens {
            input: count_at(of, "/usage/input_tokens"),
            cached_input: count_at(of, "/usage/cache_read_input_tokens"),
            cache_write: count_at(of, "/usage/cache_creation_input_tokens"),
            output: count_at(of, "/usage/output_tokens"),
        },
        cost_micro_usd: None,
    }))
}

/// How tools ended.
fn tool_results(line: &Value) -> Vec<AgentEvent> {
    let content = line.pointer("/message/content").and_then(Value::as_array);
    let blocks = content.into_iter().flatten().take(MAX_PARTS);
    let ended = blocks.filter_map(|block| {
        let id = text_at(block, "/tool_use_id")?;
        let failed = block.get("is_error").and_then(Value::as_bool) == Some(true);
        let said = text_at(block, "/content")
            .or_else(|| text_at(block, "/content/0/text"))
            .unwrap_or("no reason given");
        if failed && said.starts_with("Output does not match required schema") {
            return Some(AgentEvent::Warning(shown(said)));
        }
        let said = said
            .trim_start_matches("<tool_use_error>")
            .trim_end_matches("</tool_use_error>");
        Some(AgentEvent::ToolEnded {
            id: shown(id),
            error: failed.then(|| shown(said)),
        })
    });
    ended.collect()
}
