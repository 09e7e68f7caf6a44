//! Anthropic's Messages: what is read of a request, and how an answer is written.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::model::request::{Request, ToolResult};
use crate::model::turn::Step;
use crate::model::view::{View, insert, list, text, texts};
use crate::model::wire::{Event, Message, Names, Wording, pieces};
use crate::model::{Refusal, Tokens};

/// The tool with which Claude Code takes a result.
const RESULT_TOOL: &str = "StructuredOutput";
const SHELL_TOOL: &str = "Bash";
const READ_TOOL: &str = "Read";
/// How many tokens are said to be written when a message begins.
const BEGUN: u64 = 1;

pub(crate) fn view(body: &Value) -> View {
    let mut view = View::default();
    for message in list(body, "messages") {
        match text(message, "role") {
            "assistant" => view.assistant_turns += 1,
            "user" => {
                view.user_texts
                    .extend(texts(message.get("content"), "text"));
                let results =
                    list(message, "content").filter(|part| text(part, "type") == "tool_result");
                view.tool_results.extend(results.map(|part| ToolResult {
                    call: text(part, "tool_use_id").to_owned(),
                    text: texts(part.get("content"), "text").concat(),
                    is_error: part.get("is_error") == Some(&Value::Bool(true)),
                }));
            }
            _ => {}
        }
    }
    for tool in list(body, "tools") {
        let name = text(tool, "name");
        view.tools.push(name.to_owned());
        if name == RESULT_TOOL {
            view.schema = tool.get("input_schema").cloned();
        }
    }
    // A JSON document in a text.
    let user = body
        .get("metadata")
        .map_or("", |data| text(data, "user_id"));
    let user: Value = serde_json::from_str(user).unwrap_or_default();
    text(&user, "session_id").clone_into(&mut view.conversation);
    view
}

pub(crate) fn message(
    steps: &[Step],
    request: &Request,
    names: &Names,
    tokens: Tokens,
) -> Result<Message, String> {
    let blocks: Vec<_> = steps
        .iter()
        .enumerate()
        .map(|(index, step)| Block::of(step, request, &names.part("toolu", index)))
        .collect::<Result<_, _>>()?;
    let uses_tool = blocks.iter().any(|block| block.is_tool_use);
    let stop_reason = if uses_tool { "tool_use" } else { "end_turn" };

    let begun = Tokens {
        output: BEGUN.min(tokens.output),
        ..tokens
    };
    let mut whole = json!({
        "id": names.message("msg"), "type": "message", "role": "assistant", "model": request.model,
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage(begun),
    });
    let mut opening = vec![Event::telling(
        json!({ "type": "message_start", "message": whole }),
        begun,
    )];
    for (index, block) in blocks.iter().enumerate() {
        let of_block = |kind: &str, name: &str, content: &Value| {
            let mut data = json!({ "type": kind, "index": index });
            insert(&mut data, name, content.clone());
            Event::new(data)
        };
        opening.push(of_block(
            "content_block_start",
            "content_block",
            &block.start,
        ));
        let deltas = block.deltas.iter();
        opening.extend(deltas.map(|delta| of_block("content_block_delta", "delta", delta)));
        opening.push(Event::new(
            json!({ "type": "content_block_stop", "index": index }),
        ));
    }
    let stop = json!({ "stop_reason": stop_reason, "stop_sequence": null });
    let closing = vec![
        Event::telling(
            json!({ "type": "message_delta", "delta": stop, "usage": usage(tokens) }),
            tokens,
        ),
        Event::new(json!({ "type": "message_stop" })),
    ];
    let content = blocks.into_iter().map(|block| block.whole).collect();
    insert(&mut whole, "content", content);
    insert(&mut whole, "stop_reason", stop_reason.into());
    insert(&mut whole, "usage", usage(tokens));
    Ok(Message {
        opening,
        closing,
        whole,
    })
}

pub(crate) fn refusal(refusal: &Refusal) -> Wording {
    let (status, kind, text) = match refusal {
        Refusal::Unauthorized => (401, "authentication_error", "invalid x-api-key"),
        Refusal::RateLimited(_) => (429, "rate_limit_error", "too many requests"),
        Refusal::Invalid(text) => (400, "invalid_request_error", text.as_str()),
        Refusal::ServerError => (500, "api_error", "internal server error"),
        Refusal::Overloaded => (529, "overloaded_error", "overloaded"),
    };
    let body = json!({ "type": "error", "error": { "type": kind, "message": text } });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Wording::new(status, body, refusal)
}

fn usage(tokens: Tokens) -> Value {
    json!({
        "input_tokens": tokens.input,
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.output,
    })
}

/// A block of content: how it begins, how it grows, and what it is in the end.
struct Block {
    start: Value,
    deltas: Vec<Value>,
    whole: Value,
    is_tool_use: bool,
}

impl Block {
    fn of(step: &Step, request: &Request, call: &str) -> Result<Self, String> {
        match step {
            Step::Think(text) => Ok(Self::thinking(text)),
            Step::Say(text) => Ok(Self::text(text)),
            Step::Shell(command) => {
                let input =
                    json!({ "command": command, "description": "Runs what the script says" });
                Self::tool_use(request, SHELL_TOOL, &input, call)
            }
            Step::Read(path) => {
                Self::tool_use(request, READ_TOOL, &json!({ "file_path": path }), call)
            }
            Step::Submit(result) => Self::tool_use(request, RESULT_TOOL, result, call),
        }
    }

    fn thinking(text: &str) -> Self {
        let mut deltas: Vec<_> = pieces(text)
            .into_iter()
            .map(|piece| json!({ "type": "thinking_delta", "thinking": piece }))
            .collect();
        deltas.push(json!({ "type": "signature_delta", "signature": "c2NyaXB0ZWQ=" }));
        Self {
            start: json!({ "type": "thinking", "thinking": "", "signature": "" }),
            deltas,
            whole: json!({ "type": "thinking", "thinking": text, "signature": "c2NyaXB0ZWQ=" }),
            is_tool_use: false,
        }
    }

    fn text(text: &str) -> Self {
        let deltas = pieces(text)
            .into_iter()
            .map(|piece| json!({ "type": "text_delta", "text": piece }));
        Self {
            start: json!({ "type": "text", "text": "" }),
            deltas: deltas.collect(),
            whole: json!({ "type": "text", "text": text }),
            is_tool_use: false,
        }
    }

    fn tool_use(request: &Request, tool: &str, input: &Value, call: &str) -> Result<Self, String> {
        if !request.offers(tool) {
            return Err(format!(
                "the script uses the tool {tool}, and the request offers {:?}",
                request.tools
            ));
        }
        let of_call =
            |input: &Value| json!({ "type": "tool_use", "id": call, "name": tool, "input": input });
        let written = input.to_string();
        let deltas = pieces(&written)
            .into_iter()
            .map(|piece| json!({ "type": "input_json_delta", "partial_json": piece }));
        Ok(Self {
            start: of_call(&Value::Object(Map::new())),
            deltas: deltas.collect(),
            whole: of_call(input),
            is_tool_use: true,
        })
    }
}
